"""One split of the data, as arrays to train on."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from experiments.lab.data.preprocessing import Preprocessing


class Dataset(NamedTuple):
    """Arrays to train on.

    name: what to call the data in a report.
    x: part ("train", "validation", "test") -> inputs, float32 (rows, features).
    y: part -> targets as the head takes them: int32 (rows,) for several classes, float32 (rows, 1)
        otherwise.
    preprocessing: what turned the rows as found into x and y; fitted to the training rows.
    sha256: the hash of the rows as found.
    notes: what was decided while loading and preparing, for the screen and the report.
    """

    name: str
    x: dict[str, np.ndarray]
    y: dict[str, np.ndarray]
    preprocessing: Preprocessing
    sha256: str
    notes: tuple[str, ...]

    @property
    def parts(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Part -> (x, y), as in x and y."""
        return {part: (self.x[part], self.y[part]) for part in self.x}

    @property
    def head(self) -> str:
        """The key of jaxnn.HEADS: "regression", "binary" or "multiclass"."""
        return self.preprocessing.head

    @property
    def target(self) -> str:
        """The target's name."""
        return self.preprocessing.target

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; empty for regression."""
        return self.preprocessing.classes

    @property
    def features(self) -> int:
        """The number of the network's inputs, of which the preprocessing may make fewer."""
        return self.x["train"].shape[1]


def shortened(names: Sequence[str], most: int = 10) -> str:
    """The first names of a list, and how many more there are.

    Args:
        names: at least one.
        most: how many to name at most.

    Returns:
        One line of text.

    Example:
        >>> shortened(["a", "b", "c"], most=2)
        'a, b and 1 more'
    """
    return ", ".join(names[:most]) + f" and {len(names) - most:,} more" * (len(names) > most)
