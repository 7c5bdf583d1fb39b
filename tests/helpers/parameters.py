"""Parameters and inputs from NumPy: compiling JAX's draws would take most of the tests' time."""

import jax
import jax.numpy as jnp
import numpy as np


def filled(part, seed=0, *, scale=0.5, dtype=None):
    """Parameters with the shapes of a network's, layer's or cell's, drawn from N(0, scale²)."""
    draw = np.random.default_rng(seed)
    return jax.tree.map(
        lambda leaf: jnp.asarray(scale * draw.standard_normal(leaf.shape), dtype or leaf.dtype),
        jax.eval_shape(part.init, jax.random.key(0)),
    )


def normal(*shape, seed=1):
    """Standard normal numbers of a shape."""
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape), jnp.float32)
