"""Run a grid, structure by structure; each program is compiled while the one before it runs.

Structures that differ in an elementwise activation share a program, see ``jaxnn.variants``.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, Protocol

import numpy as np

import jaxnn
from experiments.lab.engine.devices import hardware
from experiments.lab.engine.outcome import Outcome
from experiments.lab.engine.stages import later
from jaxnn.data_by_seed import DataBySeed, Parts
from jaxnn.program import POINTS, Program, Task, compile_program, segment_lengths
from jaxnn.segments import Batches, program_segments
from jaxnn.variants import Variant

CHECKPOINT_SECONDS = 5.0
CURVE_NUMBERS, FEWEST_POINTS = 1 << 21, 4  # of a metric's curves in memory; points of each
# By the training's segment, which variants of one program have in common, and the runs.
Programs = dict[tuple[Callable, bytes], Program]


class Work(Protocol):
    """What is asked of the engine; a Study is one.

    asked: the grid that programs are compiled for, so that runs of a wider grid are trained in the
        same way, to the last bit.
    grid: the same grid or a wider one; outcomes have its shape.
    steps: updates of each run.
    points: of each run's training curve, at most.
    """

    @property
    def asked(self) -> jaxnn.Grid: ...
    @property
    def grid(self) -> jaxnn.Grid: ...
    @property
    def steps(self) -> int: ...
    @property
    def points(self) -> int: ...

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

    @property
    def variants(self) -> Sequence[Variant]:
        """The training of one run of each structure."""
        ...

    def batch_size(self, structure: Mapping[str, Any]) -> int:
        """Examples per update."""
        ...


class Listener(Protocol):
    """What ``run_grid`` calls while it trains; ``number`` is the number of the structure."""

    def start(self, number: int, outcome: Outcome) -> None:
        """The structure's training starts; its outcome is filled while it runs."""
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
    grid, data, variants = work.grid, work.parts(), work.variants
    lengths = segment_lengths(work.steps, min(work.points, points(work.asked.runs)))
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
            shared=variants[number].shared,
        )
        for number in todo
    }
    draws = {
        size: Batches(by_seed.examples if by_seed else len(data["train"][0]), size)
        for size in {task.batch_size for task in tasks.values()}
    }

    programs = {} if programs is None else programs
    # All runs of its structures count in planning a program, so that it serves each of them.
    asked: dict[Callable, np.ndarray] = {}
    for number, mine in runs.items():
        trains, mine = variants[number].training.segment, mine[grid.find(work.asked)]
        asked[trains] = asked.get(trains, np.zeros_like(mine)) | mine
    asked = {trains: mine if mine.any() else ~mine for trains, mine in asked.items()}
    keys: dict[int, tuple[Callable, bytes]] = {}
    for number in todo:
        trains = variants[number].training.segment
        keys[number] = trains, asked[trains].tobytes()
    first = {key: number for number, key in reversed(keys.items())}

    def build(number: int) -> float:
        """The seconds that it takes to compile the program of a structure, if it is not there."""
        began, training = time.perf_counter(), variants[number].training
        if keys[number] not in programs:
            programs[keys[number]] = compile_program(
                training,
                work.asked,
                tasks[number],
                hardware=hardware(),
                runs=asked[training.segment],
                later=later(work.asked, work.grid),
            )
        return time.perf_counter() - began

    with ThreadPoolExecutor(1) as compiler:
        # The next program compiles while this one runs.
        due = iter(dict.fromkeys(keys.values()))
        building = {key: compiler.submit(build, first[key]) for key in islice(due, 1)}
        for number in todo:
            outcome, key = outcomes[number], keys[number]
            if key in building:
                outcome.compile_seconds += building.pop(key).result()
                building |= {key: compiler.submit(build, first[key]) for key in islice(due, 1)}
            program = programs[key].of(variants[number].training)
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
