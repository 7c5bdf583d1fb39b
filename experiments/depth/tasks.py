"""The data sets of the experiment on depth."""

from collections.abc import Mapping
from functools import cache

import numpy as np

from experiments.lab.data import Dataset, load, prepare

# The spirals' number of turns, the standard deviation of their noise, and the root mean square of a
# coordinate.
TURNS, NOISE, SCALE = 1.75, 0.02, 0.5
Parts = Mapping[str, tuple[np.ndarray, np.ndarray]]  # of the data: (x, y)


@cache
def digits() -> Dataset:
    """scikit-learn's handwritten digits."""
    return prepare(load("digits"))


@cache
def spirals() -> Parts:
    """Points of the plane on two intertwined spirals; the class is the spiral.

    The arrays have the shape of the digits, so that the same program trains on both: the two
    coordinates are followed by inputs that are 0, and are scaled up so that the first layer's
    pre-activations have the variance that they would have in a layer of two inputs.
    """
    noise, found = np.random.default_rng(0), {}
    for part, others in digits().x.items():
        rows, inputs = others.shape
        along, arm = np.sqrt(noise.uniform(0.02, 1, rows)), noise.integers(0, 2, rows)
        angle = 2 * np.pi * (TURNS * along + arm / 2)
        points = (along * np.array([np.cos(angle), np.sin(angle)])).T + noise.normal(
            0, NOISE, (rows, 2)
        )
        x = np.pad(points * np.sqrt(inputs / 2) / SCALE, ((0, 0), (0, inputs - 2)))
        found[part] = x.astype(np.float32), arm.astype(np.int32)
    return found  # type: ignore[return-value]  # arm is an array, not one number
