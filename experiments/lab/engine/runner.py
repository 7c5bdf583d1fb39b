"""Run a grid: one program for each structure, compiled while the one before it runs."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest

import jax
import numpy as np

import jaxnn
from experiments.lab.engine.outcome import Outcome
from experiments.lab.engine.program import Data, Program, build, segment_lengths
from experiments.lab.engine.waves import Orders, train
from jaxnn.training import Training


def run_grid(
    grid: jaxnn.Grid,
    make: Callable[[dict], Training],
    data: Data,
    *,
    steps: int,
    batch_size: Callable[[dict], int],
    known: Mapping[int, Outcome],
    runs: Mapping[int, np.ndarray] | None = None,
    on_start: Callable[[int, Outcome], None],
    on_segment: Callable[[int, float], None],
    on_outcome: Callable[[int, Outcome], None],
    asked: jaxnn.Grid | None = None,
) -> dict[int, Outcome]:
    """Train every network of the grid.

    Args:
        grid: what to vary.
        make: from one combination of structure to the Training of one run.
        data: shared by all runs.
        steps: updates of each run.
        batch_size: examples an update, for one combination of structure.
        known: outcomes that an earlier, interrupted call has left, by the number of their structure: not run again.
        runs: bool (cells, seeds) by number, the runs that are wanted; all when absent.
        on_start: told the number of a structure whose program is compiled and starts to run, and its outcome, filled as it runs.
        on_segment: told the structure's number after each segment, and the share of its work that is done.
        on_outcome: given an outcome to keep, every few seconds, unfinished, and once more when it is whole.
        asked: the part of the grid for which programs are cut up, so that what is trained besides is trained in the same way, to
            the last bit; all of it when absent.

    Returns:
        The outcomes by number.
    """
    asked = asked or grid
    shape, lengths = (len(grid.cells), len(grid.seed_numbers)), segment_lengths(steps)
    wanted = (
        {number: np.ones(shape, bool) for number in range(len(grid.structures))}
        if runs is None
        else runs
    )
    outcomes = {
        number: known.get(number) or Outcome.empty(np.cumsum(lengths), shape) for number in wanted
    }
    todo = [number for number in wanted if not outcomes[number].done[wanted[number]].all()]
    orders = Orders(len(data.x["train"]))

    def compiled(number: int) -> Program:
        structure, runs = grid.structures[number], wanted[number][grid.find(asked)]
        return build(
            asked,
            make(structure),
            data,
            runs=runs if runs.any() else ~runs,
            lengths=lengths,
            batch_size=batch_size(structure),
            devices=jax.local_devices(),
        )

    with ThreadPoolExecutor(1) as compiler:
        # One ahead: the next compiles while this one runs.
        building = {number: compiler.submit(compiled, number) for number in todo[:1]}
        for number, following in zip_longest(todo, todo[1:]):
            outcome, program = outcomes[number], building.pop(number).result()
            if following is not None:
                building[following] = compiler.submit(compiled, following)
            outcome.compile_seconds += program.seconds
            on_start(number, outcome)
            train(
                program,
                grid,
                outcome,
                wanted[number],
                data,
                lengths=lengths,
                batch_size=batch_size(grid.structures[number]),
                orders=orders,
                on_segment=lambda share, number=number: on_segment(number, share),
                on_stand=lambda number=number, outcome=outcome: on_outcome(number, outcome),
            )
    return outcomes
