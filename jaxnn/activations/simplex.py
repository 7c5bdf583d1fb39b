"""Functions from vectors to probabilities, over the last axis."""

import jax
import jax.numpy as jnp

from jaxnn.promotion import of_floats
from jaxnn.types import Array


@of_floats
def softmax(x: Array) -> Array:
    """Softmax, f(x)ᵢ = exp(xᵢ) / Σⱼ exp(xⱼ), over the last axis.

    Keras and jax.nn also take the last axis; PyTorch needs the axis as an argument.

    Args:
        x: logits, shape (…, classes), a float dtype.

    Returns:
        Probabilities, same shape and dtype, which sum to 1 over the last axis.

    Raises:
        ValueError: x has no axis.

    Example:
        >>> softmax(jnp.zeros(4)).tolist()
        [0.25, 0.25, 0.25, 0.25]

    Reference:
        Bridle 1990, NIPS.
    """
    _needs_axis("softmax", x)
    return jax.nn.softmax(x, axis=-1)


@of_floats
def log_softmax(x: Array) -> Array:
    """Logarithm of the softmax, f(x)ᵢ = xᵢ − log Σⱼ exp(xⱼ), over the last axis.

    It does not underflow.

    Args:
        x: logits, shape (…, classes), a float dtype.

    Returns:
        Log-probabilities in nats, same shape and dtype.

    Raises:
        ValueError: x has no axis.

    Example:
        >>> [round(y, 4) for y in log_softmax(jnp.array([0.0, -1000.0])).tolist()]
        [0.0, -1000.0]

    Reference:
        Bridle 1990, NIPS.
    """
    _needs_axis("log_softmax", x)
    return jax.nn.log_softmax(x, axis=-1)


@of_floats
def sparsemax(x: Array) -> Array:
    """Sparsemax, f(x) = argmin ‖p − x‖² over probability vectors p: like softmax, with exact zeros.

    f(x)ᵢ = max(xᵢ − τ, 0), with τ such that the outputs sum to 1. For bfloat16 and float16 it is
    computed in float32. Those of Keras 3.15 do not sum to 1: of (1, 0.5, −1) it makes (0.25, 0, 0).

    Args:
        x: logits, shape (…, classes), a float dtype.

    Returns:
        Probabilities, same shape and dtype, which sum to 1 over the last axis.

    Raises:
        ValueError: x has no axis.

    Example:
        >>> sparsemax(jnp.array([1.0, 0.5, -1.0])).tolist()
        [0.75, 0.25, 0.0]

    Reference:
        Martins & Astudillo 2016, arXiv 1602.02068.
    """
    _needs_axis("sparsemax", x)
    z = x.astype(jnp.float32) if jnp.finfo(x.dtype).bits < 32 else x
    # Shifting all logits changes neither the outputs nor their gradient, so the shift needs no
    # derivative; it keeps the sums precise.
    z = z - jax.lax.stop_gradient(jnp.max(z, axis=-1, keepdims=True))
    # xᵢ > τ if Σⱼ max(xⱼ − xᵢ, 0) < 1: this takes classes² differences, but no sort, which would
    # take a second to compile. Given the support, τ is linear in the logits, so automatic
    # differentiation gives the Jacobian.
    support = jnp.sum(jax.nn.relu(z[..., None, :] - z[..., :, None]), axis=-1) < 1
    count = jnp.sum(support, axis=-1, keepdims=True).astype(z.dtype)
    tau = (jnp.sum(jnp.where(support, z, 0), axis=-1, keepdims=True) - 1) / count
    return jax.nn.relu(z - tau).astype(x.dtype)


def _needs_axis(name: str, x: Array) -> None:
    if jnp.ndim(x) == 0:
        raise ValueError(f"{name} works over the last axis, and got a scalar; give it a vector")
