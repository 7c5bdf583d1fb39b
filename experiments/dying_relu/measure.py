"""How ReLU networks die: at birth, by Monte-Carlo; as a whole, fitted to |x|; and unit by unit, trained on the digits."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import AxisType, PartitionSpec

import jaxnn
from experiments.lab.data import load, prepare
from experiments.lab.engine.program import lay_out
from experiments.lab.study.statistics import interquartile_mean, interval
from jaxnn import initializers, losses
from jaxnn.activations import resolve
from jaxnn.training import Training
from jaxnn.types import Array, Key, Network, Params

CHUNK = 1000  # networks drawn by one key
RAI_SCALE = 0.6007  # standard deviation × √fan-in
REACH, SAMPLES, BATCH = 3**0.5, 3000, 128  # of |x|
ORDERS = 50  # networks that share their batches
INITS = {"He": 2.0, "Xavier": 1.0, "PyTorch's": 1 / 3}  # weight variance × fan-in of a square layer


def born_dead(
    activations: Sequence[str],
    *,
    width: int,
    depth: int,
    networks: int,
    seed: int,
    dtype: str = "float32",
) -> dict[str, int]:
    """How many random networks have a layer that passes no gradient at one input: every unit's slope φ′(z) is 0.

    Every weight is drawn, uniform and of variance gain² / width; all activations share the draws. Biases are 0, the input is
    (1, …, 1). After each layer ReLU's values are divided by their largest, which changes no sign and keeps deep ones from
    underflow.

    Args:
        activations: names, of activations without learned parameters.
        width: units a layer.
        depth: hidden layers.
        networks: a multiple of CHUNK.
        seed: of the draws.
        dtype: what the signal is computed in; weights are drawn in float32.

    Returns:
        name -> dead networks.
    """
    keys = jax.random.split(
        jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), width), depth),
        networks // CHUNK,
    )
    devices = len(jax.devices())
    padded = keys[jnp.arange(-(-len(keys) // devices) * devices) % len(keys)]
    with jax.enable_x64(dtype == "float64"):
        counts = _dead_in_chunks(tuple(activations), width, dtype)(padded, jnp.int32(depth))
        return {name: int(np.asarray(count)[: len(keys)].sum()) for name, count in counts.items()}


@lru_cache(maxsize=32)
def _dead_in_chunks(activations: tuple[str, ...], width: int, dtype: str) -> Callable:
    """(keys, depth) -> name -> dead networks of each key's CHUNK; keys are spread over the devices."""
    entries = {name: resolve(name) for name in activations}
    scale = {name: initializers.gain(name) * (3 / width) ** 0.5 for name in activations}

    def chunk(key: Key, depth: Array) -> Mapping[str, Array]:
        def layer(number, state):
            signal, dead = state
            weight = jax.random.uniform(
                jax.random.fold_in(key, number), (CHUNK, width, width), jnp.float32, -1, 1
            ).astype(dtype)
            for name, entry in entries.items():
                z = scale[name] * jnp.sum(weight * signal[name][:, None, :], axis=-1)
                value, pull = jax.vjp(entry.function, z)
                stopped = jnp.all(pull(jnp.ones_like(z))[0] == 0, axis=-1)
                if name == "relu":
                    largest = jnp.max(value, axis=-1, keepdims=True)
                    value = value / jnp.where(largest > 0, largest, 1)
                signal, dead = {**signal, name: value}, {**dead, name: dead[name] | stopped}
            return signal, dead

        start = (
            {name: jnp.ones((CHUNK, width), dtype) for name in activations},
            {name: jnp.zeros(CHUNK, bool) for name in activations},
        )
        return {
            name: jnp.sum(dead)
            for name, dead in jax.lax.fori_loop(0, depth, layer, start)[1].items()
        }

    mesh = jax.make_mesh((len(jax.devices()),), ("networks",), axis_types=(AxisType.Auto,))
    spread, copied = PartitionSpec("networks"), PartitionSpec()
    return jax.jit(
        jax.shard_map(
            lambda keys, depth: jax.lax.map(lambda key: chunk(key, depth), keys),
            mesh=mesh,
            in_specs=(spread, copied),
            out_specs=spread,
            check_vma=False,
        )
    )


def asymmetric(net: Network, *, first: bool = True) -> Network:
    """An mlp whose layers start by randomised asymmetric initialisation.

    Each unit's weights and bias are N(0, RAI_SCALE² / fan-in), but for one of them, which is drawn from Beta(2, 1): positive, so
    that a layer of positive inputs seldom dies.

    Args:
        net: of jaxnn.mlp, with biases.
        first: also the first layer, whose inputs may be negative; if not it keeps net's own start.

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
        beta = jnp.sqrt(
            jax.random.uniform(positive, (1, units))
        )  # Beta(2, 1), whose distribution function is x²
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
    """Which hidden pre-activations pass no gradient on any row: bool (hidden layers, units), all layers being as wide.

    For elementwise activations the mean over units is ``diagnostics.dead_fraction``. Of maxout each piece counts for itself, all
    units' first pieces before their second ones; a unit is dead where all its pieces are.

    Args:
        params: of ``jaxnn.mlp``.
        x: float, (rows, in_dim).
        activation: φ of the hidden layers.

    Example:
        >>> params = ({"weight": jnp.array([[1.0, -1.0]])}, {"weight": jnp.ones((2, 1))})
        >>> dead_units(params, jnp.array([[1.0], [2.0]]), "relu").tolist()
        [[False, True]]
    """
    function = resolve(activation).function
    every = jax.vmap(
        lambda x: jaxnn.diagnostics.forward_trace(params, x, activation).pre_activations[:-1]
    )(x)

    def slopes(layer: Params, z: Array) -> Array:
        value, pull = jax.vjp(lambda z: function(z, **layer.get("activation", {})), z)
        return pull(jnp.ones_like(value))[0]

    largest = [
        jnp.max(jnp.abs(jax.vmap(lambda z, layer=layer: slopes(layer, z))(z)), axis=0)
        for layer, z in zip(params[:-1], every, strict=True)
    ]
    return jnp.stack(largest) <= 0


def watch(
    training: Training, grid: jaxnn.Grid, x, y, *, batch_size: int, steps: int, checkpoints: int
) -> dict[str, np.ndarray]:
    """What evaluate finds at the start and after each of equal segments: name -> (checkpoints + 1, cells, seeds, …)."""
    layout, together = lay_out(grid, training, jax.devices())
    sweep = jaxnn.make_sweep(training, together=together)
    state, x, y = sweep.init(layout), sweep.place(x, shared=True), sweep.place(y, shared=True)
    hyperparameters = sweep.place(jax.tree.map(jnp.asarray, dict(layout.hyperparameters)))

    def look() -> dict[str, np.ndarray]:
        return jax.tree.map(layout.collect, dict(sweep.evaluate(state, hyperparameters, x, y)))

    seen, length = [look()], steps // checkpoints
    for segment in range(checkpoints):
        order = sweep.order(
            layout, examples=len(x), batch_size=batch_size, steps=length, start=segment * length
        )
        state, _ = sweep.segment(state, hyperparameters, x, y, order)
        seen.append(look())
    return {name: np.stack([each[name] for each in seen]) for name in seen[0]}


def narrow(activation: str, init: str, layers: int) -> Network:
    """A network of width 2 from a number to a number; "he" is Keras's he_normal with biases of 0."""
    net = jaxnn.mlp(
        (1, *[2] * (layers - 1), 1), activation=activation, initializer=initializers.he_normal()
    )
    return net if init == "he" else asymmetric(net, first=init == "rai")


def collapse(
    activation: str, init: str, *, layers: int, runs: int, steps: int
) -> dict[str, np.ndarray]:
    """Range of the outputs on the training points and mean squared error, at the start and four times in training."""
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
    found = watch(training, grid, x, np.abs(x), batch_size=BATCH, steps=steps, checkpoints=4)
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
    """Dead units at each checkpoint, how many ever were, and how many of those were alive at a later one; by hidden layer.

    ReLU starts in each of INITS, the others in He's.
    """
    data = prepare(load("digits"))
    sizes = (data.features, *[64] * layers, 10)
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
            "finite": state.diverged_step < 0,
            "accuracy": training.evaluate(state, hyperparameters, x, y)["accuracy"],
        }

    variances = tuple(INITS.values()) if activation == "relu" else (INITS["He"],)
    grid = jaxnn.Grid(
        {}, {"weight_variance": variances, "learning_rate": tuple(rates)}, seeds=seeds
    )
    found = watch(
        training._replace(evaluate=evaluate),
        grid,
        data.x["train"],
        data.y["train"],
        batch_size=64,
        steps=steps,
        checkpoints=checkpoints,
    )
    finite = found["finite"].reshape(-1, len(variances), len(rates), seeds)
    dead = found["dead"].reshape(*finite.shape, layers, -1)
    return {
        **fates(dead, finite, units=64),
        "finite": finite[-1],
        "accuracy": found["accuracy"][-1].reshape(finite.shape[1:]),
    }


def fates(dead: np.ndarray, finite: np.ndarray, *, units: int) -> dict[str, np.ndarray]:
    """What becomes of units, from what is dead at each checkpoint.

    Args:
        dead: bool (checkpoints, …, layers, pieces × units).
        finite: bool (checkpoints, …), which runs had not diverged.
        units: a layer.

    Returns:
        "dead" (checkpoints, …, layers): share of units, nan from where a run has diverged. "pieces": the same of their pieces.
        "ever" and "returned" (…, layers): units that were dead at a checkpoint with a later finite one, and those of them that
        were alive at one.
    """
    whole = dead.reshape(*dead.shape[:-1], -1, units).all(axis=-2)  # all pieces
    there = finite[..., None, None]
    before = np.logical_or.accumulate(whole & there, axis=0)[:-1]
    return {
        "dead": np.where(finite[..., None], whole.mean(axis=-1), np.nan),
        "pieces": np.where(finite[..., None], dead.mean(axis=-1), np.nan),
        "ever": (before & there[1:]).any(axis=0).sum(axis=-1),
        "returned": (before & ~whole[1:] & there[1:]).any(axis=0).sum(axis=-1),
    }


class Rise(NamedTuple):
    """How the share of dead units grows with the rate.

    slope, low, high: of the share per decade of the rate, with its interval over seeds. rates: at which no run diverged.
    """

    slope: float
    low: float
    high: float
    rates: int


def rise(rates: np.ndarray, dead: np.ndarray, finite: np.ndarray) -> Rise:
    """Least squares, seed by seed, over the rates at which its run did not diverge.

    Args:
        rates: (rates,).
        dead: shares at the end, (rates, seeds).
        finite: bool (rates, seeds).
    """
    whole = finite.all(axis=1)
    if finite.sum(axis=0).min() < 3:
        return Rise(np.nan, np.nan, np.nan, int(whole.sum()))
    slopes = np.array(
        [
            np.polyfit(np.log10(rates[stayed]), share[stayed], 1)[0]
            for share, stayed in zip(dead.T, finite.T, strict=True)
        ]
    )
    return Rise(float(interquartile_mean(slopes)), *interval(slopes), int(whole.sum()))
