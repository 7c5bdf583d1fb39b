"""Deep networks whose depth and activation are arguments: one program trains them all.

A program takes seconds to compile: one for each of seven depths and nine activations would compile for longer than it trains.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import AxisType, PartitionSpec

import jaxnn
from experiments.lab.engine.program import Data
from jaxnn.sweep import batches, run_key
from jaxnn.types import Array, Key, Params

PARTS = "train", "validation", "test"


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def through(
    phis: tuple[Callable, ...], which: Array, params: Params, x: Array, count: Array
) -> Array:
    """A batch through the first ``count`` of stacked layers h → φ(h W + b), φ = phis[which]; which and count may be traced.

    JAX's own loop of a traced length has no gradient, and the one of its switch keeps something for every φ: the way back is
    written out by the slope rule.

    Args:
        phis: elementwise functions.
        params: {"weight": (layers, width, width), "bias": (layers, width)}.
        x: (rows, width).

    Example:
        >>> params = {"weight": jnp.arange(1.0, 5.0).reshape(4, 1, 1), "bias": jnp.zeros((4, 1))}
        >>> def output(params):
        ...     return through((jnp.tanh, lambda z: z), 1, params, jnp.ones((1, 1)), 3)[0, 0]
        >>> jax.grad(output)(params)["weight"].ravel().tolist()
        [6.0, 3.0, 2.0, 0.0]
    """
    return _forward(phis, which, params, x, count)[0]


def _forward(phis, which, params, x, count):
    def layer(i, carry):
        h, inputs, sums = carry
        z = h @ params["weight"][i] + params["bias"][i][None]
        return jax.lax.switch(which, phis, z), inputs.at[i].set(h), sums.at[i].set(z)

    kept = jnp.zeros((len(params["bias"]), *x.shape), x.dtype)
    h, inputs, sums = jax.lax.fori_loop(0, count, layer, (x, kept, kept))
    return h, (which, params, inputs, sums, count)


def _backward(phis, residuals, delta):
    which, params, inputs, sums, count = residuals
    pulls = [lambda z, delta, phi=phi: jax.vjp(phi, z)[1](delta)[0] for phi in phis]

    def layer(done, carry):
        i = count - 1 - done
        delta, slopes = carry
        delta = jax.lax.switch(which, pulls, sums[i], delta)
        slopes = {
            "weight": slopes["weight"].at[i].set(inputs[i].T @ delta),
            "bias": slopes["bias"].at[i].set(delta.sum(0)),
        }
        return delta @ params["weight"][i].T, slopes

    delta, slopes = jax.lax.fori_loop(
        0, count, layer, (delta, jax.tree.map(jnp.zeros_like, params))
    )
    return None, slopes, delta, None


through.defvjp(_forward, _backward)


class Shape(NamedTuple):
    """What makes a program: networks alike but for activation and depth.

    activations: names to choose from. most: hidden layers of the deepest.
    """

    activations: tuple[str, ...]
    in_dim: int
    width: int
    most: int
    classes: int


class Start(NamedTuple):
    """How the hidden layers begin. weight_variance: σ_w², times fan-in; absent, the activation's gain². bias_variance: σ_b²."""

    weight_variance: float | None = None
    bias_variance: float = 0.0


def initial(shape: Shape, activation: str, start: Start, key: Key) -> Params:
    """Params of the deepest, jaxnn.deep_mlp's; the shallower use its first hidden layers and its output layer."""
    draw = (
        None
        if start.weight_variance is None
        else jaxnn.initializers.scaled_normal(start.weight_variance**0.5)
    )
    network = jaxnn.deep_mlp(
        shape.in_dim,
        shape.width,
        shape.most,
        shape.classes,
        activation=activation,
        initializer=draw,
    )
    first, rest, output = network.init(key)
    if start.bias_variance:
        biases = start.bias_variance**0.5 * jax.random.normal(
            jax.random.fold_in(key, 1), (shape.most, shape.width)
        )
        first, rest = first | {"bias": biases[0]}, rest | {"bias": biases[1:]}
    return first, rest, output


def apply(shape: Shape, which: Array | int, params: Params, x: Array, depth: Array | int) -> Array:
    """Logits of a batch, (rows, classes), from a network of that many hidden layers, 1 or more, of shape.activations[which]."""
    phis = tuple(jaxnn.ACTIVATIONS[name].function for name in shape.activations)
    first, rest, output = params
    h = jax.lax.switch(which, phis, x @ first["weight"] + first["bias"][None])
    return through(phis, which, rest, h, depth - 1) @ output["weight"] + output["bias"][None]


class Trained(NamedTuple):
    """What runs have come to: arrays of shape (runs,), accuracies 0 where a run has diverged; params with runs in front."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    diverged: np.ndarray
    params: Params


def train(
    shape: Shape,
    activation: str,
    depth: int,
    data: Data,
    *,
    learning_rate: Sequence[float],
    seeds: Sequence[int],
    steps: int,
    batch_size: int,
    momentum: float = 0.9,
    start: Start = Start(),
    at_once: int | None = None,
) -> Trained:
    """Train networks of one activation and depth, one for each learning rate and seed; runs of a seed share initial draws and batches.

    Args:
        shape, activation, depth: of every run; depth from 1 to shape.most.
        data: parts "train", "validation" and "test", integer classes.
        learning_rate, seeds: of the runs, one each.
        steps, batch_size: updates of each run, and their rows.
        momentum: of gradient descent; 0 is plain.
        at_once: runs of one call, so that any number of them is one program; all when absent.
    """
    devices = jax.device_count()
    size = -(-(at_once or len(seeds)) // devices) * devices
    whole = _program(shape)
    rows = [{part: values[part] for part in PARTS} for values in (data.x, data.y)]
    settings = (
        jnp.int32(shape.activations.index(activation)),
        jnp.int32(depth),
        jnp.float32(momentum),
    )

    def call(begin: int) -> Trained:
        def each(values, dtype):
            here = np.asarray(values[begin : begin + size], dtype)
            return np.pad(here, (0, size - len(here)), mode="edge")

        numbers = each(seeds, np.int32)
        # Not compiled as a whole: JAX keeps the program of each draw by its shape, for all activations.
        params = jax.vmap(lambda seed: initial(shape, activation, start, run_key(seed, "init")))(
            jnp.asarray(numbers)
        )
        order = _order(tuple(numbers.tolist()), len(data.x["train"]), batch_size, steps)
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
    """((which, depth, momentum), params, rates, x, y, order) -> Trained, runs in front of every leaf and over all devices."""
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
            value, slopes = jax.value_and_grad(cost)(params, rows)
            updates, moments = optimizer.update(slopes, moments, params)
            return (
                optax.apply_updates(params, updates),
                moments,
                finite & jnp.isfinite(value),
            ), None

        (params, _, finite), _ = jax.lax.scan(
            step, (params, optimizer.init(params), jnp.array(True)), order
        )
        # The last update can overflow with no further cost to show it.
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
