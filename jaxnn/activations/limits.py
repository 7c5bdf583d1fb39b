"""Inputs kept where a formula has no inf·0 and no overflow."""

from functools import partial

import jax
import jax.numpy as jnp

from jaxnn.types import Array


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def within(x: Array, end: int) -> Array:
    """x limited to −end … end, for a function whose derivative is constant beyond both.

    Its own derivative is 1 everywhere, so that the function's derivative at the end counts beyond
    it; those of jnp.clip would cost a comparison and a selection each.

    Args:
        x: any shape, a float dtype.
        end: the largest magnitude.

    Returns:
        Same shape and dtype; nan stays.

    Example:
        >>> within(jnp.array([-jnp.inf, 0.5]), 4).tolist()
        [-4.0, 0.5]
    """
    return jnp.clip(x, -end, end)


within.defjvp(lambda end, primals, tangents: (within(*primals, end), *tangents))
