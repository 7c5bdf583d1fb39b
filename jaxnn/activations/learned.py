"""Functions with a learned parameter, one value per unit, whose initial value is in the table."""

import jax
import jax.numpy as jnp

from jaxnn.promotion import of_floats
from jaxnn.types import Array


@of_floats
def prelu(x: Array, slope: Array) -> Array:
    """Parametric ReLU, f(x) = x for x ≥ 0, a·x for x < 0, with a learned slope a.

    Its derivative at 0 is 1, in PyTorch a. Here each unit has its own a, with initial value 0.25,
    as in the paper. PyTorch by default has one a per layer, with initial value 0.25; Keras has one
    per unit, with initial value 0; jax.nn has no PReLU.

    Args:
        x: pre-activations, shape (…, units), a float dtype.
        slope: a, shape (units,) or (), x's dtype, dimensionless.

    Returns:
        Shape and dtype of x.

    Example:
        >>> prelu(jnp.array([-2.0, 3.0]), jnp.array(0.25)).tolist()
        [-0.5, 3.0]

    Reference:
        He, Zhang, Ren & Sun 2015, arXiv 1502.01852.
    """
    # The inner where makes the gradient of the slope at x = inf 0 instead of 0·inf.
    return jnp.where(x >= 0, x, slope * jnp.where(x >= 0, 0.0, x))


@of_floats
def swish_beta(x: Array, beta: Array) -> Array:
    """Swish with a learned steepness, f(x) = x·σ(βx): x/2 at β = 0, swish at β = 1, ReLU as β → ∞.

    The initial value of β is 1; PyTorch, Keras and jax.nn have β = 1 only.

    Args:
        x: pre-activations, shape (…, units), a float dtype.
        beta: β, shape (units,) or (), x's dtype, in the inverse of x's unit.

    Returns:
        Shape and dtype of x.

    Example:
        >>> round(float(swish_beta(jnp.array(1.0), jnp.array(1.0))), 4)
        0.7311

    Reference:
        Ramachandran, Zoph & Le 2017, arXiv 1710.05941.
    """
    return _swish_beta(x, jnp.asarray(beta, x.dtype))


@jax.custom_jvp
def _swish_beta(x: Array, beta: Array) -> Array:
    return x * jax.nn.sigmoid(beta * x)


@_swish_beta.defjvp
def _(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    x, beta = primals
    gate = jax.nn.sigmoid(beta * x)
    bump = gate * (1 - gate)
    # Where the gate is flat, both products are 0 and not inf·0.
    near = jnp.where(bump == 0, 0.0, x)
    by_x, by_beta = gate + beta * near * bump, near * (near * bump)
    return x * gate, by_x * tangents[0] + by_beta * tangents[1]


@of_floats
def snake(x: Array, frequency: Array) -> Array:
    """Snake, f(x) = x + sin²(ax)/a, with a learned frequency a; f(x) = x at a = 0.

    The initial value of a is 1; PyTorch, Keras and jax.nn have no snake.

    Args:
        x: pre-activations, shape (…, units), a float dtype.
        frequency: a, shape (units,) or (), x's dtype, in radians per x's unit.

    Returns:
        Shape and dtype of x.

    Example:
        >>> round(float(snake(jnp.array(1.0), jnp.array(1.0))), 4)
        1.7081

    Reference:
        Liu, Hartwig & Ueda 2020, arXiv 2006.08195.
    """
    return _snake(x, jnp.asarray(frequency, x.dtype))


@jax.custom_jvp
def _snake(x: Array, a: Array) -> Array:
    wave = jnp.sin(a * x)
    return x + wave * (x * _sinc(a * x))


@_snake.defjvp
def _(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    x, a = primals
    angle = a * x
    wave, other, sinc = jnp.sin(angle), jnp.cos(angle), _sinc(angle)
    by_x, by_a = 1 + 2 * wave * other, (x * sinc) * (x * (2 * other - sinc))
    return x + wave * (x * sinc), by_x * tangents[0] + by_a * tangents[1]


def _sinc(angle: Array) -> Array:
    """sin(u)/u, 1 at 0; sin²(ax)/a = sin(ax)·x·sinc(ax) has no division by the frequency."""
    small = jnp.abs(angle) < 1e-4
    return jnp.where(small, 1 - angle * angle / 6, jnp.sin(angle) / jnp.where(small, 1.0, angle))
