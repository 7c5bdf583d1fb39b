"""Deep networks whose number of layers is an argument: one program trains every depth of an activation.

A program for each depth takes seconds to compile: seven depths of nine activations would compile for longer than they train.
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
from experiments.lab.program import Data
from jaxnn.sweep import batches, run_key
from jaxnn.types import Array, Key, Params

PARTS = "train", "validation", "test"


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def through(layer: Callable, params: Params, x: Array, count: Array) -> Array:
    """x through the first ``count`` of the layers stacked along the params' first axis; count may be traced.

    JAX's own loop of a traced length has no gradient: the way back is written out. x is a whole batch: under jax.vmap over
    examples each would hold slopes of its own.

    Example:
        >>> weights = jnp.arange(1.0, 5.0)
        >>> jax.grad(lambda weights: through(lambda w, x: w * x, weights, jnp.ones(()), jnp.int32(3)))(weights).tolist()
        [6.0, 3.0, 2.0, 0.0]
    """
    return jax.lax.fori_loop(0, count, lambda i, h: layer(_at(params, i), h), x)


def _forward(layer, params, x, count):
    def step(i, carry):
        h, kept = carry
        return layer(_at(params, i), h), kept.at[i].set(h)

    kept = jnp.zeros((len(jax.tree.leaves(params)[0]), *x.shape), x.dtype)
    h, kept = jax.lax.fori_loop(0, count, step, (x, kept))
    return h, (params, kept, count)


def _backward(layer, residuals, delta):
    params, kept, count = residuals

    def step(done, carry):
        i = count - 1 - done
        delta, slopes = carry
        slope, delta = jax.vjp(layer, _at(params, i), kept[i])[1](delta)
        return delta, jax.tree.map(lambda every, one: every.at[i].set(one), slopes, slope)

    delta, slopes = jax.lax.fori_loop(0, count, step, (delta, jax.tree.map(jnp.zeros_like, params)))
    return slopes, delta, None


through.defvjp(_forward, _backward)


def _at(params: Params, i: Array) -> Params:
    return jax.tree.map(lambda leaf: leaf[i], params)


class Shape(NamedTuple):
    """What makes a program: networks alike but for their depth, and how they are trained.

    most: hidden layers of the deepest. bias_variance: of the hidden layers' biases at the start.
    """

    activation: str
    in_dim: int
    width: int
    most: int
    classes: int
    optimizer: str = "sgd"
    bias_variance: float = 0.0


def start(shape: Shape, key: Key, weight_variance: Array | None = None) -> Params:
    """Initial params of the deepest, jaxnn.deep_mlp's; the shallower use its first hidden layers and its output layer.

    Args:
        weight_variance: σ_w², times fan-in; absent, each layer's own gain².
    """
    draw = None if weight_variance is None else jaxnn.initializers.scaled_normal(jnp.sqrt(weight_variance))
    first, rest, output = jaxnn.deep_mlp(shape.in_dim, shape.width, shape.most, shape.classes, activation=shape.activation,
                                         initializer=draw).init(key)
    if shape.bias_variance:
        biases = jnp.sqrt(shape.bias_variance) * jax.random.normal(jax.random.fold_in(key, 1), (shape.most, shape.width))
        first, rest = first | {"bias": biases[0]}, rest | {"bias": biases[1:]}
    return first, rest, output


def apply(shape: Shape, params: Params, x: Array, depth: Array | int) -> Array:
    """Logits of a batch, (rows, classes), from a network of that many hidden layers, 1 or more."""
    phi = jaxnn.ACTIVATIONS[shape.activation].function
    first, rest, output = params

    def layer(params: Params, h: Array) -> Array:
        return phi(h @ params["weight"] + params["bias"][None])

    return through(layer, rest, layer(first, x), depth - 1) @ output["weight"] + output["bias"][None]


class Trained(NamedTuple):
    """What runs have come to: arrays of shape (runs,), accuracies 0 where a run has diverged; params with runs in front."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    diverged: np.ndarray
    params: Params


def train(shape: Shape, depth: int, data: Data, *, learning_rate: Sequence[float], seeds: Sequence[int], steps: int, batch_size: int,
          weight_variance: Sequence[float] | None = None, at_once: int | None = None) -> Trained:
    """Train networks of one depth, one for each learning rate and seed; runs of a seed share initial draws and batches.

    Args:
        shape: of the program.
        depth: hidden layers of every run, 1 to shape.most.
        data: parts "train", "validation" and "test", integer classes.
        learning_rate, seeds, weight_variance: of the runs, one each.
        steps, batch_size: updates of each run, and their rows.
        at_once: runs of one call, so that any number of them is one program; all when absent.
    """
    devices = jax.device_count()
    size = -(-(at_once or len(seeds)) // devices) * devices
    draw, whole = _program(shape)
    rows = [{part: values[part] for part in PARTS} for values in (data.x, data.y)]

    def call(begin: int) -> Trained:
        def each(values, dtype):
            here = np.asarray(values[begin:begin + size], dtype)
            return np.pad(here, (0, size - len(here)), mode="edge")

        numbers = each(seeds, np.int32)
        params = draw(jax.vmap(lambda seed: run_key(seed, "init"))(jnp.asarray(numbers)),
                      None if weight_variance is None else each(weight_variance, np.float32))
        order = _order(tuple(numbers.tolist()), len(data.x["train"]), batch_size, steps)
        return jax.device_get(whole(jnp.int32(depth), params, each(learning_rate, np.float32), *rows, order))

    found = [call(begin) for begin in range(0, len(seeds), size)]
    return jax.tree.map(lambda *leaves: np.concatenate(leaves)[:len(seeds)], *found)


@lru_cache(maxsize=8)
def _order(seeds: tuple[int, ...], examples: int, batch_size: int, steps: int) -> np.ndarray:
    return np.asarray(batches(seeds, examples=examples, batch_size=batch_size, steps=steps))


@cache
def _program(shape: Shape) -> tuple[Callable, Callable]:
    """(keys, weight variances) -> params, and (depth, params, rates, x, y, order) -> Trained, runs in front of every leaf."""
    head = jaxnn.HEADS["multiclass"]

    def one(depth: Array, params: Params, rate: Array, x: Mapping[str, Array], y: Mapping[str, Array], order: Array) -> Trained:
        optimizer = jaxnn.OPTIMIZERS[shape.optimizer]({"learning_rate": rate})

        def cost(params, rows):
            return jnp.mean(jax.vmap(head.loss)(apply(shape, params, x["train"][rows], depth), y["train"][rows]))

        def step(state, rows):
            params, moments, finite = state
            value, slopes = jax.value_and_grad(cost)(params, rows)
            updates, moments = optimizer.update(slopes, moments, params)
            return (optax.apply_updates(params, updates), moments, finite & jnp.isfinite(value)), None

        (params, _, finite), _ = jax.lax.scan(step, (params, optimizer.init(params), jnp.array(True)), order)
        # The last update can overflow with no further cost to show it.
        finite &= jnp.all(jnp.array([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(params)]))
        every = jax.vmap(head.correct)(apply(shape, params, jnp.concatenate([*x.values()]), depth), jnp.concatenate([*y.values()]))
        ends = np.cumsum([len(rows) for rows in x.values()])[:-1]
        correct = dict(zip(x, map(jnp.mean, jnp.split(every, ends)), strict=True))
        return Trained(**{part: jnp.where(finite, share, 0.0) for part, share in correct.items()}, diverged=~finite, params=params)

    def some(depth, params, rates, x, y, order):
        return jax.lax.map(lambda run: one(depth, run[0], run[1], x, y, run[2]), (params, rates, order))

    mesh = jax.make_mesh((jax.device_count(),), ("runs",), axis_types=(AxisType.Auto,))
    runs, everywhere = PartitionSpec("runs"), PartitionSpec()
    specs = everywhere, runs, runs, everywhere, everywhere, runs
    # Draws are not compiled as a whole: JAX keeps the program of each by its shape, for all activations.
    return (jax.vmap(partial(start, shape)),
            jax.jit(jax.shard_map(some, mesh=mesh, in_specs=specs, out_specs=runs, check_vma=False)))
