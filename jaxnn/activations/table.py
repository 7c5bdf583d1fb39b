"""ACTIVATIONS, the table of all activations and their properties, and resolve, its look-up."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from jaxnn.activations.exponentials import celu, elu, exponential, selu
from jaxnn.activations.gated import geglu, glu, maxout, swiglu
from jaxnn.activations.learned import prelu, rational, snake, swish_beta, xielu
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
    smooth_leaky_relu,
    softplus,
    squareplus,
    swish,
    telu,
)
from jaxnn.names import Names, UnknownName, nearest
from jaxnn.types import Activation, Array

inf, nan = math.inf, math.nan
SELU_FLOOR = 1.0507009873554805 * 1.6732632423543772  # λα
LOG_EXPM1_08, LOG_EXPM1_03 = (math.log(math.expm1(start)) for start in (0.8, 0.3))
# 0.505x + 0.495|x|, with |x| as an even rational function: the denominator has even powers only.
LEAKY_RELU_AS_RATIONAL = MappingProxyType(
    {
        "p0": 0.0334,
        "p1": 0.505,
        "p2": 1.6556,
        "p3": 2.0139,
        "p4": 0.934,
        "p5": 0.1528,
        "q1": 0.0,
        "q2": 3.988,
        "q3": 0.0,
        "q4": 0.3026,
    }
)


def _curve(
    function: Callable[..., Array],
    reference: str,
    *,
    range: tuple[float, float],
    saturates: tuple[bool, bool],
    at_infinity: tuple[float, float],
    slope_at_0: float,
    zero_centred: bool = False,
    smooth: bool = True,
    monotone: bool = True,
    **others: Any,
) -> Activation:
    """An elementwise entry; by default smooth, monotone and not zero-centred.

    Nine arguments, since each is one property of the entry.
    """
    return Activation(
        function,
        reference,
        range=range,
        zero_centred=zero_centred,
        saturates=saturates,
        smooth=smooth,
        monotone=monotone,
        slope_at_0=slope_at_0,
        at_infinity=at_infinity,
        **others,
    )


NEITHER, LEFT, RIGHT, BOTH = (False, False), (True, False), (False, True), (True, True)

ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(
    Names(
        "activation",
        {
            # Rectifiers
            "linear": _curve(
                linear,
                "Rosenblatt 1958",
                range=(-inf, inf),
                saturates=NEITHER,
                at_infinity=(-inf, inf),
                slope_at_0=1.0,
                zero_centred=True,
            ),
            "relu": _curve(
                relu,
                "Nair & Hinton 2010",
                range=(0, inf),
                saturates=LEFT,
                at_infinity=(0, inf),
                slope_at_0=0.0,
                smooth=False,
            ),
            "leaky_relu": _curve(
                leaky_relu,
                "Maas, Hannun & Ng 2013",
                range=(-inf, inf),
                saturates=NEITHER,
                at_infinity=(-inf, inf),
                slope_at_0=1.0,
                smooth=False,
            ),
            "prelu": _curve(
                prelu,
                "He et al. 2015",
                range=(-inf, inf),
                saturates=NEITHER,
                at_infinity=(-inf, inf),
                slope_at_0=1.0,
                smooth=False,
                learned=MappingProxyType({"slope": 0.25}),
            ),
            "rrelu": _curve(
                rrelu,
                "Xu et al. 2015",
                range=(-inf, inf),
                saturates=NEITHER,
                at_infinity=(-inf, inf),
                slope_at_0=1.0,
                smooth=False,
                stochastic=True,
            ),
            "relu6": _curve(
                relu6,
                "Krizhevsky 2010",
                range=(0, 6),
                saturates=BOTH,
                at_infinity=(0, 6),
                slope_at_0=0.0,
                smooth=False,
            ),
            "relu_squared": _curve(
                relu_squared,
                "So et al. 2021",
                range=(0, inf),
                saturates=LEFT,
                at_infinity=(0, inf),
                slope_at_0=0.0,
            ),
            "crelu": Activation(
                crelu, "Shang et al. 2016", range=(0, inf), elementwise=False, units_in=1 / 2
            ),
            # Exponential units
            "elu": _curve(
                elu,
                "Clevert, Unterthiner & Hochreiter 2016",
                range=(-1, inf),
                saturates=LEFT,
                at_infinity=(-1, inf),
                slope_at_0=1.0,
            ),
            "celu": _curve(
                celu,
                "Barron 2017",
                range=(-1, inf),
                saturates=LEFT,
                at_infinity=(-1, inf),
                slope_at_0=1.0,
            ),
            "selu": _curve(
                selu,
                "Klambauer et al. 2017",
                range=(-SELU_FLOOR, inf),
                saturates=LEFT,
                at_infinity=(-SELU_FLOOR, inf),
                slope_at_0=SELU_FLOOR,
                zero_centred=True,
                smooth=False,
            ),
            "xielu": _curve(
                xielu,
                "Huang & Schlag 2024",
                range=(-0.20575122397, inf),
                saturates=NEITHER,
                at_infinity=(inf, inf),
                slope_at_0=0.5,
                monotone=False,
                learned=MappingProxyType({"alpha_p": LOG_EXPM1_08, "alpha_n": LOG_EXPM1_03}),
            ),
            "exponential": _curve(
                exponential,
                "Nelder & Wedderburn 1972",
                range=(0, inf),
                saturates=LEFT,
                at_infinity=(0, inf),
                slope_at_0=1.0,
            ),
            # Sigmoids and other bounded functions
            "sigmoid": _curve(
                sigmoid,
                "Rumelhart, Hinton & Williams 1986",
                range=(0, 1),
                saturates=BOTH,
                at_infinity=(0, 1),
                slope_at_0=0.25,
            ),
            "hard_sigmoid": _curve(
                hard_sigmoid,
                "Courbariaux et al. 2015; Howard et al. 2019",
                range=(0, 1),
                saturates=BOTH,
                at_infinity=(0, 1),
                slope_at_0=1 / 6,
                smooth=False,
            ),
            "tanh": _curve(
                tanh,
                "LeCun et al. 1998",
                range=(-1, 1),
                saturates=BOTH,
                at_infinity=(-1, 1),
                slope_at_0=1.0,
                zero_centred=True,
            ),
            "lecun_tanh": _curve(
                lecun_tanh,
                "LeCun et al. 1998",
                range=(-1.7159, 1.7159),
                saturates=BOTH,
                at_infinity=(-1.7159, 1.7159),
                slope_at_0=1.7159 * 2 / 3,
                zero_centred=True,
            ),
            "penalized_tanh": _curve(
                penalized_tanh,
                "Xu, Huang & Li 2016",
                range=(-0.25, 1),
                saturates=BOTH,
                at_infinity=(-0.25, 1),
                slope_at_0=0.25,
                smooth=False,
            ),
            "hard_tanh": _curve(
                hard_tanh,
                "Collobert 2004",
                range=(-1, 1),
                saturates=BOTH,
                at_infinity=(-1, 1),
                slope_at_0=1.0,
                zero_centred=True,
                smooth=False,
            ),
            "softsign": _curve(
                softsign,
                "Bergstra et al. 2009",
                range=(-1, 1),
                saturates=BOTH,
                at_infinity=(nan, nan),
                slope_at_0=1.0,
                zero_centred=True,
            ),
            "arctan": _curve(
                arctan,
                "Kamruzzaman & Aziz 2002",
                range=(-math.pi / 2, math.pi / 2),
                saturates=BOTH,
                at_infinity=(-math.pi / 2, math.pi / 2),
                slope_at_0=1.0,
                zero_centred=True,
            ),
            "gaussian": _curve(
                gaussian,
                "Broomhead & Lowe 1988",
                range=(0, 1),
                saturates=BOTH,
                at_infinity=(0, 0),
                slope_at_0=0.0,
                monotone=False,
            ),
            "hat": _curve(
                hat,
                "Hong et al. 2022",
                range=(0, 1),
                saturates=BOTH,
                at_infinity=(0, 0),
                slope_at_0=0.0,
                smooth=False,
                monotone=False,
            ),
            # Smooth relatives of ReLU
            "gelu": _curve(
                gelu,
                "Hendrycks & Gimpel 2016, erf form",
                range=(-0.16997120748, inf),
                saturates=LEFT,
                at_infinity=(0, inf),
                slope_at_0=0.5,
                monotone=False,
            ),
            "gelu_tanh": _curve(
                gelu_tanh,
                "Hendrycks & Gimpel 2016, tanh form",
                range=(-0.17004075057, inf),
                saturates=LEFT,
                at_infinity=(0, inf),
                slope_at_0=0.5,
                monotone=False,
            ),
            "swish": _curve(
                swish,
                "Elfwing et al. 2018; Ramachandran et al. 2017",
                range=(-0.27846454276, inf),
                saturates=LEFT,
                at_infinity=(0, inf),
                slope_at_0=0.5,
                monotone=False,
            ),
            "swish_beta": _curve(
                swish_beta,
                "Ramachandran et al. 2017",
                range=(-0.27846454276, inf),
                saturates=LEFT,
                at_infinity=(nan, inf),
                slope_at_0=0.5,
                monotone=False,
                learned=MappingProxyType({"beta": 1.0}),
            ),
            "hard_swish": _curve(
                hard_swish,
                "Howard et al. 2019",
                range=(-0.375, inf),
                saturates=LEFT,
                at_infinity=(0, inf),
                slope_at_0=0.5,
                smooth=False,
                monotone=False,
            ),
            "mish": _curve(
                mish,
                "Misra 2019",
                range=(-0.30884341302, inf),
                saturates=LEFT,
                at_infinity=(0, inf),
                slope_at_0=0.6,
                monotone=False,
            ),
            "telu": _curve(
                telu,
                "Fernandez & Mali 2024",
                range=(-0.35328577757, inf),
                saturates=LEFT,
                at_infinity=(0, inf),
                slope_at_0=math.tanh(1),
                monotone=False,
            ),
            "smooth_leaky_relu": _curve(
                smooth_leaky_relu,
                "Li et al. 2021",
                range=(-inf, inf),
                saturates=NEITHER,
                at_infinity=(-inf, inf),
                slope_at_0=0.65,
            ),
            "softplus": _curve(
                softplus,
                "Dugas et al. 2001",
                range=(0, inf),
                saturates=LEFT,
                at_infinity=(0, inf),
                slope_at_0=0.5,
            ),
            "squareplus": _curve(
                squareplus,
                "Barron 2021",
                range=(0, inf),
                saturates=LEFT,
                at_infinity=(0, inf),
                slope_at_0=0.5,
            ),
            # Shrinkage
            "hard_shrink": _curve(
                hard_shrink,
                "Donoho & Johnstone 1994",
                range=(-inf, inf),
                saturates=NEITHER,
                at_infinity=(-inf, inf),
                slope_at_0=0.0,
                zero_centred=True,
                smooth=False,
            ),
            "soft_shrink": _curve(
                soft_shrink,
                "Donoho & Johnstone 1994",
                range=(-inf, inf),
                saturates=NEITHER,
                at_infinity=(-inf, inf),
                slope_at_0=0.0,
                zero_centred=True,
                smooth=False,
            ),
            "tanh_shrink": _curve(
                tanh_shrink,
                "Collobert, Kavukcuoglu & Farabet 2011",
                range=(-inf, inf),
                saturates=NEITHER,
                at_infinity=(-inf, inf),
                slope_at_0=0.0,
                zero_centred=True,
            ),
            # Rational
            "rational": _curve(
                rational,
                "Molina, Schramowski & Kersting 2020",
                range=(-inf, inf),
                saturates=NEITHER,
                at_infinity=(-inf, inf),
                slope_at_0=0.505,
                monotone=False,
                learned=LEAKY_RELU_AS_RATIONAL,
            ),
            # Periodic
            "sine": _curve(
                sine,
                "Parascandolo et al. 2016; Sitzmann et al. 2020",
                range=(-1, 1),
                saturates=NEITHER,
                at_infinity=(nan, nan),
                slope_at_0=1.0,
                zero_centred=True,
                monotone=False,
            ),
            "snake": _curve(
                snake,
                "Liu, Hartwig & Ueda 2020",
                range=(-inf, inf),
                saturates=NEITHER,
                at_infinity=(nan, nan),
                slope_at_0=1.0,
                learned=MappingProxyType({"frequency": 1.0}),
            ),
            # Several pre-activations per output
            "maxout": Activation(
                maxout, "Goodfellow et al. 2013", range=(-inf, inf), elementwise=False, units_in=2
            ),
            "glu": Activation(
                glu, "Dauphin et al. 2017", range=(-inf, inf), elementwise=False, units_in=2
            ),
            "geglu": Activation(
                geglu, "Shazeer 2020", range=(-inf, inf), elementwise=False, units_in=2
            ),
            "swiglu": Activation(
                swiglu, "Shazeer 2020", range=(-inf, inf), elementwise=False, units_in=2
            ),
            # Functions of the whole layer
            "softmax": Activation(softmax, "Bridle 1990", range=(0, 1), elementwise=False),
            "log_softmax": Activation(
                log_softmax, "Bridle 1990", range=(-inf, 0), elementwise=False
            ),
            "sparsemax": Activation(
                sparsemax, "Martins & Astudillo 2016", range=(0, 1), elementwise=False
            ),
        },
    )
)

# Aliases are not entries, so that nothing is tested, trained or reported twice.
ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "silu": "swish",
        "identity": "linear",
        "hard_silu": "hard_swish",
        "penalised_tanh": "penalized_tanh",
        "pau": "rational",
    }
)


def resolve(activation: str | Callable[[Array], Array] | Activation) -> Activation:
    """The Activation for a name, an Activation or a function; a function's properties are None.

    An Activation is returned unchanged. This is cheap, since it is called for every layer: use
    ``measure`` to measure the properties of a function.

    Args:
        activation: a name in ACTIVATIONS or ALIASES, a function of one array, or an Activation.

    Returns:
        An Activation.

    Raises:
        ValueError: the name is not in ACTIVATIONS or ALIASES; the message lists the valid names,
            nearest first.
        TypeError: activation is not a string, a callable or an Activation.

    Example:
        >>> resolve("tanh").range
        (-1, 1)
        >>> resolve("silu") is resolve("swish")
        True
        >>> resolve("relo")
        Traceback (most recent call last):
        jaxnn.names.UnknownName: unknown activation 'relo'; known, nearest first: relu, ...
    """
    if isinstance(activation, Activation):
        return activation
    if callable(activation):
        return Activation(activation)
    if not isinstance(activation, str):
        raise TypeError(
            "an activation is a name, a function of one array or an Activation, "
            f"got {type(activation).__name__}"
        )
    name = ALIASES.get(activation, activation)
    if name not in ACTIVATIONS:
        raise UnknownName(
            f"unknown activation {activation!r}; known, nearest first: "
            f"{nearest(name, [*ACTIVATIONS, *ALIASES])}"
        )
    return ACTIVATIONS[name]
