"""The numbers on which the findings on learning rates rest: best rates, means and intervals."""

from collections.abc import Callable

import numpy as np
from scipy import stats

from experiments.lab.evidence.verdicts import Effect

RESAMPLES = 999
Interval = tuple[float, float, float]  # value, low, high


def vertex_rate(rates: np.ndarray, errors: np.ndarray) -> float:
    """The best rate between the rates tried.

    It is the vertex of the parabola, in the logarithm of the rate, through the lowest error and its
    neighbours; at an end of the rates, or beside a diverged run, it is the rate tried.

    Args:
        rates: ascending.
        errors: one per rate; infinite where runs have diverged.

    Example:
        >>> round(vertex_rate(np.array([0.1, 1.0, 10.0]), np.array([2.0, 1.0, 2.0])), 6)
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


def over_seeds(statistic: Callable[[np.ndarray], float], seeds: int) -> Interval:
    """A statistic of all seeds that is not a mean, and its 95 % percentile bootstrap interval.

    Args:
        statistic: of the numbers of the seeds, some of which may occur several times.
        seeds: how many there are, at least 2.

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


def half_width(values: np.ndarray) -> np.ndarray:
    """Half the width of the mean's 95 % interval by Student's t, over the last axis."""
    count = values.shape[-1]
    return (
        stats.t.ppf(0.975, max(count - 1, 1))
        * values.std(axis=-1, ddof=1 if count > 1 else 0)
        / np.sqrt(count)
    )


def mean(values: np.ndarray) -> Interval:
    """The mean of one number per seed, and its 95 % interval by Student's t."""
    half = half_width(values)
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)


def effect(name: str, interval: Interval, unit: str = "") -> Effect:
    """A named interval; in percent if the unit is %."""
    value, low, high = (100 * each if unit == "%" else each for each in interval)
    return Effect(name, value, low, high, unit)


def shown(interval: Interval, spec: str = ".2f") -> str:
    """An interval in words.

    Example:
        >>> shown((0.5, 0.4, 0.625))
        '0.50 [0.40, 0.62]'
    """
    return "{} [{}, {}]".format(*(format(value, spec).replace("-", "−") for value in interval))
