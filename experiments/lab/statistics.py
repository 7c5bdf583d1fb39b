"""Statistics of a comparison: interquartile means, bootstrap intervals, paired tests with Holm's correction."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

RESAMPLES = 9999
TRIM = 0.25  # of each end: what is left is the interquartile mean


def interquartile_mean(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    """Mean of the middle half, which a few lucky or failed runs cannot move.

    Example:
        >>> float(interquartile_mean(np.array([0.0, 0.8, 0.9, 1.0])))
        0.85
    """
    return stats.trim_mean(scores, TRIM, axis=axis)


def interval(scores: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Percentile bootstrap interval of the interquartile mean over seeds; (nan, nan) for one seed.

    Example:
        >>> low, high = interval(np.array([0.90, 0.91, 0.92, 0.93]))
        >>> 0.90 <= low < 0.915 < high <= 0.93
        True
    """
    if len(scores) < 2 or not np.all(np.isfinite(scores)):
        return float("nan"), float("nan")
    found = stats.bootstrap((scores,), interquartile_mean, confidence_level=level, n_resamples=RESAMPLES,
                            method="percentile", vectorized=True, rng=np.random.default_rng(0)).confidence_interval
    return float(found.low), float(found.high)


def paired_p(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Two-sided p of equal means by sign flips of the differences seed by seed; exact up to 13 seeds.

    Example:
        >>> paired_p(np.arange(5.0) + 1, np.arange(5.0))
        0.0625
    """
    differences = np.where(ours == theirs, 0.0, ours - theirs)
    if not np.any(differences):
        return 1.0
    # Ranks where a run has diverged: an infinite difference counts as the largest.
    if not np.all(np.isfinite(differences)):
        differences = np.sign(differences) * stats.rankdata(np.abs(differences))
    return float(stats.permutation_test((differences,), lambda d, axis: np.mean(d, axis=axis), permutation_type="samples",
                                        n_resamples=RESAMPLES, rng=np.random.default_rng(0), vectorized=True).pvalue)


def holm(p: Sequence[float]) -> np.ndarray:
    """p values corrected for being several (Holm 1979): the i-th smallest of m times m − i, kept in order, at most 1.

    Example:
        >>> holm([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.06, 0.06]
    """
    p = np.asarray(p, float)
    ranked = np.argsort(p, kind="stable")
    corrected = np.minimum(1.0, np.maximum.accumulate(p[ranked] * (len(p) - np.arange(len(p)))))
    return corrected[np.argsort(ranked, kind="stable")]
