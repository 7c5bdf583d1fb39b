"""The tasks: rows of one seed, split into parts."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from experiments.lab.data import load, prepare

PARTS = ("train", "validation", "test")


class Rows(NamedTuple):
    """The inputs and the targets, each by part."""

    x: Mapping[str, np.ndarray]
    y: Mapping[str, np.ndarray]


class Task(NamedTuple):
    """What is learnt.

    kind: of the heads, a key of OUTPUTS.
    rows: from a seed to its rows.
    outputs: the most output neurons that a head of this task uses.
    source: the name of the data; None where they are generated.
    """

    kind: str
    rows: Callable[[int], Rows]
    outputs: int
    source: str | None


def _named(name: str) -> Callable[[int], Rows]:
    def rows(seed: int) -> Rows:
        data = prepare(load(name), split_seed=seed)
        return Rows(data.x, data.y)

    return rows


def positive_diabetes(seed: int) -> Rows:
    """The rows of diabetes, with targets that are between 0 and 1 in the training rows."""
    x, y = _named("diabetes")(seed)
    low, high = y["train"].min(), y["train"].max()
    return Rows(x, {part: (y[part] - low) / (high - low) for part in PARTS})


def waves(seed: int) -> Rows:
    """Targets of both signs, y = sin(3 x₁) + x₂ x₃ + noise, standardised on the training rows.

    As many rows and inputs as in diabetes, so that the same compiled program trains both.
    """
    draw = np.random.default_rng(seed)
    x = draw.uniform(-1, 1, (442, 10)).astype(np.float32)
    y = np.sin(3 * x[:, :1]) + x[:, 1:2] * x[:, 2:3] + draw.normal(0, 0.1, (442, 1))
    y = ((y - y[:266].mean()) / y[:266].std()).astype(np.float32)
    cuts = (266, 354)
    return Rows(
        dict(zip(PARTS, np.split(x, cuts), strict=True)),
        dict(zip(PARTS, np.split(y, cuts), strict=True)),
    )


TASKS = {
    "digits": Task("multiclass", _named("digits"), 10, "digits"),
    "breast_cancer": Task("binary", _named("breast_cancer"), 2, "breast_cancer"),
    "diabetes": Task("regression", _named("diabetes"), 1, "diabetes"),
    "waves": Task("regression", waves, 1, None),
    "positive_diabetes": Task("regression", positive_diabetes, 1, "diabetes"),
}
