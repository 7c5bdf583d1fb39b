"""Binary inputs as numbers, 0/1 or bipolar −1/+1, and back."""

import jax.numpy as jnp

from jaxnn.types import Array


def _booleans(name: str, bits: Array) -> Array:
    bits = jnp.asarray(bits)
    if bits.dtype != jnp.bool_:
        raise TypeError(
            f"{name}: bits are booleans, got {bits.dtype}; say what counts as true, such as x == 1 or x > 0"
        )
    return bits


def encode_binary(bits: Array, *, dtype=jnp.float32) -> Array:
    """False, true as 0, 1: x = b.

    A 0 silences its weight: the input then neither adds to the sum nor gives its weight a slope.

    Args:
        bits: boolean, any shape.
        dtype: of the result.

    Returns:
        0 or 1, the shape of bits.

    Raises:
        TypeError: bits are not booleans.

    Example:
        >>> encode_binary(jnp.array([False, True])).tolist()
        [0.0, 1.0]
    """
    return _booleans("encode_binary", bits).astype(dtype)


def decode_binary(x: Array) -> Array:
    """The inverse of encode_binary: b = (x > 1/2); nan is false.

    Args:
        x: numbers, any shape; those in between go to the nearer of 0 and 1, and 1/2 is false.

    Returns:
        Boolean, the shape of x.

    Example:
        >>> decode_binary(jnp.array([0.0, 1.0, 0.8])).tolist()
        [False, True, True]
    """
    return jnp.asarray(x) > 0.5


def encode_bipolar(bits: Array, *, dtype=jnp.float32) -> Array:
    """False, true as −1, +1: x = 2 b − 1.

    Args:
        bits: boolean, any shape.
        dtype: of the result.

    Returns:
        −1 or +1, the shape of bits.

    Raises:
        TypeError: bits are not booleans.

    Example:
        >>> encode_bipolar(jnp.array([False, True])).tolist()
        [-1.0, 1.0]
    """
    return 2 * _booleans("encode_bipolar", bits).astype(dtype) - 1


def decode_bipolar(x: Array) -> Array:
    """The inverse of encode_bipolar: b = (x > 0); nan is false.

    Args:
        x: numbers, any shape; those in between go to the nearer of −1 and +1, and 0 is false.

    Returns:
        Boolean, the shape of x.

    Example:
        >>> decode_bipolar(jnp.array([-1.0, 1.0, 0.2])).tolist()
        [False, True, True]
    """
    return jnp.asarray(x) > 0
