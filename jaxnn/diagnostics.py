"""Diagnostics of networks: dead and saturated units, sparsity, and variances.

All of them are computed from ``forward_trace``, for every Network that the library builds: serial,
residual, repeated and recurrent ones, with layer normalisation, dropout (which acts in training
only) or a deep_mlp's scan. For the parameters of a plain ``jaxnn.mlp``, a tuple with one dict per
layer with "weight" and optionally "bias" and "activation", the activation is enough in place of the
network. The functions are pure, and work under ``jax.jit`` and ``jax.vmap`` with a static network
or activation. Fractions and variances are taken over a batch, and over the time of a sequence; x
has one example per row.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np

from jaxnn.activations import resolve
from jaxnn.layers import dense, serial
from jaxnn.losses import cost
from jaxnn.networks import hidden_activations
from jaxnn.promotion import floating
from jaxnn.types import Activation, Array, Inside, Network, Params

Phi = str | Callable[[Array], Array] | Activation
Seen = Network | Phi | Sequence[Phi]


class Trace(NamedTuple):
    """The values of all layers in the forward pass of one example, including the output layer.

    pre_activations: z = h W + b, a tuple with one array of shape (units,) per layer of neurons; in
        a recurrent network (time, units).
    activations: φ(z), a tuple with one array of shape (out_dim,), or (time, out_dim), per layer.
    output: of the network, as of its apply; that of the last layer, unless something follows it.
    """

    pre_activations: tuple[Array, ...]
    activations: tuple[Array, ...]
    output: Array


def _inside(params: Params, activation: Seen, output_activation: Phi = "linear") -> Inside:
    """What the network has inside; of an activation, that of a plain mlp with these parameters."""
    if isinstance(activation, Network):
        if activation.inside is None or not activation.inside.activations:
            raise ValueError(
                "this network has no layer of neurons that diagnostics know; make it of jaxnn's "
                "layers, such as with jaxnn.serial"
            )
        return activation.inside
    hint = "; give the network in place of the activation, as in dead_fraction(params, x, net)"
    for i, layer in enumerate(params):
        if not isinstance(layer, Mapping) or "weight" not in layer:
            raise ValueError(
                "diagnostics with an activation need the parameters of a jaxnn.mlp without "
                f"layer_norm; layer {i} has no 'weight'{hint}"
            )
        for name in layer.keys() - {"weight", "bias", "activation"}:
            raise ValueError(
                "diagnostics with an activation need the parameters of a jaxnn.mlp; layer "
                f"{i} has {name!r}{hint}"
            )
        if np.ndim(layer["weight"]) != 2:
            raise ValueError(
                "diagnostics with an activation need the parameters of a jaxnn.mlp, not of a "
                f"deep_mlp{hint}"
            )
    phis = (*hidden_activations(activation, len(params) - 1), output_activation)
    layers = []
    for layer, phi in zip(params, phis, strict=True):
        in_dim, units = np.shape(layer["weight"])
        layers.append(dense(in_dim, int(units / resolve(phi).units_in), activation=phi))
    inside = serial(*layers).inside
    assert inside is not None  # noqa: S101 (serial always has one)
    return inside


def forward_trace(
    params: Params,
    x: Array,
    activation: Seen,
    *,
    output_activation: Phi = "linear",
    probes: Sequence[Array] | None = None,
) -> Trace:
    """Pre-activations and activations of all layers, z_l = h_{l−1} W_l + b_l and h_l = φ(z_l).

    Args:
        params: the parameters of the network.
        x: ONE example, h_0, shape (in_dim,), or (time, in_dim) for a recurrent network.
        activation: the Network; for an mlp's parameters also φ of the hidden layers, or a sequence
            with one φ per hidden layer, as in mlp.
        output_activation: φ of the output layer, as in mlp; not used with a Network.
        probes: arrays to add to the pre-activations, one of shape (units,) per layer. At probes of
            0, the gradient with respect to them is the gradient with respect to the
            pre-activations.

    Returns:
        Trace.

    Raises:
        ValueError: x is not of shape (in_dim,); the number of probes is not that of all layers; a
            probe has another shape than its layer's pre-activations; the network was made by hand.
            With an activation: the parameters are not those of a plain mlp, the number of
            activations is not that of the hidden layers, or one is unknown.

    Example:
        >>> from jaxnn import mlp
        >>> params = mlp((3, 5, 2), activation="relu").init(jax.random.key(0))
        >>> jax.tree.map(jnp.shape, forward_trace(params, jnp.ones(3), "relu").pre_activations)
        ((5,), (2,))

    Reference:
        Rumelhart, Hinton and Williams 1986.
    """
    inside = _inside(params, activation, output_activation)
    count = len(inside.activations)
    if probes is not None and len(probes) != count:
        raise ValueError(
            f"{len(probes)} probes for {count} layers: give one per layer, including the output "
            "layer"
        )
    output, z, h = inside.trace(params, floating(x), probes=probes or (None,) * count)
    return Trace(z, h, output)


def _traces(params: Params, x: Array, activation: Seen, output_activation: Phi = "linear") -> Trace:
    """The traces of a batch: arrays of shape (examples, units), one per layer.

    In a recurrent network each time step is an example of its own here.
    """
    if jnp.ndim(x) < 2:
        raise ValueError(
            "x needs one example per row, shape (examples, in_dim); got shape "
            f"{jnp.shape(x)}: for ONE example give x[None]"
        )
    traces = jax.vmap(
        lambda x: forward_trace(params, x, activation, output_activation=output_activation)
    )(x)
    return traces._replace(
        pre_activations=tuple(z.reshape(-1, z.shape[-1]) for z in traces.pre_activations),
        activations=tuple(h.reshape(-1, h.shape[-1]) for h in traces.activations),
    )


def _slope(entry: Activation, z: Array, learned: dict[str, Array]) -> Array:
    """φ′(z) of every unit, in reverse mode, so that activations with a custom_vjp work too."""
    if not entry.elementwise or entry.units_in != 1:
        raise ValueError(
            "the derivative of a unit needs an elementwise activation, and this one mixes its "
            "inputs; give another activation"
        )
    value, pull = jax.vjp(lambda z: entry.function(z, **learned), z)
    chex.assert_equal_shape(
        [z, value],
        exception_type=ValueError,
        custom_message="an elementwise activation must keep the shape of its input",
    )
    return pull(jnp.ones_like(value))[0]


def activation_slopes(params: Params, x: Array, activation: Seen) -> tuple[Array, ...]:
    """Derivative φ′(z) of every hidden unit on every example, by ``jax.grad``'s conventions.

    For example, ReLU's derivative at 0 is 0.

    Args:
        params: the parameters of the network.
        x: float, shape (examples, in_dim), or (examples, time, in_dim).
        activation: the Network, whose hidden layers are elementwise; for an mlp's parameters also
            φ, or a sequence with one φ per hidden layer.

    Returns:
        A tuple with one array of shape (examples, units) per hidden layer.

    Raises:
        ValueError: x is not of shape (examples, in_dim); an activation is not elementwise;
            otherwise as in ``forward_trace``.

    Example:
        >>> from jaxnn import mlp
        >>> params = mlp((3, 5, 2), activation="relu").init(jax.random.key(0))
        >>> (derivatives,) = activation_slopes(params, jnp.ones((4, 3)), "relu")
        >>> derivatives.shape, set(derivatives.ravel().tolist()) <= {0.0, 1.0}
        ((4, 5), True)

    Reference:
        Rumelhart, Hinton and Williams 1986.
    """
    return slopes_at(params, _traces(params, x, activation).pre_activations[:-1], activation)


def slopes_at(
    params: Params, pre_activations: Sequence[Array], activation: Seen
) -> tuple[Array, ...]:
    """Derivative φ′(z) of every hidden unit, as ``activation_slopes``, where z is known.

    Args:
        params: the parameters of the network.
        pre_activations: z, one array of shape (examples, units) per hidden layer.
        activation: as in ``activation_slopes``.

    Returns:
        A tuple of arrays with the shapes of z.

    Raises:
        ValueError: an activation is unknown or not elementwise, or their number is not that of the
            hidden layers.

    Example:
        >>> from jaxnn import mlp
        >>> params = mlp((3, 2, 2), activation="relu").init(jax.random.key(0))
        >>> slopes_at(params, (jnp.array([[-1.0, 2.0]]),), "relu")[0].tolist()
        [[0.0, 1.0]]

    Reference:
        Rumelhart, Hinton and Williams 1986.
    """
    inside, z = _inside(params, activation), pre_activations
    entries, own = inside.activations, inside.own(params)
    alike: dict[Callable, list[int]] = {}
    for i, entry in enumerate(entries[:-1]):
        alike.setdefault(entry.function, []).append(i)
    slopes: dict[int, Array] = {}
    # The layers of one activation side by side, so that φ′ compiles once at every depth.
    for layers in alike.values():
        wide, widths = (
            jnp.concatenate([z[i] for i in layers], axis=1),
            [z[i].shape[1] for i in layers],
        )
        learned = jax.tree.map(
            lambda *values: jnp.concatenate(values),
            *(dict(own[i].get("activation", {})) for i in layers),
        )
        wide = jax.vmap(
            lambda z, entry=entries[layers[0]], learned=learned: _slope(entry, z, learned)
        )(wide)
        slopes |= zip(layers, jnp.split(wide, np.cumsum(widths[:-1]), axis=1), strict=True)
    return tuple(slopes[i] for i in range(len(entries) - 1))


def _per_layer(values: Sequence[Array], dtype: jnp.dtype) -> Array:
    """One number per layer as a vector, of length 0 for a network without hidden layers."""
    return jnp.stack(values) if values else jnp.zeros(0, dtype)


def dead_fraction(params: Params, x: Array, activation: Seen, *, tolerance: float = 0.0) -> Array:
    """Fraction of dead units per hidden layer: units with |φ′(z)| ≤ tolerance on every example.

    With the default tolerance of 0, a dead unit passes no gradient to its weights on any of these
    examples. A ReLU unit is dead if z ≤ 0 on every example. Units with a smooth activation can be
    dead too, where the computed derivative is exactly 0 (tanh from about |z| = 8 on in float32); a
    tolerance above 0 also counts nearly dead units. A unit whose derivative is nan on some example
    is not counted.

    Args:
        params: the parameters of the network.
        x: float, shape (examples, in_dim), or (examples, time, in_dim), at least one example.
        activation: the Network, whose hidden layers are elementwise; for an mlp's parameters also
            φ, or a sequence with one φ per hidden layer.
        tolerance: the largest |φ′(z)| that counts as 0, dimensionless.

    Returns:
        Shape (hidden layers,), in [0, 1], in x's dtype.

    Raises:
        ValueError: as in ``activation_slopes``.

    Example:
        >>> params = ({"weight": jnp.array([[1.0, -1.0]])}, {"weight": jnp.ones((2, 1))})
        >>> dead_fraction(params, jnp.array([[1.0], [2.0]]), "relu").tolist()
        [0.5]

    Reference:
        Lu et al. 2019, arXiv 1903.06733; Maas, Hannun and Ng 2013 for the term.
    """
    x = floating(x)
    slopes = activation_slopes(params, x, activation)
    return _per_layer(
        [jnp.mean(jnp.max(jnp.abs(s), axis=0) <= tolerance, dtype=x.dtype) for s in slopes], x.dtype
    )


# In steps of 1/128, which are exact in float32, and include 0 and every known corner.
_SLOPE_GRID = np.linspace(-16, 16, 4097)


def saturated_fraction(
    params: Params, x: Array, activation: Seen, *, fraction: float = 0.05
) -> Array:
    """Saturated fraction per hidden layer: unit–example pairs with |φ′(z)| < fraction · max |φ′|.

    The maximum is that of ``largest_slopes``, over z in [−16, 16]; each unit has its own if φ has
    learned parameters. At the default of 5 %, saturated means |z| > 2.18 for tanh, |z| > 4.36 for
    sigmoid, and z ≤ 0 for ReLU, whose flat side counts as saturated.

    Args:
        params: the parameters of the network.
        x: float, shape (examples, in_dim), or (examples, time, in_dim), at least one example.
        activation: the Network, whose hidden layers are elementwise; for an mlp's parameters also
            φ, or a sequence with one φ per hidden layer.
        fraction: the fraction of max |φ′| below which a unit counts as saturated, in (0, 1].

    Returns:
        Shape (hidden layers,), in [0, 1], in x's dtype.

    Raises:
        ValueError: as in ``activation_slopes``.

    Example:
        >>> params = ({"weight": jnp.ones((1, 1))}, {"weight": jnp.ones((1, 1))})
        >>> saturated_fraction(params, jnp.array([[0.0], [2.1], [2.3], [-9.0]]), "tanh").tolist()
        [0.5]

    Reference:
        Glorot and Bengio 2010, section 3, for the phenomenon; the threshold is our choice.
    """
    x = floating(x)
    slopes = activation_slopes(params, x, activation)
    inside = _inside(params, activation)
    largest = [
        largest_slopes(entry, layer.get("activation", {}), x.dtype)
        for layer, entry in zip(inside.own(params)[:-1], inside.activations[:-1], strict=True)
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
    """Largest |φ′(z)| over z in [−16, 16].

    z is taken in steps of 1/128, or in steps of 1/8 if φ has learned parameters. The range bounds
    the result for a φ whose derivative is unbounded.

    Args:
        activation: φ, elementwise.
        learned: the learned parameters of φ by name, each of shape (units,); empty if it has none.
        dtype: the float dtype of the computation.

    Returns:
        Shape (units,), or (1,) if φ has no learned parameters.

    Raises:
        ValueError: the activation is unknown or not elementwise.

    Example:
        >>> largest_slopes("sigmoid", {}).tolist()
        [0.25]
        >>> largest_slopes("prelu", {"slope": jnp.array([0.5, 3.0])}).tolist()
        [1.0, 3.0]

    Reference:
        None; it defines the threshold of ``saturated_fraction``.
    """
    entry, grid = resolve(activation), jnp.asarray(_SLOPE_GRID, dtype)
    if not learned:
        return jnp.max(jnp.abs(_slope(entry, grid, {})))[None]
    return jax.vmap(lambda learned: jnp.max(jnp.abs(_slope(entry, grid[::16], learned))))(
        dict(learned)
    )


def exact_sparsity(params: Params, x: Array, activation: Seen) -> Array:
    """Fraction of outputs that are exactly 0 per hidden layer, over its units and the examples.

    Args:
        params: the parameters of the network.
        x: float, shape (examples, in_dim), or (examples, time, in_dim), at least one example.
        activation: the Network; for an mlp's parameters also φ of the hidden layers, or a sequence
            with one φ per hidden layer.

    Returns:
        Shape (hidden layers,), in [0, 1], in x's dtype.

    Raises:
        ValueError: x is not of shape (examples, in_dim); otherwise as in ``forward_trace``.

    Example:
        >>> params = ({"weight": jnp.array([[1.0, -1.0]])}, {"weight": jnp.ones((2, 1))})
        >>> exact_sparsity(params, jnp.array([[1.0], [0.0]]), "relu").tolist()
        [0.75]

    Reference:
        Glorot, Bordes and Bengio 2011, section 3.
    """
    x = floating(x)
    outputs = _traces(params, x, activation).activations[:-1]
    return _per_layer([jnp.mean(h == 0, dtype=x.dtype) for h in outputs], x.dtype)


class ActivationVariance(NamedTuple):
    """Variances over units and examples per layer, including the output layer.

    pre_activations: variance of z about its mean, shape (layers,).
    activations: variance of φ(z) about its mean, shape (layers,).
    """

    pre_activations: Array
    activations: Array


def activation_variance(
    params: Params, x: Array, activation: Seen, *, output_activation: Phi = "linear"
) -> ActivationVariance:
    """Variance of pre-activations z and activations φ(z) per layer, over all units and examples.

    Mean-field theory's q is E[z²]; in wide random networks it agrees with the variance of z, since
    the mean over units tends to 0.

    Args:
        params: the parameters of the network.
        x: float, shape (examples, in_dim), or (examples, time, in_dim), at least one example.
        activation: the Network; for an mlp's parameters also φ of the hidden layers, or a sequence
            with one φ per hidden layer.
        output_activation: φ of the output layer of an mlp; not used with a Network.

    Returns:
        ActivationVariance, two arrays of shape (layers,), in the unit of z and of φ(z) squared.

    Raises:
        ValueError: x is not of shape (examples, in_dim); otherwise as in ``forward_trace``.

    Example:
        >>> params = ({"weight": jnp.array([[1.0, -1.0]])}, {"weight": jnp.ones((2, 1))})
        >>> activation_variance(params, jnp.array([[2.0], [2.0]]), "relu").activations.tolist()
        [1.0, 0.0]

    Reference:
        Glorot and Bengio 2010, figures 2 to 6.
    """
    traces = _traces(params, x, activation, output_activation)
    return ActivationVariance(
        *(jnp.stack([jnp.var(value) for value in values]) for values in traces[:2])
    )


class GradientVariance(NamedTuple):
    """Variances of gradients about their mean per layer, including the output layer.

    pre_activations: variance of ∂L/∂z, the gradient of the loss of each example, over units and
        examples, shape (layers,).
    weights: variance of ∂J/∂W, the gradient of the cost (the mean loss), over the entries of W, and
        of C in a recurrent layer, shape (layers,); nan for a layer without weights.
    """

    pre_activations: Array
    weights: Array


def gradient_variance(
    params: Params,
    x: Array,
    y: Array,
    loss: Callable[[Array, Array], Array],
    activation: Seen,
    *,
    output_activation: Phi = "linear",
) -> GradientVariance:
    """Variance of the gradients ∂L/∂z, over units and examples, and ∂J/∂W, over entries, per layer.

    Args:
        params: the parameters of the network.
        x: float, shape (examples, in_dim), or (examples, time, in_dim), at least one example.
        y: targets, one per row, shape (examples, …).
        loss: ``loss(prediction, target) -> scalar`` for one example, such as
            ``jaxnn.losses.squared_error``.
        activation: the Network; for an mlp's parameters also φ of the hidden layers, or a sequence
            with one φ per hidden layer.
        output_activation: φ of the output layer of an mlp; not used with a Network.

    Returns:
        GradientVariance, two arrays of shape (layers,).

    Raises:
        ValueError: x is not of shape (examples, in_dim); x and y have different numbers of rows;
            otherwise as in ``forward_trace``.

    Example:
        >>> from jaxnn.losses import squared_error
        >>> params = ({"weight": jnp.array([[1.0], [2.0]])},)
        >>> x, y = jnp.array([[3.0, 4.0]]), jnp.array([[6.0]])
        >>> v = gradient_variance(params, x, y, squared_error, "linear")
        >>> v.weights.tolist()  # the gradient is 2 · 5 · (3, 4)
        [25.0]

    Reference:
        Glorot and Bengio 2010, section 4; Schoenholz et al. 2017, arXiv 1611.01232, section 4.
    """
    x, inside = floating(x), _inside(params, activation, output_activation)

    def traced(params, x, probes=None):
        return forward_trace(
            params, x, activation, output_activation=output_activation, probes=probes
        )

    _traces(params, x, activation, output_activation)  # it says what is wrong with x
    z = jax.vmap(lambda x: traced(params, x))(x).pre_activations
    by_weight = jax.grad(lambda params: cost(loss, lambda x: traced(params, x).output, x, y))(
        params
    )
    by_probe = jax.vmap(jax.grad(lambda probes, x, y: loss(traced(params, x, probes).output, y)))(
        jax.tree.map(jnp.zeros_like, z), x, jnp.asarray(y)
    )
    return GradientVariance(
        jnp.stack([jnp.var(g) for g in by_probe]),
        jnp.stack([_variance_of_weights(layer, x.dtype) for layer in inside.own(by_weight)]),
    )


def _variance_of_weights(layer: Mapping[str, Array], dtype: jnp.dtype) -> Array:
    """Over all weights of a layer, those of its context included; nan where it has none."""
    found = [layer[name].ravel() for name in ("weight", "context") if name in layer]
    return jnp.var(jnp.concatenate(found)) if found else jnp.full((), jnp.nan, dtype)
