"""Bits and their classes, and how bits become numbers."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

import jaxnn
from experiments.lab.data import load
from experiments.lab.study.own_rows import Parts

DARK = 7.5  # of 16: pixels above are bits that are true


class Task(NamedTuple):
    """What is learnt.

    bits: from a generator to bits and class numbers. classes: how many. sizes: rows of train,
    validation and test. target: accuracy to reach.
    """

    bits: Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]]
    classes: int
    sizes: tuple[int, int, int]
    target: float


def parity(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Eight bits, and whether an odd number of the first four is true."""
    bits = random.random((1200, 8)) < 0.5
    return bits, bits[:, :4].sum(axis=1) % 2


def formula(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Ten bits, and a formula: an OR of four ANDs of three bits, each negated or not, drawn anew.

    Example:
        >>> bits, y = formula(np.random.default_rng(0))
        >>> bits.shape, bool(0.2 < y.mean() < 0.6)
        ((1200, 10), True)
    """
    bits = random.random((1200, 10)) < 0.5
    terms = []
    for _ in range(4):
        chosen = random.choice(10, 3, replace=False)
        terms.append((bits[:, chosen] ^ (random.random(3) < 0.5)).all(axis=1))
    return bits, np.any(terms, axis=0).astype(int)


def digits(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The digits' pixels, dark or bright, in random order."""
    source = load("digits")
    order = random.permutation(len(source.y))
    return np.asarray(source.x)[order] > DARK, np.asarray(source.y)[order]


TASKS: Mapping[str, Task] = {
    "parity": Task(parity, 2, (600, 300, 300), 0.95),
    "formula": Task(formula, 2, (600, 300, 300), 0.95),
    "digits": Task(digits, 10, (1000, 350, 350), 0.9),
}


def one_hot(bits: np.ndarray) -> np.ndarray:
    """Two inputs per bit, one of them 1.

    Example:
        >>> one_hot(np.array([[True, False]])).tolist()
        [[1.0, 0.0, 0.0, 1.0]]
    """
    return np.stack([bits, ~bits], axis=-1).reshape(len(bits), -1).astype(np.float32)


# A false and a true bit; one-hot has two inputs per bit instead.
ENCODINGS: Mapping[str, tuple[float, float] | None] = {
    "0, 1": (0.0, 1.0),
    "−1, 1": (-1.0, 1.0),
    "−½, ½": (-0.5, 0.5),
    "one-hot": None,
}


def rows(task: str, seed: int, *, hot: bool) -> Parts:
    """The rows of a seed, bits as 0 and 1, or one-hot."""
    found = TASKS[task]
    bits, y = found.bits(np.random.default_rng(seed))
    x = one_hot(bits) if hot else np.asarray(jaxnn.encode_binary(bits))  # type: ignore[arg-type]
    cuts = np.cumsum(found.sizes)
    inputs = np.split(x[: cuts[-1]], cuts[:-1])
    targets = np.split(y[: cuts[-1]].astype(np.int32), cuts[:-1])
    names = ("train", "validation", "test")
    return dict(zip(names, zip(inputs, targets, strict=True), strict=True))
