"""The data sets of the atlas: bundled ones, and generated ones whose difficulty is known.

A generated set has ROWS rows, drawn once from a fixed seed; each seed of the atlas splits them.
"""

from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
from sklearn import datasets

from experiments.lab.data import Source, load
from experiments.mnist_depth.images import halved

ROWS = 1000
MNIST = "mnist"
MNIST_ROWS = 2000


def _friedman(number: int) -> Source:
    """Friedman's 1991 functions with noise; 1 has five inputs of ten that do not matter."""
    make = (datasets.make_friedman1, datasets.make_friedman2, datasets.make_friedman3)[number - 1]
    noise = (1.0, 125.0, 0.1)[number - 1]  # a third of the standard deviation of the signal
    return _numbers(f"friedman{number}", *make(ROWS, noise=noise, random_state=0))


def _spirals() -> Source:
    """Two spirals of two and a half turns, with noise: no straight cut is better than guessing."""
    draw = np.random.default_rng(1)
    angle = 5 * np.pi * np.sqrt(draw.uniform(0.03, 1, ROWS))
    side = np.arange(ROWS) % 2
    arm = angle[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1) / (5 * np.pi)
    return _classes("spirals", np.where(side, 1, -1)[:, None] * arm, side, noise=0.03)


def _parity() -> Source:
    """Parity of the signs of three of five inputs: no one or two inputs say anything."""
    x = np.random.default_rng(2).uniform(-1, 1, (ROWS, 5))
    return _classes("parity", x, (np.prod(np.sign(x[:, :3]), axis=1) > 0).astype(int))


def _sine() -> Source:
    """Five periods of a sine over one input, of two."""
    draw = np.random.default_rng(3)
    x = draw.uniform(-1, 1, (ROWS, 2))
    y = np.sin(5 * np.pi * x[:, 0]) + 0.3 * x[:, 1] + 0.1 * draw.normal(size=ROWS)
    return _numbers("sine", x, y)


def _sparse() -> Source:
    """A linear function of five inputs of fifty, with noise: what a linear model is made for."""
    draw = np.random.default_rng(4)
    x = draw.normal(size=(ROWS, 50))
    return _numbers("sparse_linear", x, x[:, :5].sum(axis=1) + draw.normal(size=ROWS))


def _imbalanced() -> Source:
    """One row in ten is of the rare class; judged by balanced accuracy."""
    x, y = datasets.make_classification(
        ROWS,
        n_features=10,
        n_informative=5,
        weights=[0.9],
        class_sep=1.0,
        flip_y=0.02,
        random_state=5,
    )
    return _classes("imbalanced", x, y)


def _heavy_tailed() -> Source:
    """Inputs and noise from Student's t with three degrees of freedom."""
    draw = np.random.default_rng(6)
    x = draw.standard_t(3, (ROWS, 6))
    y = np.tanh(x[:, 0]) + np.abs(x[:, 1]) ** 0.5 + 0.5 * np.tanh(x[:, 2] * x[:, 3])
    return _numbers("heavy_tailed", x, y + 0.3 * draw.standard_t(3, ROWS))


def _numbers(name: str, x: np.ndarray, y: np.ndarray) -> Source:
    # Each input by itself is standardised, as in a table.
    return Source(name, _standardised(x), y.astype(np.float32), "regression", "y")


def _classes(name: str, x: np.ndarray, y: np.ndarray, noise: float = 0.0) -> Source:
    x = x + noise * np.random.default_rng(7).normal(size=x.shape)
    return Source(name, _standardised(x), y, "classification", "class")


def _standardised(x: np.ndarray) -> np.ndarray:
    return ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)


BUNDLED = ("digits", "breast_cancer", "wine", "iris", "diabetes", "mnist1d")
GENERATED: Mapping[str, Callable[[], Source]] = MappingProxyType(
    {
        **{f"friedman{number}": partial(_friedman, number) for number in (1, 2, 3)},
        "spirals": _spirals,
        "parity": _parity,
        "sine": _sine,
        "sparse_linear": _sparse,
        "imbalanced": _imbalanced,
        "heavy_tailed": _heavy_tailed,
    }
)
NAMES = (*BUNDLED, *GENERATED)
METRICS = MappingProxyType({"imbalanced": "balanced_accuracy"})  # of others accuracy or R²


@cache
def source(name: str, mnist: Path | None = None) -> Source:
    """The rows of a data set.

    Args:
        name: one of NAMES, or "mnist".
        mnist: the folder of MNIST's four files, of which the first images are used, at half their
            resolution.

    Example:
        >>> [source(name).x.shape for name in ("iris", "parity")]
        [(150, 4), (1000, 5)]
    """
    if name == MNIST:
        every = load(str(mnist))
        x, y = np.asarray(every.x[:MNIST_ROWS]), every.y[:MNIST_ROWS]
        return Source(name, halved(x).astype(np.float32), y, "classification", "digit")
    return GENERATED[name]() if name in GENERATED else load(name)
