"""From the losses of a range test to a learning rate: the rules that are in use.

In a range test (Smith 2017, arXiv 1506.01186) the rate rises by a factor at every update of one
short training run. A rule looks at the loss of each rate.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from scipy.signal import lfilter

DECAY = 0.98  # of the exponential average, as in fastai and Lightning
EXPLODED = 4.0  # times the lowest loss, as there
FIRST = 0.1  # of a range test, which the steepest descent and the valley leave out, as there


def debiased(losses: np.ndarray, late: int = 0) -> np.ndarray:
    """Exponential average with decay .98 over the sum of its weights, counted some steps late."""
    weights = 1 - DECAY ** (np.arange(len(losses)) + 1 + late)
    return lfilter([1 - DECAY], [1, -DECAY], losses) / weights


def until(smoothed: np.ndarray, factor: float) -> np.ndarray:
    """Up to and including the first that exceeds the best so far by a factor; nan never does."""
    over = smoothed > factor * np.fmin.accumulate(smoothed)
    return smoothed[: np.argmax(over) + 1] if over.any() else smoothed


def valley(losses: np.ndarray) -> int:
    """The index of the point half-way through the second third of the longest valley.

    A valley is a longest falling subsequence. It is taken to begin as many points before its end as
    it has members, which is where it does begin only if no point in between rises.

    Example:
        >>> valley(np.array([9.0, 8, 7, 6, 5, 4, 3, 2, 1, 5]))
        3
    """
    lengths = np.ones(len(losses), int)
    for i in range(1, len(losses)):
        before = lengths[:i][losses[:i] > losses[i]]
        lengths[i] += before.max(initial=0)
    end = int(np.argmax(lengths))
    start, length = (end - lengths[end], lengths[end]) if lengths[end] > 1 else (0, 0)
    return int(start + int(length / 3) + int(length / 6))


def steepest(rates: np.ndarray, losses: np.ndarray) -> float:
    """The rate at which the loss falls fastest per decade: fastai's first, torch-lr-finder's."""
    skipped = round(FIRST * len(rates))
    if len(losses) < skipped + 2:
        return np.nan
    slopes = np.gradient(losses, np.log(rates[: len(losses)]))
    return float(rates[skipped + np.argmin(slopes[skipped:])])


def tenth_of_minimum(rates: np.ndarray, losses: np.ndarray) -> float:
    """A tenth of the rate with the lowest loss: fastai's "minimum"."""
    return float(rates[np.argmin(losses)] / 10)


def in_valley(rates: np.ndarray, losses: np.ndarray) -> float:
    """The middle of the middle third of the longest valley: fastai's default."""
    skipped = round(FIRST * len(rates))
    kept = losses[skipped:]
    return float(rates[skipped + valley(kept)]) if len(kept) else np.nan


def slide(rates: np.ndarray, losses: np.ndarray) -> float:
    """Where the slope last stays the same over a seventh of the range, coming from the explosion.

    fastai's "slide": two points so far apart move down the rates until their slopes differ by less
    than 0.005 of the loss per update; it is the lower one. nan where that is nowhere.
    """
    apart = max(1, round(0.15 * len(rates)))
    slopes = np.gradient(losses) if len(losses) > 1 else np.zeros(1)
    for low in range(len(losses) - 1 - apart, -1, -1):
        if abs(slopes[low + apart] - slopes[low]) <= 0.005:
            return float(rates[low])
    return np.nan


def half_of_last(rates: np.ndarray, losses: np.ndarray) -> float:
    """Half of the last rate whose loss is below that of the first: Bengio 2012.

    Practical recommendations, arXiv 1206.5533: the best rate is often within a factor of two of the
    largest that does not make the loss diverge.
    """
    falls = np.flatnonzero(losses < losses[0])
    return float(rates[falls[-1]] / 2) if len(falls) else np.nan


RULES: Mapping[str, Callable[[np.ndarray, np.ndarray], float]] = MappingProxyType(
    {
        "steepest": steepest,
        "valley": in_valley,
        "slide": slide,
        "minimum / 10": tenth_of_minimum,
        "edge / 2": half_of_last,
    }
)
"""name -> ``rule(rates, losses)``: the losses of the first rates, smooth, finite, one or more."""


def suggestion(rule: str, rates: np.ndarray, losses: np.ndarray, *, smooth: bool) -> float:
    """What a rule makes of one range test.

    Args:
        rule: a name in RULES.
        rates: ascending, one per update.
        losses: of each update; not finite from where the run has diverged.
        smooth: take the exponential average, for the losses of batches.

    Returns:
        The rate; nan where the rule finds none.

    Example:
        >>> rates = np.geomspace(1e-4, 1, 101)
        >>> losses = 1 - np.exp(-((np.log10(rates) + 1) ** 2))  # lowest at 0.1
        >>> round(suggestion("minimum / 10", rates, losses, smooth=False), 4)
        0.01
    """
    losses = np.asarray(losses, float)
    finite = np.isfinite(losses)
    losses = losses if finite.all() else losses[: np.argmin(finite)]
    if not len(losses):
        return np.nan
    return RULES[rule](rates, until(debiased(losses) if smooth else losses, EXPLODED))
