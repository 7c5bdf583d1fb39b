"""Plain JAX and Optax, run after run: one jitted step in a Python loop, as most tutorials do."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments.benchmark.peers import Peer, Trained, Unsupported, start
from experiments.benchmark.workloads import Workload

ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh}


def forward(workload: Workload) -> Callable[[list[jax.Array], jax.Array], jax.Array]:
    """From parameters and a batch to logits, (rows, outputs)."""
    phi = ACTIVATIONS[workload.activation]

    def mlp(params: list[jax.Array], x: jax.Array) -> jax.Array:
        *hidden, (weight, bias) = zip(params[::2], params[1::2], strict=True)
        for w, b in hidden:
            x = phi(jnp.dot(x, w) + b[None])
        return jnp.dot(x, weight) + bias[None]

    def elman(params: list[jax.Array], x: jax.Array) -> jax.Array:
        weight, context, bias, head, head_bias = params

        def tick(h, z):
            return phi(z + jnp.dot(h, context)), None

        inputs = jnp.dot(jnp.swapaxes(x, 0, 1), weight) + bias[None, None]
        h, _ = jax.lax.scan(tick, jnp.zeros(inputs.shape[1:]), inputs)
        return jnp.dot(h, head) + head_bias[None]

    return elman if workload.kind == "elman" else mlp


def prepare(workload: Workload, x: np.ndarray, y: np.ndarray, learning_rates: np.ndarray):
    """See Peer."""
    if workload.kind not in ("mlp", "deep", "elman"):
        raise Unsupported(f"the JAX loop does not train networks of kind {workload.kind}")
    logits = forward(workload)
    x, y = jax.device_put((x, y))
    starts = [start.initial(workload, seed) for seed in range(workload.seeds)]

    @partial(jax.jit, donate_argnums=0)
    def step(
        params: list[jax.Array],
        learning_rate: jax.Array,
        x: jax.Array,
        y: jax.Array,
        rows: jax.Array,
    ):
        def cost(params):
            return optax.softmax_cross_entropy_with_integer_labels(
                logits(params, x[rows]), y[rows]
            ).mean()

        loss, gradient = jax.value_and_grad(cost)(params)
        optimizer = optax.sgd(learning_rate)
        updates, _ = optimizer.update(gradient, optimizer.init(params))
        return optax.apply_updates(params, updates), loss

    def train(runs: int, steps: int) -> Trained:
        losses = []
        for run in range(runs):
            seed = start.seed_of(workload, run)
            params = [
                jnp.array(array) for array in starts[seed]
            ]  # copies, since the step takes over their memory
            rate = jax.device_put(learning_rates[run])
            # Rows gathered in the program: on mnist in 0.8 of the time of rows gathered before.
            for rows in start.order(workload, seed, steps).astype(np.int32):
                params, loss = step(params, rate, x, y, rows)
            losses.append(float(loss))
        return Trained(runs * steps, np.array(losses))

    return train


PEER = Peer("jax_loop", "JAX and Optax, run after run", together=False, prepare=prepare)
