"""Monte Carlo of random networks of finite width, with the exact distribution at low cost.

It is a second way to the numbers of mean-field theory, independent of ``jaxnn.meanfield``.
"""

from collections.abc import Callable
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp

from jaxnn.activations import resolve
from jaxnn.types import Activation, Array, Key


class Signal(NamedTuple):
    """The signal and the gradient of one input in one random network.

    variance: mean square of the pre-activations of layer l = 1 … depth, shape (depth,).
    log_gradient_factor: natural logarithm of the mean square gradient at layer l over that at layer
        l + 1, shape (depth,); a logarithm, since the product over 40 layers can leave the range of
        float32. It is −inf at a layer that passes no gradient, and nan at the layers before it.
    alignment: squared cosine between the signal W_l φ(z_l) that layer l sends forward and the
        gradient at layer l + 1, shape (depth,). Mean-field theory assumes that they are
        independent; the mean of the squared cosine is then 1 / width.
    """

    variance: Array
    log_gradient_factor: Array
    alignment: Array


def draw(key: Key, *, width: int, depth: int) -> Array:
    """Standard normal numbers for ``propagate``, all the randomness of one network.

    Args:
        key: typed PRNG key.
        width: number of units per layer, 1 or more.
        depth: number of layers, 1 or more.

    Returns:
        float32, shape (3, depth + 1, width). The first axis is forward pass, backward pass, biases.

    Raises:
        ValueError: width or depth is below 1.

    Example:
        >>> draw(jax.random.key(0), width=100, depth=3).shape
        (3, 4, 100)

    Reference:
        As in ``propagate``.
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
    """One random network, z₁ ~ N(0, q0), z_{l+1} = W_l φ(z_l) + b_l, forward and backward.

    No W is ever drawn. Of a W with independent N(0, σ_w² / width) entries, the network uses only
    W h, with h = φ(z), and Wᵀδ, with the gradient δ. Given h, the first is normal with variance
    σ_w² |h|² / width. Given h and u = W h, the second is ĥ (u·δ) / |h|, with ĥ = h / |h|, plus the
    part orthogonal to h of a normal vector with variance σ_w² |δ|² / width. Drawing these vectors
    gives the exact distribution of the network, including the dependence between its forward and
    its backward pass, at a cost of O(width) instead of O(width²) per layer. The gradient at layer
    depth + 1, after the last one, is N(0, 1) in each of its ``width`` units.

    Args:
        noise: standard normal numbers from ``draw``, float32, shape (3, depth + 1, width); the same
            noise for several activations makes them paired.
        activation: elementwise φ; learned parameters have their initial values.
        weight_variance: σ_w², the variance of a weight times its fan-in.
        bias_variance: σ_b².
        q0: pre-activation variance of the first layer.

    Returns:
        Signal, three float32 arrays of shape (depth,).

    Raises:
        ValueError: noise is not of shape (3, depth + 1, width) with depth of 1 or more; the
            activation is unknown or not elementwise.

    Example:
        >>> noise = draw(jax.random.key(0), width=10_000, depth=3)
        >>> signal = propagate(noise, "linear", weight_variance=0.5)
        >>> bool(jnp.allclose(signal.variance, jnp.array([1.0, 0.5, 0.25]), rtol=0.1))
        True

    Reference:
        Bayati and Montanari 2011, arXiv 1001.3448, for the conditioning, here for one input.
    """
    entry = resolve(activation)
    if noise.ndim != 3 or noise.shape[0] != 3 or noise.shape[1] < 2:
        raise ValueError(
            f"the noise of ONE network has shape (3, depth + 1, width), got {noise.shape}; "
            "use draw and jax.vmap"
        )
    if not entry.elementwise or entry.units_in != 1:
        raise ValueError(
            f"propagate needs an elementwise activation, and {activation!r} mixes its inputs; "
            "give another activation"
        )
    learned = {name: jnp.asarray(start, noise.dtype) for name, start in entry.learned.items()}

    def forward(z, noise):
        h, pull = jax.vjp(lambda z: entry.function(z, **learned), z)
        chex.assert_equal_shape(
            [z, h],
            exception_type=ValueError,
            custom_message="an elementwise activation must keep the shape of its input",
        )
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
        # A layer whose values are all 0 does not condition W: then direction is 0, and free remains
        # unchanged.
        below = slope * (free + direction * (along - jnp.vdot(direction, free)))
        growth = jnp.mean(below**2) / jnp.mean(delta**2)
        sent = jnp.linalg.norm(u)
        cosine = jnp.vdot(u / jnp.where(sent > 0, sent, 1.0), delta / jnp.linalg.norm(delta))
        # Rescaled, since the product over the layers would underflow.
        return below / jnp.sqrt(growth), (jnp.log(growth), cosine**2)

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
    """One random network from a key, ``propagate(draw(key, …), …)``.

    For many networks, use ``jax.vmap`` over keys. Seven arguments: those of draw and of propagate.

    Args:
        key: typed PRNG key.
        activation: elementwise φ; learned parameters have their initial values.
        width: number of units per layer, 1 or more.
        depth: number of layers, 1 or more.
        weight_variance: σ_w², the variance of a weight times its fan-in.
        bias_variance: σ_b².
        q0: pre-activation variance of the first layer.

    Returns:
        Signal, three float32 arrays of shape (depth,).

    Raises:
        ValueError: as in ``draw`` and ``propagate``.

    Example:
        >>> key = jax.random.key(0)
        >>> simulate(key, "relu", width=100, depth=5, weight_variance=2.0).variance.shape
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
