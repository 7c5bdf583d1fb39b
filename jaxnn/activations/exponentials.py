"""Exponential units, linear for x > 0 and a bounded exponential for x < 0; and the exponential.

The derivatives on the left are computed as exponentials, not as f + 1, which would lose their
digits: at −20 in float32 it is 0 instead of 2.06e-9.
"""

import jax
import jax.numpy as jnp

from jaxnn.promotion import of_floats
from jaxnn.types import Array

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # λ and α


@of_floats
def elu(x: Array, alpha: float | Array = 1.0) -> Array:
    """Exponential linear unit, f(x) = x for x > 0, α(eˣ − 1) for x ≤ 0; smooth for α = 1.

    The default α = 1 is that of the paper, PyTorch, Keras and jax.nn.

    Args:
        x: pre-activations, any shape, a float dtype.
        alpha: α; the function tends to −α as x → −∞; a number, or an array of x's dtype.

    Returns:
        Same shape and dtype, above −α.

    Example:
        >>> [round(y, 4) for y in elu(jnp.array([-1.0, 3.0])).tolist()]
        [-0.6321, 3.0]

    Reference:
        Clevert, Unterthiner & Hochreiter 2016, arXiv 1511.07289.
    """
    return jnp.where(x > 0, x, alpha * _exp_minus_1(jnp.where(x > 0, 0.0, x)))


@of_floats
def celu(x: Array, alpha: float | Array = 1.0) -> Array:
    """Continuously differentiable ELU, f(x) = max(x, 0) + α(exp(min(x, 0)/α) − 1).

    At α = 1 it is ELU; 1 is the default of PyTorch, Keras and jax.nn.

    Args:
        x: pre-activations, any shape, a float dtype.
        alpha: α > 0; the function tends to −α as x → −∞; a number, or an array of x's dtype.

    Returns:
        Same shape and dtype, above −α.

    Example:
        >>> [round(y, 4) for y in celu(jnp.array([-1.0, 3.0])).tolist()]
        [-0.6321, 3.0]

    Reference:
        Barron 2017, arXiv 1704.07483.
    """
    return jnp.where(x > 0, x, alpha * _exp_minus_1(jnp.where(x > 0, 0.0, x) / alpha))


@of_floats
def selu(x: Array) -> Array:
    """Scaled ELU, f(x) = λx for x > 0, λα(eˣ − 1) for x ≤ 0; λ = 1.0507…, α = 1.6732….

    λ = 1.0507009873554805 and α = 1.6732632423543772 make N(0, 1) a fixed point: for z ~ N(0, 1),
    f(z) has mean 0 and variance 1. The derivative jumps from λα to λ at 0; at 0 itself it is λα.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, above −λα = −1.7581.

    Example:
        >>> [round(y, 4) for y in selu(jnp.array([-1.0, 1.0])).tolist()]
        [-1.1113, 1.0507]

    Reference:
        Klambauer, Unterthiner, Mayr & Hochreiter 2017, arXiv 1706.02515.
    """
    return SELU_SCALE * elu(x, SELU_ALPHA)


@of_floats
def exponential(x: Array) -> Array:
    """Exponential, f(x) = eˣ.

    It overflows to inf above 88.7 in float32 and bfloat16, and above 709.7 in float64.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, above 0.

    Example:
        >>> round(float(exponential(jnp.array(1.0))), 4)
        2.7183

    Reference:
        Nelder & Wedderburn 1972, JRSS A 135(3): the inverse of the log link.
    """
    return jnp.exp(x)


@jax.custom_jvp
def _exp_minus_1(x: Array) -> Array:
    """eˣ − 1 for x ≤ 0, whose derivative is computed as eˣ."""
    return _both(x)[0]


@_exp_minus_1.defjvp
def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    value, derivative = _both(*primals)
    return value, derivative * tangents[0]


def _both(x: Array) -> tuple[Array, Array]:
    """eˣ − 1 and eˣ, in float32 from one exponential, which is faster than expm1 alone."""
    power = jnp.exp(x)
    if x.dtype != jnp.float32:
        return jnp.expm1(x), power
    near = jnp.maximum(x, -0.5)
    series = jnp.ones_like(x)
    for n in range(8, 1, -1):
        series = 1 + near * (1 / n) * series
    return jnp.where(x < -0.5, power - 1, near * series), power
