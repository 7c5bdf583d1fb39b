"""Whole networks."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax

from jaxnn import initializers
from jaxnn.activations import resolve
from jaxnn.layers import activation_layer, dense, dropout, layer_norm, repeat, serial
from jaxnn.types import Activation, Array, Key, Network, Params


def mlp(
    sizes: Sequence[int],
    *,
    activation: str | Callable | Activation | Sequence = "relu",
    output_activation: str | Callable | Activation = "linear",
    bias: bool = True,
    initializer: Callable | None = None,
    dropout: float | Array | None = None,
    layer_norm: bool = False,
) -> Network:
    """Multilayer perceptron: dense layers of the given sizes, φ after every hidden one.

    Args:
        sizes: neurons a layer, input first, output last; two sizes make linear or logistic regression.
        activation: φ of the hidden layers, or a sequence with one for each.
        output_activation: φ of the output layer; "linear" gives values or logits, which is what the losses expect.
        bias: whether the layers have biases.
        initializer: ``f(key, shape) -> weights``; absent, each layer's own gain with fan-in.
        dropout: fraction dropped of each hidden layer's values when a key is given; a number, or a traced scalar.
        layer_norm: whether hidden layers normalise their sums, φ(layer_norm(x W + b)).

    Returns:
        A Network for one example: x of shape (sizes[0],) to y of shape (sizes[-1],); params are a tuple with one entry
        a layer, with or without dropout.

    Raises:
        ValueError: fewer than two sizes, a size below 1, an unknown activation, a dropout rate outside [0, 1), or as
            many activations as hidden layers are not given.

    Example:
        >>> import jax
        >>> net = mlp((784, 128, 128, 10), activation="relu")
        >>> params = net.init(jax.random.key(0))
        >>> jax.jit(jax.vmap(net.apply, in_axes=(None, 0)))(params, jax.numpy.ones((5, 784))).shape
        (5, 10)

    Reference:
        Rumelhart, Hinton & Williams 1986.
    """
    if len(sizes) < 2:
        raise ValueError(f"a network needs an input and an output size, got sizes={tuple(sizes)}")
    *hidden, output = zip(
        sizes,
        sizes[1:],
        (*hidden_activations(activation, len(sizes) - 2), output_activation),
        strict=False,
    )
    return serial(
        *(_hidden(a, b, phi, bias, initializer, dropout, layer_norm) for a, b, phi in hidden),
        dense(*output[:2], activation=output[2], bias=bias, initializer=initializer),
    )


def deep_mlp(
    in_dim: int,
    width: int,
    depth: int,
    out_dim: int,
    *,
    activation: str | Callable | Activation = "relu",
    output_activation: str | Callable | Activation = "linear",
    bias: bool = True,
    initializer: Callable | None = None,
    dropout: float | Array | None = None,
    layer_norm: bool = False,
) -> Network:
    """Multilayer perceptron of equal hidden layers, stacked and scanned: it compiles in the same time at every depth.

    The scan has a price of its own: on two CPU cores a training step of width 64 compiles in 1.1 s at depth 4 and at
    depth 100, that of mlp in 0.5 s at depth 4 and 1.3 s at depth 100.

    Args:
        in_dim: inputs.
        width: neurons of each hidden layer.
        depth: hidden layers; 0 makes linear or logistic regression.
        out_dim: outputs.
        activation: φ of the hidden layers.
        output_activation, bias, initializer, dropout, layer_norm: as in mlp.

    Returns:
        A Network from (in_dim,) to (out_dim,). Its params are (first hidden layer, the other depth − 1 stacked along
        their leaves' first axis, output layer), at depth 0 (output layer,).

    Raises:
        ValueError: depth is below 0, another size below 1, an unknown activation, or a dropout rate outside [0, 1).

    Example:
        >>> import jax
        >>> net = deep_mlp(2, 16, 100, 1, activation="tanh")
        >>> params = net.init(jax.random.key(0))
        >>> params[1]["weight"].shape, net.apply(params, jax.numpy.ones(2)).shape
        ((99, 16, 16), (1,))
    """
    if depth < 0:
        raise ValueError(f"depth is the number of hidden layers, 0 or more, got {depth}")
    if depth and width < 1:
        raise ValueError(f"hidden layers need a width of at least 1, got {width}")
    output = dense(
        width if depth else in_dim,
        out_dim,
        activation=output_activation,
        bias=bias,
        initializer=initializer,
    )
    if depth == 0:
        return serial(output)
    rest = (activation, bias, initializer, dropout, layer_norm)
    return serial(
        _hidden(in_dim, width, *rest), repeat(_hidden(width, width, *rest), depth - 1), output
    )


class Autoencoder(NamedTuple):
    """An encoder and its decoder, and both in series.

    network: x to its reconstruction, trained with x as its own target; its params are (encoder's, decoder's).
    encoder: x to the code; ``encoder.apply(params[0], x)``.
    decoder: the code to the reconstruction; ``decoder.apply(params[1], code)``.
    """

    network: Network
    encoder: Network
    decoder: Network


def autoencoder(
    sizes: Sequence[int],
    *,
    activation: str | Callable | Activation = "relu",
    code_activation: str | Callable | Activation = "linear",
    output_activation: str | Callable | Activation = "linear",
    bias: bool = True,
    initializer: Callable | None = None,
) -> Autoencoder:
    """Autoencoder, x̂ = g(f(x)): f narrows x to a code, and g, the mirror image of f with weights of its own, widens it.

    Args:
        sizes: of the encoder, input first, code last; the decoder's are the same in reverse.
        activation: φ of the hidden layers on both sides.
        code_activation: φ of the code; linear, so that the code is not clipped.
        output_activation: φ of the reconstruction; "linear" gives values or logits, which is what the losses expect.
        bias, initializer: as in mlp.

    Returns:
        Autoencoder(network, encoder, decoder).

    Raises:
        ValueError: fewer than two sizes, a size below 1, or an unknown activation.

    Example:
        >>> import jax
        >>> net, encoder, decoder = autoencoder((784, 64, 8))
        >>> params, x = net.init(jax.random.key(0)), jax.numpy.ones(784)
        >>> encoder.apply(params[0], x).shape, net.apply(params, x).shape
        ((8,), (784,))

    Reference:
        Hinton & Salakhutdinov 2006, Science 313.
    """
    shared = {"activation": activation, "bias": bias, "initializer": initializer}
    encoder = mlp(sizes, output_activation=code_activation, **shared)
    decoder = mlp(sizes[::-1], output_activation=output_activation, **shared)
    return Autoencoder(serial(encoder, decoder), encoder, decoder)


def hidden_activations(activation: str | Callable | Activation | Sequence, layers: int) -> tuple:
    """One activation for each hidden layer: a sequence as it is, anything else repeated.

    Args:
        activation: a name, a function, an Activation, or a sequence of them.
        layers: hidden layers.

    Returns:
        A tuple of that length.

    Raises:
        ValueError: a sequence of another length.

    Example:
        >>> hidden_activations("relu", 2)
        ('relu', 'relu')
    """
    several = isinstance(activation, Sequence) and not isinstance(activation, (str, Activation))
    activations = tuple(activation) if several else (activation,) * layers
    if len(activations) != layers:
        raise ValueError(
            f"{len(activations)} activations for {layers} hidden layers: give one, or one for each layer"
        )
    return activations


def _hidden(
    in_dim: int,
    out_dim: int,
    activation: str | Callable | Activation,
    bias: bool,
    initializer: Callable | None,
    rate: float | Array | None,
    normalise: bool,
) -> Network:
    """A hidden layer with what goes with it; dropout leaves its params as they are."""
    layer = dense(in_dim, out_dim, activation=activation, bias=bias, initializer=initializer)
    if normalise:
        phi = activation_layer(activation, out_dim)
        draw = initializer or initializers.scaled_normal(initializers.gain(activation))
        units = int(resolve(activation).units_in * out_dim)
        layer = serial(dense(in_dim, units, bias=bias, initializer=draw), layer_norm(units), phi)
    if rate is None:
        return layer
    mask = dropout(rate)

    def apply(params: Params, x: Array, *, key: Key | None = None) -> Array:
        inside, after = (None, None) if key is None else jax.random.split(key)
        return mask.apply({}, layer.apply(params, x, key=inside), key=after)

    return Network(layer.init, apply)
