"""The best learning rate, and the range of good ones in decades.

An error is 1 − accuracy, 1 − R² or the like, see ``Score.error``, on validation data. It is good,
compared with a reference error, if it is at most 1.25 × reference + 0.01. The 0.01 is for
references near 0, which no other run could meet; of an error of which lower is better, such as
RMSE, both are in units of ``Score.size``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from experiments.lab.study.statistics import interquartile_mean

FACTOR, POINT = 1.25, 0.01
T = TypeVar("T")


def middle(values: ArrayLike) -> float:
    """The interquartile mean, as a number of Python's.

    Example:
        >>> middle([0.0, 0.5, 1.0, 9.0])
        0.75
    """
    return float(interquartile_mean(np.asarray(values, float)))


def rounded(score: float) -> float:
    """The score by which choices are ranked: a tie is a tie whatever the last bits of a mean."""
    return round(score, 6)


def best_rate(validation: Mapping[T, float], losses: Callable[[T], ArrayLike]) -> T:
    """The rate with the best validation score; of equals, the one with the lower loss.

    Args:
        validation: rate, or its number -> score, higher is better.
        losses: of the runs at a rate; their interquartile mean decides between equals.

    Example:
        >>> best_rate({0.1: 0.9, 1.0: 0.9}, {0.1: [0.5], 1.0: [0.4]}.get)
        1.0
    """
    best = max(map(rounded, validation.values()))
    tied = [rate for rate in validation if rounded(validation[rate]) == best]
    return min(tied, key=lambda rate: middle(losses(rate)))


def best_cell(scores: np.ndarray, losses: np.ndarray, runs: np.ndarray) -> int:
    """The number of the cell with the best rate, judged by these runs alone.

    Args:
        scores, losses: of the validation rows, (cells, seeds).
        runs: bool (cells, seeds), at least one.

    Example:
        >>> scores = np.array([[0.5, 0.6], [0.9, 0.1]])
        >>> best_cell(scores, -scores, np.array([[True, True], [True, False]]))
        1
    """
    validation = {
        int(cell): middle(scores[cell, runs[cell]]) for cell in np.flatnonzero(runs.any(axis=1))
    }
    return best_rate(validation, lambda cell: losses[cell, runs[cell]])


def good_enough(error: float) -> float:
    """The largest error that is good where ``error`` can be reached.

    Example:
        >>> good_enough(0.4)
        0.51
    """
    return FACTOR * error + POINT


@dataclass(frozen=True)
class GoodRates:
    """The connected range of learning rates around the best whose error is good.

    low, high: its ends. decades: its width.
    open: it reaches the lowest or the highest rate tried, so it may be wider.
    """

    low: float
    high: float
    decades: float
    open: bool


def good_rates(
    rates: Sequence[float] | np.ndarray, errors: Sequence[float] | np.ndarray
) -> GoodRates:
    """The good rates, from the best outwards; between two rates the error is linear in log rate.

    Next to a rate with an infinite error, the range ends at the last good rate. Where every error
    is infinite, no rate is good: the width is 0 and the ends are nan.

    Args:
        rates: ascending, above 0.
        errors: one per rate, on validation data.

    Returns:
        GoodRates; for a single rate, 0 decades and open.

    Example:
        >>> good_rates([0.01, 0.1, 1.0, 10.0], [0.44, 0.04, 0.05, np.inf])
        GoodRates(low=0.0891..., high=1.0, decades=1.05, open=False)
    """
    x, best = np.log10(rates), int(np.argmin(errors))
    if not np.isfinite(errors[best]):
        return GoodRates(np.nan, np.nan, 0.0, False)
    bound, ends, is_open = good_enough(errors[best]), [], False
    for side in (-1, 1):
        last = best
        while 0 <= last + side < len(x) and errors[last + side] <= bound:
            last += side
        if not 0 <= last + side < len(x):
            ends.append(x[last])
            is_open = True
        else:
            share = (bound - errors[last]) / (errors[last + side] - errors[last])
            ends.append(x[last] + share * (x[last + side] - x[last]))
    return GoodRates(
        float(10 ** ends[0]), float(10 ** ends[1]), round(float(ends[1] - ends[0]), 12), is_open
    )
