"""Monte-Carlo of random networks of finite width, exact in law and cheap: the second route to the mean-field numbers."""

from collections.abc import Callable
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
    alignment: squared cosine between what layer l sends forward, W_l φ(z_l), and the gradient that comes back to it at layer
        l + 1, shape (depth,). Mean-field theory takes the two for independent, and then it is 1 / width on average.
    """

    variance: Array
    log_gradient_factor: Array
    alignment: Array


def draw(key: Key, *, width: int, depth: int) -> Array:
    """The standard normal noise of one network, shape (3, depth + 1, width), float32: forward, backward, biases.

    Args:
        key: typed PRNG key.
        width: units in every layer.
        depth: layers.

    Returns:
        float32, shape (3, depth + 1, width).

    Raises:
        ValueError: width or depth is below 1.

    Example:
        >>> draw(jax.random.key(0), width=100, depth=3).shape
        (3, 4, 100)

    Reference:
        ``propagate``, which spends it.
    """
    if width < 1 or depth < 1:
        raise ValueError(
            f"a network needs width and depth of 1 or more, got width={width}, depth={depth}"
        )
    return jax.random.normal(key, (3, depth + 1, width), jnp.float32)


def propagate(
    noise: Array,
    activation: str | Callable | Activation,
    *,
    weight_variance: float,
    bias_variance: float = 0.0,
    q0: float = 1.0,
) -> Signal:
    """One random network z₁ ~ N(0, q0), z_{l+1} = W_l φ(z_l) + b_l, forward and backward, without ever making a W.

    Of W, independent N(0, σ_w² / width), a network uses only W h and Wᵀδ. Given h, the first is normal with variance
    σ_w² |h|² / width; given h and u = W h, the second is ĥ (u·δ) / |h| plus the part orthogonal to h of a normal vector
    of variance σ_w² |δ|² / width. Drawing those is the law of the real network, the dependence between its forward
    and its backward pass included, at O(width) instead of O(width²) a layer. The gradient starts behind the last layer
    as N(0, 1) in each of the ``width`` units of layer depth + 1.

    Args:
        noise: from ``draw``, float32, shape (3, depth + 1, width); one noise for several activations pairs them.
        activation: elementwise φ; learned parameters have their starting values.
        weight_variance: σ_w², the variance of a weight times its fan-in.
        bias_variance: σ_b².
        q0: pre-activation variance of the first layer.

    Returns:
        Signal, three float32 arrays of shape (depth,).

    Raises:
        ValueError: the noise has another shape; the activation is unknown, or not elementwise.

    Example:
        >>> noise = draw(jax.random.key(0), width=10_000, depth=3)
        >>> signal = propagate(noise, "linear", weight_variance=0.5)
        >>> bool(jnp.allclose(signal.variance, jnp.array([1.0, 0.5, 0.25]), rtol=0.1))
        True

    Reference:
        The conditioning is that of Bayati and Montanari 2011, arXiv 1001.3448, for one input.
    """
    entry = resolve(activation)
    if noise.ndim != 3 or noise.shape[0] != 3 or noise.shape[1] < 2:
        raise ValueError(
            f"noise of ONE network has shape (3, depth + 1, width), got {noise.shape}; use draw and jax.vmap"
        )
    if not entry.elementwise or entry.units_in != 1:
        raise ValueError(
            f"propagate needs an elementwise activation, and {activation!r} mixes its inputs"
        )
    learned = {name: jnp.asarray(start, noise.dtype) for name, start in entry.learned.items()}

    def forward(z, noise):
        h, pull = jax.vjp(lambda z: entry.function(z, **learned), z)
        u = jnp.sqrt(weight_variance * jnp.mean(h**2)) * noise[0]
        return u + jnp.sqrt(bias_variance) * noise[1], (
            jnp.mean(z**2),
            h,
            u,
            pull(jnp.ones_like(z))[0],
        )

    def backward(delta, layer):
        h, u, slope, noise = layer
        norm = jnp.linalg.norm(h)
        direction = h / jnp.where(norm > 0, norm, 1.0)
        free = jnp.sqrt(weight_variance * jnp.mean(delta**2)) * noise
        along = jnp.vdot(u, delta) / jnp.where(norm > 0, norm, 1.0)
        # A layer that is 0 throughout says nothing about W: there the direction is 0 and the fresh vector stays whole.
        below = slope * (free + direction * (along - jnp.vdot(direction, free)))
        growth = jnp.mean(below**2) / jnp.mean(delta**2)
        sent = jnp.linalg.norm(u)
        cosine = jnp.vdot(u / jnp.where(sent > 0, sent, 1.0), delta / jnp.linalg.norm(delta))
        return below / jnp.sqrt(growth), (
            jnp.log(growth),
            cosine**2,
        )  # rescaled: the product over the layers would underflow

    layers = jnp.stack([noise[0, 1:], noise[2, 1:]], axis=1)
    _, (variance, h, u, slope) = jax.lax.scan(forward, jnp.sqrt(q0) * noise[0, 0], layers)
    _, (log_factor, alignment) = jax.lax.scan(
        backward, noise[1, 0], (h, u, slope, noise[1, 1:]), reverse=True
    )
    return Signal(variance, log_factor, alignment)


def simulate(
    key: Key,
    activation: str | Callable | Activation,
    *,
    width: int,
    depth: int,
    weight_variance: float,
    bias_variance: float = 0.0,
    q0: float = 1.0,
) -> Signal:
    """One random network from a key: ``propagate`` of what ``draw`` draws; ``jax.vmap`` over keys for many.

    Args:
        key: typed PRNG key.
        activation, weight_variance, bias_variance, q0: as in ``propagate``.
        width: units in every layer.
        depth: layers.

    Returns:
        Signal, three float32 arrays of shape (depth,).

    Raises:
        ValueError: as in ``draw`` and ``propagate``.

    Example:
        >>> simulate(jax.random.key(0), "relu", width=100, depth=5, weight_variance=2.0).variance.shape
        (5,)

    Reference:
        As in ``propagate``.
    """
    return propagate(
        draw(key, width=width, depth=depth),
        activation,
        weight_variance=weight_variance,
        bias_variance=bias_variance,
        q0=q0,
    )
