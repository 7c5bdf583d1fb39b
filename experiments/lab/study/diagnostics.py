"""Inside a network: signal and gradient per layer before training, dead and saturated units.

``measure`` looks at initial parameters, with theory to compare with; ``counter`` counts units at
every point of a training curve. Both count by ``dead`` and ``saturated``. In ``measure`` the matrix
products are NumPy's, and only φ and φ′ are compiled, once per activation and at one size: a program
for each whole network would take ten times as long to compile as all of this takes to run.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn import diagnostics, expectations, inside
from jaxnn.initializers import gain
from jaxnn.layers import pre_activations
from jaxnn.sweep import initial_states
from jaxnn.training import Observer, Training
from jaxnn.types import Activation, Array, Network, Params

SEEDS, ROWS = 5, 256  # measured before training at most: more would not visibly move a dot
COUNTED_ROWS = 128  # in training: each costs φ′ of all units at every point of every run's curve
SATURATED = 0.05  # of the largest derivative, as in jaxnn.diagnostics.saturated_fraction
_SIZE = 1 << 16
_Z = np.linspace(-16, 16, 4097, dtype=np.float32)  # has 0 and every known kink


def dead(derivatives: Any) -> Any:
    """Which units are dead: φ′(z) = 0 on every row.

    Args:
        derivatives: φ′(z), NumPy's or JAX's, (…, rows, units).

    Returns:
        bool (…, units).

    Example:
        >>> dead(np.array([[0.0, 0.0], [0.0, 1.0]])).tolist()
        [True, False]
    """
    return abs(derivatives).max(axis=-2) == 0


def saturated(derivatives: Any, largest: Any) -> Any:
    """Which units are saturated on which rows: |φ′(z)| is below 5 % of the largest.

    Args:
        derivatives: φ′(z), NumPy's or JAX's, (…, rows, units).
        largest: max |φ′| of each unit, (units,), or one number.

    Returns:
        bool, the shape of derivatives.

    Example:
        >>> saturated(np.array([[0.04, 0.06]]), 1.0).tolist()
        [[True, False]]
    """
    return abs(derivatives) < SATURATED * largest


class Layers(NamedTuple):
    """One network of several seeds, a number per layer, the output layer last.

    signal: mean square of the pre-activations z, (seeds, layers).
    gradient: mean square of ∂L/∂z, divided by that of the output layer, (seeds, layers).
    dead: share of dead units, (seeds, hidden layers); nan if the activation mixes its inputs.
    saturated: share of saturated (unit, row) pairs, (seeds, hidden layers); nan likewise.
    signal_theory, gradient_theory: both by mean-field theory, (layers,); nan from the first
        activation on that the theory does not cover.
    parameters: how many numbers one network learns.
    """

    signal: np.ndarray
    gradient: np.ndarray
    dead: np.ndarray
    saturated: np.ndarray
    signal_theory: np.ndarray
    gradient_theory: np.ndarray
    parameters: int

    def without_theory(self) -> "Layers":
        """Of networks that the theory is not of."""
        nothing = np.full_like(self.signal_theory, np.nan)
        return self._replace(signal_theory=nothing, gradient_theory=nothing)


def unseen(seeds: int, parameters: int) -> Layers:
    """Of networks into which nothing looks."""
    nothing = np.full((seeds, 1), np.nan)
    return Layers(nothing, nothing, nothing, nothing, nothing[0], nothing[0], parameters)


def initial_params(training: Training, seeds: Sequence[int]) -> Params:
    """The parameters that the runs of these seeds start from; every leaf has seeds in front."""
    rates = {"learning_rate": np.zeros((len(seeds), 1), np.float32)}
    params = initial_states(training, np.asarray(seeds, np.int32), rates).params
    return jax.tree.map(lambda leaf: leaf[:, 0], params)


def measure(
    params: Params,
    phi: Sequence[Activation],
    loss: Callable[[Array, Array], Array],
    x: np.ndarray,
    y: np.ndarray,
    *,
    net: Network | None = None,
) -> Layers:
    """Forward and backward through networks of several seeds.

    Args:
        params: of jaxnn.mlp, seeds along the first axis of every leaf.
        phi: one activation per hidden layer; learned parameters have their starting values.
        loss: of one prediction and one target.
        x: (rows, inputs).
        y: targets of the rows.
        net: as for ``counter``; there is no theory of such a network.

    Example:
        >>> import optax
        >>> from jaxnn import ACTIVATIONS, losses, make_training, mlp
        >>> net, sgd = mlp((8, 200, 200, 1)), lambda h: optax.sgd(h["learning_rate"])
        >>> params = initial_params(make_training(net, losses.squared_error, sgd), range(3))
        >>> x = np.random.default_rng(0).normal(size=(64, 8)).astype(np.float32)
        >>> found = measure(params, (ACTIVATIONS["relu"],) * 2, losses.squared_error, x, x[:, :1])
        >>> found.signal.shape, found.dead.shape
        ((3, 3), (3, 2))
        >>> bool(np.allclose(found.signal_theory[:2], 2 * np.mean(x**2), rtol=1e-5))
        True
    """
    if net is not None:
        return _measured(params, phi, loss, (x, y), net)
    weights = [np.asarray(layer["weight"]) for layer in params]
    biases = [np.asarray(layer["bias"])[:, None] if "bias" in layer else 0 for layer in params]
    h = np.broadcast_to(x, (len(weights[0]), *x.shape))
    signal, pulls, dead_units, saturated_units = [], [], [], []
    for weight, bias, entry in zip(weights, biases, (*phi, None), strict=True):
        z = h @ weight + bias
        signal.append(np.mean(z**2, axis=(1, 2)))
        if entry is None:
            break
        if is_curve(entry):
            h, derivative = _evaluate(entry, z)
            pulls.append(lambda delta, derivative=derivative: delta * derivative)
            largest = np.max(np.abs(curve(entry).derivative))
            dead_units.append(np.mean(dead(derivative), axis=1))
            saturated_units.append(np.mean(saturated(derivative, largest), axis=(1, 2)))
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
            dead_units.append(np.full(len(z), np.nan))
            saturated_units.append(np.full(len(z), np.nan))
    delta = np.asarray(_output_gradients(loss)(jnp.asarray(z), jnp.asarray(y)))
    gradient = [np.mean(delta**2, axis=(1, 2))]
    for weight, pull in zip(weights[:0:-1], pulls[::-1], strict=True):
        delta = pull(delta @ weight.swapaxes(1, 2))
        gradient.append(np.mean(delta**2, axis=(1, 2)))
    hidden = (len(z), len(phi))
    signal_theory, gradient_theory = _theory(
        phi, float(np.mean(np.square(x))), [weight.shape[2] for weight in weights]
    )
    return Layers(
        signal=np.stack(signal, axis=1),
        gradient=np.stack(gradient[::-1], axis=1) / gradient[0][:, None],
        dead=np.reshape(np.array(dead_units).T, hidden),
        saturated=np.reshape(np.array(saturated_units).T, hidden),
        signal_theory=signal_theory,
        gradient_theory=gradient_theory,
        parameters=sum(leaf.size for leaf in jax.tree.leaves(params)) // len(z),
    )


def _measured(
    params: Params,
    phi: Sequence[Activation],
    loss: Callable[[Array, Array], Array],
    rows: tuple[np.ndarray, np.ndarray],
    net: Network,
) -> Layers:
    """As ``measure``, of any network of jaxnn's layers, op by op: nothing whole is compiled."""
    trace = inside.of(net).trace

    def of_row(params: Params, x: Array, y: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        _, z, _ = trace(params, x, probes=(None,) * (len(phi) + 1))

        def error(probes: tuple[Array, ...]) -> Array:
            return loss(trace(params, x, probes=probes)[0], y)

        return z, jax.grad(error)(jax.tree.map(jnp.zeros_like, z))

    of_seed = jax.vmap(of_row, in_axes=(None, 0, 0))
    found = jax.vmap(of_seed, in_axes=(0, None, None))(params, *map(jnp.asarray, rows))
    z, deltas = ([np.asarray(each) for each in part] for part in found)  # (seeds, rows, units)
    gradient = np.stack([np.mean(delta**2, axis=(1, 2)) for delta in deltas], axis=1)
    units = np.full((2, len(z[0]), len(phi)), np.nan)
    for layer, entry in enumerate(phi):
        if is_curve(entry):
            _, derivative = _evaluate(entry, z[layer])
            largest = np.max(np.abs(curve(entry).derivative))
            units[0, :, layer] = np.mean(dead(derivative), axis=1)
            units[1, :, layer] = np.mean(saturated(derivative, largest), axis=(1, 2))
    nothing = np.full(len(z), np.nan)
    return Layers(
        signal=np.stack([np.mean(each**2, axis=(1, 2)) for each in z], axis=1),
        gradient=gradient / gradient[:, -1:],
        dead=units[0],
        saturated=units[1],
        signal_theory=nothing,
        gradient_theory=nothing,
        parameters=sum(leaf.size for leaf in jax.tree.leaves(params)) // len(z[0]),
    )


def counter(
    phi: Sequence[Activation],
    largest: Mapping[Callable, Array] = MappingProxyType({}),
    net: Network | None = None,
) -> Observer | None:
    """What make_training takes as inside: shares of dead and saturated units of all hidden layers.

    Args:
        phi: one activation per hidden layer.
        largest: max |φ′| by function, shape (1,), where it is known; the others are measured.
        net: the network, where its hidden layers are not φ(x W + b) alone; z is then what φ takes.

    Returns:
        The look inside a jaxnn.mlp, at its first COUNTED_ROWS rows; None where there is nothing to
        count: no hidden layer, or one whose activation mixes its inputs.

    Example:
        >>> from jaxnn import ACTIVATIONS
        >>> params = ({"weight": jnp.array([[1.0, -1.0]])}, {"weight": jnp.ones((2, 1))})
        >>> inside = counter((ACTIVATIONS["relu"],))
        >>> outputs, seen = inside.forward(params, jnp.ones((1, 3)))
        >>> {name: float(share) for name, share in inside.measure(params, seen).items()}
        {'dead': 0.5, 'saturated': 0.5}
    """
    if not phi or not all(map(is_curve, phi)):
        return None
    fixed = {**largest} | {
        entry.function: steepest(entry)
        for entry in phi
        if not entry.learned and entry.function not in largest
    }

    probes = (None,) * (len(phi) + 1)

    def forward(params: Params, x: Array) -> tuple[Array, list[Array]]:
        if net is not None:
            trace = partial(inside.of(net).trace, params, probes=probes)
            outputs, z, _ = jax.vmap(trace, in_axes=-1, out_axes=-1)(x)
            return outputs, list(z[:-1])
        seen = []
        for layer, entry in zip(params, phi, strict=False):
            seen.append(pre_activations(layer, x))
            learned = {name: each[:, None] for name, each in layer.get("activation", {}).items()}
            x = entry.function(seen[-1], **learned)
        return pre_activations(params[-1], x), seen

    def count(params: Params, seen: Sequence[Array]) -> Mapping[str, Array]:
        # All layers side by side: a third of the compile time of jaxnn.diagnostics' two functions.
        slopes = diagnostics.slopes_at(params, [each.T for each in seen], net or phi)
        own = params if net is None else inside.of(net).own(params)
        derivatives = jnp.concatenate(slopes, axis=1)
        most = [
            jnp.broadcast_to(
                fixed[entry.function]
                if entry.function in fixed
                else diagnostics.largest_slopes(entry, layer["activation"]),
                z.shape[:1],
            )
            for entry, layer, z in zip(phi, own, seen, strict=False)
        ]
        shares = {
            "dead": dead(derivatives),
            "saturated": saturated(derivatives, jnp.concatenate(most)[None, :]),
        }
        return {name: jnp.mean(share, dtype=jnp.float32) for name, share in shares.items()}

    return Observer(forward, count, COUNTED_ROWS)


class Curve(NamedTuple):
    """An activation φ(z) and its derivative φ′(z), learned parameters at their starting values."""

    z: np.ndarray
    value: np.ndarray
    derivative: np.ndarray


def curve(entry: Activation) -> Curve | None:
    """The activation as a curve, z from -16 to 16; None if it mixes its inputs.

    Example:
        >>> from jaxnn import ACTIVATIONS
        >>> curve(ACTIVATIONS["relu"]).derivative[[0, -1]].tolist(), curve(ACTIVATIONS["softmax"])
        ([0.0, 1.0], None)
    """
    return Curve(_Z, *_evaluate(entry, _Z)) if is_curve(entry) else None


def steepest(entry: Activation) -> np.ndarray:
    """max |φ′| of an activation that is a curve, (1,).

    Example:
        >>> from jaxnn import ACTIVATIONS
        >>> steepest(ACTIVATIONS["sigmoid"]).tolist()
        [0.25]
    """
    return np.abs(curve(entry).derivative).max(keepdims=True)


def _theory(
    phi: Sequence[Activation], mean_square: float, widths: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean squares of z, and of ∂L/∂z divided by the output's, for weights as jaxnn.mlp draws them.

    Their variance is gain² / fan-in, with the gain of the layer's own activation.
    """
    variances = [float(gain(entry)) ** 2 for entry in phi] + [1.0]
    signal, factor = np.full(len(widths), np.nan), np.full(len(widths), np.nan)
    for layer, entry in enumerate(phi):
        signal[layer] = variances[layer] * mean_square
        if not is_curve(entry):
            break
        found = expectations.moments(entry, signal[layer])
        mean_square = found.mean_square
        # A unit's gradient sums over the next layer's units, which may be more or fewer than its
        # weights' fan-in.
        factor[layer] = (
            found.slope_mean_square * variances[layer + 1] * widths[layer + 1] / widths[layer]
        )
    else:
        signal[-1] = mean_square
    factor[-1] = 1
    return signal, np.cumprod(factor[::-1])[::-1]


def is_curve(entry: Activation) -> bool:
    """Whether each unit has a derivative of its own: the activation does not mix its inputs."""
    return entry.elementwise and entry.units_in == 1


def _starts(learned: Iterable[tuple[str, float]]) -> dict[str, Array]:
    return {name: jnp.float32(start) for name, start in learned}


def _evaluate(entry: Activation, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """φ(z) and φ′(z), in pieces of one size, so that φ is compiled once."""
    pieces = np.pad(z.ravel(), (0, -z.size % _SIZE)).reshape(-1, _SIZE)
    compiled = _compiled(entry.function, tuple(sorted(entry.learned.items())))
    values, derivatives = (
        np.concatenate(each)[: z.size].reshape(z.shape)
        for each in zip(*(map(np.asarray, compiled(piece)) for piece in pieces), strict=True)
    )
    return values, derivatives


@cache
def _compiled(function: Callable, learned: tuple[tuple[str, float], ...]) -> Callable:
    def both(z):
        value, pull = jax.vjp(lambda z: function(z, **_starts(learned)), z)
        return value, pull(jnp.ones_like(value))[0]

    return jax.jit(both)


@cache
def _output_gradients(loss: Callable) -> Callable:
    return jax.jit(jax.vmap(jax.vmap(jax.grad(loss)), in_axes=(0, None)))
