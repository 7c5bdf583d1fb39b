"""Every elementwise activation written a second time, in NumPy and SciPy, for comparison."""

from typing import NamedTuple

import numpy as np
from scipy.special import erf, expit

from jaxnn import ACTIVATIONS

LAMBDA, ALPHA = 1.0507009873554805, 1.6732632423543772


class Reference(NamedTuple):
    """function: float64 to float64; corners: where its derivative jumps."""

    function: object
    corners: tuple[float, ...] = ()


def leaky(slope):
    return Reference(lambda x: np.where(x > 0, x, slope * x), (0,))


def rational(x):
    c = ACTIVATIONS["rational"].learned
    top = np.polyval([c[f"p{power}"] for power in range(5, -1, -1)], x)
    return top / (1 + np.abs(np.polyval([*(c[f"q{power}"] for power in range(4, 0, -1)), 0], x)))


ELU = Reference(lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1))
SWISH = Reference(lambda x: x / (1 + np.exp(-x)))

REFERENCES = {
    "linear": Reference(lambda x: 1.0 * x),
    "relu": leaky(0.0),
    "leaky_relu": leaky(0.01),
    "prelu": leaky(0.25),
    "rrelu": leaky((1 / 8 + 1 / 3) / 2),
    "relu6": Reference(lambda x: np.clip(x, 0, 6), (0, 6)),
    "relu_squared": Reference(lambda x: np.where(x > 0, x**2, 0)),
    "elu": ELU,
    "celu": ELU,
    "selu": Reference(
        lambda x: LAMBDA * np.where(x > 0, x, ALPHA * (np.exp(np.minimum(x, 0)) - 1)), (0,)
    ),
    "xielu": Reference(
        lambda x: np.where(x > 0, 0.8 * x**2, 0.8 * (np.expm1(np.minimum(x, 0)) - x)) + x / 2
    ),
    "exponential": Reference(np.exp),
    "sigmoid": Reference(expit),
    "hard_sigmoid": Reference(lambda x: np.clip(x / 6 + 0.5, 0, 1), (-3, 3)),
    "tanh": Reference(lambda x: 2 * expit(2 * x) - 1),
    "lecun_tanh": Reference(lambda x: 1.7159 * np.tanh(2 * x / 3)),
    "penalized_tanh": Reference(lambda x: np.tanh(x) * np.where(x > 0, 1, 0.25), (0,)),
    "hard_tanh": Reference(lambda x: np.clip(x, -1, 1), (-1, 1)),
    "softsign": Reference(lambda x: x / (1 + np.abs(x))),
    "arctan": Reference(np.arctan),
    "gaussian": Reference(lambda x: np.exp(-(x**2))),
    "hat": Reference(lambda x: np.interp(x, [0, 1, 2], [0, 1, 0]), (0, 1, 2)),
    "gelu": Reference(lambda x: x * (1 + erf(x / np.sqrt(2))) / 2),
    "gelu_tanh": Reference(
        lambda x: x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2
    ),
    "swish": SWISH,
    "swish_beta": SWISH,
    "hard_swish": Reference(lambda x: x * np.clip(x / 6 + 0.5, 0, 1), (-3, 3)),
    "mish": Reference(lambda x: x * np.tanh(np.log1p(np.exp(x)))),
    "telu": Reference(lambda x: x * np.tanh(np.exp(x))),
    "smooth_leaky_relu": Reference(lambda x: 0.3 * x + 0.7 * np.log1p(np.exp(x))),
    "softplus": Reference(lambda x: np.log1p(np.exp(x))),
    "squareplus": Reference(lambda x: (x + np.sqrt(x**2 + 4)) / 2),
    "hard_shrink": Reference(lambda x: x * (np.abs(x) > 0.5), (-0.5, 0.5)),
    "soft_shrink": Reference(lambda x: x - np.clip(x, -0.5, 0.5), (-0.5, 0.5)),
    "tanh_shrink": Reference(lambda x: x - np.tanh(x)),
    "rational": Reference(rational),
    "sine": Reference(np.sin),
    "snake": Reference(lambda x: x + np.sin(x) ** 2),
}
