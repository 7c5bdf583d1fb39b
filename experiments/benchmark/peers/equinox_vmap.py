"""Equinox and Optax, all runs as one ensemble: filter_vmap of a step, in a Python loop.

https://docs.kidger.site/equinox/tricks/#ensembling
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments.benchmark.peers import Peer, Trained, Unsupported, jax_loop, start
from experiments.benchmark.workloads import Workload


class Elman(eqx.Module):
    """A recurrent layer, and a linear head at its last step."""

    layers: tuple[eqx.nn.Linear, ...]

    def __init__(self, sizes: tuple[int, ...], key: jax.Array):
        inputs, width, outputs = sizes
        keys = jax.random.split(key, 3)
        self.layers = (
            eqx.nn.Linear(inputs, width, key=keys[0]),
            eqx.nn.Linear(width, width, use_bias=False, key=keys[1]),
            eqx.nn.Linear(width, outputs, key=keys[2]),
        )

    def __call__(self, x: jax.Array) -> jax.Array:
        inputs, context, head = self.layers

        def tick(h, z):
            return jnp.tanh(z + context(h)), None

        h, _ = jax.lax.scan(tick, jnp.zeros(context.out_features), jax.vmap(inputs)(x))
        return head(h)


def prepare(workload: Workload, x: np.ndarray, y: np.ndarray, learning_rates: np.ndarray):
    """See Peer."""
    if workload.kind not in ("mlp", "deep", "elman"):
        raise Unsupported(f"Equinox does not train networks of kind {workload.kind}")
    data = jax.device_put((x, y))
    drawn = [start.initial(workload, seed) for seed in range(workload.seeds)]
    # Of a layer Equinox has the weight as (out_dim, in_dim).
    starts = [np.swapaxes(np.stack(arrays), 1, -1) for arrays in zip(*drawn, strict=True)]

    def make(key: jax.Array) -> eqx.Module:
        if workload.kind == "elman":
            return Elman(workload.sizes, key)
        inputs, *hidden, outputs = workload.sizes
        phi = jax_loop.ACTIVATIONS[workload.activation]
        return eqx.nn.MLP(inputs, outputs, hidden[0], len(hidden), phi, key=key)

    def leaves(model) -> list[jax.Array]:
        """In the order of ``start.initial``."""
        return [
            leaf
            for layer in model.layers
            for leaf in (layer.weight, layer.bias)
            if leaf is not None
        ]

    def ordered(arrays: list[np.ndarray]) -> list[np.ndarray]:
        """From weight, context and bias of an elman's recurrent layer to weight, bias, context."""
        return [arrays[i] for i in (0, 2, 1, 3, 4)] if workload.kind == "elman" else arrays

    @eqx.filter_value_and_grad
    def cost(model, x, y):
        return optax.softmax_cross_entropy_with_integer_labels(jax.vmap(model)(x), y).mean()

    @eqx.filter_vmap(in_axes=(eqx.if_array(0), 0, 0, 0, None))
    def update(model, state, rate, rows, data):
        x, y = data
        loss, gradient = cost(model, x[rows], y[rows])
        updates, state = optax.sgd(rate).update(gradient, state)
        return eqx.apply_updates(model, updates), state, loss

    @eqx.filter_jit(donate="all-except-first")
    def step(kept, models, states):
        rates, rows, data = kept
        return update(models, states, rates, rows, data)

    @eqx.filter_jit
    def begin(keys, arrays, rates):
        models = eqx.filter_vmap(make)(keys)
        models = eqx.tree_at(leaves, models, ordered(arrays))
        states = eqx.filter_vmap(
            lambda model, rate: optax.sgd(rate).init(eqx.filter(model, eqx.is_array))
        )(models, rates)
        return models, states

    def train(runs: int, steps: int) -> Trained:
        seeds = np.array([start.seed_of(workload, run) for run in range(runs)])
        rates = jnp.asarray(learning_rates[:runs])
        keys = jax.random.split(jax.random.key(0), runs)
        models, states = begin(keys, [array[seeds] for array in starts], rates)
        own = {seed: start.order(workload, seed, steps).astype(np.int32) for seed in set(seeds)}
        for rows in np.stack([own[seed] for seed in seeds], axis=1):
            models, states, loss = step((rates, jnp.asarray(rows), data), models, states)
        return Trained(runs * steps, np.asarray(loss))

    return train


PEER = Peer("equinox_vmap", "Equinox and Optax, filter_vmap", together=True, prepare=prepare)
