"""How many random ReLU networks are dead at birth: a Monte-Carlo count beside the closed form."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, PartitionSpec
from scipy import stats

from experiments.lab.evidence.experiment import Arrays, Found
from jaxnn import initializers
from jaxnn.activations import resolve
from jaxnn.meanfield import dead_network_probability
from jaxnn.types import Array, Key

CHUNK = 1000  # networks drawn with one key
CONTROLS = ("leaky_relu", "elu", "gelu")  # counted too, in the narrowest networks
SIGMAS = 3.0
BEYOND = float(2 * stats.norm.sf(SIGMAS))  # p of a deviation of SIGMAS standard errors
MORE = 10  # times as many networks, where a count is beyond that


def count_by_depth(configuration: Any, width: int) -> Arrays:
    """Dead networks of one width at each depth: activation -> counts, (depths,).

    Args:
        configuration: the experiment's Configuration.
        width: units per layer; the smallest width has CONTROLS too.
    """
    names = ("relu", *CONTROLS * (width == min(configuration.width)))
    counts = [
        born_dead(names, width=width, depth=depth, networks=configuration.networks, seed=0)
        for depth in configuration.depth
    ]
    return {name: np.array([count[name] for count in counts]) for name in names}


def count_again(configuration: Any, found: Found) -> Arrays:
    """A second, larger draw of each width and depth whose count is beyond chance.

    Args:
        configuration: the experiment's Configuration.
        found: what count_by_depth has found.

    Returns:
        cells: (cells, 2), width and depth. relu: dead networks of each, (cells,).
    """
    beyond = [
        (width, depth)
        for width in configuration.width
        for depth in configuration.depth
        if first_p(configuration, found, width, depth) < BEYOND
    ]
    networks = MORE * configuration.networks
    counts = [
        born_dead(("relu",), width=width, depth=depth, networks=networks, seed=1)["relu"]
        for width, depth in beyond
    ]
    return {"cells": np.array(beyond, int).reshape(-1, 2), "relu": np.array(counts, int)}


def count_in_both_precisions(configuration: Any, found: Found) -> Arrays:
    """The deepest networks of those CONTROLS of which any was dead, in float32 and in float64.

    Args:
        configuration: the experiment's Configuration.
        found: what count_by_depth has found.

    Returns:
        "float32-NAME" and "float64-NAME": dead networks, (1,).
    """
    width, depth = min(configuration.width), max(configuration.depth)
    died = tuple(name for name in CONTROLS if found[f"born-{width}"][name].any())
    counts = {
        dtype: born_dead(
            died, width=width, depth=depth, networks=configuration.networks, seed=2, dtype=dtype
        )
        for dtype in ("float32", "float64")
        if died
    }
    return {
        f"{dtype}-{name}": np.array([count])
        for dtype, each in counts.items()
        for name, count in each.items()
    }


def dead_at_birth(configuration: Any, found: Found, width: int, depth: int) -> int:
    """How many ReLU networks of a width and depth count_by_depth has found dead."""
    return int(found[f"born-{width}"]["relu"][configuration.depth.index(depth)])


def first_p(configuration: Any, found: Found, width: int, depth: int) -> float:
    """The p_value of that number."""
    dead = dead_at_birth(configuration, found, width, depth)
    return p_value(dead, configuration.networks, width, depth)


def p_value(dead: int, networks: int, width: int, depth: int) -> float:
    """Exact binomial p of a number of dead networks under the closed form.

    Example:
        >>> p_value(1, 4, 1, 1), p_value(2, 4, 1, 1)
        (0.625, 1.0)
    """
    found = stats.binomtest(dead, networks, dead_network_probability(width, depth))
    return float(found.pvalue)


def born_dead(
    activations: Sequence[str],
    *,
    width: int,
    depth: int,
    networks: int,
    seed: int,
    dtype: str = "float32",
) -> dict[str, int]:
    """How many random networks have a layer that passes no gradient at one input: all φ′(z) are 0.

    Weights are uniform with variance gain² / width; all activations share the draws. Biases are 0,
    the input is (1, …, 1). After each layer ReLU's values are divided by the largest, which
    changes no sign and keeps the values of deep layers from underflowing.

    Args:
        activations: names of activations without learned parameters.
        width: units per layer.
        depth: hidden layers.
        networks: a multiple of CHUNK.
        seed: of the draws.
        dtype: of the computation; weights are drawn in float32.

    Returns:
        name -> dead networks.
    """
    keys = jax.random.split(
        jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), width), depth),
        networks // CHUNK,
    )
    devices = len(jax.devices())
    padded = keys[jnp.arange(-(-len(keys) // devices) * devices) % len(keys)]
    with jax.enable_x64(dtype == "float64"):
        counts = _dead_in_chunks(tuple(activations), width, dtype)(padded, jnp.int32(depth))
        return {name: int(np.asarray(count)[: len(keys)].sum()) for name, count in counts.items()}


@lru_cache(maxsize=32)
def _dead_in_chunks(activations: tuple[str, ...], width: int, dtype: str) -> Callable:
    """(keys, depth) -> name -> dead networks of each key's CHUNK; devices share the keys."""
    entries = {name: resolve(name) for name in activations}
    scale = {name: initializers.gain(name) * (3 / width) ** 0.5 for name in activations}

    def chunk(key: Key, depth: Array) -> Mapping[str, Array]:
        def layer(number, state):
            signal, dead = state
            weight = jax.random.uniform(
                jax.random.fold_in(key, number), (CHUNK, width, width), jnp.float32, -1, 1
            ).astype(dtype)
            for name, entry in entries.items():
                z = scale[name] * jnp.sum(weight * signal[name][:, None, :], axis=-1)
                value, pull = jax.vjp(entry.function, z)
                stopped = jnp.all(pull(jnp.ones_like(z))[0] == 0, axis=-1)
                if name == "relu":
                    largest = jnp.max(value, axis=-1, keepdims=True)
                    value = value / jnp.where(largest > 0, largest, 1)
                signal, dead = {**signal, name: value}, {**dead, name: dead[name] | stopped}
            return signal, dead

        start = (
            {name: jnp.ones((CHUNK, width), dtype) for name in activations},
            {name: jnp.zeros(CHUNK, bool) for name in activations},
        )
        _, dead = jax.lax.fori_loop(0, depth, layer, start)
        return {name: jnp.sum(each) for name, each in dead.items()}

    mesh = jax.make_mesh((len(jax.devices()),), ("networks",), axis_types=(AxisType.Auto,))
    spread, copied = PartitionSpec("networks"), PartitionSpec()
    return jax.jit(
        jax.shard_map(
            lambda keys, depth: jax.lax.map(lambda key: chunk(key, depth), keys),
            mesh=mesh,
            in_specs=(spread, copied),
            out_specs=spread,
            check_vma=False,
        )
    )
