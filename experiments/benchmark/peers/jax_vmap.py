"""JAX and Optax as purejaxrl trains: one jitted loop, mapped over seeds and rates.

https://github.com/luchris429/purejaxrl. There the loop is a scan of a fixed length. Here its length
is an argument, so that a turn of another length compiles nothing; either is one loop of the
program.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from experiments.benchmark.peers import Peer, Trained, Unsupported, jax_loop, start
from experiments.benchmark.workloads import Workload

MOST = 256  # updates of a call, whose batches are on the devices


def prepare(workload: Workload, x: np.ndarray, y: np.ndarray, learning_rates: np.ndarray):
    """See Peer."""
    if workload.kind not in ("mlp", "deep", "elman"):
        raise Unsupported(f"the mapped JAX loop does not train networks of kind {workload.kind}")
    forward = jax_loop.forward(workload)
    drawn = [start.initial(workload, seed) for seed in range(workload.seeds)]
    starts = [np.stack(arrays) for arrays in zip(*drawn, strict=True)]

    def train_one(params, learning_rate, rows, steps, x, y):
        optimizer = optax.sgd(learning_rate)

        def update(step, carry):
            params, state, _ = carry

            def cost(params):
                logits, labels = forward(params, x[rows[step]]), y[rows[step]]
                return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

            loss, gradient = jax.value_and_grad(cost)(params)
            updates, state = optimizer.update(gradient, state)
            return optax.apply_updates(params, updates), state, loss

        begun = params, optimizer.init(params), jnp.float32(0)
        params, _, loss = jax.lax.fori_loop(0, steps, update, begun)
        return params, loss

    rates = jax.vmap(train_one, in_axes=(0, 0, None, None, None, None))
    seeds_and_rates = jax.jit(jax.vmap(rates, in_axes=(0, 0, 0, None, None, None)))

    def train(runs: int, steps: int) -> Trained:
        seeds, members = start.groups(workload, runs)
        mesh = jax.make_mesh((jax.device_count(),), ("runs",), axis_types=(AxisType.Auto,))
        # Seeds over the devices, or rates where that fits better: nothing passes between runs.
        by_seed = len(seeds) % jax.device_count() == 0
        by_rate = not by_seed and members % jax.device_count() == 0
        spread = PartitionSpec("runs" if by_seed else None, "runs" if by_rate else None)
        of_run, of_all = NamedSharding(mesh, spread), NamedSharding(mesh, PartitionSpec())
        of_seed = NamedSharding(mesh, PartitionSpec(spread[0]))
        params = [np.repeat(array[seeds][:, None], members, axis=1) for array in starts]
        params = jax.device_put(params, of_run)
        rate = jax.device_put(learning_rates[:runs].reshape(len(seeds), members), of_run)
        data = jax.device_put((x, y), of_all)
        order = np.stack([start.order(workload, seed, steps) for seed in seeds]).astype(np.int32)
        for first in range(0, steps, MOST):
            rows = order[:, first : first + MOST]
            count = rows.shape[1]
            rows = np.pad(rows, ((0, 0), (0, MOST - count), (0, 0)))
            rows = jax.device_put(rows, of_seed)
            params, loss = seeds_and_rates(params, rate, rows, count, *data)
        return Trained(runs * steps, np.asarray(loss).ravel())

    return train


PEER = Peer("jax_vmap", "JAX and Optax, vmap of a jitted loop", together=True, prepare=prepare)
