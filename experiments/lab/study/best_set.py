"""Which choices may be the best, and by how much another could be better than the one recommended.

Scores are compared block by block: a block is a seed, and all choices share its split, initial
draws and batches. What is compared are the means over blocks. A null hypothesis says that the
differences of a block may as well have the opposite sign, of all choices together, so each test
compares what is seen with all patterns of signs (10,000 random ones beyond 13 blocks). What is
seen is made smaller for what splits of one table have in common, so that more seeds do not turn
what is peculiar to the table's rows into a finding; see ``widening``.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy import stats

from experiments.lab.study.intervals import widening
from experiments.lab.study.statistics import ROUNDING, pieces, sign_patterns

LEVEL = 0.95
# With fewer blocks no choice can be left out, since the least p is 2^−blocks.
FEWEST_BLOCKS = math.floor(-math.log2(1 - LEVEL)) + 1
# Of 1 − level, what each step may take; that all steps together take no more was measured.
SHARE = 0.9
HALVINGS = 20  # of the interval that has the bound


def best_p(scores: np.ndarray, overlap: float = 0.0, level: float = LEVEL) -> np.ndarray:
    """p of each choice being the best one: of its expected score being at least all others'.

    For choice i, how often the largest Σ d / √Σ d² over the differences d = scores[j] − scores[i]
    is as large as the one observed when blocks change their signs. The one observed, a function of
    Student's t, is taken at t divided by ``widening``. So p is corrected for the number of choices,
    whichever of them data of the same runs have singled out. Choices that are left out are no
    rivals of the others, which are tested again without them, until none is left out: poor choices
    do not make it harder to tell good ones apart. Where there can be a second step, p is divided by
    0.9. The p of a choice that a later step leaves out is at least the p of those before it.

    Each test is exact for differences whose joint distribution is symmetric.

    Args:
        scores: finite, shape (choices, blocks).
        overlap: test rows / training rows of a block; 0 if blocks share no row.
        level: 1 − level is the p below which a choice is left out.

    Returns:
        shape (choices,).

    Example:
        >>> best_p(np.array([np.arange(6.0) + 1, np.arange(6.0)])).tolist()
        [1.0, 0.015625]

    Reference:
        Hsu 1984, Annals of Statistics 12; stepwise: Stefansson, Kim & Hsu 1988, "On confidence sets
        in multiple comparisons"; Westfall & Young 1993, "Resampling-based multiple testing".
    """
    blocks, share = _Blocks.of(scores, overlap), _share(scores)
    p, left, least = np.ones(len(scores)), np.arange(len(scores)), 0.0
    while len(left) > 1:
        kept = scores[left]
        found = [_p(*_largest(_others(kept, i), blocks), share) for i in range(len(left))]
        p[left] = np.maximum(found, least)
        out = p[left] < 1 - level
        if not out.any():
            break
        least, left = p[left][out].max(), left[~out]
    return p


def best_set(scores: np.ndarray, overlap: float = 0.0, level: float = LEVEL) -> np.ndarray:
    """Which choices may be the best; the truly best is among them with this confidence.

    Multiple comparisons with the best: those whose p of being the best is at least 1 − level. With
    fewer than ``FEWEST_BLOCKS`` blocks no choice can be left out at 0.95.

    Measured at 0.95: of equally good choices, a given one is in the set in 94.8 to 95.2 % of 1,500
    studies (2 to 5 choices, 10 and 40 blocks). Where the blocks are splits of one table and the
    truth is of new rows, the truly best is in it in 94 to 99 % (``tests.helpers.split_simulation``,
    and tables of MNIST). There, means of differences vary 1.0 to 1.2 times as much between tables
    as is seen within one with 10 blocks; with many more, on a small table, it may be more.

    Args:
        scores, overlap, level: as for ``best_p``.

    Returns:
        bool, shape (choices,).

    Example:
        >>> best_set(np.array([np.arange(6.0) + 1, np.arange(6.0), [2, 1, 4, 3, 6, 5]])).tolist()
        [True, False, True]
    """
    return best_p(scores, overlap, level) >= 1 - level


def bound(scores: np.ndarray, first: int, overlap: float = 0.0, level: float = LEVEL) -> float:
    """Upper confidence bound of max_j μ_j − μ_first: how much better another choice may be.

    The test of ``best_p`` turned round: the largest δ for which some j may be the best and better
    than the first by δ. It is 0 where no other choice may be the best, and holds together with
    ``best_set``, whichever choice data of the same runs have made the first.

    Args:
        scores, overlap, level: as for ``best_p``.
        first: the number of the choice that others are compared with.

    Returns:
        at least 0; infinite where there are too few blocks to say.

    Example:
        >>> scores = np.array([np.arange(6.0) + 1, [0, 3, 3, 4, 6, 5]])
        >>> round(bound(scores, 0), 3), round(bound(scores, 1), 3)
        (1.0, 1.0)
    """
    kept = best_set(scores, overlap, level)
    kept[first] = True
    numbers, alpha = np.flatnonzero(kept).tolist(), (1 - level) * _share(scores)
    blocks, place, found = _Blocks.of(scores, overlap), numbers.index(first), 0.0
    for j in range(len(numbers)):
        if j != place:
            found = _furthest(scores[numbers], j, place, blocks, alpha, found)
    return found


def equivalent(
    scores: np.ndarray, first: int, margin: float, overlap: float = 0.0, level: float = LEVEL
) -> np.ndarray:
    """Which choices differ from the first by less than the margin, in either direction.

    Two one-sided paired t tests, each at 1 − level, for each choice by itself.

    Args:
        scores, overlap, level: as for ``best_p``.
        first: the number of the choice that others are compared with.
        margin: in units of the scores, above 0.

    Returns:
        bool, shape (choices,); the first is equivalent to itself. With one block, no other is.

    Example:
        >>> scores = np.array([[0.0, 1.0, 2.0], [0.1, 1.0, 1.9], [1.0, 2.0, 3.1]])
        >>> equivalent(scores, 0, margin=0.5).tolist()
        [True, True, False]

    Reference:
        Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15.
    """
    blocks = scores.shape[1]
    if blocks < 2:
        return np.arange(len(scores)) == first
    apart = scores - scores[first]
    error = np.std(apart, axis=1, ddof=1) / math.sqrt(blocks) * widening(blocks, overlap)
    return np.abs(np.mean(apart, axis=1)) + stats.t.ppf(level, blocks - 1) * error < margin


class _Blocks(NamedTuple):
    """What a test is made with: patterns of signs, and what a statistic seen is divided by."""

    signs: np.ndarray
    wide: float

    @classmethod
    def of(cls, scores: np.ndarray, overlap: float) -> "_Blocks":
        count = scores.shape[1]
        return cls(sign_patterns(count), widening(count, overlap))


def _others(scores: np.ndarray, i: int) -> np.ndarray:
    """The differences of all other choices from choice i."""
    return np.delete(scores, i, axis=0) - scores[i]


def _largest(apart: np.ndarray, blocks: _Blocks) -> tuple[float, np.ndarray]:
    """The largest studentised sum over the rows: as observed, and under each pattern of signs.

    ``sign_patterns`` has one of each two opposite patterns, so each is used with its opposite.
    """
    signs, wide = blocks
    if not len(apart):  # nothing to be compared with
        return -math.inf, np.full(2 * len(signs), -math.inf)
    norm = np.sqrt(np.sum(apart**2, axis=1, keepdims=True))
    apart = np.divide(apart, norm, out=np.zeros_like(apart), where=norm > 0)
    sums = np.concatenate([apart @ rows.T.astype(float) for rows in pieces(signs)], axis=1)
    seen, count = float(apart.sum(axis=1).max()), signs.shape[1]
    # t² = seen² (J − 1) / (J − seen²), which is infinite where all blocks differ by the same.
    seen *= math.sqrt(count / (seen**2 + wide**2 * max(count - seen**2, 0.0) or 1.0))
    return seen, np.concatenate([sums.max(axis=0), -sums.min(axis=0)])


def _p(seen: float, flipped: np.ndarray, share: float = 1.0) -> float:
    """Share of the patterns under which the statistic is at least as large as the one observed."""
    return min(1.0, float(np.mean(flipped >= seen - ROUNDING)) / share)


def _share(scores: np.ndarray) -> float:
    """What a step may take of 1 − level: two choices are told apart in one step."""
    return SHARE if len(scores) > 2 else 1.0


def _furthest(
    scores: np.ndarray, j: int, first: int, blocks: _Blocks, alpha: float, least: float
) -> float:
    """The largest δ for which p of "j is the best, and better than the first by δ" is ≥ alpha.

    ``least``, where that is smaller.
    """
    others = _others(np.delete(scores, first, axis=0), j - (j > first))
    rest, flipped_rest = _largest(others, blocks)
    apart = scores[first] - scores[j]

    def possible(delta: float) -> bool:
        seen, flipped = _largest((apart + delta)[None], blocks)
        return _p(max(seen, rest), np.maximum(flipped, flipped_rest)) >= alpha

    low, high = least, max(2 * least, float(np.max(np.abs(apart))))
    if not np.any(apart) or math.isinf(least) or not possible(least):
        return least
    for _ in range(60):
        if not possible(high):
            break
        low, high = high, 2 * high
    else:
        return math.inf
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if possible(middle) else (low, middle)
    return high
