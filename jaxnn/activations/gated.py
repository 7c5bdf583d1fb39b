"""Functions of several pre-activations for each output: gated linear units, and maxout.

One layout for all: with k pre-activations a unit and n units the last axis is k blocks of n. Unit j owns the places j,
n + j, 2n + j, …; a layer's weight matrix is [W₁ | W₂ | … | W_k], each of shape (in_dim, n).
"""

import jax
import jax.numpy as jnp

from jaxnn.types import Array


def _blocks(name: str, x: Array, blocks: int) -> Array:
    if jnp.ndim(x) == 0 or jnp.shape(x)[-1] % blocks:
        raise ValueError(
            f"{name} needs {blocks} pre-activations for each output on the last axis, got shape {jnp.shape(x)}; "
            f"give a last axis that is a multiple of {blocks}"
        )
    return x.reshape(*x.shape[:-1], blocks, x.shape[-1] // blocks)


def glu(x: Array) -> Array:
    """Gated linear unit, f([a, b]) = a·σ(b): the first half the value, the second its gate, as in PyTorch and jax.nn.

    Args:
        x: pre-activations, shape (…, 2n), a float dtype.

    Returns:
        Shape (…, n), same dtype.

    Raises:
        ValueError: x has no axis, or its last one is odd.

    Example:
        >>> glu(jnp.array([2.0, 3.0, 0.0, 100.0])).tolist()
        [1.0, 3.0]

    Reference:
        Dauphin, Fan, Auli & Grangier 2017, arXiv 1612.08083.
    """
    _blocks("glu", x, 2)
    return jax.nn.glu(x)


def geglu(x: Array) -> Array:
    """GELU-gated linear unit, f([a, b]) = a·gelu(b), the erf form; value first, gate second, as in glu.

    Args:
        x: pre-activations, shape (…, 2n), a float dtype.

    Returns:
        Shape (…, n), same dtype.

    Raises:
        ValueError: x has no axis, or its last one is odd.

    Example:
        >>> geglu(jnp.array([2.0, 3.0, 0.0, 10.0])).tolist()
        [0.0, 30.0]

    Reference:
        Shazeer 2020, arXiv 2002.05202, where the gate comes first.
    """
    _blocks("geglu", x, 2)
    value, gate = jnp.split(x, 2, axis=-1)
    return value * jax.nn.gelu(gate, approximate=False)


def swiglu(x: Array) -> Array:
    """Swish-gated linear unit, f([a, b]) = a·swish(b) = a·b·σ(b); value first, gate second, as in glu.

    Args:
        x: pre-activations, shape (…, 2n), a float dtype.

    Returns:
        Shape (…, n), same dtype.

    Raises:
        ValueError: x has no axis, or its last one is odd.

    Example:
        >>> swiglu(jnp.array([2.0, 3.0, 0.0, 100.0])).tolist()
        [0.0, 300.0]

    Reference:
        Shazeer 2020, arXiv 2002.05202, where the gate comes first.
    """
    _blocks("swiglu", x, 2)
    value, gate = jnp.split(x, 2, axis=-1)
    return value * jax.nn.silu(gate)


def maxout(x: Array, pieces: int = 2) -> Array:
    """Maxout, f([x₁, …, x_k]) = max(x₁, …, x_k), each piece a linear function that the layer's weights learn.

    It is learned through those weights: with one piece's weights 0 it is ReLU, with one s times the other it is leaky
    ReLU with slope s. For other k take the table's entry with another function, as below. Where pieces tie, they share
    the gradient.

    Args:
        x: pre-activations, shape (…, k·n), a float dtype: all units' first pieces, then all their second ones, ….
        pieces: k, pieces a unit.

    Returns:
        Shape (…, n), same dtype.

    Raises:
        ValueError: pieces is below 1, x has no axis, or its last one is no multiple of pieces.

    Example:
        >>> maxout(jnp.array([1.0, 5.0, 2.0, -3.0])).tolist()
        [2.0, 5.0]
        >>> from functools import partial
        >>> from jaxnn import ACTIVATIONS, dense
        >>> five = ACTIVATIONS["maxout"]._replace(function=partial(maxout, pieces=5), units_in=5)
        >>> dense(3, 4, activation=five).init(jax.random.key(0))["weight"].shape
        (3, 20)

    Reference:
        Goodfellow, Warde-Farley, Mirza, Courville & Bengio 2013, arXiv 1302.4389.
    """
    if pieces < 1:
        raise ValueError(f"maxout needs at least one piece a unit, got pieces={pieces}")
    return jnp.max(_blocks("maxout", x, pieces), axis=-2)
