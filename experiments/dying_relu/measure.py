"""How ReLU networks die in training: as a whole, fitted to |x|, and unit by unit, on the digits."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxnn
from experiments.lab.data import load, prepare
from experiments.lab.engine.devices import hardware
from jaxnn import initializers, losses
from jaxnn.activations import resolve
from jaxnn.program import Task, make_program, plan_runs
from jaxnn.segments import program_segments
from jaxnn.training import Training
from jaxnn.types import Array, Key, Network, Params

RAI_SCALE = 0.6007  # standard deviation × √fan-in
REACH, SAMPLES, BATCH = 3**0.5, 3000, 128  # of |x|: largest |x|, training points, batch size
ORDERS = 50  # networks with the same batches
KINDS = ("relu/he", "relu/rai", "relu/rai2", "leaky_relu/he", "elu/he")  # fitted to |x|
UNITS = 64  # per hidden layer, on the digits
FLAT = 1e-3  # range of outputs below which a network has collapsed; that of |x| is √3
INERT = 0.02  # share of its layer's root mean square below which a unit's part is nothing
INITS = {"He": 2.0, "Xavier": 1.0, "PyTorch's": 1 / 3}  # weight variance × fan-in, square layer


def trainings(configuration: Any) -> list[tuple[str, int]]:
    """Activation and number of hidden layers of the networks to train on the digits."""
    deepest = max(configuration.hidden_layers)
    return [
        *(("relu", layers) for layers in configuration.hidden_layers),
        *((name, deepest) for name in configuration.alive),
    ]


def asymmetric(net: Network, *, first: bool = True) -> Network:
    """An mlp whose layers start by randomised asymmetric initialisation.

    A unit's weights and bias are N(0, RAI_SCALE² / fan-in), except for one of them, which is drawn
    from Beta(2, 1): positive, so that a layer with positive inputs seldom dies.

    Args:
        net: of jaxnn.mlp, with biases.
        first: whether the first layer, whose inputs may be negative, starts this way too; if not,
            it keeps net's own initialisation.

    Reference:
        Lu et al. 2019, arXiv 1903.06733, section 4, as public implementations have it.
    """

    def layer(key: Key, old: Params) -> Params:
        normal, place, positive = jax.random.split(key, 3)
        inputs, units = old["weight"].shape
        values = RAI_SCALE / inputs**0.5 * jax.random.normal(normal, (inputs + 1, units))
        here = jnp.arange(inputs + 1)[:, None] == jax.random.randint(
            place, (1, units), 0, inputs + 1
        )
        # Beta(2, 1) has the distribution function x².
        beta = jnp.sqrt(jax.random.uniform(positive, (1, units)))
        values = jnp.where(here, beta, values)
        return {**old, "weight": values[:-1], "bias": values[-1]}

    def init(key: Key) -> Params:
        own, key = jax.random.split(key)
        return tuple(
            layer(jax.random.fold_in(key, i), old) if first or i else old
            for i, old in enumerate(net.init(own))
        )

    return net._replace(init=init)


def dead_units(params: Params, x: Array, activation: str) -> Array:
    """Which hidden pre-activations pass no gradient on any row.

    For elementwise activations the mean over units is ``diagnostics.dead_fraction``. Each piece of
    a maxout unit counts separately, the first pieces of all units before their second ones; a unit
    is dead if all its pieces are.

    Args:
        params: of ``jaxnn.mlp``, all hidden layers having the same width.
        x: float, (rows, in_dim).
        activation: φ of the hidden layers.

    Returns:
        bool, (hidden layers, units).

    Example:
        >>> params = ({"weight": jnp.array([[1.0, -1.0]])}, {"weight": jnp.ones((2, 1))})
        >>> dead_units(params, jnp.array([[1.0], [2.0]]), "relu").tolist()
        [[False, True]]
    """
    function = resolve(activation).function
    every = jax.vmap(
        lambda x: jaxnn.diagnostics.forward_trace(params, x, activation).pre_activations[:-1]
    )(x)

    def derivative(layer: Params, z: Array) -> Array:
        value, pull = jax.vjp(lambda z: function(z, **layer.get("activation", {})), z)
        return pull(jnp.ones_like(value))[0]

    largest = [
        jnp.max(jnp.abs(jax.vmap(lambda z, layer=layer: derivative(layer, z))(z)), axis=0)
        for layer, z in zip(params[:-1], every, strict=True)
    ]
    return jnp.stack(largest) <= 0


def inert_units(params: Params, x: Array, activation: str) -> Array:
    """Which hidden units hardly change anything between these rows, whatever their gradient.

    A unit's part in the next layer is the standard deviation of its value over the rows times the
    norm of its outgoing weights. It is inert if that is at most INERT times the root mean square of
    its layer. A leaky ReLU unit whose sums are all negative is inert too: its slope is 0.01.

    Args:
        params: of ``jaxnn.mlp``, all hidden layers having the same width.
        x: float, (rows, in_dim).
        activation: φ of the hidden layers.

    Returns:
        bool, (hidden layers, units).

    Example:
        >>> params = ({"weight": jnp.array([[1.0, -1.0]])}, {"weight": jnp.ones((2, 1))})
        >>> inert_units(params, jnp.array([[1.0], [2.0]]), "leaky_relu").tolist()
        [[False, True]]
    """
    every = jax.vmap(
        lambda x: jaxnn.diagnostics.forward_trace(params, x, activation).activations[:-1]
    )(x)
    parts = jnp.stack(
        [
            jnp.std(h, axis=0) * jnp.linalg.norm(following["weight"], axis=1)
            for h, following in zip(every, params[1:], strict=True)
        ]
    )
    return parts <= INERT * jnp.sqrt(jnp.mean(parts**2, axis=1, keepdims=True))


def is_constant(params: Params, x: Array, activation: str) -> Array:
    """Whether no output changes by more than FLAT between these rows; bool, ().

    Example:
        >>> params = ({"weight": jnp.array([[-1.0]])}, {"weight": jnp.ones((1, 1))})
        >>> bool(is_constant(params, jnp.array([[1.0], [2.0]]), "relu"))
        True
    """
    outputs = jax.vmap(lambda x: jaxnn.diagnostics.forward_trace(params, x, activation).output)(x)
    return jnp.max(jnp.ptp(outputs, axis=0)) < FLAT


def _watched(x: np.ndarray, y: np.ndarray, lengths: Sequence[int], batch_size: int) -> Task:
    """Evaluated on the training rows, at the start and after each segment."""
    return Task({"train": (x, y)}, lengths, batch_size, each=("train",), last=(), from_start=True)


def watch(training: Training, grid: jaxnn.Grid, task: Task) -> dict[str, np.ndarray]:
    """What evaluate finds on the training rows at the start and after each segment.

    Args:
        training: of one run.
        grid: what to vary.
        task: evaluates "train" from the start on.

    Returns:
        name -> (segments + 1, cells, seeds, …); nan or False from where every run has diverged.
    """
    program = make_program(training, grid, plan_runs(grid, training, hardware()))
    seen: list[dict[str, np.ndarray]] = []
    for segment in program_segments(program, grid, task):
        if segment.metrics:
            names = seen[0] if seen else segment.metrics
            seen.append({name: segment.layout.collect(segment.metrics[name]) for name in names})
    found = {}
    for name, first in seen[0].items():
        values = np.full((len(task.lengths) + 1, *first.shape), False, first.dtype)
        if first.dtype.kind == "f":
            values[:] = np.nan
        values[: len(seen)] = [each[name] for each in seen]
        found[name.removeprefix("train_")] = values
    return found


def narrow(activation: str, init: str, layers: int) -> Network:
    """A network of width 2 with one input and one output.

    Args:
        activation: of the hidden layers.
        init: he (Keras's he_normal, biases 0), rai (asymmetric) or rai2 (asymmetric from the
            second layer on).
        layers: of weights, the output layer included.
    """
    net = jaxnn.mlp(
        (1, *[2] * (layers - 1), 1), activation=activation, initializer=initializers.he_normal()
    )
    return net if init == "he" else asymmetric(net, first=init == "rai")


def collapse(
    activation: str, init: str, *, layers: int, runs: int, steps: int
) -> dict[str, np.ndarray]:
    """Fit narrow networks to |x|, and look at their outputs at the start and four times later.

    Args:
        activation, init, layers: as in narrow.
        runs: networks, a multiple of ORDERS.
        steps: updates, a multiple of 4.

    Returns:
        range: largest output − smallest output on the training points, (5, runs).
        error: mean squared error, (5, runs).
    """
    net = narrow(activation, init, layers)
    x = np.random.default_rng(0).uniform(-REACH, REACH, (SAMPLES, 1)).astype(np.float32)

    def numbered(h) -> Network:
        return net._replace(
            init=lambda key: net.init(jax.random.fold_in(key, h["network"].astype(jnp.int32)))
        )

    def evaluate(state, hyperparameters, x, y):
        outputs = jax.vmap(lambda x: net.apply(state.params, x))(x)
        return {"range": jnp.max(outputs) - jnp.min(outputs), "error": jnp.mean((outputs - y) ** 2)}

    training = jaxnn.make_training(numbered, losses.squared_error, optax.adam(1e-3))._replace(
        evaluate=evaluate
    )
    grid = jaxnn.Grid({}, {"network": tuple(range(ORDERS))}, seeds=runs // ORDERS)
    task = _watched(x, np.abs(x), [steps // 4] * 4, BATCH)
    found = watch(training, grid, task)
    return {name: values.reshape(len(values), -1) for name, values in found.items()}


def digits(
    activation: str,
    layers: int,
    *,
    rates: Sequence[float],
    seeds: int,
    steps: int,
    checkpoints: int,
) -> dict[str, np.ndarray]:
    """Train networks on the digits, and look for dead units at each checkpoint.

    Args:
        activation: of the hidden layers; ReLU networks start with each of INITS, others with He's.
        layers: hidden layers of UNITS units.
        rates: learning rates of gradient descent.
        seeds: networks per initialisation and learning rate.
        steps: updates, a multiple of checkpoints.
        checkpoints: how often to look, in addition to the start.

    Returns:
        what fates returns, by (initialisations, rates, seeds); and at the end of training finite
        (bool), constant (bool) and accuracy, (initialisations, rates, seeds), and inert, the share
        of such units, (initialisations, rates, seeds, layers).
    """
    data = prepare(load("digits"))
    sizes = (data.features, *[UNITS] * layers, 10)
    head = jaxnn.HEADS["multiclass"]
    training = jaxnn.make_training(
        lambda h: jaxnn.mlp(
            sizes,
            activation=activation,
            initializer=initializers.scaled_normal(jnp.sqrt(h["weight_variance"])),
        ),
        head.loss,
        jaxnn.OPTIMIZERS["sgd"],
        correct=head.correct,
    )

    def evaluate(state, hyperparameters, x, y):
        return {
            "dead": dead_units(state.params, x, activation),
            "inert": inert_units(state.params, x, activation),
            "constant": is_constant(state.params, x, activation),
            "finite": state.diverged_step < 0,
            "accuracy": training.evaluate(state, hyperparameters, x, y)["accuracy"],
        }

    variances = tuple(INITS.values()) if activation == "relu" else (INITS["He"],)
    grid = jaxnn.Grid(
        {}, {"weight_variance": variances, "learning_rate": tuple(rates)}, seeds=seeds
    )
    task = _watched(*data.parts["train"], [steps // checkpoints] * checkpoints, 64)
    found = watch(training._replace(evaluate=evaluate), grid, task)
    finite = found["finite"].reshape(-1, len(variances), len(rates), seeds)
    dead = found["dead"].reshape(*finite.shape, layers, -1)
    return {
        **fates(dead, finite, units=UNITS),
        "finite": finite[-1],
        "inert": found["inert"][-1].reshape(*finite.shape[1:], layers, UNITS).mean(axis=-1),
        "constant": found["constant"][-1].reshape(finite.shape[1:]),
        "accuracy": found["accuracy"][-1].reshape(finite.shape[1:]),
    }


def fates(dead: np.ndarray, finite: np.ndarray, *, units: int) -> dict[str, np.ndarray]:
    """What becomes of units, from which of them are dead at each checkpoint.

    Args:
        dead: bool, (checkpoints, …, layers, pieces × units).
        finite: bool, (checkpoints, …), which runs have not diverged.
        units: per layer.

    Returns:
        dead: share of dead units, (checkpoints, …, layers), nan from where a run has diverged.
        pieces: the same of their pieces.
        ever: number of units that are dead at a checkpoint before the last finite one,
            (…, layers).
        returned: number of those that are alive at a later finite one, (…, layers).
    """
    whole: Any = dead.reshape(*dead.shape[:-1], -1, units).all(axis=-2)  # all pieces
    there = finite[..., None, None]
    before = np.logical_or.accumulate(whole & there, axis=0)[:-1]
    return {
        "dead": np.where(finite[..., None], whole.mean(axis=-1), np.nan),
        "pieces": np.where(finite[..., None], dead.mean(axis=-1), np.nan),
        "ever": (before & there[1:]).any(axis=0).sum(axis=-1),
        "returned": (before & ~whole[1:] & there[1:]).any(axis=0).sum(axis=-1),
    }
