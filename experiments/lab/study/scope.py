"""What a verdict holds for: whether training has ended, and whether its length decides."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.lab.study.best_set import LEVEL, best_p

LAST = 0.2  # of the updates, over which a loss that still falls is looked for
FALLS = 0.01  # by this share of itself
ERRORS = 2.0  # and by as many standard errors over seeds


def still_falls(steps: np.ndarray, losses: np.ndarray) -> bool:
    """Whether a validation loss still falls in the last fifth of the training.

    It does if the mean over seeds falls by more than 1 % and by two standard errors.

    Args:
        steps: (points,), the updates made at each point.
        losses: (points, seeds), clipped, so that all are finite.

    Example:
        >>> steps, falling = np.arange(1, 11), np.geomspace(1, 0.1, 10)[:, None]
        >>> still_falls(steps, np.tile(falling, 3)), still_falls(steps, np.ones((10, 3)))
        (True, False)
    """
    before = losses[np.searchsorted(steps, (1 - LAST) * steps[-1])]
    fall = before - losses[-1]
    error = fall.std(ddof=1) / np.sqrt(len(fall)) if len(fall) > 1 else 0.0
    return bool(fall.mean() > max(FALLS * before.mean(), ERRORS * error))


def last_gain(steps: np.ndarray, scores: np.ndarray) -> float:
    """By how much the mean score rose in the last fifth of the training.

    Args:
        steps: (points,), the updates made at each point.
        scores: (points, seeds).

    Example:
        >>> round(last_gain(np.arange(1, 11), np.linspace(0, 0.9, 10)[:, None]), 6)
        0.2
    """
    before = scores[np.searchsorted(steps, (1 - LAST) * steps[-1])]
    return float(scores[-1].mean() - before.mean())


@dataclass(frozen=True)
class Earlier:
    """What the verdict would have been with fewer updates.

    steps: updates made by then. first: number of the choice with the best mean score.
    agrees: whether the scores then leave the first of the end among those that may be the best,
        and those of the end leave the first of then.
    """

    steps: int
    first: int
    agrees: bool


def earlier(
    steps: np.ndarray,
    scores: Sequence[np.ndarray],
    overlap: float = 0.0,
    shares: Sequence[float] = (0.5, 0.75),
) -> list[Earlier]:
    """What validation scores say at shares of the updates, compared with the end.

    Args:
        steps: (points,), the updates made at each point.
        scores: of each choice, the first one first, (points, seeds); finite.
        overlap: test rows / training rows of a seed's split; 0 if seeds share no row.
        shares: of the updates.

    Example:
        >>> rises, falls = (np.linspace(*ends, 8)[:, None] for ends in ((0, 1), (1, 0)))
        >>> scores = [np.tile(rises, 6), np.tile(falls, 6)]
        >>> [(found.steps, found.first, found.agrees) for found in earlier(np.arange(1, 9), scores)]
        [(4, 1, False), (6, 0, True)]
    """
    every = np.stack(scores)
    possible = best_p(every[:, -1], overlap) >= 1 - LEVEL
    found = []
    for share in shares:
        at = int(np.searchsorted(steps, share * steps[-1]))
        then = every[:, at]
        first = int(np.argmax(then.mean(axis=1)))
        agrees = bool(possible[first] and best_p(then, overlap)[0] >= 1 - LEVEL)
        found.append(Earlier(int(steps[at]), first, agrees))
    return found
