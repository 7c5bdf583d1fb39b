"""Shrinkage functions: 0 or nearly so around 0, and parallel to the identity far out."""

import jax
import jax.numpy as jnp

from jaxnn.promotion import of_floats
from jaxnn.types import Array


@of_floats
def hard_shrink(x: Array, threshold: float | Array = 0.5) -> Array:
    """Hard shrinkage, f(x) = x for |x| > λ, 0 otherwise; it jumps at ±λ.

    Its derivative is 0 from −λ to λ, so that a unit whose inputs all lie there is dead. The default
    λ = 0.5 is that of PyTorch (hardshrink) and Keras; jax.nn has none.

    Args:
        x: pre-activations, any shape, a float dtype.
        threshold: λ ≥ 0, in x's unit; a number, or an array of x's dtype.

    Returns:
        Same shape and dtype.

    Example:
        >>> hard_shrink(jnp.array([-2.0, 0.4, 0.6])).tolist()
        [-2.0, 0.0, 0.6000000238418579]

    Reference:
        Donoho & Johnstone 1994, Biometrika 81(3): hard thresholding.
    """
    return jnp.where(jnp.abs(x) <= threshold, 0.0, x)


@of_floats
def soft_shrink(x: Array, threshold: float | Array = 0.5) -> Array:
    """Soft shrinkage, f(x) = sign(x)·max(|x| − λ, 0).

    Its derivative is 0 from −λ to λ, so that a unit whose inputs all lie there is dead. The default
    λ = 0.5 is that of PyTorch (softshrink) and Keras; jax.nn has none.

    Args:
        x: pre-activations, any shape, a float dtype.
        threshold: λ ≥ 0, in x's unit; a number, or an array of x's dtype.

    Returns:
        Same shape and dtype.

    Example:
        >>> soft_shrink(jnp.array([-2.0, 0.4, 1.0])).tolist()
        [-1.5, 0.0, 0.5]

    Reference:
        Donoho & Johnstone 1994, Biometrika 81(3): soft thresholding.
    """
    return jnp.where(jnp.abs(x) <= threshold, 0.0, x - jnp.sign(x) * threshold)


@of_floats
def tanh_shrink(x: Array) -> Array:
    """Tanh shrinkage, f(x) = x − tanh(x), near 0 x³/3; the same in PyTorch and Keras.

    Near 0 it is computed without the difference, which would lose its digits: at 0.001 in float32
    all but one.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype.

    Example:
        >>> round(float(tanh_shrink(jnp.array(2.0))), 4)
        1.036

    Reference:
        Collobert, Kavukcuoglu & Farabet 2011, "Torch7", NIPS workshop.
    """
    return _tanh_shrink(x)


@jax.custom_jvp
def _tanh_shrink(x: Array) -> Array:
    # Lambert's continued fraction, tanh x = x/(1 + c): x − tanh x = x·c/(1 + c).
    near = jnp.abs(x) < 1
    square = jnp.where(near, x, 0.0) ** 2
    tail = jnp.full_like(x, 15.0)
    for odd in (13, 11, 9, 7, 5, 3):
        tail = odd + square / tail
    c = square / tail
    return jnp.where(near, x * (c / (1 + c)), x - jnp.tanh(x))


_tanh_shrink.defjvps(lambda tangent, value, x: tangent * jnp.tanh(x) ** 2)
