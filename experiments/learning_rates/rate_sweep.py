"""The same networks at many learning rates: what each rate leads to."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import jax
import numpy as np

import jaxnn
from experiments.lab.engine.program import Data, lay_out
from jaxnn.sweep import Sweep
from jaxnn.training import Training
from jaxnn.types import Params


class Updates(NamedTuple):
    """Of each run: how many steps, on how many rows each, and at how many points to evaluate.

    steps is a multiple of points.
    """

    steps: int
    batch_size: int
    points: int


def sweep_rates(
    training: Training,
    data: Data,
    rates: Sequence[float],
    seeds: Sequence[int],
    updates: Updates,
) -> dict[str, np.ndarray]:
    """Train every rate × seed.

    Args:
        training: of one run with the hyperparameter "learning_rate".
        data: trained on "train"; "validation" and "test" are evaluated where they are given.
        rates, seeds: what to vary.
        updates: of each run.

    Returns:
        "train_loss", the mean over the steps since the last point, "validation_loss" and
        "validation_error", each (points, rates, seeds); "test_error", (rates, seeds). A run that
        has diverged has infinite losses and errors of 1.
    """
    layout, together = lay_out(
        jaxnn.Grid({}, {"learning_rate": rates}, seeds), training, jax.devices()
    )
    sweep = _sweep(training, together)
    parts = {
        part: (sweep.place(data.x[part], shared=True), sweep.place(data.y[part], shared=True))
        for part in data.x
    }
    h = {name: sweep.place(values) for name, values in layout.hyperparameters.items()}
    order = orders(
        seeds,
        examples=len(data.x["train"]),
        batch_size=updates.batch_size,
        steps=updates.steps,
    )
    state, curves = sweep.init(layout), []
    for now in np.split(order, updates.points, axis=1):
        state, metrics = sweep.segment(state, h, *parts["train"], sweep.place(now[layout.columns]))
        found = {"train_loss": metrics["train_loss"]}
        if "validation" in parts:
            found |= _judged(sweep.evaluate(state, h, *parts["validation"]), "validation")
        curves.append({name: layout.collect(values) for name, values in found.items()})
    arrays = {name: np.stack([curve[name] for curve in curves]) for name in curves[0]}
    if "test" in parts:
        arrays["test_error"] = layout.collect(
            _judged(sweep.evaluate(state, h, *parts["test"]), "test")["test_error"]
        )
    return {
        name: np.nan_to_num(values, nan=1.0 if "error" in name else np.inf, posinf=np.inf)
        for name, values in arrays.items()
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
    layout, together = lay_out(
        jaxnn.Grid({}, {"learning_rate": rates}, seeds), training, jax.devices()
    )
    params = _sweep(training, together).init(layout).params
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
def _sweep(training: Training, together: int | None) -> Sweep:
    """Kept, since each new one compiles anew."""
    return jaxnn.make_sweep(training, together=together)


def _judged(metrics, part: str) -> dict[str, np.ndarray]:
    return {f"{part}_loss": metrics["loss"], f"{part}_error": 1 - np.asarray(metrics["accuracy"])}
