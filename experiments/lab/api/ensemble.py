"""The training of the estimators: a grid on part of the rows, and the winner on all of them.

One compiled program serves both, and every fit of the same shape: learning rates, seeds, the number
of rows (padded to a power of two) and of updates are no part of it. The weight of a row travels as
a last column of its targets.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxnn
from experiments.lab.engine.devices import hardware
from jaxnn.data_by_seed import DataBySeed, Parts
from jaxnn.losses import label_smoothed
from jaxnn.outcome import Outcome
from jaxnn.program import Program, Task, compile_program
from jaxnn.segments import program_segments
from jaxnn.types import Array, Network, Params
from jaxnn.variants import Variant, by_activation

SEGMENT = 50  # updates between two looks
FEWEST_ROWS = 64  # that a program is compiled for
PROGRAMS = 64  # that are kept
STEPS = "steps"


@dataclass(frozen=True)
class Rows:
    """x: float32 (rows, features). y: targets, float32 (rows, columns). weight: (rows,)."""

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray

    def padded(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """(x, y) of so many rows, of which the further ones have no weight.

        The weights have the mean 1 over the rows that there are.
        """
        weight = self.weight / self.weight.mean()
        y = np.column_stack([self.y, weight]).astype(np.float32)
        more = ((0, count - len(self.x)), (0, 0))
        return np.pad(self.x, more), np.pad(y, more)


class Shape(NamedTuple):
    """What a program is compiled for.

    head: a key of jaxnn.HEADS. features, outputs: of a network. hidden: its widths.
    activations: names or functions. optimizer, schedule: names.
    smoothing: of the labels of classes, from 0 to below 1.
    rows, held_out: of the two parts, padded; no part of held-out rows where it is 0.
    batch_size: rows per update. rates, seeds: how many.
    """

    head: str
    features: int
    outputs: int
    hidden: tuple[int, ...]
    activations: tuple[Any, ...]
    optimizer: str
    schedule: str
    smoothing: float
    rows: int
    held_out: int
    batch_size: int
    rates: int
    seeds: int


@dataclass(frozen=True)
class Plan:
    """What is trained.

    head, hidden, activations, optimizer, schedule, smoothing, batch_size: as in Shape.
    outputs: of a network.
    rates: ascending. steps: updates. seeds: of each network of the grid. members: of the ensemble.
    first: the number of the first seed.
    """

    head: str
    outputs: int
    hidden: tuple[int, ...]
    activations: tuple[Any, ...]
    rates: tuple[float, ...]
    optimizer: str
    schedule: str
    smoothing: float
    batch_size: int
    steps: int
    seeds: int
    members: int
    first: int

    @property
    def choices(self) -> int:
        """Pairs of an activation and a rate."""
        return len(self.activations) * len(self.rates)


class Trained(NamedTuple):
    """The ensemble, and how it was chosen.

    activation: the number of its activation. rate: its learning rate.
    params: NumPy arrays with (members,) in front; a member that has diverged is not among them.
    losses: mean validation loss, (activations, rates); infinite where a network has diverged, and
        nan where there was nothing to choose.
    """

    activation: int
    rate: float
    params: Params
    losses: np.ndarray


@lru_cache(maxsize=PROGRAMS)
def network(
    features: int, hidden: tuple[int, ...], outputs: int, activation: str | Callable
) -> Network:
    """The same object for the same arguments, so that what is compiled for it is found again."""
    return jaxnn.mlp((features, *hidden, outputs), activation=activation)


def trained(plan: Plan, every: Rows, parts: tuple[Rows, Rows] | None, worst: float) -> Trained:
    """Choose an activation and a rate, and train an ensemble of them on all rows.

    Args:
        plan: what is trained.
        every: all rows.
        parts: those to train on and those to choose by; None where there is one choice.
        worst: a validation loss above it counts as it, so that one seed does not decide alone.

    Raises:
        ValueError: every network has diverged.
    """
    seeds = plan.seeds if parts else 0
    trains, held_out = parts or (every, every)
    shape = Shape(
        plan.head,
        every.x.shape[1],
        plan.outputs,
        plan.hidden,
        plan.activations,
        plan.optimizer,
        plan.schedule,
        plan.smoothing,
        _rounded(len(every.x)),
        _rounded(len(held_out.x)) if parts else 0,
        min(plan.batch_size, len(trains.x)),
        len(plan.rates),
        seeds + plan.members,
    )
    splits = [_parts(part, held_out, shape) for part in (trains, every)]
    counts = [len(trains.x), len(every.x)]
    numbers = range(plan.first, plan.first + shape.seeds)
    grid = jaxnn.Grid({}, {"learning_rate": plan.rates}, numbers)
    full, rest = divmod(plan.steps, SEGMENT)
    task = _task(
        shape,
        splits[0],
        [SEGMENT] * full + [rest] * (rest > 0),
        DataBySeed(
            lambda seed: int(seed - plan.first >= seeds), splits.__getitem__, 2, counts.__getitem__
        ),
    )
    losses = np.full((len(plan.activations), shape.rates), np.nan)
    cells, number, cell = np.arange(shape.rates), 0, 0
    if parts:
        mine = np.arange(shape.seeds) < seeds
        for number in range(len(plan.activations)):
            outcome, _ = _run(shape, number, grid, task, np.outer(cells >= 0, mine))
            # Over padded rows, whose weight is 0.
            found = outcome.final["validation_loss"][:, mine] * shape.held_out / len(held_out.x)
            found = np.minimum(np.where(np.isfinite(found), found, np.inf), worst)
            lost = outcome.diverged_step[:, mine] >= 0
            losses[number] = np.where(lost.any(axis=1), np.inf, found.mean(axis=1))
        number, cell = divmod(int(np.argmin(losses)), shape.rates)
    outcome, params = _run(
        shape, number, grid, task, np.outer(cells == cell, np.arange(shape.seeds) >= seeds)
    )
    stayed = outcome.diverged_step[cell, seeds:] < 0
    if not stayed.any():
        rates = ", ".join(f"{rate:g}" for rate in plan.rates)
        raise ValueError(f"every network has diverged; give lower rates than learning_rate={rates}")
    kept = jax.tree.map(lambda leaf: leaf[cell, seeds:][stayed], params)
    return Trained(number, plan.rates[cell], kept, losses)


def _rounded(rows: int) -> int:
    """Up to a power of two."""
    return max(FEWEST_ROWS, 1 << (rows - 1).bit_length())


def _parts(train: Rows, held_out: Rows, shape: Shape) -> Parts:
    found = {"train": train.padded(shape.rows)}
    return found | ({"validation": held_out.padded(shape.held_out)} if shape.held_out else {})


def _task(shape: Shape, data: Parts, lengths: Sequence[int], by_seed: DataBySeed) -> Task:
    last = ("validation",) if shape.held_out else ()
    return Task(data, lengths, shape.batch_size, each=(), last=last, by_seed=by_seed)


def _run(
    shape: Shape, number: int, grid: jaxnn.Grid, task: Task, runs: np.ndarray
) -> tuple[Outcome, Params]:
    """Train runs, bool (cells, seeds), of one activation: what was found, and all parameters."""
    (variant, program), outcome = _programs(shape)[number], Outcome.empty(task.steps, grid.shape)
    params: Any = None
    task = task._replace(shared=_told(variant, sum(task.lengths)))
    for segment in program_segments(program, grid, task, runs=runs, draw=_draws(task)):
        outcome.add(segment)
        if segment.done:
            found, there = segment.params(), segment.layout.runs
            params = found if params is None else jax.tree.map(_filled(there), params, found)
    return outcome, params


def _draws(task: Task) -> Callable[[np.ndarray, int, int], np.ndarray]:
    """Batches without replacement, drawn by NumPy: JAX would compile that for each size of data."""

    def order(seed: int, start: int, steps: int) -> np.ndarray:
        rows, size = task.by_seed.examples(seed), task.batch_size
        each = rows // size  # batches in a pass
        first, last = start // each, (start + steps - 1) // each
        passes = [
            np.random.default_rng([seed, number]).permutation(rows)[: each * size]
            for number in range(first, last + 1)
        ]
        drawn = np.concatenate(passes).reshape(-1, size)
        return drawn[start - first * each :][:steps].astype(np.int32)

    return lambda seeds, start, steps: np.stack([order(int(seed), start, steps) for seed in seeds])


def _filled(there: np.ndarray) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return lambda known, found: np.where(
        there.reshape(there.shape + (1,) * (known.ndim - 2)), found, known
    )


@lru_cache(maxsize=PROGRAMS)
def _programs(shape: Shape) -> list[tuple[Variant, Program]]:
    """The compiled program of each activation; plain ones have one in common."""
    loss = jaxnn.HEADS[shape.head].loss
    if shape.smoothing:
        loss = label_smoothed(loss, shape.smoothing)
    loss = _weighted(loss, whole=shape.head == "multiclass")

    def optimizer(h: Mapping[str, Any]) -> optax.GradientTransformation:
        # What draws parameters is told nothing, and needs no rate.
        rate = jaxnn.SCHEDULES[shape.schedule](h["learning_rate"], h.get(STEPS, 1))
        return jaxnn.OPTIMIZERS[shape.optimizer]({"learning_rate": rate})

    def make(activation: Any) -> jaxnn.Training:
        sizes = (shape.features, *shape.hidden, shape.outputs)
        net = jaxnn.mlp(sizes, activation=activation)
        return jaxnn.make_training(net, loss, optimizer)

    own = [make(phi) for phi in shape.activations]
    variants = by_activation(own, shape.activations, make, lambda variant: None)
    grid = jaxnn.Grid({}, {"learning_rate": tuple(range(1, shape.rates + 1))}, shape.seeds)
    columns = 1 if shape.head != "regression" else shape.outputs
    empty = Rows(
        np.zeros((1, shape.features), np.float32), np.zeros((1, columns), np.float32), np.ones(1)
    )
    by_seed = DataBySeed(lambda seed: 0, lambda number: {}, 2)
    programs: dict[Callable, Program] = {}
    found = []
    for variant in variants:
        trains = variant.training.segment
        if trains not in programs:
            task = _task(shape, _parts(empty, empty, shape), [SEGMENT], by_seed)
            task = task._replace(shared=_told(variant, SEGMENT))
            programs[trains] = compile_program(variant.training, grid, task, hardware=hardware())
        found.append((variant, programs[trains].of(variant.training)))
    return found


def _told(variant: Variant, steps: int) -> dict[str, Any]:
    """What a program is told: which activation, and the updates that its schedule is made for."""
    return {**variant.shared, STEPS: np.float32(steps)}


def _weighted(
    loss: Callable[[Array, Array], Array], *, whole: bool
) -> Callable[[Array, Array], Array]:
    """The loss of a row whose last target is its weight; whole: its first is a class's number."""

    def weighted(prediction: Array, target: Array) -> Array:
        own = target[0].astype(jnp.int32) if whole else target[:-1]
        return target[-1] * loss(prediction, own)

    return weighted
