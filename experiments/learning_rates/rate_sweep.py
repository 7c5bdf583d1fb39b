"""The same networks at many learning rates: what each rate leads to."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import jax
import numpy as np

import jaxnn
from experiments.lab.engine.devices import hardware
from jaxnn.program import Program, Task, make_program, plan_runs
from jaxnn.segments import program_segments
from jaxnn.training import Training
from jaxnn.types import Array, Params


class Updates(NamedTuple):
    """Of each run: how many steps, on how many rows each, and at how many points to evaluate.

    steps is a multiple of points.
    """

    steps: int
    batch_size: int
    points: int


def sweep_rates(
    training: Training,
    data: Mapping[str, tuple[np.ndarray | Array, np.ndarray | Array]],
    rates: Sequence[float],
    seeds: Sequence[int],
    updates: Updates,
) -> dict[str, np.ndarray]:
    """Train every rate × seed.

    Args:
        training: of one run with the hyperparameter "learning_rate".
        data: part -> (x, y): trained on "train"; "validation" and "test" are evaluated where they
            are given.
        rates, seeds: what to vary.
        updates: of each run.

    Returns:
        "train_loss", the mean over the steps since the last point, "validation_loss" and
        "validation_error", each (points, rates, seeds); "test_error", (rates, seeds). A run that
        has diverged has infinite losses and errors of 1.
    """
    grid = jaxnn.Grid({}, {"learning_rate": rates}, seeds)
    order = orders(
        seeds, examples=len(data["train"][0]), batch_size=updates.batch_size, steps=updates.steps
    )

    def draw(wanted: np.ndarray, start: int, steps: int) -> np.ndarray:
        return order[np.searchsorted(seeds, wanted), start : start + steps]

    task = Task(
        data,
        [updates.steps // updates.points] * updates.points,
        updates.batch_size,
        each=[part for part in ("validation",) if part in data],
        last=[part for part in ("test",) if part in data],
    )
    outcome = jaxnn.Outcome.empty(task.steps, grid.shape)
    program = _program(training, tuple(rates), len(seeds))
    for segment in program_segments(program, grid, task, draw=draw):
        outcome.add(segment)
    found = {"train_loss": outcome.curves["train_loss"]}
    if task.each:
        found["validation_loss"] = outcome.curves["validation_loss"]
        found["validation_error"] = 1 - outcome.curves["validation_accuracy"]
    if task.last:
        found["test_error"] = 1 - outcome.final["test_accuracy"]
    return {
        name: np.nan_to_num(values, nan=1.0 if "error" in name else np.inf, posinf=np.inf)
        for name, values in found.items()
    }


def orders(
    seeds: Sequence[int], *, examples: int, batch_size: int, steps: int, purpose: int = 0
) -> np.ndarray:
    """The batches of each seed, (seeds, steps, batch_size), shuffled anew every epoch.

    Drawn by NumPy, so that nothing is compiled.

    Args:
        seeds: of the runs.
        examples: how many rows there are to draw from.
        batch_size: rows per step.
        steps: of each run.
        purpose: another number gives other batches for the same seeds.

    Example:
        >>> sorted(orders([3], examples=6, batch_size=2, steps=4)[0, :3].ravel().tolist())
        [0, 1, 2, 3, 4, 5]
    """
    epochs = -(-steps * batch_size // examples)
    every = np.tile(np.arange(examples, dtype=np.int32), (epochs, 1))
    drawn = [
        np.random.default_rng((purpose, seed)).permuted(every, axis=1).ravel()[: steps * batch_size]
        for seed in seeds
    ]
    return np.stack(drawn).reshape(len(seeds), steps, batch_size)


def initial_params(training: Training, rates: Sequence[float], seeds: Sequence[int]) -> Params:
    """The parameters from which sweep_rates starts the runs of each seed: leaves (seeds, …)."""
    program = _program(training, tuple(rates), len(seeds))
    grid = jaxnn.Grid({}, {"learning_rate": rates}, seeds)
    layout = program.plan.layout(grid, np.ones(grid.shape, bool))
    params = program.sweep.init(layout).params
    first = np.unique(layout.columns, return_index=True)[1]
    return jax.tree.map(lambda leaf: np.asarray(leaf)[first, 0], params)


def best_of(errors: np.ndarray) -> int:
    """The index of the best of the rates tried: the one with the lowest mean error over seeds.

    Args:
        errors: validation errors at the end, (rates, seeds).

    Example:
        >>> best_of(np.array([[0.4, 0.6], [0.1, 0.3], [0.2, 0.3]]))
        1
    """
    return int(np.argmin(errors.mean(axis=1)))


@cache
def _program(training: Training, rates: tuple[float, ...], seeds: int) -> Program:
    """Kept, since each new one compiles anew; it serves any seeds of that number."""
    grid = jaxnn.Grid({}, {"learning_rate": rates}, seeds)
    return make_program(training, grid, plan_runs(grid, training, hardware()))
