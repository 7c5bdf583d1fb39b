"""Initializers, and the gain that keeps a signal's size through any activation."""

from collections.abc import Callable
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn.activations import resolve
from jaxnn.types import Activation, Array


@lru_cache(maxsize=256)
def gain(activation: str | Callable[[Array], Array] | Activation) -> float:
    """The factor on the weights' standard deviation that keeps the mean square: gain = 1 / √E[φ(z)²], z ~ N(0, 1).

    With weights of variance gain² / fan_in the next layer's inputs have the mean square 1 of this one's.

    Args:
        activation: a name in ACTIVATIONS, an Activation, or any function of one array.

    Returns:
        The gain, a positive float without unit.

    Raises:
        ValueError: the name is unknown, or E[φ(z)²] is 0 or not finite.

    Example:
        >>> round(gain("relu") ** 2, 6)
        2.0
        >>> round(gain(lambda x: 2 * x), 6)
        0.5

    Reference:
        He et al. 2015, arXiv 1502.01852, section 2.2, for ReLU; by Gauss-Hermite quadrature for the rest.
    """
    entry = resolve(activation)
    nodes, weights = np.polynomial.hermite_e.hermegauss(128)
    learned = {name: jnp.float32(start) for name, start in entry.learned.items()}
    values = jax.vmap(lambda x: entry.function(x, **learned))(jnp.asarray(nodes, jnp.float32))
    mean_square = float(np.sum(weights * np.asarray(values, np.float64) ** 2) / np.sum(weights))
    if not 0 < mean_square < np.inf:
        raise ValueError(f"the mean square of {activation!r} under N(0, 1) is {mean_square}; a gain needs it positive and finite")
    return mean_square**-0.5


def scaled_normal(scale: float) -> Callable:
    """Normal weights of variance scale² / fan_in: scale 1 is LeCun's, √2 is He's.

    Example:
        >>> w = scaled_normal(2.0 ** 0.5)(jax.random.key(0), (400, 300))
        >>> bool(abs(w.var() * 400 - 2) < 0.05)
        True
    """
    return jax.nn.initializers.variance_scaling(scale**2, "fan_in", "normal")
