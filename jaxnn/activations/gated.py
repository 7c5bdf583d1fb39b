"""Functions of several pre-activations per output: gated linear units, and maxout.

They share one layout: with k pre-activations per unit and n units, the last axis consists of k
blocks of n. Unit j has the indices j, n + j, 2n + j, …; a layer's weight matrix is
[W₁ | W₂ | … | W_k], where each block has shape (in_dim, n).
"""

import jax
import jax.numpy as jnp

from jaxnn.promotion import of_floats
from jaxnn.types import Array


def _blocks(name: str, x: Array, blocks: int) -> Array:
    if jnp.ndim(x) == 0 or jnp.shape(x)[-1] % blocks:
        raise ValueError(
            f"{name} needs {blocks} pre-activations per output on the last axis, got shape "
            f"{jnp.shape(x)}; give a last axis that is a multiple of {blocks}"
        )
    return x.reshape(*x.shape[:-1], blocks, x.shape[-1] // blocks)


@of_floats
def glu(x: Array) -> Array:
    """Gated linear unit, f([a, b]) = a·σ(b).

    The first half of the last axis holds the values a, the second half the gates b, as in PyTorch
    and jax.nn.

    Args:
        x: pre-activations, shape (…, 2n), a float dtype.

    Returns:
        Shape (…, n), same dtype.

    Raises:
        ValueError: x has no axis, or the size of its last axis is odd.

    Example:
        >>> glu(jnp.array([2.0, 3.0, 0.0, 100.0])).tolist()
        [1.0, 3.0]

    Reference:
        Dauphin, Fan, Auli & Grangier 2017, arXiv 1612.08083.
    """
    _blocks("glu", x, 2)
    return jax.nn.glu(x)


@of_floats
def geglu(x: Array) -> Array:
    """GELU-gated linear unit, f([a, b]) = a·gelu(b), with GELU in its erf form.

    The values a come first, then the gates b, as in glu.

    Args:
        x: pre-activations, shape (…, 2n), a float dtype.

    Returns:
        Shape (…, n), same dtype.

    Raises:
        ValueError: x has no axis, or the size of its last axis is odd.

    Example:
        >>> geglu(jnp.array([2.0, 3.0, 0.0, 10.0])).tolist()
        [0.0, 30.0]

    Reference:
        Shazeer 2020, arXiv 2002.05202, where the gate comes first.
    """
    _blocks("geglu", x, 2)
    value, gate = jnp.split(x, 2, axis=-1)
    return value * jax.nn.gelu(gate, approximate=False)


@of_floats
def swiglu(x: Array) -> Array:
    """Swish-gated linear unit, f([a, b]) = a·swish(b) = a·b·σ(b).

    The values a come first, then the gates b, as in glu.

    Args:
        x: pre-activations, shape (…, 2n), a float dtype.

    Returns:
        Shape (…, n), same dtype.

    Raises:
        ValueError: x has no axis, or the size of its last axis is odd.

    Example:
        >>> swiglu(jnp.array([2.0, 3.0, 0.0, 100.0])).tolist()
        [0.0, 300.0]

    Reference:
        Shazeer 2020, arXiv 2002.05202, where the gate comes first.
    """
    _blocks("swiglu", x, 2)
    value, gate = jnp.split(x, 2, axis=-1)
    return value * jax.nn.silu(gate)


@of_floats
def maxout(x: Array, pieces: int = 2) -> Array:
    """Maxout, f([x₁, …, x_k]) = max(x₁, …, x_k); each piece is linear in the layer's input.

    Training shapes it through the weights of the pieces: of two pieces, if one has weights 0 it is
    ReLU, and if one has s times the weights of the other it is leaky ReLU with slope s. For k other
    than 2, replace the function of the table's entry, as in the example; or use
    ``jaxnn.maxout_layer``. Pieces that are tied for the maximum share the gradient.

    Args:
        x: pre-activations, shape (…, k·n), a float dtype: the first pieces of all units, then the
            second pieces of all units, and so on.
        pieces: k, the number of pieces per unit.

    Returns:
        Shape (…, n), same dtype.

    Raises:
        ValueError: pieces is below 1, x has no axis, or the size of its last axis is not a
            multiple of pieces.

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
        raise ValueError(f"maxout needs at least one piece per unit, got pieces={pieces}")
    return jnp.max(_blocks("maxout", x, pieces), axis=-2)
