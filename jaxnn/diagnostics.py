"""What goes on inside a multilayer perceptron: dead and saturated units, sparsity, variance of signals and gradients.

All of it looks through one window, ``forward_trace``. The functions take the parameters of ``jaxnn.mlp`` (a tuple with
one {"weight", optional "bias", optional "activation"} a layer), are pure, and work under ``jax.jit`` and ``jax.vmap``
with the activation static. Fractions and variances are over a batch: x has one example a row.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn.activations import resolve
from jaxnn.losses import cost
from jaxnn.types import Activation, Array, Params

Phi = str | Callable[[Array], Array] | Activation


class Trace(NamedTuple):
    """Every layer of one forward pass of one example, output layer included.

    pre_activations: z = h W + b of each layer, a tuple of arrays of shape (units,).
    activations: φ(z) of each layer, a tuple of arrays of shape (out_dim,); the last is the network's output.
    """

    pre_activations: tuple[Array, ...]
    activations: tuple[Array, ...]


def _entries(
    params: Params, activation: Phi | Sequence[Phi], output_activation: Phi
) -> tuple[Activation, ...]:
    """One Activation a layer, checked against the parameters."""
    for i, layer in enumerate(params):
        if "weight" not in layer:
            raise ValueError(
                f"diagnostics read the parameters of jaxnn.mlp; layer {i} has no 'weight', only {sorted(layer)}"
            )
    hidden = len(params) - 1
    several = isinstance(activation, Sequence) and not isinstance(activation, (str, Activation))
    chosen = tuple(activation) if several else (activation,) * hidden
    if len(chosen) != hidden:
        raise ValueError(
            f"{len(chosen)} activations for {hidden} hidden layers: give one, or one for each layer"
        )
    return tuple(resolve(phi) for phi in (*chosen, output_activation))


def forward_trace(
    params: Params,
    x: Array,
    activation: Phi | Sequence[Phi],
    *,
    output_activation: Phi = "linear",
    probes: Sequence[Array] | None = None,
) -> Trace:
    """Every pre-activation and activation of a forward pass, z_l = h_{l−1} W_l + b_l (+ probe_l) and h_l = φ(z_l).

    Args:
        params: of ``jaxnn.mlp``, a tuple with a dict a layer.
        x: ONE example, shape (in_dim,).
        activation: φ of the hidden layers, or a sequence with one for each, as ``mlp`` got it.
        output_activation: φ of the last layer, as ``mlp`` got it.
        probes: added to the pre-activations, one array of a layer's shape each; the gradient with respect to probes of
            0 is that with respect to the pre-activations.

    Returns:
        Trace.

    Raises:
        ValueError: x is not of shape (in_dim,); a layer has no weight; as many activations or probes as layers are not
            given; an activation is unknown.

    Example:
        >>> from jaxnn import mlp
        >>> params = mlp((3, 5, 2), activation="relu").init(jax.random.key(0))
        >>> jax.tree.map(jnp.shape, forward_trace(params, jnp.ones(3), "relu").pre_activations)
        ((5,), (2,))

    Reference:
        Backpropagation's forward pass: Rumelhart, Hinton and Williams 1986.
    """
    entries = _entries(params, activation, output_activation)
    if jnp.shape(x) != params[0]["weight"].shape[:1]:
        raise ValueError(
            f"the network has {params[0]['weight'].shape[0]} inputs and got one example of shape {jnp.shape(x)}; "
            f"give shape {params[0]['weight'].shape[:1]}, and use jax.vmap for a batch"
        )
    if probes is not None and len(probes) != len(params):
        raise ValueError(
            f"{len(probes)} probes for {len(params)} layers: one is needed for each, the output layer included"
        )
    pre_activations, activations = [], []
    for i, (layer, entry) in enumerate(zip(params, entries, strict=True)):
        z = x @ layer["weight"]
        if "bias" in layer:
            z = z + layer["bias"]
        if probes is not None:
            z = z + probes[i]
        x = entry.function(z, **layer.get("activation", {}))
        pre_activations.append(z)
        activations.append(x)
    return Trace(tuple(pre_activations), tuple(activations))


def _traces(
    params: Params, x: Array, activation: Phi | Sequence[Phi], output_activation: Phi = "linear"
) -> Trace:
    """The traces of a batch, (examples, units) a layer."""
    if jnp.ndim(x) != 2:
        raise ValueError(
            f"x has one example a row, shape (examples, in_dim); got shape {jnp.shape(x)}"
        )
    return jax.vmap(
        lambda x: forward_trace(params, x, activation, output_activation=output_activation)
    )(x)


def _slope(entry: Activation, z: Array, learned: dict[str, Array]) -> Array:
    """φ′(z) of every unit; reverse mode, so that activations with a custom_vjp work too."""
    if not entry.elementwise or entry.units_in != 1:
        raise ValueError(
            "the slope of a unit is defined for elementwise activations only, and this one mixes its inputs"
        )
    value, pull = jax.vjp(lambda z: entry.function(z, **learned), z)
    return pull(jnp.ones_like(value))[0]


def activation_slopes(
    params: Params, x: Array, activation: Phi | Sequence[Phi]
) -> tuple[Array, ...]:
    """Slope of every hidden unit on every example, φ′(z), as ``jax.grad`` has it (ReLU's at 0 is 0).

    Args:
        params: of ``jaxnn.mlp``.
        x: float, shape (examples, in_dim).
        activation: φ of the hidden layers, elementwise, or a sequence with one for each.

    Returns:
        A tuple with one array of shape (examples, units) for each hidden layer.

    Raises:
        ValueError: x is no batch or does not fit; an activation is not elementwise; otherwise as in ``forward_trace``.

    Example:
        >>> from jaxnn import mlp
        >>> params = mlp((3, 5, 2), activation="relu").init(jax.random.key(0))
        >>> sorted(set(activation_slopes(params, jnp.ones((4, 3)), "relu")[0].ravel().tolist())) <= [0.0, 1.0]
        True

    Reference:
        The slope rule of backpropagation: Rumelhart, Hinton and Williams 1986.
    """
    entries = _entries(params, activation, "linear")
    z = _traces(params, x, activation).pre_activations
    alike: dict[Callable, list[int]] = {}
    for i, entry in enumerate(entries[:-1]):
        alike.setdefault(entry.function, []).append(i)
    slopes = {}
    for layers in (
        alike.values()
    ):  # those of one activation side by side: φ′ compiles once, however deep the network
        wide, widths = (
            jnp.concatenate([z[i] for i in layers], axis=1),
            [z[i].shape[1] for i in layers],
        )
        learned = jax.tree.map(
            lambda *values: jnp.concatenate(values),
            *(params[i].get("activation", {}) for i in layers),
        )
        wide = jax.vmap(
            lambda z, entry=entries[layers[0]], learned=learned: _slope(entry, z, learned)
        )(wide)
        slopes |= zip(layers, jnp.split(wide, np.cumsum(widths[:-1]), axis=1), strict=True)
    return tuple(slopes[i] for i in range(len(params) - 1))


def _per_layer(values: Sequence[Array], dtype: jnp.dtype) -> Array:
    """One number a layer, as a vector; of length 0 for a network without hidden layers."""
    return jnp.stack(values) if values else jnp.zeros(0, dtype)


def dead_fraction(
    params: Params, x: Array, activation: Phi | Sequence[Phi], *, tolerance: float = 0.0
) -> Array:
    """Fraction of each hidden layer's units that are dead, max over examples of |φ′(z)| ≤ tolerance.

    A dead unit passes no gradient to its weights on any of these examples. With ReLU that is z ≤ 0 on every example.
    Smooth activations die too, where the slope underflows to exactly 0 (tanh beyond about |z| = 9 in float32); a
    tolerance above 0 counts the nearly dead. A unit with a nan is not counted.

    Args:
        params: of ``jaxnn.mlp``.
        x: float, shape (examples, in_dim), at least one example.
        activation: φ of the hidden layers, elementwise, or a sequence with one for each.
        tolerance: largest |slope| that counts as none, without unit.

    Returns:
        Shape (hidden layers,), in [0, 1], in x's dtype.

    Raises:
        ValueError: as in ``activation_slopes``.

    Example:
        >>> params = ({"weight": jnp.array([[1.0, -1.0]])}, {"weight": jnp.ones((2, 1))})
        >>> dead_fraction(params, jnp.array([[1.0], [2.0]]), "relu").tolist()
        [0.5]

    Reference:
        Lu et al. 2019, arXiv 1903.06733; Maas, Hannun and Ng 2013 for the name.
    """
    slopes = activation_slopes(params, x, activation)
    return _per_layer(
        [jnp.mean(jnp.max(jnp.abs(s), axis=0) <= tolerance, dtype=x.dtype) for s in slopes], x.dtype
    )


_SLOPE_GRID = np.linspace(
    -16, 16, 4097
)  # steps of 1/128, exact in float32, with 0 and every known kink among them


def saturated_fraction(
    params: Params, x: Array, activation: Phi | Sequence[Phi], *, fraction: float = 0.05
) -> Array:
    """Fraction of each hidden layer's (unit, example) pairs that are saturated, |φ′(z)| < fraction · max |φ′|.

    The maximum is that of ``largest_slopes``, each unit's own where it has learned parameters; for slopes that grow without
    bound it is the one at 16. At the default of 5 % that is |z| > 2.18 for tanh, |z| > 4.36
    for sigmoid, and z ≤ 0 for ReLU, whose one flat side is counted like any other.

    Args:
        params: of ``jaxnn.mlp``.
        x: float, shape (examples, in_dim), at least one example.
        activation: φ of the hidden layers, elementwise, or a sequence with one for each.
        fraction: of the largest slope, in (0, 1].

    Returns:
        Shape (hidden layers,), in [0, 1], in x's dtype.

    Raises:
        ValueError: as in ``activation_slopes``.

    Example:
        >>> params = ({"weight": jnp.ones((1, 1))}, {"weight": jnp.ones((1, 1))})
        >>> saturated_fraction(params, jnp.array([[0.0], [2.1], [2.3], [-9.0]]), "tanh").tolist()
        [0.5]

    Reference:
        Glorot and Bengio 2010, section 3, for the phenomenon; the threshold is this library's.
    """
    slopes = activation_slopes(params, x, activation)
    largest = [
        largest_slopes(entry, layer.get("activation", {}), x.dtype)
        for layer, entry in zip(
            params[:-1], _entries(params, activation, "linear")[:-1], strict=True
        )
    ]
    return _per_layer(
        [
            jnp.mean(jnp.abs(s) < fraction * most[None, :], dtype=x.dtype)
            for s, most in zip(slopes, largest, strict=True)
        ],
        x.dtype,
    )


def largest_slopes(
    activation: Phi, learned: Mapping[str, Array], dtype: jnp.dtype = jnp.float32
) -> Array:
    """Largest |φ′| over z in [−16, 16], in steps of 1/128, or of 1/8 for units that have learned parameters.

    Args:
        activation: φ, elementwise.
        learned: its learned parameters, one value a unit; empty where it has none.
        dtype: to compute in.

    Returns:
        Shape (units,); (1,) where nothing is learned.

    Raises:
        ValueError: the activation is unknown or not elementwise.

    Example:
        >>> largest_slopes("sigmoid", {}).tolist(), largest_slopes("prelu", {"slope": jnp.array([0.5, 3.0])}).tolist()
        ([0.25], [1.0, 3.0])

    Reference:
        None; saturated_fraction's measure.
    """
    entry, grid = resolve(activation), jnp.asarray(_SLOPE_GRID, dtype)
    if not learned:
        return jnp.max(jnp.abs(_slope(entry, grid, {})))[None]
    return jax.vmap(lambda learned: jnp.max(jnp.abs(_slope(entry, grid[::16], learned))))(
        dict(learned)
    )


def exact_sparsity(params: Params, x: Array, activation: Phi | Sequence[Phi]) -> Array:
    """Fraction of each hidden layer's outputs that are exactly 0, over units and examples.

    Args:
        params: of ``jaxnn.mlp``.
        x: float, shape (examples, in_dim), at least one example.
        activation: φ of the hidden layers, or a sequence with one for each.

    Returns:
        Shape (hidden layers,), in [0, 1], in x's dtype.

    Raises:
        ValueError: x is no batch or does not fit; otherwise as in ``forward_trace``.

    Example:
        >>> params = ({"weight": jnp.array([[1.0, -1.0]])}, {"weight": jnp.ones((2, 1))})
        >>> exact_sparsity(params, jnp.array([[1.0], [0.0]]), "relu").tolist()
        [0.75]

    Reference:
        Glorot, Bordes and Bengio 2011, section 3.
    """
    outputs = _traces(params, x, activation).activations[:-1]
    return _per_layer([jnp.mean(h == 0, dtype=x.dtype) for h in outputs], x.dtype)


class ActivationVariance(NamedTuple):
    """Variance of each layer over units and examples, about its mean; two arrays of shape (layers,), output included."""

    pre_activations: Array
    activations: Array


def activation_variance(
    params: Params, x: Array, activation: Phi | Sequence[Phi], *, output_activation: Phi = "linear"
) -> ActivationVariance:
    """Variance of every layer's pre-activations z and activations φ(z), over its units and the examples together.

    Mean-field theory's q is E[z²]; the two agree in wide random networks, where the mean over units goes to 0.

    Args:
        params: of ``jaxnn.mlp``.
        x: float, shape (examples, in_dim), at least one example.
        activation: φ of the hidden layers, or a sequence with one for each.
        output_activation: φ of the last layer.

    Returns:
        ActivationVariance of two arrays of shape (layers,), in the unit of the layer squared.

    Raises:
        ValueError: x is no batch or does not fit; otherwise as in ``forward_trace``.

    Example:
        >>> params = ({"weight": jnp.array([[1.0, -1.0]])}, {"weight": jnp.ones((2, 1))})
        >>> activation_variance(params, jnp.array([[2.0], [2.0]]), "relu").activations.tolist()
        [1.0, 0.0]

    Reference:
        Glorot and Bengio 2010, figures 2 to 6.
    """
    traces = _traces(params, x, activation, output_activation)
    return ActivationVariance(
        *(jnp.stack([jnp.var(value) for value in values]) for values in traces)
    )


class GradientVariance(NamedTuple):
    """Variance of each layer's gradients, about their mean; two arrays of shape (layers,), output included.

    pre_activations: of ∂L/∂z, the gradient of each example's own loss, over units and examples.
    weights: of ∂J/∂W, the gradient of the cost (the mean loss), over the entries of W.
    """

    pre_activations: Array
    weights: Array


def gradient_variance(
    params: Params,
    x: Array,
    y: Array,
    loss: Callable[[Array, Array], Array],
    activation: Phi | Sequence[Phi],
    *,
    output_activation: Phi = "linear",
) -> GradientVariance:
    """Variance of every layer's gradients, of ∂L/∂z over units and examples, and of the cost's ∂J/∂W over W's entries.

    Args:
        params: of ``jaxnn.mlp``.
        x: float, shape (examples, in_dim), at least one example.
        y: targets along the first axis.
        loss: of one prediction and one target, such as ``jaxnn.losses.squared_error``.
        activation: φ of the hidden layers, or a sequence with one for each.
        output_activation: φ of the last layer.

    Returns:
        GradientVariance of two arrays of shape (layers,).

    Raises:
        ValueError: x is no batch or does not fit; x and y differ in their number of rows; otherwise as in
            ``forward_trace``.

    Example:
        >>> from jaxnn.losses import squared_error
        >>> params = ({"weight": jnp.array([[1.0], [2.0]])},)
        >>> v = gradient_variance(params, jnp.array([[3.0, 4.0]]), jnp.array([[6.0]]), squared_error, "linear")
        >>> v.weights.tolist()  # the gradient is 2 · 5 · (3, 4)
        [25.0]

    Reference:
        Glorot and Bengio 2010, section 4; Schoenholz et al. 2017, arXiv 1611.01232, section 4.
    """
    z = _traces(params, x, activation, output_activation).pre_activations

    def output(params, x, probes=None):
        return forward_trace(
            params, x, activation, output_activation=output_activation, probes=probes
        ).activations[-1]

    by_weight = jax.grad(lambda params: cost(loss, lambda x: output(params, x), x, y))(params)
    by_probe = jax.vmap(jax.grad(lambda probes, x, y: loss(output(params, x, probes), y)))(
        jax.tree.map(jnp.zeros_like, z), x, y
    )
    return GradientVariance(
        jnp.stack([jnp.var(g) for g in by_probe]),
        jnp.stack([jnp.var(layer["weight"]) for layer in by_weight]),
    )
