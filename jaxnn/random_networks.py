"""Monte-Carlo of random networks of finite width, exact in law and cheap: the second route to the mean-field numbers."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxnn.activations import resolve
from jaxnn.types import Activation, Array, Key


class Signal(NamedTuple):
    """What one random network did to one input and to the gradient.

    variance: mean square of the pre-activations of layer l = 1 … depth, shape (depth,).
    log_gradient_factor: log of the mean square gradient at layer l over that at layer l + 1, shape (depth,); logs,
        because the product over 40 layers leaves float32. −inf where a layer passes no gradient at all, and nan before it.
    """

    variance: Array
    log_gradient_factor: Array


@partial(jax.jit, static_argnames=("activation", "width", "depth"))
def simulate(key: Key, activation: str | Callable | Activation, *, width: int, depth: int, weight_variance: float,
             bias_variance: float = 0.0, q0: float = 1.0) -> Signal:
    """One random network z₁ ~ N(0, q0), z_{l+1} = W_l φ(z_l) + b_l, forward and backward, without ever making a W.

    Of W, independent N(0, σ_w² / width), a network uses only W h and Wᵀδ. Given h, the first is normal with variance
    σ_w² |h|² / width; given h and u = W h, the second is ĥ (u·δ) / |h| plus the part orthogonal to h of a normal vector
    of variance σ_w² |δ|² / width. Drawing those is the law of the real network, the dependence between its forward
    and its backward pass included, at O(width) instead of O(width²) a layer. The gradient starts behind the last layer
    as N(0, 1) in each of the ``width`` units of layer depth + 1.

    Args:
        key: typed PRNG key; ``jax.vmap`` over keys for many networks.
        activation: elementwise φ, static; learned parameters have their starting values.
        width: units in every layer, static.
        depth: layers, static.
        weight_variance: σ_w², the variance of a weight times its fan-in.
        bias_variance: σ_b².
        q0: pre-activation variance of the first layer.

    Returns:
        Signal, two float32 arrays of shape (depth,).

    Raises:
        ValueError: width or depth is below 1; the activation is unknown, or not elementwise.

    Example:
        >>> signal = simulate(jax.random.key(0), "linear", width=10_000, depth=3, weight_variance=0.5)
        >>> bool(jnp.allclose(signal.variance, jnp.array([1.0, 0.5, 0.25]), rtol=0.1))
        True

    Reference:
        The conditioning is that of Bayati and Montanari 2011, arXiv 1001.3448, lemma 10, for one input.
    """
    entry = resolve(activation)
    if width < 1 or depth < 1:
        raise ValueError(f"a network needs width and depth of 1 or more, got width={width}, depth={depth}")
    if not entry.elementwise or entry.units_in != 1:
        raise ValueError(f"simulate needs an elementwise activation, and {activation!r} mixes its inputs")
    learned = {name: jnp.float32(start) for name, start in entry.learned.items()}
    first, forward_key, backward_key = jax.random.split(key, 3)
    normal = partial(jax.random.normal, shape=(width,))

    def forward(z, key):
        weight_key, bias_key = jax.random.split(key)
        h, pull = jax.vjp(lambda z: entry.function(z, **learned), z)
        u = jnp.sqrt(weight_variance * jnp.mean(h**2)) * normal(weight_key)
        return u + jnp.sqrt(bias_variance) * normal(bias_key), (jnp.mean(z**2), h, u, pull(jnp.ones(width))[0])

    def backward(delta, layer):
        h, u, slope, key = layer
        norm = jnp.linalg.norm(h)
        direction = h / jnp.where(norm > 0, norm, 1.0)
        free = jnp.sqrt(weight_variance * jnp.mean(delta**2)) * normal(key)
        along = jnp.vdot(u, delta) / jnp.where(norm > 0, norm, 1.0)
        # A layer that is 0 throughout says nothing about W: the whole of the fresh vector stays.
        delta_below = slope * (free + direction * (along - jnp.vdot(direction, free)))
        growth = jnp.mean(delta_below**2) / jnp.mean(delta**2)
        return delta_below / jnp.sqrt(growth), jnp.log(growth)  # rescaled: the product over the layers would underflow

    z = jnp.sqrt(q0) * normal(first)
    _, (variance, h, u, slope) = jax.lax.scan(forward, z, jax.random.split(forward_key, depth))
    last, *layer_keys = jax.random.split(backward_key, depth + 1)
    _, log_factor = jax.lax.scan(backward, normal(last), (h, u, slope, jnp.stack(layer_keys)), reverse=True)
    return Signal(variance, log_factor)
