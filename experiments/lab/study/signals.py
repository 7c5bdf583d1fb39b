"""What networks do to a signal and its gradient before training: measured on their initial parameters, beside the theory.

The matrix products are NumPy's and only φ and φ′ are compiled, once an activation and at one size: a program for each whole
network would take ten times as long to compile as all of this takes to run.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn import expectations
from jaxnn.initializers import gain
from jaxnn.sweep import run_key
from jaxnn.training import Training
from jaxnn.types import Activation, Array, Params

SEEDS, ROWS = 5, 256  # measured at most: more would not move a dot that a reader can see
SATURATED = 0.05  # of the largest slope, as diagnostics.saturated_fraction has it
SLOPES_AT = np.linspace(-16, 16, 4097, dtype=np.float32)
_SIZE = 1 << 16


class Layers(NamedTuple):
    """One network of several seeds, a number a layer, the output layer last.

    signal: mean square of the pre-activations z, (seeds, layers).
    gradient: mean square of ∂L/∂z over that of the output layer's, (seeds, layers).
    dead: share of hidden units whose slope is 0 on every row, (seeds, hidden layers); nan for one that mixes its inputs.
    saturated: share of (unit, row) pairs whose slope is below 5 % of the largest, (seeds, hidden layers).
    signal_theory, gradient_theory: mean-field theory of both, (layers,), nan from an activation on that it does not cover.
    parameters: how many numbers one network learns.
    """

    signal: np.ndarray
    gradient: np.ndarray
    dead: np.ndarray
    saturated: np.ndarray
    signal_theory: np.ndarray
    gradient_theory: np.ndarray
    parameters: int


def initial_params(training: Training, seeds: Sequence[int]) -> Params:
    """The parameters that the runs of these seeds start from, seeds along the first axis of every leaf."""
    keys = jax.vmap(lambda seed: run_key(seed, "init"))(jnp.asarray(seeds, jnp.int32))
    return jax.vmap(training.init, in_axes=(0, None))(
        keys, {"learning_rate": jnp.float32(0)}
    ).params


def measure(
    params: Params,
    phi: Sequence[Activation],
    loss: Callable[[Array, Array], Array],
    x: np.ndarray,
    y: np.ndarray,
) -> Layers:
    """Forward and backward through networks of several seeds.

    Args:
        params: of jaxnn.mlp, seeds along the first axis of every leaf.
        phi: one activation for each hidden layer; learned parameters stand at their starts.
        loss: of one prediction and one target.
        x: (rows, inputs).
        y: targets of the rows.

    Example:
        >>> import optax
        >>> from jaxnn import ACTIVATIONS, losses, make_training, mlp
        >>> net = make_training(mlp((8, 200, 200, 1)), losses.squared_error, lambda h: optax.sgd(h["learning_rate"]))
        >>> x = np.random.default_rng(0).normal(size=(64, 8)).astype(np.float32)
        >>> found = measure(initial_params(net, range(3)), (ACTIVATIONS["relu"],) * 2, losses.squared_error, x, x[:, :1])
        >>> found.signal.shape, found.dead.shape, bool(np.allclose(found.signal_theory[:2], 2 * np.mean(x**2), rtol=1e-5))
        ((3, 3), (3, 2), True)
    """
    weights, biases = zip(
        *((np.asarray(layer["weight"]), np.asarray(layer["bias"])[:, None]) for layer in params),
        strict=True,
    )
    h = np.broadcast_to(x, (len(weights[0]), *x.shape))
    signal, pulls, dead, saturated = [], [], [], []
    for weight, bias, entry in zip(weights, biases, (*phi, None), strict=True):
        z = h @ weight + bias
        signal.append(np.mean(z**2, axis=(1, 2)))
        if entry is None:
            break
        if is_curve(entry):
            h, slope = _evaluate(entry, z)
            pulls.append(lambda delta, slope=slope: delta * slope)
            largest = np.max(np.abs(curve(entry).slope))
            dead.append(np.mean(np.all(slope == 0, axis=1), axis=1))
            saturated.append(np.mean(np.abs(slope) < SATURATED * largest, axis=(1, 2)))
        else:
            learned = _starts(entry.learned.items())
            h, pull = jax.vjp(
                jax.vmap(
                    jax.vmap(lambda z, entry=entry, learned=learned: entry.function(z, **learned))
                ),
                jnp.asarray(z),
            )
            h = np.asarray(h)
            pulls.append(lambda delta, pull=pull: np.asarray(pull(jnp.asarray(delta))[0]))
            dead.append(np.full(len(z), np.nan))
            saturated.append(np.full(len(z), np.nan))
    delta = np.asarray(_output_gradients(loss)(jnp.asarray(z), jnp.asarray(y)))
    gradient = [np.mean(delta**2, axis=(1, 2))]
    for weight, pull in zip(weights[:0:-1], pulls[::-1], strict=True):
        delta = pull(delta @ weight.swapaxes(1, 2))
        gradient.append(np.mean(delta**2, axis=(1, 2)))
    hidden = (len(z), len(phi))
    return Layers(
        np.stack(signal, axis=1),
        np.stack(gradient[::-1], axis=1) / gradient[0][:, None],
        np.reshape(np.array(dead).T, hidden),
        np.reshape(np.array(saturated).T, hidden),
        *_theory(phi, float(np.mean(np.square(x))), [weight.shape[2] for weight in weights]),
        sum(leaf.size for leaf in jax.tree.leaves(params)) // len(z),
    )


class Curve(NamedTuple):
    """An activation and its derivative at SLOPES_AT, learned parameters at their starts."""

    value: np.ndarray
    slope: np.ndarray


def curve(entry: Activation) -> Curve | None:
    """The activation as a curve; None where it mixes its inputs.

    Example:
        >>> from jaxnn import ACTIVATIONS
        >>> curve(ACTIVATIONS["relu"]).slope[[0, -1]].tolist(), curve(ACTIVATIONS["softmax"])
        ([0.0, 1.0], None)
    """
    return Curve(*_evaluate(entry, SLOPES_AT)) if is_curve(entry) else None


def _theory(
    phi: Sequence[Activation], mean_square: float, widths: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean squares of z and of ∂L/∂z over the output's, for weights of variance gain² / fan-in, each layer's own gain."""
    variances = [float(gain(entry)) ** 2 for entry in phi] + [1.0]
    signal, factor = np.full(len(widths), np.nan), np.full(len(widths), np.nan)
    for layer, entry in enumerate(phi):
        signal[layer] = variances[layer] * mean_square
        if not is_curve(entry):
            break
        found = expectations.moments(entry, signal[layer])
        mean_square = found.mean_square
        # Each unit hears from the next layer's units, of which there may be more or fewer than its weights' fan-in.
        factor[layer] = (
            found.slope_mean_square * variances[layer + 1] * widths[layer + 1] / widths[layer]
        )
    else:
        signal[-1] = mean_square
    factor[-1] = 1
    return signal, np.cumprod(factor[::-1])[::-1]


def is_curve(entry: Activation) -> bool:
    """Whether its units have slopes of their own: it does not mix its inputs."""
    return entry.elementwise and entry.units_in == 1


def _starts(learned: Iterable[tuple[str, float]]) -> dict[str, Array]:
    return {name: jnp.float32(start) for name, start in learned}


def _evaluate(entry: Activation, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """φ(z) and φ′(z), in pieces of one size, so that φ compiles once."""
    pieces = np.pad(z.ravel(), (0, -z.size % _SIZE)).reshape(-1, _SIZE)
    compiled = _compiled(entry.function, tuple(sorted(entry.learned.items())))
    both = [compiled(piece) for piece in pieces]
    return tuple(
        np.concatenate([np.asarray(pair[i]) for pair in both])[: z.size].reshape(z.shape)
        for i in range(2)
    )


@cache
def _compiled(function: Callable, learned: tuple[tuple[str, float], ...]) -> Callable:
    def both(z):
        value, pull = jax.vjp(lambda z: function(z, **_starts(learned)), z)
        return value, pull(jnp.ones_like(value))[0]

    return jax.jit(both)


@cache
def _output_gradients(loss: Callable) -> Callable:
    return jax.jit(jax.vmap(jax.vmap(jax.grad(loss)), in_axes=(0, None)))
