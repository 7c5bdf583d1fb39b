"""How soon runs reach a target score; a miss counts as a miss, not as missing."""

from collections.abc import Sequence

import numpy as np

TAUS = (1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)


def steps_to_target(steps: np.ndarray, scores: np.ndarray, target: float) -> np.ndarray:
    """Updates until a run's validation score first reaches the target; infinite if it never does.

    Args:
        steps: (points,), the updates made at each point of the curves.
        scores: (points, …), higher is better; nan where the run has diverged.
        target: the score to reach.

    Returns:
        float32 of shape (…).

    Example:
        >>> scores = np.array([[0.2, 0.9, 0.1], [0.8, 0.7, np.nan]])
        >>> steps_to_target(np.array([10, 20]), scores, 0.8).tolist()
        [20.0, 10.0, inf]

    Reference:
        Dahl et al. 2023 (AlgoPerf), arXiv 2306.07179, section 4.
    """
    reached = scores >= target
    first = steps.astype(np.float32)[reached.argmax(axis=0)]
    return np.where(reached.any(axis=0), first, np.float32(np.inf))


def performance_profile(steps: np.ndarray, taus: Sequence[float] = TAUS) -> np.ndarray:
    """Share of seeds on which each choice takes at most τ times the fewest steps of any choice.

    A miss is within no factor, even on a seed on which all choices miss.

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
