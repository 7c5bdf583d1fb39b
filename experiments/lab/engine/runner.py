"""Run a grid: one program per structure, compiled while the one before it runs."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import Any, Protocol

import numpy as np

import jaxnn
from experiments.lab.engine.devices import hardware
from experiments.lab.engine.outcome import Outcome
from jaxnn.data_by_seed import DataBySeed, Parts
from jaxnn.program import POINTS, Program, Task, compile_program, segment_lengths
from jaxnn.segments import Batches, program_segments
from jaxnn.training import Training

CHECKPOINT_SECONDS = 5.0
CURVE_NUMBERS, FEWEST_POINTS = 1 << 21, 4  # of a metric's curves in memory; points of each
Programs = dict[tuple[int, bytes], Program]  # by the number of their structure, and their runs


class Work(Protocol):
    """What is asked of the engine; a Study is one.

    asked: the grid that programs are compiled for, so that runs of a wider grid are trained in the
        same way, to the last bit.
    grid: the same grid or a wider one; outcomes have its shape.
    steps: updates of each run.
    """

    @property
    def asked(self) -> jaxnn.Grid: ...
    @property
    def grid(self) -> jaxnn.Grid: ...
    @property
    def steps(self) -> int: ...

    def parts(self) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
        """Part ("train", "validation", "test") -> (x, y), of all seeds or of the first one."""
        ...

    @property
    def each_segment(self) -> Sequence[str]:
        """The parts to evaluate at every point of a curve; "test" without them at the end only."""
        ...

    def by_seed(self, held: int) -> DataBySeed | None:
        """The data of each seed, where they differ, of so many splits at a time; else None."""
        ...

    def make(self, structure: Mapping[str, Any]) -> Training:
        """The training of one run of a structure."""
        ...

    def batch_size(self, structure: Mapping[str, Any]) -> int:
        """Examples per update."""
        ...


class Listener(Protocol):
    """What ``run_grid`` calls while it trains; ``number`` is the number of the structure."""

    def start(self, number: int, outcome: Outcome) -> None:
        """The structure's program is compiled and starts; the outcome is filled while it runs."""
        ...

    def advance(self, number: int, share: float) -> None:
        """A segment is done; so is this share of the program's work, from 0 to 1."""
        ...

    def keep(self, number: int, outcome: Outcome) -> None:
        """The outcome must be kept: every few seconds, and at the end of each wave."""
        ...


def splits_held(parts: Parts, splits: int) -> int:
    """How many splits are on each device at a time: all, if they take a fourth of its memory.

    Args:
        parts: of one split, part -> (x, y).
        splits: how many there are.
    """
    found = hardware()
    size = sum(x.nbytes + y.nbytes for x, y in parts.values())
    return max(len(found.devices), int(min(splits, found.memory / 2 / size)))


def points(runs: int) -> int:
    """Points of each training curve: fewer for so many runs that all curves would fill the memory.

    Example:
        >>> points(100_000), points(300_000), points(1_000_000)
        (20, 6, 4)
    """
    return min(POINTS, max(FEWEST_POINTS, CURVE_NUMBERS // runs))


def run_grid(
    work: Work,
    runs: Mapping[int, np.ndarray],
    known: Mapping[int, Outcome],
    listener: Listener,
    programs: Programs | None = None,
) -> dict[int, Outcome]:
    """Train runs of a grid.

    Args:
        work: the grid, its data, and how each structure is trained.
        runs: the runs to train, bool (cells, seeds), by the number of their structure.
        known: outcomes that an earlier, interrupted call has left, by the number of their
            structure; their finished runs are not trained again.
        listener: is called as the training goes on.
        programs: those of earlier calls for the same work, which are not compiled again; new ones
            are added.

    Returns:
        The outcomes by the number of their structure.
    """
    grid, data = work.grid, work.parts()
    lengths = segment_lengths(work.steps, points(work.asked.runs))
    outcomes = {
        number: known.get(number) or Outcome.empty(np.cumsum(lengths), grid.shape)
        for number in runs
    }
    todo = [number for number, mine in runs.items() if not outcomes[number].done[mine].all()]
    by_seed = work.by_seed(splits_held(data, len(grid.seed_numbers)))
    tasks = {
        number: Task(
            data,
            lengths,
            work.batch_size(grid.structures[number]),
            each=work.each_segment,
            last=[part for part in ("test",) if part not in work.each_segment],
            by_seed=by_seed,
        )
        for number in todo
    }
    draws = {
        size: Batches(by_seed.examples if by_seed else len(data["train"][0]), size)
        for size in {task.batch_size for task in tasks.values()}
    }

    programs = {} if programs is None else programs

    def compiled(number: int) -> tuple[Program, float]:
        began, asked = time.perf_counter(), runs[number][grid.find(work.asked)]
        asked = asked if asked.any() else ~asked
        key = (number, asked.tobytes())
        if key not in programs:
            programs[key] = compile_program(
                work.make(grid.structures[number]),
                work.asked,
                tasks[number],
                hardware=hardware(),
                runs=asked,
            )
        return programs[key], time.perf_counter() - began

    with ThreadPoolExecutor(1) as compiler:
        # The next program compiles while this one runs.
        building = {number: compiler.submit(compiled, number) for number in todo[:1]}
        for number, following in zip_longest(todo, todo[1:]):
            outcome, (program, seconds) = outcomes[number], building.pop(number).result()
            if following is not None:
                building[following] = compiler.submit(compiled, following)
            outcome.compile_seconds += seconds
            listener.start(number, outcome)
            task = tasks[number]
            segments = program_segments(
                program,
                grid,
                task,
                runs=runs[number],
                done=outcome.done.copy(),
                stand=outcome.stand,
                draw=draws[task.batch_size],
            )
            began = kept = time.perf_counter()
            before = outcome.run_seconds
            for segment in segments:
                outcome.add(segment)
                listener.advance(number, segment.share)
                now = time.perf_counter()
                if segment.done or now - kept > CHECKPOINT_SECONDS:
                    outcome.stand = None if segment.done else segment.stand()
                    outcome.run_seconds, kept = before + now - began, now
                    listener.keep(number, outcome)
    return outcomes
