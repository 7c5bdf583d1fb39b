"""Activation functions, and ACTIVATIONS, the table of their known properties.

Every function takes its pre-activations as the first argument and keeps their float dtype; a list
or an array of integers becomes one of floats. Elementwise functions take any shape and keep it. To
add an activation, add one entry to jaxnn/activations/table.py; every test, experiment and report
then includes it.

Edge cases, for every entry: nan gives nan. Gradients are finite at ±1e4 in float32, bfloat16 and
float64, except where the value itself overflows (exponential). At ±∞ an elementwise function
returns its ``at_infinity``: the limit, or nan where the formula is undefined there, such as inf/inf
(softsign) or sin ∞; where the value is a limit, the gradient is one too. Elementwise functions
never raise an exception.
"""

from jaxnn.activations.choice import is_plain, one_of
from jaxnn.activations.exponentials import celu, elu, exponential, selu
from jaxnn.activations.gated import geglu, glu, maxout, swiglu
from jaxnn.activations.learned import prelu, rational, snake, swish_beta, xielu
from jaxnn.activations.measurement import measure
from jaxnn.activations.periodic import sine
from jaxnn.activations.rectifiers import crelu, leaky_relu, linear, relu, relu6, relu_squared, rrelu
from jaxnn.activations.shrinkage import hard_shrink, soft_shrink, tanh_shrink
from jaxnn.activations.sigmoids import (
    arctan,
    gaussian,
    hard_sigmoid,
    hard_tanh,
    hat,
    lecun_tanh,
    penalized_tanh,
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
    smooth_leaky_relu,
    softplus,
    squareplus,
    swish,
    telu,
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
    "hard_shrink",
    "hard_sigmoid",
    "hard_swish",
    "hard_tanh",
    "hat",
    "is_plain",
    "leaky_relu",
    "lecun_tanh",
    "linear",
    "log_softmax",
    "maxout",
    "measure",
    "mish",
    "one_of",
    "penalized_tanh",
    "prelu",
    "rational",
    "relu",
    "relu6",
    "relu_squared",
    "resolve",
    "rrelu",
    "selu",
    "sigmoid",
    "silu",
    "sine",
    "smooth_leaky_relu",
    "snake",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparsemax",
    "squareplus",
    "swiglu",
    "swish",
    "swish_beta",
    "tanh",
    "tanh_shrink",
    "telu",
    "xielu",
]
