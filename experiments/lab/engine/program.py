"""One structure's program: its runs planned into chunks that fit the memory, and compiled for the shape of a chunk."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import jax
import numpy as np

import jaxnn
from jaxnn.grid import Layout
from jaxnn.sweep import Sweep, runs_at_once
from jaxnn.training import State, Training

SEGMENTS = 20  # points of a training curve
CHUNKS = 5  # about as many a program: diverged runs are left out chunk by chunk
MOST = 64  # groups of a chunk, or up to twice as many: more would only take memory
WAVE_BYTES = (
    1 << 25
)  # of states that a CPU holds at a time: chunks run one after the other, so more would gain nothing


class Data(NamedTuple):
    """What every run trains on and is judged by; arrays of parts "train", "validation", "test"."""

    x: Mapping[str, np.ndarray]
    y: Mapping[str, np.ndarray]


class Plan(NamedTuple):
    """How a program's runs are cut up.

    devices: how many share a chunk's groups. members: runs in a group.
    together: groups that a device trains at a time; None, all. chunk: groups of one call.
    wave: groups whose states are held at a time.
    """

    devices: int
    members: int
    together: int | None
    chunk: int
    wave: int

    def layout(self, grid: jaxnn.Grid, runs: np.ndarray) -> Layout:
        """The runs, of this grid or a wider one, laid out in whole chunks."""
        return jaxnn.arrange(
            grid, devices=self.devices, exactly=self.members, runs=runs, multiple=self.chunk
        )


class Program(NamedTuple):
    """Compiled functions of a chunk, by the length of a segment and the part of the data; state has the shapes of a chunk's."""

    plan: Plan
    sweep: Sweep
    state: State
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


def chunk_of(groups: int, devices: int) -> int:
    """Groups of a chunk: a multiple of the devices, one to two times a CHUNKS-th of all or MOST, whichever is less, that pads least.

    Example:
        >>> chunk_of(20, 2), chunk_of(3, 2), chunk_of(1000, 2)
        (4, 2, 100)
    """
    shares = -(-groups // devices)
    near = max(1, min(shares // CHUNKS, MOST // devices))
    return devices * min(range(near, 2 * near + 1), key=lambda size: (-shares % size, size))


def lay_out(
    grid: jaxnn.Grid,
    training: Training,
    devices: Sequence[jax.Device],
    runs: np.ndarray | None = None,
) -> tuple[Layout, int | None]:
    """Where runs lie, all when absent, and how many groups a device trains at a time; None, all."""
    at_once = runs_at_once(training, grid.hyperparameters, devices[0])
    layout = jaxnn.arrange(grid, devices=len(devices), members=at_once, runs=runs)
    return layout, at_once and max(1, at_once // layout.members)


def build(
    grid: jaxnn.Grid,
    training: Training,
    data: Data,
    *,
    runs: np.ndarray,
    lengths: Sequence[int],
    batch_size: int,
    devices: Sequence[jax.Device],
) -> Program:
    """Plan and compile.

    Args:
        grid: what to vary.
        training: of one run.
        data: shared by all runs.
        runs: bool (cells, seeds), those to train.
        lengths: of the segments.
        batch_size: examples an update.
        devices: to train on.

    Returns:
        The program, whose chunks fit the memory.
    """
    began = time.perf_counter()
    whole, together = lay_out(grid, training, devices, runs)
    sweep = jaxnn.make_sweep(training, devices=devices, together=together)
    chunk, budget = chunk_of(len(whole.seeds), len(devices)), memory(devices[0])
    while True:
        state, segments, evaluate, need, held = _compile(
            grid, training, sweep, data, whole.members, chunk, lengths, batch_size
        )
        if need <= budget or chunk == len(devices):
            break
        chunk = max(1, chunk // len(devices) // 2) * len(devices)
    room = min(budget, WAVE_BYTES) if devices[0].platform == "cpu" else max(0, budget - need)
    wave = chunk * max(1, int(room / (held * chunk)))
    plan = Plan(len(devices), whole.members, together, chunk, wave)
    return Program(plan, sweep, state, segments, evaluate, time.perf_counter() - began)


def memory(device: jax.Device) -> float:
    """Bytes that a program may take of a device: half of what it has, of a CPU half of what all its cores share."""
    if device.platform != "cpu":
        return (device.memory_stats() or {}).get("bytes_limit", float("inf")) / 2
    return (
        os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2
        if hasattr(os, "sysconf")
        else float("inf")
    )


def _compile(
    grid: jaxnn.Grid,
    training: Training,
    sweep: Sweep,
    data: Data,
    members: int,
    chunk: int,
    lengths: Sequence[int],
    batch_size: int,
):
    """A chunk's state, the compiled functions, the bytes a device needs for a call, and the bytes of one group's state."""
    hyperparameters = {name: jax.ShapeDtypeStruct((), np.float32) for name in grid.hyperparameters}
    one = jax.eval_shape(training.init, jax.random.key(0), hyperparameters)

    def many(tree, *shape: int):
        return sweep.shapes(
            jax.tree.map(
                lambda leaf: jax.ShapeDtypeStruct((chunk, *shape, *leaf.shape), leaf.dtype), tree
            )
        )

    state, h = many(one, members), many(hyperparameters, members)
    held = members * sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(one))
    parts = {part: sweep.shapes((data.x[part], data.y[part]), shared=True) for part in data.x}
    orders = {
        length: many(jax.ShapeDtypeStruct((length, batch_size), np.int32))
        for length in set(lengths)
    }
    segments = {
        length: sweep.segment.lower(state, h, *parts["train"], order).compile()
        for length, order in orders.items()
    }
    validation = sweep.evaluate.lower(state, h, *parts["validation"]).compile()
    same = data.x["test"].shape == data.x["validation"].shape
    evaluate = {
        "validation": validation,
        "test": validation if same else sweep.evaluate.lower(state, h, *parts["test"]).compile(),
    }
    need = max(_bytes(function) for function in (*segments.values(), *evaluate.values()))
    return state, segments, evaluate, need, held


def _bytes(function) -> int:
    found = function.memory_analysis()
    return (
        sum(getattr(found, f"{what}_size_in_bytes", 0) for what in ("argument", "output", "temp"))
        if found
        else 0
    )
