"""The range of good learning rates in decades.

An error is 1 − accuracy, 1 − R² or the like, see ``Score.error``, on validation data. It is good,
compared with a reference error, if it is at most 1.25 × reference + 0.01. The 0.01 is for
references near 0, which no other run could meet; of an error of which lower is better, such as
RMSE, both are in units of ``Score.size``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FACTOR, POINT = 1.25, 0.01


def rounded(score: float) -> float:
    """The score by which choices are ranked: a tie is a tie whatever the last bits of a mean."""
    return round(score, 6)


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
