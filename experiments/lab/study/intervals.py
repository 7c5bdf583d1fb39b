"""Intervals of an expected score: on new rows, as a mean over splits, and of a share of failures.

A block is a seed with its own split of the rows, its own initial draws and batches. All choices
share a block.
"""

import math
from functools import lru_cache

import numpy as np
from scipy import stats

# Of the variance of a difference between blocks, what splits of one table have in common.
IN_COMMON = 0.1


def new_rows_interval(
    scores: np.ndarray,
    overlap: float,
    *,
    sampling: np.ndarray | float = 0.0,
    least: np.ndarray | float = 0.0,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    level: float = 0.95,
) -> np.ndarray:
    """Interval of each choice's expected score on new rows of the same kind.

    With J blocks, the variance of a choice's mean is own / J + common × (1 / J + overlap): splits
    of one table share rows, so what they have in common does not average out (Nadeau & Bengio
    2003), while what is a run's own (its initial draws and batches) does. A variance between blocks
    is common as far as the choices vary together; see ``common_variance``. Student's t with J − 1
    degrees of freedom.

    Measured coverage of a 95 % interval, with four choices, the truth being the expected score of
    training on as many new rows: 0.92 to 0.97 (``tests.helpers.split_simulation``: accuracy and R²,
    tables of 180 and 570 rows, 5, 10 and 20 blocks; the mean over splits, not inflated: 0.92 down
    to 0.74); 0.95 to 0.99 (networks on tables of 570 and 1,797 rows of MNIST, 5 to 20 blocks);
    0.91 (targets with Student's t noise of 3 degrees of freedom, 20 blocks). Inflating the whole
    variance covers 0.96 to 0.99 and is up to half as wide again.

    Args:
        scores: finite, shape (choices, blocks).
        overlap: test rows / training rows of a block; 0 if blocks share no row.
        sampling: variance of a mean score due to the draw of the test rows, where all blocks have
            the same test rows, such as a (1 − a) / rows for an accuracy a; a number or one per
            choice. It is added as it is: more blocks do not reduce it.
        least: a variance of the mean that no number of splits can fall below, since all are of the
            same rows; likewise. It counts where the blocks' scores happen to be (nearly) equal.
        bounds: the lowest and the highest possible score.
        level: share of such intervals that should contain the true value.

    Returns:
        shape (choices, 2); nan for fewer than 2 blocks.

    Example:
        >>> scores = np.array([[0.90, 0.92, 0.94], [0.80, 0.81, 0.85]])
        >>> new_rows_interval(scores, 20 / 64).round(3).tolist()
        [[0.851, 0.989], [0.73, 0.91]]

    Reference:
        Nadeau & Bengio 2003, Machine Learning 52.
    """
    blocks = scores.shape[1]
    if blocks < 2:
        return np.full((len(scores), 2), math.nan)
    variance = np.var(scores, axis=1, ddof=1) / blocks + overlap * common_variance(scores)
    return _around(scores, np.maximum(variance, least) + sampling, level, bounds)


def mean_over_splits_interval(scores: np.ndarray, level: float = 0.95) -> np.ndarray:
    """Student's t interval of each choice's mean over all splits of these rows: no new rows.

    Args:
        scores: shape (choices, blocks).
        level: share of such intervals that should contain the true value.

    Returns:
        shape (choices, 2); nan for fewer than 2 blocks, or where any score is infinite.

    Example:
        >>> mean_over_splits_interval(np.array([[0.90, 0.92, 0.94]])).round(3).tolist()
        [[0.87, 0.97]]
    """
    blocks = scores.shape[1]
    if blocks < 2 or not np.all(np.isfinite(scores)):
        return np.full((len(scores), 2), math.nan)
    return _around(scores, np.var(scores, axis=1, ddof=1) / blocks, level)


def common_variance(scores: np.ndarray) -> np.ndarray:
    """The part of each choice's variance between blocks that it shares with the other choices.

    The larger of two estimates, since each alone is too small now and then: the mean covariance
    with the other choices, and the choice's own variance times the mean correlation of all pairs.
    At least 0, at most the choice's own variance, which it is for a single choice.

    Args:
        scores: finite, shape (choices, blocks), at least 2 blocks.

    Returns:
        shape (choices,).

    Example:
        >>> common_variance(np.array([[0.0, 1.0, 2.0], [5.0, 6.0, 7.0]])).tolist()
        [1.0, 1.0]
    """
    covariance = np.atleast_2d(np.cov(scores))
    own, choices = np.diag(covariance), len(scores)
    if choices == 1:
        return own.copy()
    spread = np.sqrt(np.outer(own, own))
    correlation = np.divide(covariance, spread, out=np.zeros_like(spread), where=spread > 0)
    pairs = choices * (choices - 1)
    mean_correlation = (correlation.sum() - np.trace(correlation)) / pairs
    with_others = (covariance.sum(axis=1) - own) / (choices - 1)
    return np.clip(np.maximum(with_others, mean_correlation * own), 0.0, own)


def widening(blocks: int, overlap: float) -> float:
    """√(1 + J · overlap · IN_COMMON): how much more a mean difference varies than within one table.

    Two choices of a block share its rows, so little of a difference of their scores is what splits
    of one table have in common; but that does not average out over blocks, and so it counts for the
    more the more blocks there are.

    IN_COMMON is a round mean of what was measured, which is far from certain: by it, the variance
    of a mean difference is 1.31 times as large as it seems from ten blocks. Between 100 tables
    drawn anew, with ten blocks each and four activations, it was 1.02 (digits), 1.21 (MNIST), 1.33
    (generated classes) and 1.70 (generated numbers) times as large (``verdict_checks``); with
    ridge regression on random features, 0.96 to 1.21, and 1.09 to 1.41 with 40 blocks
    (``tests.helpers.split_simulation``).

    Args:
        blocks: J, of which the mean is taken.
        overlap: test rows / training rows of a block; 0 if blocks share no row.

    Example:
        >>> round(widening(10, 0.3125), 3), widening(10, 0.0)
        (1.146, 1.0)
    """
    return math.sqrt(1 + blocks * overlap * IN_COMMON)


@lru_cache  # by a search, and many choices have the same few counts
def share_interval(count: int, runs: int, level: float = 0.95) -> tuple[float, float]:
    """Exact (Clopper-Pearson) interval of the share of runs, of which so many were counted.

    Example:
        >>> low, high = share_interval(0, 10)
        >>> low, round(high, 3)
        (0.0, 0.308)
    """
    found = stats.binomtest(count, runs).proportion_ci(level)
    return float(found.low), float(found.high)


def _around(
    scores: np.ndarray,
    variance: np.ndarray,
    level: float,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> np.ndarray:
    """Mean ± t × √variance, within bounds."""
    half = stats.t.ppf((1 + level) / 2, scores.shape[1] - 1) * np.sqrt(variance)
    middle = np.mean(scores, axis=1)
    return np.clip(np.stack([middle - half, middle + half], axis=1), *bounds)
