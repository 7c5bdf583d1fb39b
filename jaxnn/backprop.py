"""Backpropagation written out by the slope rule, node by node; jax.grad of the whole gives the same numbers."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxnn.activations import resolve
from jaxnn.networks import hidden_activations
from jaxnn.types import Activation, Array, Params


class Nodes(NamedTuple):
    """The nodes of one layer, as the forward pass leaves them.

    inputs: values of the nodes that feed the layer, shape (in_dim,).
    sums: x W + b, shape (units,).
    values: φ of the sums, shape (out_dim,).
    """

    inputs: Array
    sums: Array
    values: Array


def _activate(activation: str | Callable | Activation) -> Callable[[Array, Params], Array]:
    function = resolve(activation).function
    return lambda sums, learned: function(sums, **learned)


def forward(
    params: Params,
    x: Array,
    *,
    activation: str | Callable | Activation | Sequence = "relu",
    output_activation: str | Callable | Activation = "linear",
) -> tuple[Nodes, ...]:
    """Forward propagation that keeps every node's value, layer by layer: aₗ = φₗ(aₗ₋₁ Wₗ + bₗ), a₀ = x.

    Args:
        params: of an mlp: for each layer {"weight": (in_dim, units)}, and "bias" and "activation" where it has them.
        x: one example, shape (in_dim,).
        activation, output_activation: φ, as given to mlp.

    Returns:
        Nodes(inputs, sums, values) for each layer, first hidden layer first; the last one's values are the prediction.

    Raises:
        ValueError: params are not those of a plain mlp, x is not of the first layer's in_dim, an activation is
            unknown, or as many activations as hidden layers are not given.

    Example:
        >>> weights = [[[1.0, -1.0], [1.0, 1.0]], [[2.0], [-1.0]]]
        >>> params = tuple({"weight": jnp.array(w)} for w in weights)
        >>> hidden, output = forward(params, jnp.array([2.0, 3.0]), activation="linear")
        >>> hidden.values.tolist(), output.values.tolist()
        ([5.0, 1.0], [9.0])

    Reference:
        Rumelhart, Hinton & Williams 1986, Nature 323.
    """
    if not all(
        isinstance(layer, Mapping) and getattr(layer.get("weight"), "ndim", 0) == 2
        for layer in params
    ):
        raise ValueError(
            "the slope rule is written out for the params of a plain mlp: for each layer a mapping with a "
            '"weight" of two axes; without layer_norm, and not those of deep_mlp'
        )
    if x.shape != params[0]["weight"].shape[:1]:
        raise ValueError(
            f"a network of {params[0]['weight'].shape[0]} inputs got one example of shape {x.shape}; "
            "use jax.vmap for a batch"
        )
    layers = []
    for layer, phi in zip(
        params, (*hidden_activations(activation, len(params) - 1), output_activation), strict=True
    ):
        sums = x @ layer["weight"] + layer["bias"] if "bias" in layer else x @ layer["weight"]
        values = _activate(phi)(sums, layer.get("activation", {}))
        layers.append(Nodes(x, sums, values))
        x = values
    return tuple(layers)


def loss_and_slopes(
    params: Params,
    x: Array,
    target: Array,
    *,
    loss: Callable[[Array, Array], Array],
    activation: str | Callable | Activation | Sequence = "relu",
    output_activation: str | Callable | Activation = "linear",
) -> tuple[Array, Params]:
    """Loss and its slopes by the slope rule, ∂L/∂W = a ⊗ δ, δ = ∂L/∂a' φ'(z), from the last layer to the first.

    The slope of a weight is the slope of the loss at the node it feeds × the value of the node that feeds it × the
    slope of the activation there. The slope at a node is in turn the sum over the weights that leave it, ∂L/∂a = W δ.
    Only two functions that the caller brings are differentiated by JAX, each at its own node: the loss at the
    prediction, and φ at its sums (which covers φ that mix several sums, such as softmax, and φ that learn).

    Args:
        params: of an mlp: for each layer {"weight": (in_dim, units)}, and "bias" and "activation" where it has them.
        x: one example, shape (in_dim,).
        target: what the loss compares the prediction with.
        loss: ``loss(prediction, target) -> scalar``.
        activation, output_activation: φ, as given to mlp.

    Returns:
        The loss, a scalar, and the slopes, with the structure of params, in the loss's unit per unit of each.

    Raises:
        ValueError: params are not those of a plain mlp, x is not of the first layer's in_dim, an activation is
            unknown, or as many activations as hidden layers are not given.

    Example:
        >>> from jaxnn.losses import squared_error
        >>> params = ({"weight": jnp.array([[1.0], [2.0]])},)
        >>> error, (slopes,) = loss_and_slopes(params, jnp.array([3.0, 4.0]), jnp.array([6.0]), loss=squared_error)
        >>> float(error), slopes["weight"].tolist()
        (25.0, [[30.0], [40.0]])

    Reference:
        Rumelhart, Hinton & Williams 1986, Nature 323.
    """
    layers = forward(params, x, activation=activation, output_activation=output_activation)
    activations = (*hidden_activations(activation, len(params) - 1), output_activation)
    value, slope_at_values = jax.value_and_grad(loss)(layers[-1].values, target)
    slopes = []
    for layer, nodes, phi in zip(
        reversed(params), reversed(layers), reversed(activations), strict=True
    ):
        _, through_activation = jax.vjp(_activate(phi), nodes.sums, layer.get("activation", {}))
        slope_at_sums, slope_of_learned = through_activation(slope_at_values)
        slope = {"weight": jnp.outer(nodes.inputs, slope_at_sums)}
        if "bias" in layer:  # fed by a neuron whose value is always 1
            slope["bias"] = slope_at_sums
        if "activation" in layer:
            slope["activation"] = slope_of_learned
        slopes.append(slope)
        slope_at_values = layer["weight"] @ slope_at_sums
    return value, tuple(reversed(slopes))
