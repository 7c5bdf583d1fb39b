"""From probabilities to yes or no: thresholds, and what they cost."""

import numpy as np

HALF = 0.5


def by_cost(ratio: float) -> float:
    """The threshold with the least expected cost, c / (1 + c), where probabilities are right.

    Args:
        ratio: c, the cost of a false yes over that of a missed one.

    Example:
        >>> by_cost(1.0), by_cost(0.25)
        (0.5, 0.2)
    """
    return ratio / (1 + ratio)


def cost(probability: np.ndarray, yes: np.ndarray, threshold: float, ratio: float) -> float:
    """Mean cost of a row, of which a missed yes costs 1 and a false one ``ratio``.

    Args:
        probability: of yes, (rows,). yes: whether it is, (rows,).
        threshold: yes is said above it.
        ratio: cost of a false yes.

    Example:
        >>> cost(np.array([0.9, 0.6, 0.1, 0.4]), np.array([True, False, False, True]), 0.5, 0.25)
        0.3125
    """
    said = probability > threshold
    return float((np.sum(yes & ~said) + ratio * np.sum(said & ~yes)) / len(yes))


def balanced_error(probability: np.ndarray, yes: np.ndarray, threshold: float) -> float:
    """1 − balanced accuracy: the mean of the shares of each class that are wrong.

    Example:
        >>> yes = np.array([True, True, False, False])
        >>> balanced_error(np.array([0.9, 0.4, 0.6, 0.1]), yes, 0.5)
        0.5
    """
    said = probability > threshold
    return float((np.mean(~said[yes]) + np.mean(said[~yes])) / 2)


def candidates(probability: np.ndarray) -> np.ndarray:
    """Thresholds that tell rows apart: halfway between neighbours, and the ends.

    Example:
        >>> candidates(np.array([0.25, 0.75, 0.25])).tolist()
        [0.0, 0.5, 1.0]
    """
    known = np.unique(probability)
    return np.concatenate([[0.0], (known[1:] + known[:-1]) / 2, [1.0]])


def chosen(probability: np.ndarray, yes: np.ndarray, ratio: float | None) -> float:
    """The threshold with the least cost on these rows, or, without a ratio, least balanced error.

    Of equal ones, the one that is nearest to the middle of them.

    Example:
        >>> chosen(np.array([0.1, 0.3, 0.2]), np.array([False, True, False]), None)
        0.25
    """
    tried = candidates(probability)
    scores = np.array(
        [
            balanced_error(probability, yes, each)
            if ratio is None
            else cost(probability, yes, each, ratio)
            for each in tried
        ]
    )
    best = tried[scores <= scores.min() + 1e-12]
    return float(best[np.abs(best - np.median(best)).argmin()])
