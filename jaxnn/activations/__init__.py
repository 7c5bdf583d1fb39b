"""Activation functions, and ACTIVATIONS: the one table of what is known about each.

Every function takes its pre-activations first and keeps their float dtype; the elementwise ones keep the shape and take
any. Adding an activation is one entry in jaxnn/activations/table.py; every test, experiment and report picks it up.

At the edges, for every entry: nan in gives nan out. Gradients are finite at ±1e4 in float32, bfloat16 and float64, except
where the value itself overflows (exponential). At ±inf an elementwise function returns what its ``at_infinity`` says: the
limit, or nan where the formula is inf·0 or the like (swish, GELU, mish, …). Nothing elementwise raises.
"""

from jaxnn.activations.exponentials import celu, elu, exponential, selu
from jaxnn.activations.gated import geglu, glu, maxout, swiglu
from jaxnn.activations.learned import prelu, snake, swish_beta
from jaxnn.activations.measurement import measure
from jaxnn.activations.periodic import sine
from jaxnn.activations.rectifiers import crelu, leaky_relu, linear, relu, relu6, relu_squared, rrelu
from jaxnn.activations.sigmoids import (
    arctan,
    gaussian,
    hard_sigmoid,
    hard_tanh,
    lecun_tanh,
    sigmoid,
    softsign,
    tanh,
)
from jaxnn.activations.simplex import log_softmax, softmax, sparsemax
from jaxnn.activations.smooth import (
    gelu,
    gelu_tanh,
    hard_swish,
    mish,
    silu,
    softplus,
    squareplus,
    swish,
)
from jaxnn.activations.table import ACTIVATIONS, ALIASES, resolve

__all__ = [
    "ACTIVATIONS",
    "ALIASES",
    "arctan",
    "celu",
    "crelu",
    "elu",
    "exponential",
    "gaussian",
    "geglu",
    "gelu",
    "gelu_tanh",
    "glu",
    "hard_sigmoid",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "lecun_tanh",
    "linear",
    "log_softmax",
    "maxout",
    "measure",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "relu_squared",
    "resolve",
    "rrelu",
    "selu",
    "sigmoid",
    "silu",
    "sine",
    "snake",
    "softmax",
    "softplus",
    "softsign",
    "sparsemax",
    "squareplus",
    "swiglu",
    "swish",
    "swish_beta",
    "tanh",
]
