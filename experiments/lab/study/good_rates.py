"""Good enough: which learning rates are, in decades, and how soon runs get there, misses counted as misses.

An error is 1 − accuracy, or 1 − R², on validation data. It is good enough for a reference error if it is at most a quarter and
one point more: 1.25 × reference + 0.01. The point is for references near 0, which no run need meet.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FACTOR, POINT = 1.25, 0.01
TAUS = (1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)


def good_enough(error: float) -> float:
    """The largest error that is good enough where ``error`` can be had.

    Example:
        >>> good_enough(0.4)
        0.51
    """
    return FACTOR * error + POINT


@dataclass(frozen=True)
class GoodRates:
    """The connected range of learning rates around the best whose error is good enough for the best's own.

    open: it reaches the lowest or the highest rate tried, so that it may be wider.
    """

    low: float
    high: float
    decades: float
    open: bool


def good_rates(rates: Sequence[float], errors: Sequence[float]) -> GoodRates:
    """Walk from the best rate to both sides; between two rates the error is linear in the rate's logarithm.

    Next to a rate with an infinite error the range ends at the last good rate. Where every error is infinite no rate is
    good: the width is 0 and its ends are nan.

    Args:
        rates: ascending, above 0.
        errors: one for each rate, on validation data.

    Returns:
        GoodRates; of a single rate 0 decades, open.

    Example:
        >>> good_rates([0.01, 0.1, 1.0, 10.0], [0.44, 0.04, 0.05, np.inf])
        GoodRates(low=0.0891..., high=1.0, decades=1.05, open=False)
    """
    x, errors = np.log10(rates), np.asarray(errors, float)
    best = int(np.argmin(errors))
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


def steps_to_target(steps: np.ndarray, scores: np.ndarray, target: float) -> np.ndarray:
    """Updates after which a run's validation score is first at least the target; infinite where it never is.

    Args:
        steps: (points,), the updates made at each point of the curves.
        scores: (points, …), higher is better, nan where the run has diverged.
        target: the score to reach.

    Returns:
        float64 of shape (…).

    Example:
        >>> steps_to_target(np.array([10, 20]), np.array([[0.2, 0.9, 0.1], [0.8, 0.7, np.nan]]), 0.8).tolist()
        [20.0, 10.0, inf]

    Reference:
        Dahl et al. 2023 (AlgoPerf), arXiv 2306.07179, section 4.
    """
    reached = scores >= target
    return np.where(reached.any(axis=0), steps[reached.argmax(axis=0)].astype(float), np.inf)


def performance_profile(steps: np.ndarray, taus: Sequence[float] = TAUS) -> np.ndarray:
    """Share of seeds on which each choice is within a factor τ of the fewest steps that any choice took on that seed.

    A miss is within no factor, also on a seed on which all miss.

    Args:
        steps: (choices, seeds), infinite where the target was missed.
        taus: factors of at least 1.

    Returns:
        (choices, taus).

    Example:
        >>> performance_profile(np.array([[10.0, 10.0], [20.0, np.inf]]), [1, 2]).tolist()
        [[1.0, 1.0], [0.0, 0.5]]

    Reference:
        Dolan & Moré 2002, Mathematical Programming 91.
    """
    within = steps[..., None] <= np.asarray(taus) * steps.min(axis=0)[:, None]
    return np.mean(within & np.isfinite(steps)[..., None], axis=1)
