"""Run a grid: one program for each structure, compiled while the one before it runs, in segments with progress between."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import jax
import numpy as np

import jaxnn
from jaxnn.sweep import Layout, runs_at_once
from jaxnn.training import Training

SEGMENTS = 20  # points of a training curve


class Data(NamedTuple):
    """What every run trains on and is judged by; arrays of parts "train", "validation", "test"."""

    x: Mapping[str, np.ndarray]
    y: Mapping[str, np.ndarray]


class Outcome(NamedTuple):
    """What one program found; every array has (cells, seeds) last.

    curves: name -> (segments, cells, seeds); test: name -> (cells, seeds).
    steps: (segments,), the updates made at each point of the curves.
    diverged_step: -1 where the run stayed finite.
    """

    steps: np.ndarray
    curves: dict[str, np.ndarray]
    test: dict[str, np.ndarray]
    diverged_step: np.ndarray
    compile_seconds: float
    run_seconds: float


class _Program(NamedTuple):
    segments: Mapping[int, Callable]
    evaluate: Mapping[str, Callable]
    seconds: float


def segment_lengths(steps: int) -> list[int]:
    """Steps cut into at most SEGMENTS segments, equal but for the last.

    Example:
        >>> segment_lengths(300) == [15] * 20, segment_lengths(7), segment_lengths(41)[-2:]
        (True, [1, 1, 1, 1, 1, 1, 1], [3, 2])
    """
    length = -(-steps // SEGMENTS)
    full, rest = divmod(steps, length)
    return [length] * full + ([rest] if rest else [])


def run_grid(grid: jaxnn.Grid, make: Callable[[dict], Training], data: Data, *, steps: int, batch_size: Callable[[dict], int],
             known: Mapping[int, Outcome], on_start: Callable[[int], None], on_segment: Callable[[int], None],
             on_outcome: Callable[[int, Outcome], None]) -> None:
    """Train every network of the grid.

    Args:
        grid: what to vary.
        make: from one combination of structure to the Training of one run.
        data: shared by all runs.
        steps: updates of each run.
        batch_size: examples an update, for one combination of structure.
        known: outcomes that an earlier, interrupted call has left, by the number of their structure: not run again.
        on_start: told the number of a structure whose program is compiled and starts to run.
        on_segment: told the structure's number after each of its segments.
        on_outcome: given each new outcome.
    """
    devices = jax.devices()
    layout, together = lay_out(grid, make, devices)
    todo = [number for number in range(len(grid.structures)) if number not in known]
    sweeps = {number: jaxnn.make_sweep(make(grid.structures[number]), devices=devices, together=together) for number in todo}
    lengths = segment_lengths(steps)
    rows = len(data.x["train"])
    orders: dict[tuple[int, int], jax.Array] = {}

    def order(number: int, start: int, length: int) -> jax.Array:
        size = batch_size(grid.structures[number])
        if (size, start) not in orders:
            orders[size, start] = sweeps[number].order(layout, examples=rows, batch_size=size, steps=length, start=start)
        return orders[size, start]

    def build(number: int) -> _Program:
        began = time.perf_counter()
        sweep = sweeps[number]
        state = sweep.shapes(jax.eval_shape(lambda: sweep.init(layout)))
        h = sweep.shapes(dict(layout.hyperparameters))
        parts = {part: sweep.shapes((data.x[part], data.y[part]), shared=True) for part in data.x}

        def batches(length: int) -> jax.ShapeDtypeStruct:
            return jax.ShapeDtypeStruct((len(layout.seeds), length, batch_size(grid.structures[number])), np.int32)

        segments = {length: sweep.segment.lower(state, h, *parts["train"], sweep.shapes(batches(length))).compile()
                    for length in set(lengths)}
        validation = sweep.evaluate.lower(state, h, *parts["validation"]).compile()
        same = data.x["test"].shape == data.x["validation"].shape
        test = validation if same else sweep.evaluate.lower(state, h, *parts["test"]).compile()
        return _Program(segments, {"validation": validation, "test": test}, time.perf_counter() - began)

    with ThreadPoolExecutor(1) as compiler:
        # One ahead: the next compiles while this one runs, and the first while its parameters and batches are drawn.
        building = {number: compiler.submit(build, number) for number in todo[:1]}
        for number, following in zip(todo, [*todo[1:], None], strict=True):
            sweep = sweeps[number]
            h = {name: sweep.place(values) for name, values in layout.hyperparameters.items()}
            parts = {part: (sweep.place(data.x[part], shared=True), sweep.place(data.y[part], shared=True)) for part in data.x}
            state = sweep.init(layout)
            order(number, 0, lengths[0])
            program = building.pop(number).result()
            if following is not None:
                building[following] = compiler.submit(build, following)
            on_start(number)
            began, curves, done = time.perf_counter(), {}, 0
            for length in lengths:
                state, metrics = program.segments[length](state, h, *parts["train"], order(number, done, length))
                validation = program.evaluate["validation"](state, h, *parts["validation"])
                metrics = metrics | {f"validation_{name}": value for name, value in validation.items()}
                collected = {name: layout.collect(value) for name, value in metrics.items()}
                for name, value in collected.items():
                    curves.setdefault(name, []).append(value)
                done += length
                on_segment(number)
            test = program.evaluate["test"](state, h, *parts["test"])
            on_outcome(number, Outcome(np.cumsum(lengths), {name: np.stack(values) for name, values in curves.items()},
                                       {f"test_{name}": layout.collect(value) for name, value in test.items()},
                                       layout.collect(state.diverged_step), program.seconds, time.perf_counter() - began))


def lay_out(grid: jaxnn.Grid, make: Callable[[dict], Training], devices: Sequence[jax.Device]) -> tuple[Layout, int | None]:
    """One layout for all structures, as the largest network asks, so that all runs of a seed share their batches' order."""
    # One of each size: an activation hardly changes what a run holds.
    sizes = {tuple(value for name, value in structure.items() if name != "activation"): structure for structure in grid.structures}
    at_once = [runs_at_once(make(structure), grid.hyperparameters, devices[0]) for structure in sizes.values()]
    if None in at_once:
        return jaxnn.arrange(grid, devices=len(devices)), None
    layout = jaxnn.arrange(grid, devices=len(devices), members=min(at_once))
    return layout, max(1, min(at_once) // layout.members)
