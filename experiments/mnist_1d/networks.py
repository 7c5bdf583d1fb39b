"""The four networks of the table, each from 40 numbers to 10 classes."""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

import jaxnn
from jaxnn.types import Array, Key, Network, Params

INPUTS, CLASSES = 40, 10


def convolution(
    channels: int, filters: int, size: int, *, stride: int = 2, pad: int = 1
) -> Network:
    """A layer of ReLU convolutions along one axis, as one matrix product of all patches.

    Args:
        channels: of the input, (length, channels).
        filters: of the output, ((length + 2 pad − size) // stride + 1, filters).
        size: places that a filter covers.
        stride: places from one patch to the next.
        pad: zeros at each end.
    """
    draw = jaxnn.initializers.he_normal()

    def init(key: Key) -> Params:
        return {"weight": draw(key, (size * channels, filters)), "bias": jnp.zeros(filters)}

    def apply(params: Params, x: Array, *, key: Key | None = None) -> Array:
        patches = _patches(len(x), size, stride, pad) @ x
        patches = patches.reshape(-1, size * channels)
        return jax.nn.relu(patches @ params["weight"] + params["bias"])

    return Network(init, apply)


def _patches(length: int, size: int, stride: int, pad: int) -> np.ndarray:
    """The places of every patch as rows of 0 and 1, (patches · size, length).

    As a product, choosing them and its gradient are fast for many networks at once; a place in the
    padding is a row of 0.

    Example:
        >>> _patches(3, 2, 2, 1).tolist()
        [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    starts = np.arange(0, length + 2 * pad - size + 1, stride)
    places = (starts[:, None] + np.arange(size)).reshape(-1) - pad
    return (places[:, None] == np.arange(length)).astype(np.float32)


def _shaped(shape: tuple[int, ...], net: Network) -> Network:
    """A network whose input is shaped first."""
    return Network(net.init, lambda params, x, *, key=None: net.apply(params, x.reshape(shape)))


def convolutional(channels: int = 25) -> Network:
    """Three convolutions of stride 2 and a linear layer on all of their outputs."""
    layers = (
        convolution(1, channels, 5),
        convolution(channels, channels, 3),
        convolution(channels, channels, 3),
        _shaped((-1,), jaxnn.dense(5 * channels, CLASSES)),
    )
    return _shaped((INPUTS, 1), jaxnn.serial(*layers))


def both_ways(width: int = 6) -> Network:
    """A GRU forwards and one backwards, and a linear layer on the states of all time steps."""
    cell, readout = jaxnn.gru(1, width), jaxnn.dense(2 * width * INPUTS, CLASSES)

    def init(key: Key) -> Params:
        forwards, backwards, out = jax.random.split(key, 3)
        return cell.init(forwards), cell.init(backwards), readout.init(out)

    def apply(params: Params, x: Array, *, key: Key | None = None) -> Array:
        forwards, backwards, out = params
        _, first = jaxnn.unroll(cell, forwards, x[:, None])
        _, second = jaxnn.unroll(cell, backwards, x[::-1, None])
        return readout.apply(out, jnp.concatenate([first, second[::-1]], axis=1).reshape(-1))

    return Network(init, apply)


def skipping(width: int = 100) -> Network:
    """A multilayer perceptron of two hidden layers, the second with a skip connection."""
    hidden = jaxnn.dense(width, width, activation="relu")
    first = jaxnn.dense(INPUTS, width, activation="relu")
    return jaxnn.serial(first, jaxnn.residual(hidden), jaxnn.dense(width, CLASSES))


NETWORKS: Mapping[str, Callable[[], Network]] = {
    "logistic": lambda: jaxnn.mlp((INPUTS, CLASSES)),
    "MLP": skipping,
    "CNN": convolutional,
    "GRU": both_ways,
}
