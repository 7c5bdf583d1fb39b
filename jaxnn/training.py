"""Training of ONE network as three pure functions; a grid is jax.vmap of the same three (jaxnn.sweep)."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxnn.losses import cost
from jaxnn.types import Array, Key, Network, Params

Hyperparameters = Mapping[str, Array]
EVALUATION_ROWS = 1024  # rows evaluated at a time: bounds the memory of runs × rows × width


class State(NamedTuple):
    """Where one run stands; every leaf is an array.

    params: the network's parameters.
    optimizer: Optax's state.
    key: the run's own key for randomness inside the network.
    step: updates made.
    diverged_step: the first step whose cost, or the last one whose update, was not finite; -1 while there is none.
        From it on the run's numbers mean nothing, and its metrics are nan.
    """

    params: Params
    optimizer: Any
    key: Key
    step: Array
    diverged_step: Array


class Training(NamedTuple):
    """One run as pure functions; the host calls them, and progress, checkpoints and stopping lie between the calls.

    init: ``init(key, hyperparameters) -> State``.
    segment: ``segment(state, hyperparameters, x, y, order) -> (State, {"train_loss"})``, one update for each row of
        ``order``, an integer array (steps, batch_size) of example numbers; the loss is their mean.
    evaluate: ``evaluate(state, hyperparameters, x, y) -> {"loss", "accuracy" where the task has one, what inside measures}``.
    """

    init: Callable[[Key, Hyperparameters], State]
    segment: Callable[..., tuple[State, Mapping[str, Array]]]
    evaluate: Callable[..., Mapping[str, Array]]


OPTIMIZERS: Mapping[str, Callable[[Hyperparameters], optax.GradientTransformation]] = (
    MappingProxyType(
        {
            "sgd": lambda h: optax.sgd(h["learning_rate"]),
            "momentum": lambda h: optax.sgd(h["learning_rate"], momentum=h.get("momentum", 0.9)),
            "nesterov": lambda h: optax.sgd(
                h["learning_rate"], momentum=h.get("momentum", 0.9), nesterov=True
            ),
            "rmsprop": lambda h: optax.rmsprop(h["learning_rate"]),
            "adam": lambda h: optax.adam(h["learning_rate"]),
            "adamw": lambda h: optax.adamw(
                h["learning_rate"], weight_decay=h.get("weight_decay", 1e-4)
            ),
            "lion": lambda h: optax.lion(h["learning_rate"]),
        }
    )
)


def batch_order(key: Key, *, examples: int, batch_size: int, steps: int, start: int = 0) -> Array:
    """Example numbers of each update: shuffled every epoch, each example once an epoch.

    The epochs form one endless stream, cut into batches of equal size: a batch may hold the end of one epoch and the
    start of the next, so no example is left out and no batch is smaller than the others.

    Args:
        key: the run's key for the order; step t's batch depends on it and on t only.
        examples: examples in an epoch.
        batch_size: examples an update.
        steps: updates, from update ``start`` on.
        start: the first update's number.

    Returns:
        int32 of shape (steps, batch_size), each in [0, examples).

    Raises:
        ValueError: examples, batch_size or steps is below 1.

    Example:
        >>> order = batch_order(jax.random.key(0), examples=6, batch_size=4, steps=3)
        >>> sorted(order.reshape(2, 6)[0].tolist())
        [0, 1, 2, 3, 4, 5]
    """
    if min(examples, batch_size, steps) < 1:
        raise ValueError(
            f"an order needs examples, batch_size and steps of at least 1, got {examples}, {batch_size}, {steps}"
        )
    first, skipped = divmod(start * batch_size, examples)
    # As many epochs as any segment of this length can touch, so that every segment has the same shapes.
    epochs = math.ceil((steps * batch_size - 1) / examples) + 1
    numbers = first + jnp.arange(epochs)
    shuffled = jax.vmap(
        lambda epoch: jax.random.permutation(jax.random.fold_in(key, epoch), examples)
    )(numbers)
    stream = jax.lax.dynamic_slice_in_dim(shuffled.reshape(-1), skipped, steps * batch_size)
    return stream.reshape(steps, batch_size).astype(jnp.int32)


def make_training(
    net: Network | Callable[[Hyperparameters], Network],
    loss: Callable[[Array, Array], Array],
    optimizer: optax.GradientTransformation
    | Callable[[Hyperparameters], optax.GradientTransformation],
    *,
    correct: Callable[[Array, Array], Array] | None = None,
    stochastic: bool = False,
    inside: Callable[[Params, Array], Mapping[str, Array]] | None = None,
) -> Training:
    """Stochastic gradient descent on the cost, θ ← θ − update(∇J(θ)), as pure functions of ONE run.

    Args:
        net: a Network, or a function that makes one of the run's hyperparameters (a swept slope, dropout rate, …).
        loss: error of one prediction against one target; the cost is its mean over a batch.
        optimizer: from Optax, or a function that makes one of the run's hyperparameters (a swept learning rate, …).
        correct: 1 where one prediction is right, 0 where not; its mean is the accuracy.
        stochastic: give the network a key in training, a new one each step and example.
        inside: what evaluate tells of the network besides, numbers by name, from its parameters and all the inputs evaluated.

    Returns:
        Training(init, segment, evaluate).

    Example:
        >>> from jaxnn import losses, mlp
        >>> training = make_training(mlp((1, 1)), losses.squared_error, lambda h: optax.sgd(h["learning_rate"]))
        >>> h = {"learning_rate": jnp.float32(0.1)}
        >>> x = jnp.linspace(-1, 1, 32)[:, None]
        >>> state = training.init(jax.random.key(0), h)
        >>> order = batch_order(jax.random.key(1), examples=32, batch_size=8, steps=200)
        >>> state, metrics = training.segment(state, h, x, 3 * x, order)
        >>> bool(training.evaluate(state, h, x, 3 * x)["loss"] < 1e-6)
        True
    """
    network = (lambda hyperparameters: net) if isinstance(net, Network) else net
    transformation = (
        (lambda hyperparameters: optimizer)
        if isinstance(optimizer, optax.GradientTransformation)
        else optimizer
    )

    def init(key: Key, hyperparameters: Hyperparameters) -> State:
        params = network(hyperparameters).init(jax.random.fold_in(key, 0))
        return State(
            params,
            transformation(hyperparameters).init(params),
            jax.random.fold_in(key, 1),
            jnp.zeros((), jnp.int32),
            jnp.full((), -1, jnp.int32),
        )

    def segment(state: State, hyperparameters: Hyperparameters, x: Array, y: Array, order: Array):
        x, y = jnp.asarray(x), jnp.asarray(y)  # NumPy arrays cannot be indexed by a traced batch
        apply = network(hyperparameters).apply
        update = transformation(hyperparameters).update

        def batch_cost(params: Params, key: Key, rows: Array) -> Array:
            if not stochastic:
                return cost(loss, lambda x: apply(params, x), x[rows], y[rows])
            keys = jax.random.split(key, len(rows))
            return jnp.mean(
                jax.vmap(lambda x, y, key: loss(apply(params, x, key=key), y))(
                    x[rows], y[rows], keys
                )
            )

        def step(state: State, rows: Array):
            key = jax.random.fold_in(state.key, state.step) if stochastic else state.key
            value, slopes = jax.value_and_grad(batch_cost)(state.params, key, rows)
            updates, optimizer_state = update(slopes, state.optimizer, state.params)
            first = (state.diverged_step < 0) & ~jnp.isfinite(value)
            return State(
                optax.apply_updates(state.params, updates),
                optimizer_state,
                state.key,
                state.step + 1,
                jnp.where(first, state.step, state.diverged_step),
            ), value

        state, values = jax.lax.scan(step, state, order)
        # The last update can overflow with no further cost to show it.
        whole = jnp.all(
            jnp.array([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(state.params)])
        )
        last = jnp.where((state.diverged_step < 0) & ~whole, state.step - 1, state.diverged_step)
        state = state._replace(diverged_step=last)
        return state, {"train_loss": _unless_diverged(state, values.mean())}

    def evaluate(state: State, hyperparameters: Hyperparameters, x: Array, y: Array):
        apply = network(hyperparameters).apply

        def one(example):
            output = apply(state.params, example[0])
            metrics = {"loss": loss(output, example[1])}
            return metrics | ({"accuracy": correct(output, example[1])} if correct else {})

        metrics = jax.tree.map(
            jnp.mean, jax.lax.map(one, (x, y), batch_size=min(EVALUATION_ROWS, len(x)))
        )
        metrics |= inside(state.params, x) if inside else {}
        return {name: _unless_diverged(state, value) for name, value in metrics.items()}

    return Training(init, segment, evaluate)


def _unless_diverged(state: State, value: Array) -> Array:
    return jnp.where(state.diverged_step < 0, value, jnp.nan)
