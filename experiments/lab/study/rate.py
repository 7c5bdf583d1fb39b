"""Which learning rate to recommend: the safest of those that cannot be told from the best.

A run is judged by its validation loss, which is smoother than its accuracy, clipped at the loss of
the trivial predictor, so that a failed run counts as one that has learned nothing, and not for more
than all others together. A rate is judged by the mean over seeds: the expected loss of a new run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DIGITS = 9  # of a loss that count: the last bits of a mean decide nothing
ROUNDING = 10.0**-DIGITS
SCORE_ROUNDING = 1e-6  # of a score in float32, as a share of it
CLIFF = 0.15  # decades: nearer than this to a rate at which most runs fail, a rate is not safe
STANDARD_ERRORS = 1.0  # above the best, within which a rate is as good: the one-standard-error rule


@dataclass(frozen=True)
class ChosenRate:
    """A learning rate and those that are as good.

    cell: the number of the recommended rate; best: of the one with the lowest expected loss.
    tied: numbers of the rates that cannot be told from the best, side by side, ascending.
    """

    cell: int
    best: int
    tied: tuple[int, ...]


def clipped(losses: np.ndarray, trivial: np.ndarray | float) -> np.ndarray:
    """Losses as rates are judged by: at most the trivial predictor's, also where a run diverged.

    Args:
        losses: (cells, seeds); infinite or nan where a run has diverged.
        trivial: the trivial predictor's loss, (seeds,) or one number.

    Example:
        >>> clipped(np.array([[0.5, np.inf], [3.0, np.nan]]), 2.0).tolist()
        [[0.5, 2.0], [2.0, 2.0]]
    """
    return np.fmin(losses, trivial)


def failed(scores: np.ndarray, trivial: np.ndarray | float, best: float) -> np.ndarray:
    """Which runs failed: no better than half-way from the trivial predictor to the best.

    Args:
        scores: higher is better; of a diverged run the worst there is.
        trivial: the trivial predictor's scores, (seeds,) or one number.
        best: the best expected score.

    Returns:
        bool, the shape of scores. Where the best is no better than the trivial predictor, a run has
        failed if it is not better than the trivial predictor either.

    Example:
        >>> failed(np.array([0.1, 0.5, 0.9]), 0.1, 0.97).tolist()
        [True, True, False]
    """
    bound = (trivial + np.fmax(best, np.mean(trivial))) / 2
    size = np.where(np.isfinite(bound), np.abs(bound), 0.0)  # infinite where it is not known
    return scores <= bound + SCORE_ROUNDING * size


def lowest(losses: np.ndarray, runs: np.ndarray) -> int:
    """The number of the cell with the lowest expected loss; of equals, the first.

    Args:
        losses: (cells, seeds), clipped.
        runs: bool (cells, seeds), those that count, at least one.
    """
    means = np.where(runs, losses, 0).sum(axis=1) / np.maximum(1, runs.sum(axis=1))
    return int(np.argmin(np.where(runs.any(axis=1), np.round(means, DIGITS), np.inf)))


def recommended(
    rates: Sequence[float] | np.ndarray, losses: np.ndarray, fails: np.ndarray, runs: np.ndarray
) -> ChosenRate:
    """The rate to recommend.

    A rate is tied with the best if its expected loss is at most one standard error above, where the
    error is that of the mean difference over the seeds that both have, and all rates between them
    are tied too. Of the tied rates, those with the fewest failures come first; of these, the one
    nearest to the middle, on a log scale, of all tied rates with that few, since both ends of the
    range are nearer to rates that are worse.

    A rate just below one at which at least half of the runs fail is not tied, unless no other rate
    is as near below it: that none of ten runs fails there is likely even if one in ten does. Where
    no other is tied, the next lower rate is recommended.

    Args:
        rates: (cells,), ascending.
        losses: (cells, seeds), clipped.
        fails: bool (cells, seeds), as ``failed``.
        runs: bool (cells, seeds), those that count, at least one.

    Example:
        >>> losses = np.array([[0.9, 0.8], [0.21, 0.18], [0.2, 0.2], [0.19, 0.21], [2.0, 2.0]])
        >>> found = recommended([0.01, 0.1, 1.0, 10.0, 100.0], losses, losses > 1, losses > 0)
        >>> found.cell, found.tied
        (2, (1, 2, 3))
    """
    best = lowest(losses, runs)
    known = [int(cell) for cell in np.flatnonzero(runs.any(axis=1))]
    place, tied = known.index(best), [best]
    for side in (-1, 1):
        at = place + side
        while 0 <= at < len(known) and _as_good(losses, runs, known[at], best):
            tied.append(known[at])
            at += side
    decades = np.log10(np.asarray(rates, float))
    tied = _off_the_cliff(sorted(tied), known, decades, fails, runs)
    counts = {cell: int(fails[cell, runs[cell]].sum()) for cell in tied}
    safe = [cell for cell in tied if counts[cell] == min(counts.values())]
    middle = (decades[safe[0]] + decades[safe[-1]]) / 2
    cell = min(safe, key=lambda cell: (round(abs(decades[cell] - middle), 9), cell))
    return ChosenRate(cell, best, tuple(tied))


def chosen(
    rates: Sequence[float] | np.ndarray,
    losses: np.ndarray,
    scores: np.ndarray,
    runs: np.ndarray,
    trivial_loss: np.ndarray | float,
    trivial_score: np.ndarray | float,
) -> ChosenRate:
    """The rate to recommend, from what the runs reach on validation rows.

    Both while training goes on and from the finished results, so that further seeds are trained at
    the rate that the comparison is made at.

    Args:
        rates: (cells,), ascending.
        losses, scores: (cells, seeds); a diverged run has an infinite loss and the worst score.
        runs: bool (cells, seeds), those that count, at least one.
        trivial_loss, trivial_score: of the trivial predictor, (seeds,) or one number.

    Example:
        >>> losses, scores = np.array([[0.4, 0.5], [0.5, np.inf]]), np.array([[0.9, 0.8], [0.9, 0]])
        >>> chosen([0.1, 1.0], losses, scores, scores >= 0, 2.0, 0.5)
        ChosenRate(cell=0, best=0, tied=(0,))
    """
    losses = clipped(np.asarray(losses, float), trivial_loss)
    scores, best = np.asarray(scores, float), lowest(losses, runs)
    fails = failed(scores, trivial_score, float(scores[best, runs[best]].mean()))
    return recommended(rates, losses, fails, runs)


def _off_the_cliff(
    tied: list[int], known: list[int], decades: np.ndarray, fails: np.ndarray, runs: np.ndarray
) -> list[int]:
    """The tied rates that are not just below one at which most runs fail; or the next lower."""

    def near(cell: int, other: int) -> bool:
        return bool(abs(decades[cell] - decades[other]) <= CLIFF)

    cell = tied[-1]
    while True:
        place = known.index(cell)
        above, below = known[place + 1 : place + 2], known[max(place - 1, 0) : place]
        if not (above and below and near(cell, above[0]) and near(cell, below[0])):
            break
        if fails[above[0], runs[above[0]]].mean() < 0.5:
            break
        cell = below[0]
    return [one for one in tied if one <= cell] or [cell]


def _as_good(losses: np.ndarray, runs: np.ndarray, cell: int, best: int) -> bool:
    both = runs[cell] & runs[best]
    above = losses[cell, both] - losses[best, both]
    if len(above) < 2:
        return bool(above.sum() <= ROUNDING)
    error = above.std(ddof=1) / np.sqrt(len(above))
    # They are often equal: if the rates differ on one seed only, as where a run has failed.
    return bool(above.mean() <= STANDARD_ERRORS * error + ROUNDING)
