"""Training with a rate for each step, as one function of those rates: to raise them on the way, or to differentiate by them."""

from collections.abc import Callable

import jax
import optax
from jax.sharding import AxisType, PartitionSpec

from jaxnn.losses import cost
from jaxnn.training import Hyperparameters
from jaxnn.types import Array, Network, Params


def unrolled_losses(
    net: Network,
    loss: Callable,
    optimizer: Callable[[Hyperparameters], optax.GradientTransformation],
    params: Params,
    x: Array,
    y: Array,
    order: Array,
    rates: Array,
) -> Array:
    """The cost of each step's batch before its update, (steps,); as it comes, also where it is not finite.

    Args:
        net, loss, optimizer: as for make_training.
        params: where training starts.
        x, y: the data.
        order: example numbers of each step, (steps, batch_size).
        rates: of each step, (steps,).
    """

    def step(carry, now):
        params, state = carry
        rows, rate = now
        value, slopes = jax.value_and_grad(
            lambda params: cost(loss, lambda one: net.apply(params, one), x[rows], y[rows])
        )(params)
        updates, state = optimizer({"learning_rate": rate}).update(slopes, state, params)
        return (optax.apply_updates(params, updates), state), value

    return jax.lax.scan(
        step, (params, optimizer({"learning_rate": rates[0]}).init(params)), (order, rates)
    )[1]


def over_runs(function: Callable, *runs) -> Array:
    """The function of each run, compiled, spread over as many devices as divide their number; runs are arrays' first axes."""
    count = len(jax.tree.leaves(runs)[0])
    devices = next(n for n in range(len(jax.devices()), 0, -1) if count % n == 0)
    mesh = jax.make_mesh(
        (devices,), ("runs",), axis_types=(AxisType.Auto,), devices=jax.devices()[:devices]
    )
    spec = PartitionSpec("runs")
    return jax.jit(
        jax.shard_map(jax.vmap(function), mesh=mesh, in_specs=spec, out_specs=spec, check_vma=False)
    )(*runs)
