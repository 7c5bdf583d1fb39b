"""The door for numbers: lists, NumPy arrays and integers become arrays of floats, once."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn.types import Array


def floating(value: Any, dtype: Any = None) -> Array:
    """A value as an array of floats.

    Args:
        value: an array, a number, or a list of them. An array of floats keeps its dtype.
        dtype: of everything else: of lists, integers and booleans; JAX's default float when absent.

    Returns:
        The array; the value itself where it is a JAX array of floats.

    Raises:
        TypeError: by JAX, where the value holds no numbers.

    Example:
        >>> floating([1, 2]).dtype, floating(np.arange(2), jnp.bfloat16).dtype
        (dtype('float32'), dtype(bfloat16))
    """
    if isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jnp.inexact):
        return value
    array = jnp.asarray(value)
    kept = isinstance(value, np.ndarray | float) and jnp.issubdtype(array.dtype, jnp.inexact)
    if kept or (dtype is None and jnp.issubdtype(array.dtype, jnp.inexact)):
        return array
    return array.astype(dtype or jnp.result_type(float))


def of_floats(function: Callable[..., Array]) -> Callable[..., Array]:
    """A function f(x, …) of floats as one that also takes what ``floating`` does.

    Further arguments that are lists or NumPy's take the dtype of x; others are passed on.

    Args:
        function: ``f(x, *others, **options)``.

    Returns:
        A function of the same arguments.

    Example:
        >>> of_floats(lambda x, slope: x * slope)([1, 2], slope=[0.5, 1]).tolist()
        [0.5, 2.0]
    """

    @wraps(function)
    def door(x: Any, *others: Any, **options: Any) -> Array:
        x = floating(x)

        def like(value: Any) -> Any:
            listed = isinstance(value, list | tuple | np.ndarray | np.generic)
            return jnp.asarray(value, x.dtype) if listed else value

        return function(x, *map(like, others), **{name: like(o) for name, o in options.items()})

    return door
