"""The data: rows of one seed, split into parts."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from experiments.lab.data import load, prepare
from experiments.lab.study.own_rows import Parts

MNIST_ROWS = {"train": 2000, "validation": 500, "test": 1000}
WAVES_ROWS = {"train": 2000, "validation": 500, "test": 1000}
CLASSES = {"digits": 10, "breast_cancer": 2, "mnist": 10, "waves": 2}


def has(name: str, mnist: str) -> bool:
    """Whether the data are there: MNIST only where its files are."""
    return name != "mnist" or Path(mnist).is_dir()


def rows(name: str, mnist: str) -> Callable[[int], Parts]:
    """From a seed to its parts, with the number of the class as the target."""
    if name == "waves":
        return waves
    if name == "mnist":
        source = load(mnist)
        x, y = np.asarray(source.x), np.asarray(source.y).astype(np.int32)

        def drawn(seed: int) -> Parts:
            order = np.random.default_rng(seed).permutation(len(x))[: sum(MNIST_ROWS.values())]
            cuts = np.cumsum(list(MNIST_ROWS.values()))[:-1]
            return {
                part: (x[index].reshape(len(index), -1).astype(np.float32) / 255, y[index])
                for part, index in zip(MNIST_ROWS, np.split(order, cuts), strict=True)
            }

        return drawn
    found = load(name)

    def split(seed: int) -> Parts:
        parts = prepare(found, split_seed=seed).parts
        return {part: (x, y.ravel().astype(np.int32)) for part, (x, y) in parts.items()}

    return split


def waves(seed: int) -> Parts:
    """Two classes on four inputs, the sign of sin(3 x₁) sin(3 x₂): no linear model can learn it.

    Example:
        >>> x, y = waves(0)["train"]
        >>> x.shape, bool(0.45 < y.mean() < 0.55)
        ((2000, 4), True)
    """
    random, found = np.random.default_rng(seed), {}
    for part, count in WAVES_ROWS.items():
        x = random.uniform(-1, 1, (count, 4))
        y = np.sin(3 * x[:, 0]) * np.sin(3 * x[:, 1]) > 0
        found[part] = (x * 3**0.5).astype(np.float32), y.astype(np.int32)
    return found
