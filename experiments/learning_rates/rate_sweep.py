"""Learning rates against what they lead to: the same networks at many rates, and which rate is best."""

from collections.abc import Callable, Sequence
from functools import cache

import jax
import numpy as np
from scipy import stats

import jaxnn
from experiments.lab.engine.program import Data, lay_out
from jaxnn.sweep import Sweep
from jaxnn.training import Training
from jaxnn.types import Params

RESAMPLES = 999


def sweep_rates(
    training: Training,
    data: Data,
    rates: Sequence[float],
    seeds: Sequence[int],
    *,
    steps: int,
    points: int,
    batch_size: int,
) -> dict[str, np.ndarray]:
    """Train every rate × seed.

    Args:
        training: of one run with the hyperparameter "learning_rate".
        data: trained on "train"; "validation" and "test" are evaluated where they are given.
        rates, seeds: what to vary.
        steps: updates of each run, a multiple of points.
        points: how often to look.
        batch_size: examples an update.

    Returns:
        "train_loss", the mean over the steps since the last point, "validation_loss" and "validation_error", each (points, rates,
        seeds); "test_error", (rates, seeds). A run that has diverged has infinite losses and errors of 1.
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
    order = orders(seeds, examples=len(data.x["train"]), batch_size=batch_size, steps=steps)
    state, curves = sweep.init(layout), []
    for now in np.split(order, points, axis=1):
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
    """Each seed's batches, (seeds, steps, batch_size), shuffled anew every epoch; drawn by NumPy, so that nothing is compiled.

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
    """Where sweep_rates starts each seed's runs: leaves (seeds, …)."""
    layout, together = lay_out(
        jaxnn.Grid({}, {"learning_rate": rates}, seeds), training, jax.devices()
    )
    params = _sweep(training, together).init(layout).params
    first = np.unique(layout.columns, return_index=True)[1]
    return jax.tree.map(lambda leaf: np.asarray(leaf)[first, 0], params)


@cache
def _sweep(training: Training, together: int | None) -> Sweep:
    """Kept, since each new one compiles anew."""
    return jaxnn.make_sweep(training, together=together)


def _judged(metrics, part: str) -> dict[str, np.ndarray]:
    return {f"{part}_loss": metrics["loss"], f"{part}_error": 1 - np.asarray(metrics["accuracy"])}


def best_rate(rates: np.ndarray, errors: np.ndarray) -> float:
    """Where the errors are lowest: the vertex of the parabola through the lowest and its neighbours, in the rate's logarithm.

    Args:
        rates: ascending.
        errors: one a rate; infinite where runs have diverged.

    Example:
        >>> round(best_rate(np.array([0.1, 1.0, 10.0]), np.array([2.0, 1.0, 2.0])), 6)
        1.0
    """
    at = int(np.argmin(errors))
    if at in (0, len(rates) - 1) or not np.isfinite(errors[at - 1 : at + 2]).all():
        return float(rates[at])
    x, y = np.log(rates[at - 1 : at + 2]), np.asarray(errors[at - 1 : at + 2], float)
    left, right = (y[1] - y[0]) / (x[1] - x[0]), (y[2] - y[1]) / (x[2] - x[1])
    if right == left:
        return float(rates[at])
    # The slope is linear between the middles of the two intervals.
    middle = (x[0] + x[1]) / 2, (x[1] + x[2]) / 2
    return float(np.exp(middle[0] - left * (middle[1] - middle[0]) / (right - left)))


def over_seeds(statistic: Callable[[np.ndarray], float], seeds: int) -> tuple[float, float, float]:
    """A statistic of all seeds and its 95 % percentile bootstrap interval, for one that is no mean.

    Args:
        statistic: of the seeds' numbers, which may repeat.
        seeds: how many, at least 2.

    Returns:
        (value, low, high).

    Example:
        >>> over_seeds(lambda seeds: 1.0, 3)
        (1.0, 1.0, 1.0)
    """
    every = np.arange(seeds)
    found = stats.bootstrap(
        (every,),
        statistic,
        n_resamples=RESAMPLES,
        vectorized=False,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(statistic(every)), float(found.low), float(found.high)
