"""Smooth relatives of ReLU: products x·g(x) with a sigmoidal g, and the softplus family."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp

from jaxnn.activations.limits import within
from jaxnn.promotion import of_floats
from jaxnn.types import Array


@of_floats
def swish(x: Array) -> Array:
    """Swish or SiLU, f(x) = x·σ(x), with its minimum −0.27846 at x = −1.27846.

    The same in PyTorch, Keras and jax.nn, which all call it silu; swish_beta has the learned β of
    the second reference.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, at least −0.27847.

    Example:
        >>> round(float(swish(jnp.array(-1.278))), 3)
        -0.278

    Reference:
        Elfwing, Uchibe & Doya 2018, arXiv 1702.03118; Ramachandran, Zoph & Le 2017, arXiv
        1710.05941.
    """
    return _beyond(jax.nn.silu, x, 1024)


silu = swish


@of_floats
def hard_swish(x: Array) -> Array:
    """Piecewise swish, f(x) = x·min(max(x + 3, 0), 6) / 6; the same in PyTorch, Keras 3 and jax.nn.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, at least −0.375.

    Example:
        >>> hard_swish(jnp.array([-1.5, 1.0, 4.0])).tolist()
        [-0.375, 0.6666666865348816, 4.0]

    Reference:
        Howard et al. 2019, "Searching for MobileNetV3", arXiv 1905.02244.
    """
    return _beyond(jax.nn.hard_swish, x, 4)


@of_floats
def gelu(x: Array) -> Array:
    """Gaussian error linear unit, f(x) = x·Φ(x) = x (1 + erf(x/√2)) / 2, Φ the normal CDF.

    This exact form is the default of PyTorch and Keras; the default of jax.nn.gelu is the tanh
    form, here gelu_tanh. The two differ by up to 4.7e-4.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, at least −0.16998.

    Example:
        >>> round(float(gelu(jnp.array(1.0))), 4)
        0.8413

    Reference:
        Hendrycks & Gimpel 2016, arXiv 1606.08415.
    """
    return _beyond(partial(jax.nn.gelu, approximate=False), x, 64)


@of_floats
def gelu_tanh(x: Array) -> Array:
    """GELU's tanh form, f(x) = x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2.

    It is the default of jax.nn.gelu.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, at least −0.17005.

    Example:
        >>> round(float(gelu_tanh(jnp.array(1.0))), 4)
        0.8412

    Reference:
        Hendrycks & Gimpel 2016, arXiv 1606.08415.
    """
    return _beyond(partial(jax.nn.gelu, approximate=True), x, 16)


@of_floats
def mish(x: Array) -> Array:
    """Mish, f(x) = x·tanh(softplus(x)).

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, at least −0.30885.

    Example:
        >>> round(float(mish(jnp.array(1.0))), 4)
        0.8651

    Reference:
        Misra 2019, arXiv 1908.08681.
    """
    return _beyond(lambda x: x * _mish_gate(x), x, 1024)


@jax.custom_jvp
def _mish_gate(x: Array) -> Array:
    """tanh(log(1 + eˣ)), by one exponential in place of jax.nn's two, a logarithm and a tanh."""
    top, bottom, _ = _mish_parts(x)
    return top / bottom


@_mish_gate.defjvp
def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    top, bottom, slope = _mish_parts(*primals)
    return top / bottom, slope / (bottom * bottom) * tangents[0]


def _mish_parts(x: Array) -> tuple[Array, Array, Array]:
    """n, n + 2 and 2·n′ with n = eˣ(eˣ + 2), and right of 0 all of them times a power of e⁻ˣ."""
    right = x >= 0
    small = jnp.exp(jnp.where(right, -x, x))
    top = jnp.where(right, 1 + 2 * small, small * (small + 2))
    bottom = top + jnp.where(right, 2 * small * small, 2)
    return top, bottom, 4 * small * (1 + small) * jnp.where(right, small, 1)


@of_floats
def telu(x: Array) -> Array:
    """Hyperbolic tangent exponential linear unit, f(x) = x·tanh(eˣ).

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, at least −0.35329.

    Example:
        >>> round(float(telu(jnp.array(-1.0))), 4)
        -0.3521

    Reference:
        Fernandez & Mali 2024, arXiv 2412.20269.
    """
    # Above 8 the gate is 1, and its derivative 0, in every float.
    return _beyond(lambda x: x * jnp.tanh(jnp.exp(jnp.minimum(x, 8))), x, 1024)


@of_floats
def smooth_leaky_relu(x: Array, slope: float | Array = 0.3) -> Array:
    """Smooth leaky ReLU, or leaky softplus, f(x) = αx + (1 − α)·log(1 + eˣ).

    The derivative rises from α on the left to 1. The default α = 0.3 is that of the reference's
    program; PyTorch, Keras and jax.nn have none.

    Args:
        x: pre-activations, any shape, a float dtype.
        slope: α, dimensionless, above 0; a number, or an array of x's dtype.

    Returns:
        Same shape and dtype.

    Example:
        >>> round(float(smooth_leaky_relu(jnp.array(0.0))), 4)
        0.4852

    Reference:
        Li et al. 2021, Chemical Science 12, 5302: leaky softplus.
    """
    return slope * x + (1 - slope) * jax.nn.softplus(x)


@of_floats
def softplus(x: Array) -> Array:
    """Softplus, f(x) = log(1 + eˣ), computed without overflow for all x.

    Keras and jax.nn also compute it stably for all x; PyTorch returns x above 20.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, above 0.

    Example:
        >>> round(float(softplus(jnp.array(0.0))), 4)
        0.6931

    Reference:
        Dugas, Bengio, Bélisle, Nadeau & Garcia 2001, NIPS.
    """
    return jax.nn.softplus(x)


@of_floats
def squareplus(x: Array, b: float | Array = 4.0) -> Array:
    """Squareplus, f(x) = (x + √(x² + b)) / 2: like softplus, without exponentials.

    The default b = 4 is that of Keras and jax.nn. It is computed as
    max(x, 0) + b / (2 (√(x² + b) + |x|)), which is equal but avoids the difference of two large
    numbers. That difference loses the left tail in jax.nn.squareplus: at −3000 in float32 it
    returns 0 instead of 1/3000.

    Args:
        x: pre-activations, any shape, a float dtype.
        b: the square of the width of the rounded corner, in x's unit squared; a number, or an
            array of x's dtype.

    Returns:
        Same shape and dtype, above 0.

    Example:
        >>> float(squareplus(jnp.array(0.0)))
        1.0

    Reference:
        Barron 2021, arXiv 2112.11687.
    """
    return _squareplus(x, jnp.asarray(b, x.dtype))


@jax.custom_jvp
def _squareplus(x: Array, b: Array) -> Array:
    left, _ = _left_and_root(x, b)
    return jnp.maximum(x, 0) + left


@_squareplus.defjvp
def _(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    x, b = primals
    left, root = _left_and_root(x, b)
    root = jnp.maximum(root, jnp.finfo(x.dtype).tiny)
    slope = left / root
    by_x = jnp.where(x >= 0, 1 - slope, slope)
    return jnp.maximum(x, 0) + left, by_x * tangents[0] + tangents[1] / (4 * root)


def _left_and_root(x: Array, b: Array) -> tuple[Array, Array]:
    """f(−|x|) and √(x² + b), without the square of an |x| above 1, which can overflow."""
    size = jnp.where(x >= 0, x, -x)
    inverse, low = 1 / jnp.maximum(size, 1), jnp.minimum(size, 1)
    root = jnp.maximum(size, 1) * jnp.sqrt(low * low + b * inverse * inverse)
    return b / jnp.maximum(2 * (root + size), jnp.finfo(x.dtype).tiny), root


def _beyond(function: Callable[[Array], Array], x: Array, end: int) -> Array:
    """The function from −end to end, 0 left of that and x right of it, equal to within rounding.

    So products such as x·σ(x) and their gradients have their limits at ±∞ instead of inf·0, and no
    power of x overflows. The end is a power of two, so that adding it again gives x exactly.
    """
    return function(within(x, end)) + jax.lax.stop_gradient(jnp.maximum(x, end) - end)
