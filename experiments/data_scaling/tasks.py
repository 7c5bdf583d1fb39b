"""The rows: of each seed a draw from one pool, and test rows that all seeds share."""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import make_friedman1

from experiments.lab.data import load

TEST = {"mnist": 3000, "mnist-even": 3000, "friedman": 3000, "digits": 500}
CLASSES = {"mnist": 10, "mnist-even": 2, "friedman": 2, "digits": 10}
POOL = 40_000  # rows of generated data


class Pool(NamedTuple):
    """All rows of a data set: those to draw from, and those to test on."""

    x: np.ndarray
    y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray


def data_sets(configuration: Any) -> list[str]:
    """Those that are there."""
    there = Path(configuration.mnist).is_dir()
    return [name for name in configuration.data if there or not name.startswith("mnist")]


@cache
def pool(name: str, mnist: str) -> Pool:
    """The rows of a data set, in an order that is drawn once."""
    x, y = friedman() if name == "friedman" else _loaded(name, mnist)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], y[order]
    test = TEST[name]
    return Pool(x[test:], y[test:], x[:test], y[:test])


def drawn(name: str, mnist: str, rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The training rows of a seed; of more rows, the first ones are the same.

    Example:
        >>> few, many = (drawn("digits", "", rows, seed=1)[0] for rows in (10, 20))
        >>> bool((few == many[:10]).all())
        True
    """
    found = pool(name, mnist)
    chosen = np.random.default_rng(seed).permutation(len(found.x))[:rows]
    return found.x[chosen], found.y[chosen]


def halved(images: np.ndarray) -> np.ndarray:
    """Images of half the height and width, each pixel the mean of four.

    Example:
        >>> halved(np.arange(16.0).reshape(1, 4, 4)).tolist()
        [[[2.5, 4.5], [10.5, 12.5]]]
    """
    count, height, width = images.shape
    return images.reshape(count, height // 2, 2, width // 2, 2).mean(axis=(2, 4))


def _loaded(name: str, mnist: str) -> tuple[np.ndarray, np.ndarray]:
    source = load(mnist if name.startswith("mnist") else name)
    x, y = np.asarray(source.x, np.float32), np.asarray(source.y).astype(np.int32)
    if name == "digits":
        return x / 16, y
    x = halved(x.reshape(-1, 28, 28)).reshape(len(x), -1) / 255  # type: ignore[assignment]
    return x, (1 - y % 2 if name == "mnist-even" else y)


def friedman() -> tuple[np.ndarray, np.ndarray]:
    """Two classes on ten inputs: whether Friedman's first function is above its median; no noise.

    Reference:
        Friedman 1991, Annals of Statistics 19.
    """
    x, values = make_friedman1(POOL, n_features=10, random_state=0)
    return ((x - 0.5) * 12**0.5).astype(np.float32), (values > np.median(values)).astype(np.int32)
