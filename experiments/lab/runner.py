"""Run a grid: one program for each structure, compiled while the one before it runs, in segments with progress between."""

import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import numpy as np

import jaxnn
from jaxnn.sweep import Layout, Sweep, runs_at_once
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
    sweep: Sweep
    state: Any
    segments: Mapping[int, Callable]
    evaluate: Callable
    seconds: float


def use_every_core() -> None:
    """One JAX device for each CPU core this process may use; before JAX is first asked for a device."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    jax.config.update("jax_num_cpu_devices", cores)


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
             known: Mapping[int, Outcome], on_start: Callable[[int], None], on_segment: Callable[[int, int, int, Mapping], None],
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
        on_segment: told the structure's number, the segment's steps, how many runs are finite, and the newest metrics.
        on_outcome: given each new outcome.
    """
    devices = jax.devices()
    layout, together = _layout(grid, make, devices)
    todo = [number for number in range(len(grid.structures)) if number not in known]
    orders: dict[tuple, jax.Array] = {}
    lengths = segment_lengths(steps)

    def order(sweep: Sweep, number: int, start: int, length: int) -> jax.Array:
        size = batch_size(grid.structures[number])
        if (size, start) not in orders:
            orders[size, start] = sweep.order(layout, examples=len(data.x["train"]), batch_size=size, steps=length, start=start)
        return orders[size, start]

    def build(number: int) -> _Program:
        began = time.perf_counter()
        sweep = jaxnn.make_sweep(make(grid.structures[number]), devices=devices, together=together)
        state = sweep.init(layout)
        h = {name: sweep.place(values) for name, values in layout.hyperparameters.items()}
        parts = {part: (sweep.place(data.x[part], shared=True), sweep.place(data.y[part], shared=True)) for part in data.x}
        segments = {length: sweep.segment.lower(state, h, *parts["train"], order(sweep, number, 0, length)).compile()
                    for length in set(lengths)}
        evaluate = sweep.evaluate.lower(state, h, *parts["validation"]).compile()
        same = data.x["test"].shape == data.x["validation"].shape
        test = evaluate if same else sweep.evaluate.lower(state, h, *parts["test"]).compile()

        return _Program(
            sweep, state,
            {length: lambda state, order, f=f: f(state, h, *parts["train"], order) for length, f in segments.items()},
            lambda state, part: (test if part == "test" else evaluate)(state, h, *parts[part]),
            time.perf_counter() - began)

    with ThreadPoolExecutor(1) as ahead:
        building = {number: None for number in todo}
        if todo:
            building[todo[0]] = ahead.submit(build, todo[0])
        for position, number in enumerate(todo):
            program = building.pop(number).result()
            if position + 1 < len(todo):
                building[todo[position + 1]] = ahead.submit(build, todo[position + 1])
            on_start(number)
            on_outcome(number, _run(program, layout, lengths, lambda start, length, p=program, n=number: order(p.sweep, n, start, length),
                                    lambda length, finite, metrics, n=number: on_segment(n, length, finite, metrics)))


def _layout(grid: jaxnn.Grid, make: Callable[[dict], Training], devices) -> tuple[Layout, int | None]:
    """One layout for all structures, as the largest network asks, so that all runs of a seed share their batches' order."""
    at_once = [runs_at_once(make(structure), grid.hyperparameters, devices[0]) for structure in grid.structures]
    if None in at_once:
        return jaxnn.arrange(grid, devices=len(devices)), None
    layout = jaxnn.arrange(grid, devices=len(devices), members=min(at_once))
    return layout, max(1, min(at_once) // layout.members)


def _run(program: _Program, layout: Layout, lengths, order, on_segment) -> Outcome:
    began = time.perf_counter()
    state, curves = program.state, {}
    done = 0
    for length in lengths:
        state, metrics = program.segments[length](state, order(done, length))
        validation = program.evaluate(state, "validation")
        metrics = metrics | {f"validation_{name}": value for name, value in validation.items()}
        collected = {name: layout.collect(value) for name, value in metrics.items()}
        for name, value in collected.items():
            curves.setdefault(name, []).append(value)
        done += length
        on_segment(length, int(np.sum(layout.collect(state.diverged_step) < 0)), collected)
    test = {f"test_{name}": layout.collect(value) for name, value in program.evaluate(state, "test").items()}
    return Outcome(np.cumsum(lengths), {name: np.stack(values) for name, values in curves.items()}, test,
                   layout.collect(state.diverged_step), program.seconds, time.perf_counter() - began)
