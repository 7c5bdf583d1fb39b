"""Layers, each a Network for one example, and the ways to put them together."""

from collections.abc import Callable
from fractions import Fraction

import jax
import jax.numpy as jnp

from jaxnn import initializers
from jaxnn.activations import resolve
from jaxnn.types import Activation, Array, Key, Network, Params


def dense(in_dim: int, out_dim: int, *, activation: str | Callable | Activation = "linear", bias: bool = True,
          initializer: Callable | None = None) -> Network:
    """Fully connected layer, y = φ(x W + b).

    Args:
        in_dim: inputs.
        out_dim: outputs.
        activation: φ, by name, as a function of one array, or as an Activation with learned parameters.
        bias: whether there is a b; it starts at 0.
        initializer: ``f(key, shape) -> W``; absent, normal of variance gain(φ)² / in_dim.

    Returns:
        A Network; params are {"weight": (in_dim, units), "bias": (units,)} and, where φ learns, "activation".

    Raises:
        ValueError: in_dim or out_dim is below 1; the activation's name is unknown; or x is not of shape (in_dim,).

    Example:
        >>> layer = dense(3, 2, activation="relu")
        >>> jax.tree.map(jnp.shape, layer.init(jax.random.key(0)))
        {'bias': (2,), 'weight': (3, 2)}
    """
    entry = resolve(activation)
    if in_dim < 1 or out_dim < 1:
        raise ValueError(f"a dense layer needs at least one input and one output, got in_dim={in_dim}, out_dim={out_dim}")
    units = Fraction(entry.units_in) * out_dim
    if units.denominator != 1:
        raise ValueError(f"this activation makes {1 / Fraction(entry.units_in)} outputs of each unit; out_dim={out_dim} is no multiple")
    units = int(units)

    def init(key: Key) -> Params:
        draw = initializer or initializers.scaled_normal(initializers.gain(activation))
        params = {"weight": draw(key, (in_dim, units))}
        if bias:
            params["bias"] = jnp.zeros(units)
        if entry.learned:
            params["activation"] = {name: jnp.full(out_dim, start) for name, start in entry.learned.items()}
        return params

    def apply(params: Params, x: Array, *, key: Key | None = None) -> Array:
        weight = params["weight"]
        if x.shape != weight.shape[:1]:
            raise ValueError(f"a dense layer of {weight.shape[0]} inputs got one example of shape {x.shape}; "
                             f"give shape {weight.shape[:1]}, and use jax.vmap for a batch")
        z = x @ weight
        if "bias" in params:
            z = z + params["bias"]
        random = {"key": key} if entry.stochastic else {}
        return entry.function(z, **params.get("activation", {}), **random)

    return Network(init, apply)


def serial(*layers: Network) -> Network:
    """Layers one after the other, y = fₙ(… f₁(x)); params are a tuple with one entry a layer.

    Example:
        >>> net = serial(dense(4, 8, activation="tanh"), dense(8, 2))
        >>> net.apply(net.init(jax.random.key(0)), jnp.ones(4)).shape
        (2,)
    """

    def init(key: Key) -> Params:
        return tuple(layer.init(jax.random.fold_in(key, i)) for i, layer in enumerate(layers))

    def apply(params: Params, x: Array, *, key: Key | None = None) -> Array:
        for i, (layer, layer_params) in enumerate(zip(layers, params, strict=True)):
            x = layer.apply(layer_params, x, key=None if key is None else jax.random.fold_in(key, i))
        return x

    return Network(init, apply)
