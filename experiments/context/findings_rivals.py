"""One model against its rivals: intervals of its scores, tests paired by seed, and its standing."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from experiments.lab.evidence.verdicts import Effect
from experiments.lab.study.intervals import share_interval
from experiments.lab.study.statistics import holm


def success_share(name: str, succeeded: np.ndarray) -> Effect:
    """Share of networks that succeed, with its exact binomial interval (Clopper-Pearson).

    Args:
        name: of the effect.
        succeeded: bool, (seeds,).

    Example:
        >>> f"{success_share('share', np.arange(10) < 5):.3f}"
        '0.500 [0.187, 0.813]'
    """
    low, high = share_interval(int(succeeded.sum()), len(succeeded))
    return Effect(name, float(succeeded.mean()), low, high)


def geometric_mean(name: str, errors: np.ndarray) -> Effect:
    """Geometric mean over seeds, with Student's t interval of the logarithms.

    Args:
        name: of the effect.
        errors: above 0, (seeds,).

    Example:
        >>> f"{geometric_mean('error', np.array([1.0, 2.0, 4.0])):.2f}"
        '2.00 [0.36, 11.19]'
    """
    logs = np.log10(errors)
    found = stats.ttest_1samp(logs, 0).confidence_interval() if np.ptp(logs) else (logs[0], logs[0])
    mean, low, high = (float(10**each) for each in (logs.mean(), *found))
    return Effect(name, mean, low, high)


def compare_successes(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    """Successes that ours have more than theirs, and the exact p, paired by seed (McNemar's test).

    Args:
        ours, theirs: bool, (seeds,).

    Example:
        >>> compare_successes(np.array([True] * 6), np.array([False] * 6))
        (6.0, 0.03125)
    """
    gained, lost = int(np.sum(ours & ~theirs)), int(np.sum(theirs & ~ours))
    if not gained + lost:
        return 0.0, 1.0
    return float(gained - lost), float(stats.binomtest(gained, gained + lost).pvalue)


def compare_errors(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    """Mean of log₁₀(theirs / ours), and its p, paired by seed (Student's t test).

    Args:
        ours, theirs: errors above 0, (seeds,).

    Example:
        >>> gain, p = compare_errors(np.array([0.1, 0.1, 0.1]), np.array([1.0, 1.1, 0.9]))
        >>> round(gain, 2), p < 0.001
        (1.0, True)
    """
    fall = np.log10(theirs) - np.log10(ours)
    return float(fall.mean()), float(stats.ttest_1samp(fall, 0).pvalue) if np.ptp(fall) else 1.0


def standing(pairs: Sequence[tuple[float, float]]) -> str:
    """The standing of a model among its rivals: ahead, behind or level.

    Behind where a rival is better at p < 0.05 (Holm's correction for the number of rivals), ahead
    where the model is better than all of them, else level.

    Args:
        pairs: for each rival the gain over it and the p of that gain.

    Example:
        >>> standing([(1.0, 0.01), (0.5, 0.02)]), standing([(1.0, 0.01), (-0.5, 0.5)])
        ('ahead', 'level')
    """
    p = holm([p for _, p in pairs])
    if any(gain < 0 and each < 0.05 for (gain, _), each in zip(pairs, p, strict=True)):
        return "behind"
    return (
        "ahead"
        if pairs and all(gain > 0 and each < 0.05 for (gain, _), each in zip(pairs, p, strict=True))
        else "level"
    )
