"""Deep networks whose depth and activation are arguments, so that one program trains them all.

Compiling a program takes seconds: one program per depth and activation (seven times nine) would
take longer to compile than all the networks take to train.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

import jaxnn
from jaxnn.types import Array, Key, Params


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def through(
    phis: tuple[Callable, ...], which: Array, params: Params, x: Array, count: Array
) -> Array:
    """A batch through the first ``count`` of stacked layers h → φ(h W + b), φ = phis[which].

    ``which`` and ``count`` may be traced. JAX cannot differentiate its own loop when the number of
    turns is traced, and differentiating its switch stores residuals for every φ, so the backward
    pass is written out by the chain rule.

    Args:
        phis: elementwise functions.
        which: the index of the one to use, an integer.
        params: {"weight": (layers, width, width), "bias": (layers, width)}.
        x: (rows, width).
        count: how many layers to pass through, an integer.

    Returns:
        (rows, width).

    Example:
        >>> params = {"weight": jnp.arange(1.0, 5.0).reshape(4, 1, 1), "bias": jnp.zeros((4, 1))}
        >>> def output(params):
        ...     return through((jnp.tanh, lambda z: z), 1, params, jnp.ones((1, 1)), 3)[0, 0]
        >>> jax.grad(output)(params)["weight"].ravel().tolist()
        [6.0, 3.0, 2.0, 0.0]
    """
    return _forward(phis, which, params, x, count)[0]


def _forward(phis, which, params, x, count):
    def layer(i, carry):
        h, inputs, sums = carry
        z = h @ params["weight"][i] + params["bias"][i][None]
        return jax.lax.switch(which, phis, z), inputs.at[i].set(h), sums.at[i].set(z)

    kept = jnp.zeros((len(params["bias"]), *x.shape), x.dtype)
    h, inputs, sums = jax.lax.fori_loop(0, count, layer, (x, kept, kept))
    return h, (which, params, inputs, sums, count)


def _backward(phis, residuals, delta):
    which, params, inputs, sums, count = residuals
    pulls = [lambda z, delta, phi=phi: jax.vjp(phi, z)[1](delta)[0] for phi in phis]

    def layer(done, carry):
        i = count - 1 - done
        delta, gradient = carry
        delta = jax.lax.switch(which, pulls, sums[i], delta)
        gradient = {
            "weight": gradient["weight"].at[i].set(inputs[i].T @ delta),
            "bias": gradient["bias"].at[i].set(delta.sum(0)),
        }
        return delta @ params["weight"][i].T, gradient

    delta, gradient = jax.lax.fori_loop(
        0, count, layer, (delta, jax.tree.map(jnp.zeros_like, params))
    )
    return None, gradient, delta, None


through.defvjp(_forward, _backward)


class Shape(NamedTuple):
    """What determines the program: networks of one shape differ in activation and depth only.

    activations: the names to choose from. most: hidden layers of the deepest network.
    """

    activations: tuple[str, ...]
    in_dim: int
    width: int
    most: int
    classes: int


class Start(NamedTuple):
    """How the parameters of the hidden layers are drawn.

    weight_variance: σ_w², the weights' variance times fan-in; None means the activation's gain².
    bias_variance: σ_b².
    """

    weight_variance: float | None = None
    bias_variance: float = 0.0


class Net(NamedTuple):
    """One network of a shape: its activation, its number of hidden layers (1 to shape.most), and
    how it starts."""

    shape: Shape
    activation: str
    depth: int
    start: Start = Start()


def initial(net: Net, key: Key) -> Params:
    """Initial parameters as jaxnn.deep_mlp draws them, for the deepest network of the shape.

    A shallower network uses the first of the hidden layers and the output layer.
    """
    shape, start = net.shape, net.start
    draw = (
        None
        if start.weight_variance is None
        else jaxnn.initializers.scaled_normal(start.weight_variance**0.5)
    )
    deepest = jaxnn.deep_mlp(
        shape.in_dim,
        shape.width,
        shape.most,
        shape.classes,
        activation=net.activation,
        initializer=draw,
    )
    first, rest, output = deepest.init(key)
    if start.bias_variance:
        biases = start.bias_variance**0.5 * jax.random.normal(
            jax.random.fold_in(key, 1), (shape.most, shape.width)
        )
        first, rest = first | {"bias": biases[0]}, rest | {"bias": biases[1:]}
    return first, rest, output


def apply(shape: Shape, which: Array | int, params: Params, x: Array, depth: Array | int) -> Array:
    """Logits of a batch, (rows, classes).

    The network has ``depth`` hidden layers, at least 1, of shape.activations[which].
    """
    phis = tuple(jaxnn.ACTIVATIONS[name].function for name in shape.activations)
    first, rest, output = params
    h = jax.lax.switch(which, phis, x @ first["weight"] + first["bias"][None])
    return through(phis, which, rest, h, depth - 1) @ output["weight"] + output["bias"][None]
