"""A loss is the error of ONE example, a cost is its mean over the data; heads match both to a task."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxnn.activations import linear, sigmoid
from jaxnn.types import Array


def _same_shape(name: str, prediction: Array, target: Array) -> None:
    if jnp.shape(prediction) != jnp.shape(target):
        raise ValueError(
            f"{name}: prediction of shape {jnp.shape(prediction)} and target of shape {jnp.shape(target)} "
            "differ; reshape one, since broadcasting would average over pairs that do not belong together"
        )


def squared_error(prediction: Array, target: Array) -> Array:
    """Squared error of one example, mean over its outputs: L = mean (ŷ − y)².

    Args:
        prediction: shape (out_dim,), in the target's unit.
        target: shape (out_dim,).

    Returns:
        Scalar, in the target's unit squared.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> float(squared_error(jnp.array([1.0, 4.0]), jnp.array([1.0, 2.0])))
        2.0
    """
    _same_shape("squared_error", prediction, target)
    return jnp.mean(optax.squared_error(prediction, target))


def absolute_error(prediction: Array, target: Array) -> Array:
    """Absolute error of one example, mean over its outputs: L = mean |ŷ − y|; its slope is ±1, and 0 at 0.

    Args:
        prediction: shape (out_dim,), in the target's unit.
        target: shape (out_dim,).

    Returns:
        Scalar, in the target's unit.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> float(absolute_error(jnp.array([1.0, 4.0]), jnp.array([1.0, 2.0])))
        1.0
    """
    _same_shape("absolute_error", prediction, target)
    return jnp.mean(jnp.abs(prediction - target))


def huber(prediction: Array, target: Array, *, delta: float = 1.0) -> Array:
    """Huber's loss, mean over outputs: L = e²/2 for |e| ≤ δ, and δ (|e| − δ/2) beyond, e = ŷ − y.

    Args:
        prediction: shape (out_dim,), in the target's unit.
        target: shape (out_dim,).
        delta: δ, in the target's unit, above 0: from here on an outlier pulls no harder.

    Returns:
        Scalar, in the target's unit squared; near 0 it is half the squared error.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> float(huber(jnp.array([3.0]), jnp.array([0.0])))
        2.5

    Reference:
        Huber 1964, Annals of Mathematical Statistics 35.
    """
    _same_shape("huber", prediction, target)
    return jnp.mean(optax.huber_loss(prediction, target, delta=delta))


def hinge(prediction: Array, target: Array) -> Array:
    """Hinge loss of a bipolar target, mean over outputs: L = max(0, 1 − y ŷ).

    Args:
        prediction: shape (out_dim,), the linear value, whose sign is the class.
        target: shape (out_dim,), −1 or +1, as encode_bipolar makes it.

    Returns:
        Scalar, without unit: 0 once the prediction is on the right side by a margin of 1.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> float(hinge(jnp.array([0.5]), jnp.array([-1.0])))
        1.5

    Reference:
        Cortes & Vapnik 1995, Machine Learning 20.
    """
    _same_shape("hinge", prediction, target)
    return jnp.mean(optax.hinge_loss(prediction, target))


def sigmoid_cross_entropy(logits: Array, target: Array) -> Array:
    """Binary cross-entropy from the logit, L = −y log σ(z) − (1 − y) log σ(−z), mean over outputs; never log 0.

    Args:
        logits: shape (out_dim,), before the sigmoid.
        target: shape (out_dim,), 0 or 1.

    Returns:
        Scalar, in nats.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> round(float(sigmoid_cross_entropy(jnp.zeros(1), jnp.ones(1))), 4)
        0.6931
    """
    _same_shape("sigmoid_cross_entropy", logits, target)
    return jnp.mean(optax.sigmoid_binary_cross_entropy(logits, target))


def softmax_cross_entropy(logits: Array, target: Array) -> Array:
    """Cross-entropy from the logits, L = −log softmax(z)_y.

    Args:
        logits: shape (classes,), before the softmax.
        target: the class's number, shape () and an integer dtype, or its probabilities, shape (classes,).

    Returns:
        Scalar, in nats.

    Raises:
        ValueError: logits is no vector, or target has another shape or dtype than those two.

    Example:
        >>> round(float(softmax_cross_entropy(jnp.zeros(10), jnp.array(3))), 4)
        2.3026
    """
    if jnp.ndim(logits) != 1:
        raise ValueError(
            f"softmax_cross_entropy: logits of ONE example are a vector, got shape {jnp.shape(logits)}; use jax.vmap"
        )
    if jnp.ndim(target) == 0:
        if not jnp.issubdtype(jnp.result_type(target), jnp.integer):
            raise ValueError(
                f"softmax_cross_entropy: a class number has an integer dtype, got {jnp.result_type(target)}"
            )
        # One-hot, not a gather: the gather's gradient is a scatter, slow on every backend under vmap.
        target = jax.nn.one_hot(target, logits.shape[0], dtype=logits.dtype)
    _same_shape("softmax_cross_entropy", logits, target)
    return optax.softmax_cross_entropy(logits, target)


def cost(
    loss: Callable[[Array, Array], Array], predict: Callable[[Array], Array], x: Array, y: Array
) -> Array:
    """Cost, the mean loss over the data: J = (1/n) Σ L(f(xᵢ), yᵢ).

    Args:
        loss: of one prediction and one target.
        predict: f, of one example.
        x: examples along the first axis.
        y: targets along the first axis.

    Returns:
        Scalar.

    Raises:
        ValueError: x and y differ in their number of rows.

    Example:
        >>> float(cost(squared_error, lambda x: 2 * x, jnp.ones((3, 1)), jnp.zeros((3, 1))))
        4.0
    """
    if len(x) != len(y):
        raise ValueError(
            f"cost: {len(x)} examples and {len(y)} targets; each example needs one target"
        )
    return jnp.mean(jax.vmap(lambda x, y: loss(predict(x), y))(x, y))


class Head(NamedTuple):
    """What a task asks of the output layer.

    activation: from the output layer's linear values to what a user reads: a number, a probability, probabilities.
    loss: from the linear values, stable; never from the activation's output.
    outputs: output neurons for a number of classes.
    correct: 1 where one prediction is right, 0 where not; nan predictions are wrong. None for regression.
    """

    activation: Callable[[Array], Array]
    loss: Callable[[Array, Array], Array]
    outputs: Callable[[int], int]
    correct: Callable[[Array, Array], Array] | None


def _correct_class(logits: Array, target: Array) -> Array:
    return ((jnp.argmax(logits) == target) & jnp.all(jnp.isfinite(logits))).astype(logits.dtype)


def _correct_side(logits: Array, target: Array) -> Array:
    return jnp.all(((logits > 0) == (target > 0.5)) & jnp.isfinite(logits)).astype(logits.dtype)


HEADS: Mapping[str, Head] = MappingProxyType(
    {
        "regression": Head(linear, squared_error, lambda classes: 1, None),
        "binary": Head(sigmoid, sigmoid_cross_entropy, lambda classes: 1, _correct_side),
        "multiclass": Head(
            jax.nn.softmax, softmax_cross_entropy, lambda classes: classes, _correct_class
        ),
    }
)
