"""Training of ONE network as three pure functions; a grid is jax.vmap of the same three."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxnn.layers import TRANSPOSED
from jaxnn.losses import check_labels, cost, one_target_each
from jaxnn.optimizers import (
    OPTIMIZERS,
    Hyperparameters,
    Optimizer,
    Run,
    as_optimizer,
    evaluated_at,
)
from jaxnn.types import Array, Key, Network, Params

Metrics = Mapping[str, Array]
__all__ = [
    "OPTIMIZERS",
    "Hyperparameters",
    "Metrics",
    "Optimizer",
    "State",
    "Training",
    "batch_order",
    "make_training",
    "training_of_cost",
]
EVALUATION_ROWS = 1024  # rows evaluated at a time: bounds the memory of runs × rows × width


class State(NamedTuple):
    """Where one run is; every leaf is an array.

    params: the network's parameters.
    optimizer: Optax's state.
    key: the run's own key for randomness inside the network.
    step: updates made.
    diverged_step: the first step whose cost, or the last one whose update, was not finite; -1
        while there is none. From it on the run's numbers mean nothing, and its metrics are nan.
    """

    params: Params
    optimizer: Any
    key: Key
    step: Array
    diverged_step: Array


class Observer(NamedTuple):
    """A look inside a network, in the same forward pass as its evaluation.

    forward: ``forward(params, x) -> (outputs, seen)`` of examples that are columns, as in
        ``Network.columns``; seen is a pytree of arrays with the examples along the last axis.
    measure: ``measure(params, seen) -> metrics`` by name.
    rows: how many rows are measured, the first ones of those evaluated.
    """

    forward: Callable[[Params, Array], tuple[Array, Any]]
    measure: Callable[[Params, Any], Metrics]
    rows: int


class Training(NamedTuple):
    """One run as pure functions; progress, checkpoints and stopping happen between their calls.

    init: ``init(key, hyperparameters) -> State``.
    segment: ``segment(state, hyperparameters, x, y, order) -> (State, {"train_loss"})``, one update
        per row of ``order``, an integer array (steps, batch_size) of example numbers; the loss is
        the mean over the updates.
    evaluate: ``evaluate(state, hyperparameters, x, y) -> metrics``: "loss", "accuracy" where the
        task has one, and what the arguments ``inside`` and ``scores`` of make_training measure.
    """

    init: Callable[[Key, Hyperparameters], State]
    segment: Callable[..., tuple[State, Metrics]]
    evaluate: Callable[..., Metrics]


def batch_order(key: Key, *, examples: int, batch_size: int, steps: int, start: int = 0) -> Array:
    """Example numbers of each update: shuffled every epoch, each example once per epoch.

    The epochs form one endless stream, cut into batches of equal size: a batch may hold the end of
    one epoch and the start of the next, so no example is left out and no batch is smaller than the
    others.

    Args:
        key: the run's key for the order; step t's batch depends on it and on t only.
        examples: examples in an epoch.
        batch_size: examples per update.
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
            "an order needs examples, batch_size and steps of at least 1, "
            f"got {examples}, {batch_size}, {steps}"
        )
    first, skipped = divmod(start * batch_size, examples)
    return _batch_order(key, first, skipped, examples, batch_size, steps)


@partial(jax.jit, static_argnums=(3, 4, 5))
def _batch_order(
    key: Key, first: Array, skipped: Array, examples: int, batch_size: int, steps: int
) -> Array:
    """From the epoch ``first`` on, of which so many examples are skipped; one program per size."""
    # As many epochs as any segment of this length can touch, so that every segment has the same
    # shapes.
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
    optimizer: str | optax.GradientTransformation | Optimizer,
    *,
    correct: Callable[[Array, Array], Array] | None = None,
    stochastic: bool | None = None,
    inside: Observer | None = None,
    scores: Callable[[Array, Array], Metrics] | None = None,
    judged_by: Callable[[Array, Array], Array] | None = None,
) -> Training:
    """Stochastic gradient descent on the cost, θ ← θ − update(∇J(θ)), as functions of ONE run.

    There are eight arguments: what is trained, and what is recorded of it, each of its own kind.

    Args:
        net: a Network, or a function that makes one from the run's hyperparameters (a swept slope,
            dropout rate, …).
        loss: error of one prediction against one target; the cost is its mean over a batch.
        optimizer: a name in OPTIMIZERS; or from Optax; or a function that makes one from the run's
            hyperparameters (a swept learning rate, …), such as an entry of OPTIMIZERS.
        correct: 1 where one prediction is right, 0 where not; its mean is the accuracy.
        stochastic: whether the network gets a key in training, a new one for each step and example;
            by default where it is random, as with dropout or RReLU. A Network made by hand is
            random where its field ``stochastic`` says so.
        inside: further metrics by name, of what a forward pass shows inside the network; evaluate
            then takes the outputs from that pass too.
        scores: further metrics by name, computed by evaluate from the outputs for all the rows
            evaluated, (rows, …), and their targets, such as ``metrics.scores("auc")``; the outputs
            are kept only where it is given.
        judged_by: the loss that evaluate reports, where it is not the one that is trained on, such
            as without its label smoothing.

    Returns:
        Training(init, segment, evaluate).

    Raises:
        ValueError: the optimizer's name is unknown. By segment and evaluate: x and y have different
            numbers of rows; the order has rows, or y labels, that there are not, where they are not
            traced (where they are, the run counts as diverged); a hyperparameter is missing, or
            one that nobody reads is nearly one of an optimizer; or the network is random and
            stochastic is False.
        TypeError: the loss is no function, or the optimizer neither a name nor one of the others.

    Example:
        >>> from jaxnn import losses, mlp
        >>> training = make_training(
        ...     mlp((1, 1)), losses.squared_error, lambda h: optax.sgd(h["learning_rate"])
        ... )
        >>> h = {"learning_rate": jnp.float32(0.1)}
        >>> x = jnp.linspace(-1, 1, 32)[:, None]
        >>> state = training.init(jax.random.key(0), h)
        >>> order = batch_order(jax.random.key(1), examples=32, batch_size=8, steps=200)
        >>> state, metrics = training.segment(state, h, x, 3 * x, order)
        >>> bool(training.evaluate(state, h, x, 3 * x)["loss"] < 1e-6)
        True
    """
    network = (lambda hyperparameters: net) if isinstance(net, Network) else net
    if not callable(loss):
        raise TypeError(
            "a loss is a function of one prediction and one target, such as "
            f"jaxnn.losses.squared_error, got {loss!r}"
        )

    def random(hyperparameters: Hyperparameters) -> bool:
        own = network(hyperparameters).stochastic
        if own and stochastic is False:
            raise ValueError(
                "the network is random in training (dropout or RReLU), and stochastic=False would "
                "train it without; leave the argument out"
            )
        return own if stochastic is None else stochastic

    def batch_cost(
        params: Params, hyperparameters: Hyperparameters, key: Key, x: Array, y: Array
    ) -> Array:
        made, with_key = network(hyperparameters), random(hyperparameters)
        apply, columns = made.apply, made.columns
        if columns and not with_key:
            jax.eval_shape(apply, params, x[0])  # it says what is wrong with an example's shape
            return jnp.mean(
                jax.vmap(loss, in_axes=(-1, 0))(columns(params, jnp.moveaxis(x, 0, -1)), y)
            )
        if not with_key:
            return cost(loss, lambda x: apply(params, x), x, y)
        keys = jax.random.split(key, len(x))
        return jnp.mean(jax.vmap(lambda x, y, key: loss(apply(params, x, key=key), y))(x, y, keys))

    def evaluate(params: Params, hyperparameters: Hyperparameters, x: Array, y: Array) -> Metrics:
        made = network(hyperparameters)
        apply, columns = made.apply, made.columns

        def block(rows: tuple[Array, Array]) -> tuple[Metrics, Array | None, Any]:
            (x, y), seen = rows, None
            if inside:
                outputs, seen = inside.forward(params, x.T)
                seen = jax.tree.map(lambda each: each[..., : inside.rows], seen)
            elif columns:
                outputs = columns(params, jnp.moveaxis(x, 0, -1))
            else:
                outputs = jax.vmap(lambda x: apply(params, x), out_axes=-1)(x)
            judges = {"loss": judged_by or loss} | ({"accuracy": correct} if correct else {})
            metrics = {
                name: jax.vmap(judge, in_axes=(-1, 0))(outputs, y) for name, judge in judges.items()
            }
            return metrics, jnp.moveaxis(outputs, -1, 0) if scores else None, seen

        metrics, outputs, seen = _in_blocks(block, (jnp.asarray(x), jnp.asarray(y)))
        metrics = jax.tree.map(jnp.mean, metrics)
        metrics |= dict(scores(outputs, y)) if scores else {}
        return metrics | (dict(inside.measure(params, seen)) if inside else {})

    def labels(params: Params, hyperparameters: Hyperparameters, x: Array, y: Array) -> None:
        check_labels(loss, lambda x: network(hyperparameters).apply(params, x), x, y)

    return training_of_cost(
        lambda key, h: network(h).init(key),
        batch_cost,
        optimizer,
        evaluate,
        stochastic=random,
        labels=labels,
    )


def _in_blocks(block: Callable, rows: tuple[Array, Array]) -> tuple[Any, Any, Any]:
    """The results of all rows, and what is seen of the first block, in blocks of EVALUATION_ROWS.

    Blocks are equal, since a rest would be compiled again; the last one is filled with its last
    row, whose results are dropped.
    """
    count = len(rows[0])
    blocks = -(-count // EVALUATION_ROWS)
    if blocks == 1:
        return block(rows)
    size = -(-count // blocks)

    def cut(a: Array) -> Array:
        filled = jnp.pad(a, ((0, blocks * size - count), *[(0, 0)] * (a.ndim - 1)), mode="edge")
        return filled.reshape(blocks, size, *a.shape[1:])

    *found, seen = jax.lax.map(block, jax.tree.map(cut, rows))
    metrics, outputs = jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:])[:count], found)
    return metrics, outputs, jax.tree.map(lambda a: a[0], seen)


def training_of_cost(
    init: Callable[[Key, Hyperparameters], Params],
    batch_cost: Callable[[Params, Hyperparameters, Key, Array, Array], Array],
    optimizer: str | optax.GradientTransformation | Optimizer,
    evaluate: Callable[[Params, Hyperparameters, Array, Array], Metrics],
    *,
    stochastic: bool | Callable[[Hyperparameters], bool] = False,
    labels: Callable[[Params, Hyperparameters, Array, Array], None] | None = None,
) -> Training:
    """Descent on any cost of a batch, for networks that take a batch at once; see make_training.

    Args:
        init: from a key and the run's hyperparameters to parameters.
        batch_cost: ``batch_cost(params, hyperparameters, key, x, y)``, a scalar, of a batch's rows.
        optimizer: as for make_training.
        evaluate: ``evaluate(params, hyperparameters, x, y)``, metrics by name.
        stochastic: give the cost a new key at each step; or a function of the run's
            hyperparameters that says whether to.
        labels: ``labels(params, hyperparameters, x, y)`` raises where y has labels that the cost
            does not know; called before each segment and evaluation.

    Returns:
        Training(init, segment, evaluate); the metrics of a diverged run are nan.

    Example:
        >>> def batch_cost(params, h, key, x, y):
        ...     return jnp.mean((x * params - y) ** 2)
        >>> training = training_of_cost(
        ...     lambda key, h: jnp.zeros(()), batch_cost, OPTIMIZERS["sgd"],
        ...     lambda params, h, x, y: {"loss": batch_cost(params, h, None, x, y)},
        ... )
        >>> h, x = {"learning_rate": 0.1}, jnp.linspace(-1, 1, 32)
        >>> order = batch_order(jax.random.key(1), examples=32, batch_size=8, steps=200)
        >>> state, _ = training.segment(training.init(jax.random.key(0), h), h, x, 3 * x, order)
        >>> round(float(state.params), 3)
        3.0
    """
    transformation = as_optimizer(optimizer)

    def check(hyperparameters: Run, params: Params, x: Array, y: Array) -> None:
        one_target_each("training", x, y)
        if labels:
            labels(params, hyperparameters, x, y)

    def start(key: Key, hyperparameters: Hyperparameters) -> State:
        hyperparameters = _of_run(hyperparameters)
        params = init(jax.random.fold_in(key, 0), hyperparameters)
        return State(
            params,
            transformation(hyperparameters).init(params),
            jax.random.fold_in(key, 1),
            jnp.zeros((), jnp.int32),
            jnp.full((), -1, jnp.int32),
        )

    def segment(
        state: State, hyperparameters: Hyperparameters, x: Array, y: Array, order: Array
    ) -> tuple[State, Metrics]:
        hyperparameters = _of_run(hyperparameters)
        check(hyperparameters, state.params, x, y)
        _check_order(order, len(x))
        x, y = jnp.asarray(x), jnp.asarray(y)  # NumPy arrays cannot be indexed by a traced batch
        update = transformation(hyperparameters).update
        random = stochastic(hyperparameters) if callable(stochastic) else stochastic

        def step(state: State, rows: Array) -> tuple[State, Array]:
            state = _transposed(state)
            key = jax.random.fold_in(state.key, state.step) if random else state.key
            value, gradients = jax.value_and_grad(batch_cost)(
                state.params, hyperparameters, key, x[rows], y[rows]
            )
            # Optax's Adam takes a float to the power of its integer count.
            with jax.numpy_dtype_promotion("standard"):
                updates, optimizer_state = update(gradients, state.optimizer, state.params)
            first = (state.diverged_step < 0) & ~jnp.isfinite(value)
            state = State(
                optax.apply_updates(state.params, updates),
                optimizer_state,
                state.key,
                state.step + 1,
                jnp.where(first, state.step, state.diverged_step),
            )
            return _transposed(state), value

        state, values = jax.lax.scan(step, _transposed(state), order)
        state = _transposed(state)
        hyperparameters.check_spelling()
        # The last update can overflow with no further cost to show it; and rows beyond the data,
        # which are visible here only if they are not traced, would be others.
        finite = jnp.array(
            [jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(state.params)]
            + [jnp.all((order >= 0) & (order < len(x)))]
        )
        last = (state.diverged_step < 0) & ~jnp.all(finite)
        diverged_step = jnp.where(last, state.step - 1, state.diverged_step)
        state = state._replace(diverged_step=diverged_step)
        return state, {"train_loss": _unless_diverged(state, values.mean())}

    def judge(state: State, hyperparameters: Hyperparameters, x: Array, y: Array) -> Metrics:
        hyperparameters = _of_run(hyperparameters)
        check(hyperparameters, state.params, x, y)
        params = evaluated_at(state.optimizer, state.params)
        metrics = evaluate(params, hyperparameters, x, y)
        return {name: _unless_diverged(state, value) for name, value in metrics.items()}

    return Training(start, segment, judge)


def _of_run(hyperparameters: Hyperparameters) -> Run:
    return hyperparameters if isinstance(hyperparameters, Run) else Run(hyperparameters)


def _check_order(order: Array, rows: int) -> None:
    """Refuse numbers of rows that there are not, where they are known."""
    if not isinstance(order, jax.core.Tracer) and np.size(order):
        low, high = int(np.min(order)), int(np.max(order))
        if low < 0 or high >= rows:
            raise ValueError(
                f"the order has the row {low if low < 0 else high}, and the data have {rows} "
                f"rows, 0 to {rows - 1}; make it with batch_order(examples={rows}, …)"
            )


def _transposed(state: State) -> State:
    """Between steps, matrices are in memory as a product with columns takes them."""

    def turn(leaf: Array) -> Array:
        return leaf.T if leaf.ndim == 2 and leaf.size <= TRANSPOSED else leaf

    params, optimizer = jax.tree.map(turn, (state.params, state.optimizer))
    return state._replace(params=params, optimizer=optimizer)


def _unless_diverged(state: State, value: Array) -> Array:
    return jnp.where(state.diverged_step < 0, value, jnp.nan)
