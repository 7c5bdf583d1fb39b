"""Periodic functions."""

import jax.numpy as jnp

from jaxnn.promotion import of_floats
from jaxnn.types import Array


@of_floats
def sine(x: Array, frequency: float | Array = 1.0) -> Array:
    """Sine, f(x) = sin(ωx).

    A SIREN has ω = 30: use ``functools.partial(sine, frequency=30.0)`` with initializers.siren. The
    table's entry has ω = 1, which suits the initializers of the other activations.

    Args:
        x: pre-activations, any shape, a float dtype.
        frequency: ω, in radians per x's unit; a number, or an array of x's dtype.

    Returns:
        Same shape and dtype, in [−1, 1].

    Example:
        >>> round(float(sine(jnp.array(0.01), frequency=30.0)), 4)
        0.2955

    Reference:
        Sitzmann et al. 2020, arXiv 2006.09661; Parascandolo, Huttunen & Virtanen 2016.
    """
    return jnp.sin(frequency * x)
