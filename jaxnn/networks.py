"""Whole networks."""

from collections.abc import Callable, Sequence

from jaxnn.layers import dense, serial
from jaxnn.types import Activation, Network


def mlp(sizes: Sequence[int], *, activation: str | Callable | Activation | Sequence = "relu",
        output_activation: str | Callable | Activation = "linear", bias: bool = True,
        initializer: Callable | None = None) -> Network:
    """Multilayer perceptron: dense layers of the given sizes, φ after every hidden one.

    Args:
        sizes: neurons a layer, input first, output last; two sizes make linear or logistic regression.
        activation: φ of the hidden layers, or a sequence with one for each.
        output_activation: φ of the output layer; "linear" gives values or logits, which is what the losses expect.
        bias: whether the layers have biases.
        initializer: ``f(key, shape) -> weights``; absent, each layer's own gain with fan-in.

    Returns:
        A Network for one example: x of shape (sizes[0],) to y of shape (sizes[-1],).

    Raises:
        ValueError: fewer than two sizes, a size below 1, an unknown activation, or as many activations as hidden
            layers are not given.

    Example:
        >>> import jax
        >>> net = mlp((784, 128, 128, 10), activation="relu")
        >>> params = net.init(jax.random.key(0))
        >>> jax.jit(jax.vmap(net.apply, in_axes=(None, 0)))(params, jax.numpy.ones((5, 784))).shape
        (5, 10)
    """
    if len(sizes) < 2:
        raise ValueError(f"a network needs an input and an output size, got sizes={tuple(sizes)}")
    hidden = len(sizes) - 2
    several = isinstance(activation, Sequence) and not isinstance(activation, (str, Activation))
    activations = tuple(activation) if several else (activation,) * hidden
    if len(activations) != hidden:
        raise ValueError(f"{len(activations)} activations for {hidden} hidden layers: give one, or one for each layer")
    return serial(*(dense(a, b, activation=phi, bias=bias, initializer=initializer)
                    for a, b, phi in zip(sizes, sizes[1:], (*activations, output_activation), strict=False)))
