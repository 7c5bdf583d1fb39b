"""Recurrent networks trained on three tasks: temporal XOR, the adding problem, yearly sunspots.

Every network of a task is trained at the same time, for all learning rates and seeds.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxnn
from experiments.context.sequences import adding, temporal_xor
from experiments.lab.data.sunspots import read_sunspots
from jaxnn import dense, elman, gru, losses, recurrent_network
from jaxnn.program import Plan, Program, Task, make_program
from jaxnn.segments import program_segments
from jaxnn.training import Training

MODELS = ("tanh", "relu", "sigmoid", "elu", "gelu", "swish", "linear", "irnn", "gru", "none")
STREAMS, TRIPLES, XOR_BATCH = 100, 10, 5  # 3,000 bits, as many as Elman's
QUARTERS = 4  # of the training on XOR; success is measured after each of them
ROWS = {"train": 5000, "validation": 1000, "test": 1000}  # sequences of the adding problem
ADDING_BATCH = 32
LAST_TRAINED, LAST_VALIDATED = 1920, 1955  # years
STOPS = 20  # points at which training on the sunspots may stop


class Budget(NamedTuple):
    """How the networks of one model are trained.

    rates: learning rates of Adam, all of which are tried.
    seeds: networks per learning rate.
    steps: updates per network.
    width: hidden units.
    """

    rates: Sequence[float]
    seeds: int
    steps: int
    width: int


def cell(name: str, in_dim: int, width: int) -> jaxnn.Cell:
    """The recurrent cell of a model.

    Args:
        name: one of MODELS: an activation for Elman's cell; irnn, an Elman cell with ReLU whose
            context weights start as the identity; gru; or none, a tanh layer without context.
        in_dim: inputs per step.
        width: hidden units.
    """
    if name == "gru":
        return gru(in_dim, width)
    if name == "irnn":
        return elman(
            in_dim, width, activation="relu", context_initializer=lambda key, shape: jnp.eye(*shape)
        )
    if name == "none":
        layer = dense(in_dim, width, activation="tanh")
        return jaxnn.Cell(
            layer.init, jnp.zeros(1), lambda params, state, x: (state, layer.apply(params, x))
        )
    return elman(in_dim, width, activation=name)


def solve_xor(
    name: str, *, rates: Sequence[float], pilot: int, seeds: int, passes: int
) -> dict[str, np.ndarray]:
    """Train 1-2-1 networks on temporal XOR, at the rate at which most pilot networks succeed.

    Args:
        name: one of MODELS.
        rates: learning rates to choose from.
        pilot: networks per learning rate that choose it; their seeds differ from the others'.
        seeds: networks trained at the chosen rate.
        passes: over the training bits; a multiple of QUARTERS.

    Returns:
        pilot: share of pilot networks that succeed at each rate, (rates,).
        best: index of the chosen rate, (1,).
        right: share of the predictable bits of a fresh stream that are predicted correctly, after
            each quarter of the training, (QUARTERS, seeds); 0 where training diverged.
    """
    (x, y), fresh = (temporal_xor(np.random.default_rng(seed), STREAMS, TRIPLES) for seed in (0, 1))
    training = _training(recurrent_network(cell(name, 1, 2), dense(2, 1)), correct=_share_right)
    cores = len(jax.local_devices())
    # As many runs at once as the pilot has, so that one compiled program serves both.
    chunk = -(-pilot * len(rates) // cores) * cores
    plan = Plan(cores, members=1, together=None, chunk=chunk, wave=chunk)
    program = make_program(training, jaxnn.Grid({}, {"learning_rate": rates}), plan)
    task = Task(
        {"train": (x, y), "fresh": fresh},
        [passes * STREAMS // XOR_BATCH // QUARTERS] * QUARTERS,
        XOR_BATCH,
        each=("fresh",),
        last=(),
    )

    def right(rates: Sequence[float], seeds: range) -> tuple[np.ndarray, np.ndarray]:
        found = _trained(program, jaxnn.Grid({}, {"learning_rate": rates}, seeds), task).curves
        share, loss = found["fresh_accuracy"], found["fresh_loss"][-1]
        return np.nan_to_num(share), np.nan_to_num(loss, nan=np.inf)

    tried, loss = right(rates, range(seeds, seeds + pilot))
    success = (tried[-1] == 1).mean(axis=1)
    best = int(np.lexsort((loss.mean(axis=1), -success))[0])
    return {
        "pilot": success,
        "best": np.array([best]),
        "right": right(rates[best : best + 1], range(seeds))[0][:, 0],
    }


def _share_right(output, target):
    return jnp.mean((output[1::3] > 0.5) == (target[1::3] > 0.5), dtype=output.dtype)


def add(name: str, length: int, budget: Budget) -> dict[str, np.ndarray]:
    """Train networks on the adding problem, in batches of ADDING_BATCH sequences.

    Args:
        name: one of MODELS.
        length: steps per sequence.
        budget: how the networks are trained.

    Returns:
        validation, test: mean squared errors, (rates, seeds); nan where training diverged.
    """
    rng = np.random.default_rng(length)
    data = {part: adding(rng, rows, length) for part, rows in ROWS.items()}
    net = recurrent_network(cell(name, 2, budget.width), dense(budget.width, 1), last=True)
    grid = jaxnn.Grid({}, {"learning_rate": budget.rates}, budget.seeds)
    program = _program(_training(net), grid, together=1)
    task = Task(data, [budget.steps], ADDING_BATCH, each=(), last=("validation", "test"))
    found = _trained(program, grid, task).final
    return {part: found[f"{part}_loss"] for part in task.last}


def forecast(name: str, budget: Budget) -> dict[str, np.ndarray]:
    """Train networks to forecast next year's sunspots from this year's and their own state.

    Each update uses all training years. Of the learning rates, and of STOPS points at which to
    stop, validation chooses.

    Args:
        name: one of MODELS.
        budget: how the networks are trained; its steps are a multiple of STOPS.

    Returns:
        validation: mean squared error, in sunspots², (STOPS, rates).
        best: indices of its smallest value, (2,).
        forecasts: made there, in sunspots, of all years but the first, (seeds, years); nan where
            training diverged.
    """
    years, numbers, _ = read_sunspots()
    trained = numbers[years <= LAST_TRAINED]
    series = ((numbers - trained.mean()) / trained.std()).astype(np.float32)[:, None]
    net = recurrent_network(cell(name, 1, budget.width), dense(budget.width, 1))
    grid = jaxnn.Grid({}, {"learning_rate": budget.rates}, budget.seeds)
    outputs = jax.jit(jax.vmap(jax.vmap(net.apply, (0, None)), (0, None)))
    known = len(trained)
    data = {"train": (series[None, : known - 1], series[None, 1:known])}
    task = Task(data, [budget.steps // STOPS] * STOPS, batch_size=1, each=(), last=())
    found = np.full((STOPS, *grid.shape, len(series) - 1), np.nan, np.float32)
    program = _program(_training(net), grid)
    for segment in program_segments(program, grid, task):
        if segment.metrics:  # without, all have diverged
            (state,) = segment.states
            values = outputs(state.params, series[:-1])[..., 0]
            segment.layout.collect(values, found[segment.number - 1])
    found = found * trained.std() + trained.mean()  # (stops, rates, seeds, years)
    error = mean_square(found - numbers[1:], part_of(years[1:]) == "validation").mean(axis=-1)
    best = np.unravel_index(np.argmin(np.nan_to_num(error, nan=np.inf)), error.shape)
    return {"validation": error, "best": np.array(best), "forecasts": found[best]}


def part_of(years: np.ndarray) -> np.ndarray:
    """Which part of the data each year belongs to: train, validation or test.

    Example:
        >>> part_of(np.array([1920, 1921, 1956])).tolist()
        ['train', 'validation', 'test']
    """
    return np.select(
        [years <= LAST_TRAINED, years <= LAST_VALIDATED], ["train", "validation"], "test"
    )


def mean_square(errors: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Mean squared error over the chosen years, which are the last axis.

    Example:
        >>> float(mean_square(np.array([1.0, 3.0, 5.0]), np.array([True, True, False])))
        5.0
    """
    return np.mean(errors[..., where] ** 2, axis=-1)


def _training(net: jaxnn.Network, **options) -> Training:
    def optimizer(h):
        return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(h["learning_rate"]))

    return jaxnn.make_training(net, losses.squared_error, optimizer, **options)


def _program(training: Training, grid: jaxnn.Grid, together: int | None = None) -> Program:
    """All rates of a seed in one group, all groups in one call."""
    cores = len(jax.local_devices())
    plan = Plan.whole(jaxnn.arrange(grid, devices=cores), cores, together)
    return make_program(training, grid, plan)


def _trained(program: Program, grid: jaxnn.Grid, task: Task) -> jaxnn.Outcome:
    outcome = jaxnn.Outcome.empty(task.steps, grid.shape)
    for segment in program_segments(program, grid, task):
        outcome.add(segment)
    return outcome
