"""Training as one function of the learning rate of each step.

The rates can be raised from step to step, and the losses can be differentiated by them.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import optax
from jax.sharding import AxisType, PartitionSpec

from jaxnn.losses import cost
from jaxnn.training import Hyperparameters
from jaxnn.types import Array, Network, Params


class Learner(NamedTuple):
    """What is trained, on which loss, by which optimizer, each as for make_training."""

    net: Network
    loss: Callable
    optimizer: Callable[[Hyperparameters], optax.GradientTransformation]


def unrolled_losses(
    learner: Learner, params: Params, x: Array, y: Array, order: Array, rates: Array
) -> Array:
    """The cost of each step's batch before its update, (steps,), even where it is not finite.

    Args:
        learner: what is trained.
        params: the initial parameters.
        x, y: the data.
        order: row numbers of each step's batch, (steps, batch_size).
        rates: the learning rate of each step, (steps,).
    """
    net, loss, optimizer = learner

    def step(carry, now):
        params, state = carry
        rows, rate = now
        value, gradient = jax.value_and_grad(
            lambda params: cost(loss, lambda one: net.apply(params, one), x[rows], y[rows])
        )(params)
        updates, state = optimizer({"learning_rate": rate}).update(gradient, state, params)
        return (optax.apply_updates(params, updates), state), value

    return jax.lax.scan(
        step, (params, optimizer({"learning_rate": rates[0]}).init(params)), (order, rates)
    )[1]


def over_runs(function: Callable, *runs) -> Array:
    """The function of each run, compiled, and spread over devices.

    Args:
        function: of one run.
        runs: its arguments, with the runs along the first axis of every leaf. As many devices are
            used as divide the number of runs.
    """
    count = len(jax.tree.leaves(runs)[0])
    devices = next(n for n in range(len(jax.devices()), 0, -1) if count % n == 0)
    mesh = jax.make_mesh(
        (devices,), ("runs",), axis_types=(AxisType.Auto,), devices=jax.devices()[:devices]
    )
    spec = PartitionSpec("runs")
    return jax.jit(
        jax.shard_map(jax.vmap(function), mesh=mesh, in_specs=spec, out_specs=spec, check_vma=False)
    )(*runs)
