"""How often n points choose the worse of two models, in closed form."""

import numpy as np
from scipy.stats import binom, norm


def wrong_by_counts(better: float, worse: float, points: int) -> float:
    """P(the worse model has more points right), where equal numbers are decided by a coin.

    Of n points, k ~ binomial(n, better + worse) are right for one model only; of these,
    binomial(k, worse / (better + worse)) are the worse model's.

    Args:
        better: share of points that only the better model has right.
        worse: share that only the worse one has right.
        points: n.

    Example:
        >>> round(wrong_by_counts(0.2, 0.1, 1), 10)  # 0.1, and half of the 0.7 without a decision
        0.45
        >>> round(wrong_by_counts(0.2, 0.1, 2), 4)  # 0.01 + 2 · 0.1 · 0.7, half of 0.49 + 0.04
        0.415
    """
    apart = better + worse
    if apart == 0:
        return 0.5
    k = np.arange(points + 1)
    share = worse / apart
    more = binom.sf(k / 2, k, share)  # more than half of k
    even = np.where(k % 2 == 0, binom.pmf(k // 2, k, share), 0)
    return float(binom.pmf(k, points, apart) @ (more + even / 2))


def wrong_by_mean(difference: float, deviation: float, points: int) -> float:
    """P(the mean of n differences has the wrong sign), by the normal distribution: Φ(−√n δ / σ).

    Args:
        difference: δ, mean of the better model's advantage per point, at least 0.
        deviation: σ, its standard deviation.
        points: n.

    Example:
        >>> round(wrong_by_mean(0.1, 1.0, 100), 4), wrong_by_mean(0.0, 1.0, 9)
        (0.1587, 0.5)
    """
    if deviation == 0:
        return 0.5 if difference == 0 else 0.0
    return float(norm.cdf(-(points**0.5) * difference / deviation))


def points_needed(better: float, worse: float, wrong: float = 0.05) -> float:
    """Points for which the worse model is chosen with this probability, by the normal distribution.

    n = (z σ / δ)², with δ = better − worse and σ² = better + worse − δ².

    Example:
        >>> round(points_needed(0.11, 0.10))
        5679
    """
    apart = better - worse
    return float((norm.isf(wrong) / apart) ** 2 * (better + worse - apart**2)) if apart else np.inf
