"""The trivial predictor: the class frequencies, or the mean, of the training rows."""

from collections.abc import Sequence

import numpy as np

from experiments.lab.data import Dataset


def trivial_losses(splits: Sequence[Dataset], part: str) -> np.ndarray:
    """Its loss on a part of each split: the cross-entropy, or the mean squared error.

    Args:
        splits: one per seed.
        part: "train", "validation" or "test".

    Returns:
        (splits,). A class that no training row has counts as one that one of them has.

    Example:
        >>> from experiments.lab.data import load, prepare
        >>> round(float(trivial_losses([prepare(load("iris"))], "test")[0]), 3)  # ln 3
        1.099
    """
    return np.array([_loss(split, part) for split in splits])


def _loss(split: Dataset, part: str) -> float:
    y = split.y[part]
    if not split.classes:
        return float(np.mean(y.astype(np.float64) ** 2))  # the training rows' mean is 0
    counts = np.bincount(split.y["train"].astype(int).ravel(), minlength=len(split.classes))
    shares = np.maximum(counts, 1) / counts.sum()
    return float(-np.mean(np.log(shares[y.astype(int).ravel()])))


def trivial_scores(splits: Sequence[Dataset], part: str) -> np.ndarray:
    """Its accuracy, or R², on a part of each split; (splits,).

    Example:
        >>> from experiments.lab.data import load, prepare
        >>> round(float(trivial_scores([prepare(load("iris"))], "test")[0]), 3)
        0.333
    """
    return np.array([_score(split, part) for split in splits])


def _score(split: Dataset, part: str) -> float:
    y = split.y[part]
    if not split.classes:
        return 1 - _loss(split, part) / float(np.var(y, dtype=np.float64))
    counts = np.bincount(split.y["train"].astype(int).ravel(), minlength=len(split.classes))
    return float(np.mean(y.astype(int) == np.argmax(counts)))
