"""The data sets of the experiment on depth."""

from functools import cache

import numpy as np

from experiments.lab.data import Dataset, load, prepare
from experiments.lab.engine.program import Data

# The spirals' number of turns, the standard deviation of their noise, and the root mean square of a
# coordinate.
TURNS, NOISE, SCALE = 1.75, 0.02, 0.5


@cache
def digits() -> Dataset:
    """scikit-learn's handwritten digits."""
    return prepare(load("digits"))


@cache
def spirals() -> Data:
    """Points of the plane on two intertwined spirals; the class is the spiral.

    The arrays have the shape of the digits, so that the same program trains on both: the two
    coordinates are followed by inputs that are 0, and are scaled up so that the first layer's
    pre-activations have the variance that they would have in a layer of two inputs.
    """
    noise, x, y = np.random.default_rng(0), {}, {}
    for part, others in digits().x.items():
        rows, inputs = others.shape
        along, arm = np.sqrt(noise.uniform(0.02, 1, rows)), noise.integers(0, 2, rows)
        angle = 2 * np.pi * (TURNS * along + arm / 2)
        points = (along * np.array([np.cos(angle), np.sin(angle)])).T + noise.normal(
            0, NOISE, (rows, 2)
        )
        x[part] = np.pad(points * np.sqrt(inputs / 2) / SCALE, ((0, 0), (0, inputs - 2))).astype(
            np.float32
        )
        y[part] = arm.astype(np.int32)
    return Data(x, y)
