"""The output heads of each kind of task: how a network's linear values are scored and trained."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp

import jaxnn
from jaxnn.activations import relu, sigmoid, tanh
from jaxnn.losses import sigmoid_cross_entropy, softmax_cross_entropy, squared_error
from jaxnn.training import Training


class Output(NamedTuple):
    """A head; both functions take the linear values of ONE example, and its target.

    loss: what is trained on.
    score: 1 where the class is right and 0 where not; for regression the squared error.
    """

    loss: Callable[[jax.Array, jax.Array], jax.Array]
    score: Callable[[jax.Array, jax.Array], jax.Array]


def _of_classes(loss: Callable[[jax.Array, jax.Array], jax.Array]) -> Output:
    """A head with one output per class, of which the largest wins; the loss takes one-hot."""
    return Output(lambda z, y: loss(z, jax.nn.one_hot(y, z.size)), lambda z, y: z.argmax() == y)


def _of_two_classes(loss: Callable[[jax.Array, jax.Array], jax.Array], threshold: float) -> Output:
    """A head of the first output alone, above whose threshold the class is 1."""
    return Output(lambda z, y: loss(z[:1], y), lambda z, y: (z[0] > threshold) == (y[0] > 0.5))


def _squared(activation: Callable[[jax.Array], jax.Array]) -> Callable:
    """The squared error of an activation's output."""
    return lambda z, y: squared_error(activation(z), y)


def _of_numbers(activation: Callable[[jax.Array], jax.Array]) -> Output:
    return Output(_squared(activation), _squared(activation))


# The head that the lecture names comes first.
OUTPUTS: Mapping[str, Mapping[str, Output]] = {
    "multiclass": {
        "softmax": _of_classes(softmax_cross_entropy),
        "sigmoid per class": _of_classes(sigmoid_cross_entropy),
        "linear": _of_classes(squared_error),
        "softmax with squared error": _of_classes(_squared(jax.nn.softmax)),
    },
    "binary": {
        "sigmoid": _of_two_classes(sigmoid_cross_entropy, 0.0),
        "linear": _of_two_classes(squared_error, 0.5),
        "softmax": Output(
            lambda z, y: softmax_cross_entropy(z, y[0].astype(int)),
            lambda z, y: (z[1] > z[0]) == (y[0] > 0.5),
        ),
        "ReLU": _of_two_classes(_squared(relu), 0.5),
    },
    "regression": {
        "linear": _of_numbers(lambda z: z),
        "sigmoid": _of_numbers(sigmoid),
        "ReLU": _of_numbers(relu),
        "tanh": _of_numbers(tanh),
    },
}

# Heads that the lecture allows in addition to the one that it names.
ALLOWED = {"binary": ("linear", "softmax")}


def training(sizes: tuple[int, ...], outputs: Mapping[str, Output]) -> Training:
    """One run, whose hyperparameter "head" is a head's number: one program for all heads.

    Heads could as well be structure. But then each would be compiled, which takes longer than to
    train them. A loss does not get the hyperparameters, so the network's output brings the number.
    """
    net = jaxnn.mlp(sizes, activation="relu")
    losses = [output.loss for output in outputs.values()]
    scores = [output.score for output in outputs.values()]

    def numbered(h):
        def apply(params, x, *, key=None):
            return net.apply(params, x, key=key), h["head"]

        return jaxnn.Network(net.init, apply)

    def chosen(functions):
        def function(output, target):
            z, head = output
            return jnp.asarray(jax.lax.switch(jnp.int32(head), functions, z, target), z.dtype)

        return function

    return jaxnn.make_training(
        numbered, chosen(losses), jaxnn.OPTIMIZERS["sgd"], correct=chosen(scores)
    )
