"""How ReLU networks die: at birth, by Monte-Carlo; and unit by unit, on given rows."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, PartitionSpec

import jaxnn
from jaxnn import initializers
from jaxnn.activations import resolve
from jaxnn.types import Array, Key, Network, Params

CHUNK = 1000  # networks drawn by one key
RAI_SCALE = 0.6007  # standard deviation × √fan-in


def born_dead(activations: Sequence[str], *, width: int, depth: int, networks: int, seed: int, dtype: str = "float32") -> dict[str, int]:
    """How many random networks have a layer that passes no gradient at one input: every unit's slope φ′(z) is 0.

    Every weight is drawn, uniform and of variance gain² / width; all activations share the draws. Biases are 0, the input is
    (1, …, 1). After each layer ReLU's values are divided by their largest, which changes no sign and keeps deep ones from
    underflow.

    Args:
        activations: names, of activations without learned parameters.
        width: units a layer.
        depth: hidden layers.
        networks: a multiple of CHUNK.
        seed: of the draws.
        dtype: what the signal is computed in; weights are drawn in float32.

    Returns:
        name -> dead networks.
    """
    keys = jax.random.split(jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), width), depth), networks // CHUNK)
    devices = len(jax.devices())
    padded = keys[jnp.arange(-(-len(keys) // devices) * devices) % len(keys)]
    with jax.enable_x64(dtype == "float64"):
        counts = _dead_in_chunks(tuple(activations), width, dtype)(padded, jnp.int32(depth))
        return {name: int(np.asarray(count)[:len(keys)].sum()) for name, count in counts.items()}


@lru_cache(maxsize=32)
def _dead_in_chunks(activations: tuple[str, ...], width: int, dtype: str) -> Callable:
    """(keys, depth) -> name -> dead networks of each key's CHUNK; keys are spread over the devices."""
    entries = {name: resolve(name) for name in activations}
    scale = {name: initializers.gain(name) * (3 / width) ** 0.5 for name in activations}

    def chunk(key: Key, depth: Array) -> Mapping[str, Array]:
        def layer(number, state):
            signal, dead = state
            weight = jax.random.uniform(jax.random.fold_in(key, number), (CHUNK, width, width), minval=-1.0).astype(dtype)
            for name, entry in entries.items():
                z = scale[name] * jnp.sum(weight * signal[name][:, None, :], axis=-1)
                value, pull = jax.vjp(entry.function, z)
                stopped = jnp.all(pull(jnp.ones_like(z))[0] == 0, axis=-1)
                if name == "relu":
                    largest = jnp.max(value, axis=-1, keepdims=True)
                    value = value / jnp.where(largest > 0, largest, 1)
                signal, dead = {**signal, name: value}, {**dead, name: dead[name] | stopped}
            return signal, dead

        start = {name: jnp.ones((CHUNK, width), dtype) for name in activations}, {name: jnp.zeros(CHUNK, bool) for name in activations}
        return {name: jnp.sum(dead) for name, dead in jax.lax.fori_loop(0, depth, layer, start)[1].items()}

    mesh = jax.make_mesh((len(jax.devices()),), ("networks",), axis_types=(AxisType.Auto,))
    spread, copied = PartitionSpec("networks"), PartitionSpec()
    return jax.jit(jax.shard_map(lambda keys, depth: jax.lax.map(lambda key: chunk(key, depth), keys), mesh=mesh,
                                 in_specs=(spread, copied), out_specs=spread, check_vma=False))


def asymmetric(net: Network, *, first: bool = True) -> Network:
    """An mlp whose layers start by randomised asymmetric initialisation.

    Each unit's weights and bias are N(0, RAI_SCALE² / fan-in), but for one of them, which is drawn from Beta(2, 1): positive, so
    that a layer of positive inputs seldom dies.

    Args:
        net: of jaxnn.mlp, with biases.
        first: also the first layer, whose inputs may be negative; if not it keeps net's own start.

    Reference:
        Lu et al. 2019, arXiv 1903.06733, section 4, as public implementations have it.
    """

    def layer(key: Key, old: Params) -> Params:
        normal, place, positive = jax.random.split(key, 3)
        inputs, units = old["weight"].shape
        values = RAI_SCALE / inputs**0.5 * jax.random.normal(normal, (inputs + 1, units))
        here = jnp.arange(inputs + 1)[:, None] == jax.random.randint(place, (1, units), 0, inputs + 1)
        values = jnp.where(here, jax.random.beta(positive, 2.0, 1.0, (1, units)), values)
        return {**old, "weight": values[:-1], "bias": values[-1]}

    def init(key: Key) -> Params:
        own, key = jax.random.split(key)
        return tuple(layer(jax.random.fold_in(key, i), old) if first or i else old for i, old in enumerate(net.init(own)))

    return net._replace(init=init)


def dead_units(params: Params, x: Array, activation: str) -> Array:
    """Which hidden pre-activations pass no gradient on any row: bool (hidden layers, units), all layers being as wide.

    For elementwise activations the mean over units is ``diagnostics.dead_fraction``. Of maxout each piece counts for itself, all
    units' first pieces before their second ones; a unit is dead where all its pieces are.

    Args:
        params: of ``jaxnn.mlp``.
        x: float, (rows, in_dim).
        activation: φ of the hidden layers.

    Example:
        >>> params = ({"weight": jnp.array([[1.0, -1.0]])}, {"weight": jnp.ones((2, 1))})
        >>> dead_units(params, jnp.array([[1.0], [2.0]]), "relu").tolist()
        [[False, True]]
    """
    function = resolve(activation).function
    every = jax.vmap(lambda x: jaxnn.diagnostics.forward_trace(params, x, activation).pre_activations[:-1])(x)

    def slopes(layer: Params, z: Array) -> Array:
        value, pull = jax.vjp(lambda z: function(z, **layer.get("activation", {})), z)
        return pull(jnp.ones_like(value))[0]

    largest = [jnp.max(jnp.abs(jax.vmap(lambda z, layer=layer: slopes(layer, z))(z)), axis=0)
               for layer, z in zip(params[:-1], every, strict=True)]
    return jnp.stack(largest) <= 0
