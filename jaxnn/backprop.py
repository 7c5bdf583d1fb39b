"""Backpropagation written out with the chain rule, node by node.

jax.grad of the whole network gives the same numbers.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp

from jaxnn.activations import resolve
from jaxnn.networks import hidden_activations
from jaxnn.promotion import floating
from jaxnn.types import Activation, Array, Params


class Nodes(NamedTuple):
    """The values of one layer's nodes after the forward pass.

    inputs: the inputs x of the layer, shape (in_dim,).
    sums: the weighted sums z = x W + b, shape (units,).
    values: the outputs φ(z), shape (out_dim,).
    """

    inputs: Array
    sums: Array
    values: Array


def _activate(activation: str | Callable | Activation) -> Callable[[Array, Params], Array]:
    function = resolve(activation).function
    return lambda sums, learned: function(sums, **learned)


def _arrays(params: Params) -> Params:
    """Lists and integers as arrays of floats, in layers that are mappings."""
    return tuple(
        {
            name: leaf if isinstance(leaf, Mapping) else floating(leaf)
            for name, leaf in layer.items()
        }
        if isinstance(layer, Mapping)
        else layer
        for layer in params
    )


def forward(
    params: Params,
    x: Array,
    *,
    activation: str | Callable | Activation | Sequence = "relu",
    output_activation: str | Callable | Activation = "linear",
) -> tuple[Nodes, ...]:
    """Forward propagation that keeps the values of all nodes: aₗ = φₗ(aₗ₋₁ Wₗ + bₗ), a₀ = x.

    Args:
        params: the parameters of an mlp: per layer {"weight": (in_dim, units)}, also with
            "bias": (units,) and "activation" where the layer has them.
        x: ONE example, shape (in_dim,).
        activation: φ of the hidden layers, or a sequence with one φ per hidden layer, as in mlp.
        output_activation: φ of the output layer, as in mlp.

    Returns:
        A tuple with one Nodes(inputs, sums, values) per layer, from the first hidden layer to the
        output layer, whose values are the prediction.

    Raises:
        ValueError: params are not those of a plain mlp, the shape of x is not (in_dim,) of the
            first layer, an activation is unknown, or the number of activations is not that of the
            hidden layers.

    Example:
        >>> weights = [[[1.0, -1.0], [1.0, 1.0]], [[2.0], [-1.0]]]
        >>> params = tuple({"weight": jnp.array(w)} for w in weights)
        >>> hidden, output = forward(params, jnp.array([2.0, 3.0]), activation="linear")
        >>> hidden.values.tolist(), output.values.tolist()
        ([5.0, 1.0], [9.0])

    Reference:
        Rumelhart, Hinton & Williams 1986, Nature 323.
    """
    params = _arrays(params)
    if not all(isinstance(layer, Mapping) and "weight" in layer for layer in params) or any(
        layer["weight"].ndim != 2 for layer in params
    ):
        raise ValueError(
            "jaxnn.backprop needs the params of a plain mlp, one mapping per layer with a "
            '"weight" of two axes; use jax.grad for layer_norm, deep_mlp and other networks'
        )
    x = floating(x, params[0]["weight"].dtype)
    if x.shape != params[0]["weight"].shape[:1]:
        raise ValueError(
            f"a network with {params[0]['weight'].shape[0]} inputs got one example of shape "
            f"{x.shape}; give shape {params[0]['weight'].shape[:1]}, and use jax.vmap for a batch"
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
    """Loss and gradients by backpropagation, ∂L/∂W = a ⊗ δ with δ = ∂L/∂a′ φ′(z), last layer first.

    a is the input of the layer, z = a W + b its sums and a′ = φ(z) its output. The gradient of a
    weight is the product of three numbers: the value of the node it comes from, the derivative of
    the activation at the node it goes to, and the gradient of the loss with respect to that node's
    value. The latter is the sum over the weights that leave the node, ∂L/∂a = W δ. JAX
    differentiates only the two functions given by the caller, each at its own nodes: the loss at
    the prediction, and φ at the sums (which includes a φ that mixes several sums, such as softmax,
    and a φ with learned parameters).

    Args:
        params: the parameters of an mlp: per layer {"weight": (in_dim, units)}, also with
            "bias": (units,) and "activation" where the layer has them.
        x: ONE example, shape (in_dim,).
        target: the target of this example, as the loss takes it.
        loss: ``loss(prediction, target) -> scalar``.
        activation: φ of the hidden layers, or a sequence with one φ per hidden layer, as in mlp.
        output_activation: φ of the output layer, as in mlp.

    Returns:
        (loss, gradients): a scalar, and a tuple of the gradients with the structure of params, each
        in the loss's unit per unit of the parameter.

    Raises:
        ValueError: params are not those of a plain mlp, a bias is not of shape (units,), the shape
            of x is not (in_dim,) of the first layer, an activation is unknown, or the number of
            activations is not that of the hidden layers.

    Example:
        >>> from jaxnn.losses import squared_error
        >>> params = ({"weight": jnp.array([[1.0], [2.0]])},)
        >>> x, target = jnp.array([3.0, 4.0]), jnp.array([6.0])
        >>> error, (gradient,) = loss_and_slopes(params, x, target, loss=squared_error)
        >>> float(error), gradient["weight"].tolist()
        (25.0, [[30.0], [40.0]])

    Reference:
        Rumelhart, Hinton & Williams 1986, Nature 323.
    """
    params = _arrays(params)
    layers = forward(params, x, activation=activation, output_activation=output_activation)
    activations = (*hidden_activations(activation, len(params) - 1), output_activation)
    value, at_values = jax.value_and_grad(loss)(layers[-1].values, jnp.asarray(target))
    gradients = []
    for layer, nodes, phi in zip(
        reversed(params), reversed(layers), reversed(activations), strict=True
    ):
        _, through_activation = jax.vjp(_activate(phi), nodes.sums, layer.get("activation", {}))
        at_sums, of_learned = through_activation(at_values)
        gradient = {"weight": jnp.outer(nodes.inputs, at_sums)}
        if "bias" in layer:  # the weight of a neuron whose value is always 1
            chex.assert_equal_shape(
                [layer["bias"], at_sums],  # a bias that broadcasts would need the sum of at_sums
                exception_type=ValueError,
                custom_message="give each layer one bias per unit, of shape (units,)",
            )
            gradient["bias"] = at_sums
        if "activation" in layer:
            gradient["activation"] = of_learned
        gradients.append(gradient)
        at_values = layer["weight"] @ at_sums
    return value, tuple(reversed(gradients))
