"""The trivial predictor: the class frequencies, or the mean, of the training rows."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from experiments.lab.data import Dataset


class Trivial(NamedTuple):
    """What the trivial predictor reaches: part -> (seeds,); where it is not known, not finite.

    losses: cross-entropies, or mean squared errors. scores: accuracies, or R².
    """

    losses: Mapping[str, np.ndarray] = {}
    scores: Mapping[str, np.ndarray] = {}

    @classmethod
    def of(cls, splits: Sequence[Dataset]) -> "Trivial":
        """Of one split per seed."""
        parts = ("validation", "test")
        return cls(
            {part: trivial_losses(splits, part) for part in parts},
            {part: trivial_scores(splits, part) for part in parts},
        )

    def loss(self, part: str, seeds: slice = slice(None)) -> np.ndarray | float:
        """Losses of some seeds; infinite where they are not known."""
        return self.losses[part][seeds] if part in self.losses else np.inf

    def score(self, part: str, seeds: slice = slice(None)) -> np.ndarray | float:
        """Scores of some seeds; the lowest number where they are not known."""
        return self.scores[part][seeds] if part in self.scores else -np.inf


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
