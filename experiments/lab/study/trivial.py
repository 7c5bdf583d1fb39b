"""The loss of the trivial predictor: the class frequencies, or the mean, of the training rows."""

from collections.abc import Sequence

import numpy as np

from experiments.lab.data import Dataset


def trivial_losses(splits: Sequence[Dataset], part: str, *, balanced: bool = False) -> np.ndarray:
    """Its cross-entropy, or its mean squared error, on a part of each split.

    Args:
        splits: one per seed.
        part: "train", "validation" or "test".
        balanced: whether rows are weighted so that all classes count alike; then no predictor that
            gives every row the same is better than equal probabilities.

    Returns:
        (splits,). A class that no training row has counts as one that one of them has.

    Example:
        >>> from experiments.lab.data import load, prepare
        >>> round(float(trivial_losses([prepare(load("iris"))], "test")[0]), 3)  # ln 3
        1.099
    """
    return np.array([_loss(split, part, balanced) for split in splits])


def _loss(split: Dataset, part: str, balanced: bool) -> float:
    y = split.y[part]
    if not split.classes:
        return float(np.mean(y.astype(np.float64) ** 2))  # the training rows' mean is 0
    if balanced:
        return float(np.log(len(split.classes)))
    counts = np.bincount(split.y["train"].astype(int).ravel(), minlength=len(split.classes))
    shares = np.maximum(counts, 1) / counts.sum()
    return float(-np.mean(np.log(shares[y.astype(int).ravel()])))
