"""The tasks: generated targets that are made of two inputs, and real data."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np

from experiments.lab.data import load, prepare
from experiments.lab.study.own_rows import Parts

INPUTS = 6  # of which the first two make the target
NOISE = 0.1  # standard deviation, where that of the target is 1
HELD_OUT = {"validation": 200, "test": 500}
Made = Callable[[np.ndarray, np.ndarray], np.ndarray]

# Inputs are uniform on (-1, 1); a ratio needs a denominator that is not near 0.
TARGETS: Mapping[str, Made] = {
    "product": lambda a, b: a * b,
    "distance": lambda a, b: np.abs(a - b),
    "ratio": lambda a, b: (a + 1.25) / (b + 1.25),
    "sum": lambda a, b: a + b,
}
CONTROL = "sum"
REAL = {"diabetes": "regression", "breast_cancer": "binary"}


class Generated(NamedTuple):
    """Rows of one seed.

    x: part -> inputs, the one feature that the target is made of last, (rows, INPUTS + 1).
    y: part -> targets, (rows, 1), standardised; with noise, except in the test rows.
    """

    x: Mapping[str, np.ndarray]
    y: Mapping[str, np.ndarray]

    def without_feature(self) -> "Generated":
        """The feature is always 0."""
        return self._replace(
            x={part: np.hstack([x[:, :-1], 0 * x[:, -1:]]) for part, x in self.x.items()}
        )

    @property
    def parts(self) -> Parts:
        """Part -> (x, y)."""
        return {part: (x, self.y[part]) for part, x in self.x.items()}


@cache
def scale(target: str) -> tuple[float, float]:
    """Mean and standard deviation of a target before it is standardised, by a fine grid."""
    middle = (np.arange(1000) + 0.5) / 500 - 1
    values = TARGETS[target](middle[:, None], middle[None])
    return float(values.mean()), float(values.std())


def draw(target: str, rows: int, seed: int) -> Generated:
    """Draw the rows of a seed; the inputs are the same for every target.

    Example:
        >>> data = draw("product", 30, seed=0)
        >>> data.x["train"].shape, bool(np.allclose(data.x["test"][:, -1:], data.y["test"]))
        ((30, 7), True)
    """
    random = np.random.default_rng([seed, rows])
    mean, deviation = scale(target)
    x, y = {}, {}
    for part, count in {"train": rows, **HELD_OUT}.items():
        inputs = random.uniform(-1, 1, (count, INPUTS))
        made = (TARGETS[target](*inputs.T[:2]) - mean) / deviation
        noise = NOISE * random.normal(size=count) * (part != "test")
        x[part] = np.column_stack([inputs * 3**0.5, made]).astype(np.float32)
        y[part] = (made + noise)[:, None].astype(np.float32)
    return Generated(x, y)


def real_rows(name: str) -> Callable[[int], Parts]:
    """From a seed to its split of a real data set."""
    source = load(name)
    return lambda seed: prepare(source, split_seed=seed).parts
