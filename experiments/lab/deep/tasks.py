"""What the networks of the experiment on depth learn."""

from functools import cache

import numpy as np

from experiments.lab.data import Dataset, load, prepare
from experiments.lab.program import Data

ROWS, TURNS, NOISE = 600, 1.75, 0.02  # of the spirals: rows of each part


@cache
def digits() -> Dataset:
    """scikit-learn's handwritten digits."""
    return prepare(load("digits"))


@cache
def spirals() -> Data:
    """Two spirals, one turned by half a turn: points of the plane, and which they lie on."""
    noise = np.random.default_rng(0)
    along = np.sqrt(noise.uniform(0.02, 1, (3, ROWS)))
    arm = noise.integers(0, 2, (3, ROWS))
    angle = 2 * np.pi * (TURNS * along + arm / 2)
    points = np.stack([along * np.cos(angle), along * np.sin(angle)], -1) + noise.normal(0, NOISE, (3, ROWS, 2))
    names = ("train", "validation", "test")
    points = (points / points[0].std()).astype(np.float32)
    return Data(dict(zip(names, points, strict=True)), dict(zip(names, arm.astype(np.int32), strict=True)))
