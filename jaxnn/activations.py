"""Activation functions, and ACTIVATIONS: the one table of what is known about each.

Every function works on arrays of any shape and float dtype, which it keeps. Adding an activation is one entry in the
table; every test, experiment and report picks it up.
"""

import difflib
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax.nn import elu, leaky_relu, mish, relu, selu, sigmoid, softplus, tanh
from jax.nn import soft_sign as softsign
from jax.nn import swish

from jaxnn.types import Activation, Array

__all__ = ["ACTIVATIONS", "elu", "gelu", "gelu_tanh", "leaky_relu", "linear", "mish", "prelu", "relu", "resolve", "selu",
           "sigmoid", "softplus", "softsign", "swish", "tanh"]

inf = float("inf")


def linear(x: Array) -> Array:
    """Identity, f(x) = x: a neuron whose activation is absent."""
    return x


gelu = partial(jax.nn.gelu, approximate=False)
gelu_tanh = partial(jax.nn.gelu, approximate=True)


def prelu(x: Array, slope: Array) -> Array:
    """Parametric ReLU, f(x) = max(x, 0) + slope·min(x, 0), with a learned slope."""
    return jnp.where(x >= 0, x, slope * x)


ACTIVATIONS = {
    "linear": Activation(linear, "Rosenblatt 1958", (-inf, inf), True, (False, False), True, True, 1.0),
    "sigmoid": Activation(sigmoid, "Rumelhart, Hinton & Williams 1986", (0, 1), False, (True, True), True, True, 0.25),
    "tanh": Activation(tanh, "LeCun et al. 1998", (-1, 1), True, (True, True), True, True, 1.0),
    "softsign": Activation(softsign, "Bergstra et al. 2009", (-1, 1), True, (True, True), True, True, 1.0),
    "relu": Activation(relu, "Nair & Hinton 2010", (0, inf), False, (True, False), False, True, 0.0),
    "leaky_relu": Activation(leaky_relu, "Maas, Hannun & Ng 2013", (-inf, inf), False, (False, False), False, True, 1.0),
    "prelu": Activation(prelu, "He et al. 2015", (-inf, inf), False, (False, False), False, True, 1.0, learned={"slope": 0.25}),
    "elu": Activation(elu, "Clevert, Unterthiner & Hochreiter 2016", (-1, inf), False, (True, False), True, True, 1.0),
    "selu": Activation(selu, "Klambauer et al. 2017", (-1.7580993408473766, inf), True, (True, False), False, True, 1.7580993408473766),
    "gelu": Activation(gelu, "Hendrycks & Gimpel 2016, erf form", (-0.16997120747, inf), False, (True, False), True, False, 0.5),
    "gelu_tanh": Activation(gelu_tanh, "Hendrycks & Gimpel 2016, tanh form", (-0.17004075, inf), False, (True, False), True, False, 0.5),
    "swish": Activation(swish, "Elfwing et al. 2018; Ramachandran et al. 2017", (-0.27846454276, inf), False, (True, False), True, False, 0.5),
    "mish": Activation(mish, "Misra 2019", (-0.30884, inf), False, (True, False), True, False, 0.6),
    "softplus": Activation(softplus, "Dugas et al. 2001", (0, inf), False, (True, False), True, True, 0.5),
}


def resolve(activation: str | Callable[[Array], Array] | Activation) -> Activation:
    """The table's entry for a name; a callable as an entry with no facts; an Activation as it is.

    Raises:
        ValueError: the name is not in ACTIVATIONS; the message lists the valid names, nearest first.

    Example:
        >>> resolve("tanh").range
        (-1, 1)
        >>> resolve("relo")
        Traceback (most recent call last):
        ValueError: unknown activation 'relo'; known, nearest first: relu, ...
    """
    if isinstance(activation, Activation):
        return activation
    if callable(activation):
        nan = float("nan")
        return Activation(activation, "user", (nan, nan), False, (False, False), False, False, nan)
    if activation not in ACTIVATIONS:
        nearest = difflib.get_close_matches(str(activation), ACTIVATIONS, n=len(ACTIVATIONS), cutoff=0)
        raise ValueError(f"unknown activation {activation!r}; known, nearest first: {', '.join(nearest)}")
    return ACTIVATIONS[activation]
