"""Binary inputs encoded as numbers, 0 and 1 or bipolar −1 and +1, and decoded."""

import jax.numpy as jnp
from jax.typing import DTypeLike

from jaxnn.types import Array


def _booleans(name: str, bits: Array) -> Array:
    bits = jnp.asarray(bits)
    if bits.dtype != jnp.bool_:
        raise TypeError(
            f"{name}: bits are booleans, got {bits.dtype}; say what counts as true, such as "
            "x == 1 or x > 0"
        )
    return bits


def encode_binary(bits: Array, *, dtype: DTypeLike = jnp.float32) -> Array:
    """Encode false as 0 and true as 1: x = b.

    An input of 0 adds nothing to the weighted sum, and the gradient of its weight is 0.

    Args:
        bits: booleans, any shape.
        dtype: the dtype of the result.

    Returns:
        Numbers 0 and 1, same shape as bits, dimensionless.

    Raises:
        TypeError: bits are not booleans.

    Example:
        >>> encode_binary(jnp.array([False, True])).tolist()
        [0.0, 1.0]

    Reference:
        The lecture, row N3 of its list.
    """
    return _booleans("encode_binary", bits).astype(dtype)


def decode_binary(x: Array) -> Array:
    """Decode the output of encode_binary: b = (x > 1/2).

    Args:
        x: numbers, any shape. A number between 0 and 1 is decoded as the nearer of the two; 1/2 and
            nan are false.

    Returns:
        Booleans, same shape as x.

    Example:
        >>> decode_binary(jnp.array([0.0, 1.0, 0.8])).tolist()
        [False, True, True]

    Reference:
        The lecture, row N3 of its list.
    """
    return jnp.asarray(x) > 0.5


def encode_bipolar(bits: Array, *, dtype: DTypeLike = jnp.float32) -> Array:
    """Encode false as −1 and true as +1: x = 2 b − 1.

    Args:
        bits: booleans, any shape.
        dtype: the dtype of the result.

    Returns:
        Numbers −1 and +1, same shape as bits, dimensionless.

    Raises:
        TypeError: bits are not booleans.

    Example:
        >>> encode_bipolar(jnp.array([False, True])).tolist()
        [-1.0, 1.0]

    Reference:
        The lecture, row N3 of its list.
    """
    return 2 * _booleans("encode_bipolar", bits).astype(dtype) - 1


def decode_bipolar(x: Array) -> Array:
    """Decode the output of encode_bipolar: b = (x > 0).

    Args:
        x: numbers, any shape. A number between −1 and +1 is decoded as the nearer of the two; 0 and
            nan are false.

    Returns:
        Booleans, same shape as x.

    Example:
        >>> decode_bipolar(jnp.array([-1.0, 1.0, 0.2])).tolist()
        [False, True, True]

    Reference:
        The lecture, row N3 of its list.
    """
    return jnp.asarray(x) > 0
