"""What is measured: sharpness at the end of a descent, and the rates that converge."""

from typing import Any, NamedTuple

import numpy as np

import jaxnn
from experiments.edge_of_stability.descent import Course, descend, tangent_mlp
from experiments.edge_of_stability.tasks import chebyshev, linear_map, parity
from jaxnn.activations.choice import is_plain

POINTS = 20
LAST = 5  # of these, the last quarter
INITIALIZERS = {"published init": "pytorch_default", "own init": None}


class Setting(NamedTuple):
    """Networks of the catapult: whether inputs are centred, and the hidden layers."""

    centred: bool
    hidden: tuple[int, ...]


SETTINGS = {
    "one layer of 128": Setting(False, (128,)),
    "two layers of 128": Setting(False, (128, 128)),
    "centred inputs": Setting(True, (128,)),
    "centred inputs, one layer of 1024": Setting(True, (1024,)),
}
EVERY = tuple(name for name in jaxnn.ACTIVATIONS if is_plain(name))


def edge(init: str, activation: str, configuration: Any) -> dict[str, np.ndarray]:
    """Stability and loss on the Chebyshev polynomials, (points, degrees, shares, seeds)."""
    net = jaxnn.mlp((1, 100, 1), activation=activation, initializer=INITIALIZERS[init])
    course = Course(configuration.steps, POINTS, curved=True)
    return descend(net, *chebyshev(), configuration.share, configuration.seeds, course)


def deep_linear(configuration: Any) -> dict[str, np.ndarray]:
    """Stability and loss of a linear network of 20 layers, (points, 1, shares, seeds)."""
    net = jaxnn.deep_mlp(50, 50, 19, 50, activation="linear", bias=False)
    course = Course(configuration.linear_steps, POINTS, curved=True)
    return descend(net, *linear_map(), configuration.share, configuration.seeds, course)


def catapult(setting: str, activation: str, seeds: int, configuration: Any) -> dict:
    """The training error in the end, (multiples, seeds), at rates of multiple / λ₀."""
    centred, hidden = SETTINGS[setting]
    net = tangent_mlp((64, *hidden, 1), activation)
    shares = np.asarray(configuration.multiple) / 2
    found = descend(net, *parity(centred), shares, seeds, Course(configuration.catapult_steps))
    return {"loss": found["loss"][-1, 0]}
