"""Functions with learned parameters, one value per unit, whose initial values are in the table."""

from typing import Any

import jax
import jax.numpy as jnp

from jaxnn.activations.exponentials import elu
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


@of_floats
def xielu(x: Array, alpha_p: Array, alpha_n: Array, beta: float = 0.5) -> Array:
    """Expanded integral of ELU, f(x) = aₚx² + βx for x > 0, aₙ(eˣ − 1 − x) + βx for x ≤ 0.

    What is learned are the inputs of aₚ = softplus(αₚ) and aₙ = β + softplus(αₙ), so that f″ > 0.
    Both begin at 0.8, as in the paper, where a layer has one pair; here each unit has its own. β is
    the derivative at 0. PyTorch, Keras and jax.nn have no xIELU.

    Args:
        x: pre-activations, shape (…, units), a float dtype.
        alpha_p: αₚ, shape (units,) or (), x's dtype.
        alpha_n: αₙ, shape (units,) or (), x's dtype.
        beta: β, dimensionless, a constant.

    Returns:
        Shape and dtype of x.

    Example:
        >>> raw = [float(jnp.log(jnp.expm1(start))) for start in (0.8, 0.3)]
        >>> [round(float(xielu(jnp.array(x), *raw)), 4) for x in (-1.0, 1.0)]
        [-0.2057, 1.3]

    Reference:
        Huang & Schlag 2024, "Deriving activation functions using integration", arXiv 2411.13010.
    """
    above, below = jnp.where(x > 0, x, 0.0), jnp.where(x > 0, 0.0, x)
    up, down = jax.nn.softplus(alpha_p), jax.nn.softplus(alpha_n)
    # Sorted by powers of x, since aₙ(eˣ − 1 − x) + βx is inf − inf at −∞.
    return above * (up * above + beta) - down * below + (beta + down) * elu(below)


@of_floats
def rational(
    x: Array,
    p0: Array,
    p1: Array,
    p2: Array,
    p3: Array,
    p4: Array,
    p5: Array,
    q1: Array,
    q2: Array,
    q3: Array,
    q4: Array,
) -> Array:
    """Safe Padé activation unit, f(x) = (p₀ + p₁x + … + p₅x⁵) / (1 + |q₁x + … + q₄x⁴|).

    All ten coefficients are learned, hence the number of arguments. They begin at the least-squares
    fit to the leaky ReLU of slope 0.01 over −3 ≤ x ≤ 3, which is off by at most 0.034. In the paper
    a layer has one set of coefficients; here each unit has its own. Further out than 1 it is
    computed in 1/x, so that no power of x overflows.

    Args:
        x: pre-activations, shape (…, units), a float dtype.
        p0: p₀ to p₅, each of shape (units,) or () and x's dtype.
        p1: p₁.
        p2: p₂.
        p3: p₃.
        p4: p₄.
        p5: p₅.
        q1: q₁ to q₄, each of shape (units,) or () and x's dtype.
        q2: q₂.
        q3: q₃.
        q4: q₄.

    Returns:
        Shape and dtype of x.

    Example:
        >>> round(float(rational(2.0, *(0, 1, 0, 0, 0, 0), *(0, 1, 0, 0))), 4)  # x / (1 + x²)
        0.4

    Reference:
        Molina, Schramowski & Kersting 2020, "Padé activation units", arXiv 1907.06732.
    """
    coefficients = (p0, p1, p2, p3, p4, p5, q1, q2, q3, q4)
    return _rational(x, tuple(jnp.asarray(each, x.dtype) for each in coefficients))


@jax.custom_jvp
def _rational(x: Array, coefficients: tuple[Array, ...]) -> Array:
    near, inverse = _near_and_inverse(x)
    return jnp.where(
        jnp.abs(x) > 1, x * _far_out(inverse, coefficients), _close_by(near, coefficients)
    )


@_rational.defjvp
def _(primals: tuple[Array, Any], tangents: tuple[Array, Any]) -> tuple[Array, Array]:
    x, coefficients = primals
    near, inverse = _near_and_inverse(x)
    far = jnp.abs(x) > 1
    one = jnp.ones_like(x)
    value, rise = jax.jvp(lambda x: _close_by(x, coefficients), (near,), (one,))
    ratio, bend = jax.jvp(lambda t: _far_out(t, coefficients), (inverse,), (one,))
    by_x = jnp.where(far, ratio - inverse * bend, rise)
    largest = jnp.finfo(x.dtype).max  # inf times the 0 of a constant coefficient is nan
    by_coefficients = jnp.where(
        far,
        jnp.clip(x, -largest, largest)
        * jax.jvp(lambda c: _far_out(inverse, c), (coefficients,), (tangents[1],))[1],
        jax.jvp(lambda c: _close_by(near, c), (coefficients,), (tangents[1],))[1],
    )
    return jnp.where(far, x * ratio, value), by_x * tangents[0] + by_coefficients


def _near_and_inverse(x: Array) -> tuple[Array, Array]:
    far = jnp.abs(x) > 1
    return jnp.where(far, 0.0, x), 1 / jnp.where(far, x, 1.0)


def _close_by(x: Array, coefficients: tuple[Array, ...]) -> Array:
    """The function in powers of x."""
    p0, p1, p2, p3, p4, p5, q1, q2, q3, q4 = coefficients
    top = p0 + x * (p1 + x * (p2 + x * (p3 + x * (p4 + x * p5))))
    return top / (1 + jnp.abs(x * (q1 + x * (q2 + x * (q3 + x * q4)))))


def _far_out(t: Array, coefficients: tuple[Array, ...]) -> Array:
    """f(x)/x in powers of t = 1/x."""
    p0, p1, p2, p3, p4, p5, q1, q2, q3, q4 = coefficients
    top = p5 + t * (p4 + t * (p3 + t * (p2 + t * (p1 + t * p0))))
    return top / (t**4 + jnp.abs(q4 + t * (q3 + t * (q2 + t * q1))))
