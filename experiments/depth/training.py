"""Training networks of any depth: all runs of one shape share one compiled program."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import AxisType, PartitionSpec

import jaxnn
from experiments.depth.any_depth import Net, Shape, apply, initial
from experiments.lab.engine.program import Data
from jaxnn.sweep import batches, run_key
from jaxnn.types import Array, Params

PARTS = "train", "validation", "test"


class Updates(NamedTuple):
    """Gradient descent: how many updates, on how many rows each; a momentum of 0 is plain SGD."""

    steps: int
    batch_size: int
    momentum: float = 0.9


class Trained(NamedTuple):
    """Trained networks, one per run.

    train, validation, test: accuracies, 0 where a run has diverged, (runs,). diverged: (runs,).
    params: leaves (runs, …).
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    diverged: np.ndarray
    params: Params


def train(
    net: Net,
    data: Data,
    updates: Updates,
    *,
    learning_rate: Sequence[float],
    seeds: Sequence[int],
    at_once: int | None = None,
) -> Trained:
    """Train a network once per pair of learning rate and seed.

    Runs with the same seed share initial parameters and batches.

    Args:
        net: what every run trains.
        data: parts "train", "validation" and "test", with integer classes.
        updates: of each run.
        learning_rate, seeds: one of each per run.
        at_once: runs per call of the program, so that any number of runs needs one program only;
            None means all.
    """
    shape = net.shape
    devices = jax.device_count()
    size = -(-(at_once or len(seeds)) // devices) * devices
    whole = _program(shape)
    rows = [{part: values[part] for part in PARTS} for values in (data.x, data.y)]
    settings = (
        jnp.int32(shape.activations.index(net.activation)),
        jnp.int32(net.depth),
        jnp.float32(updates.momentum),
    )

    def call(begin: int) -> Trained:
        def each(values, dtype):
            here = np.asarray(values[begin : begin + size], dtype)
            return np.pad(here, (0, size - len(here)), mode="edge")

        numbers = each(seeds, np.int32)
        # Not compiled as a whole: JAX keeps the program of each draw by its shape, and all
        # activations share it.
        params = jax.vmap(lambda seed: initial(net, run_key(seed, "init")))(jnp.asarray(numbers))
        order = _order(
            tuple(numbers.tolist()), len(data.x["train"]), updates.batch_size, updates.steps
        )
        return jax.device_get(
            whole(settings, params, each(learning_rate, np.float32), *rows, order)
        )

    found = [call(begin) for begin in range(0, len(seeds), size)]
    return jax.tree.map(lambda *leaves: np.concatenate(leaves)[: len(seeds)], *found)


@lru_cache(maxsize=8)
def _order(seeds: tuple[int, ...], examples: int, batch_size: int, steps: int) -> np.ndarray:
    return np.asarray(batches(seeds, examples=examples, batch_size=batch_size, steps=steps))


@cache
def _program(shape: Shape) -> Callable:
    """((which, depth, momentum), params, rates, x, y, order) -> Trained.

    Runs are the first axis of every leaf and are spread over all devices.
    """
    head = jaxnn.HEADS["multiclass"]

    def one(
        settings,
        params: Params,
        rate: Array,
        x: Mapping[str, Array],
        y: Mapping[str, Array],
        order: Array,
    ) -> Trained:
        which, depth, momentum = settings
        optimizer = jaxnn.OPTIMIZERS["momentum"]({"learning_rate": rate, "momentum": momentum})

        def cost(params, rows):
            return jnp.mean(
                jax.vmap(head.loss)(
                    apply(shape, which, params, x["train"][rows], depth), y["train"][rows]
                )
            )

        def step(state, rows):
            params, moments, finite = state
            value, gradient = jax.value_and_grad(cost)(params, rows)
            change, moments = optimizer.update(gradient, moments, params)
            return (
                optax.apply_updates(params, change),
                moments,
                finite & jnp.isfinite(value),
            ), None

        (params, _, finite), _ = jax.lax.scan(
            step, (params, optimizer.init(params), jnp.array(True)), order
        )
        # The last update can overflow, and no further cost would show it.
        finite &= jnp.all(
            jnp.array([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(params)])
        )
        logits = apply(shape, which, params, jnp.concatenate([x[part] for part in PARTS]), depth)
        correct = jax.vmap(head.correct)(logits, jnp.concatenate([y[part] for part in PARTS]))
        ends = np.cumsum([len(x[part]) for part in PARTS])[:-1]
        return Trained(
            *(jnp.where(finite, jnp.mean(part), 0.0) for part in jnp.split(correct, ends)),
            ~finite,
            params,
        )

    def some(settings, params, rates, x, y, order):
        return jax.lax.map(
            lambda run: one(settings, run[0], run[1], x, y, run[2]), (params, rates, order)
        )

    mesh = jax.make_mesh((jax.device_count(),), ("runs",), axis_types=(AxisType.Auto,))
    runs, everywhere = PartitionSpec("runs"), PartitionSpec()
    specs = everywhere, runs, runs, everywhere, everywhere, runs
    return jax.jit(jax.shard_map(some, mesh=mesh, in_specs=specs, out_specs=runs, check_vma=False))
