"""Losses, the cost, and the output head of each task.

A loss is the error of ONE example; the cost is its mean over the data; a head has the output
activation and the loss for a task.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.typing import ArrayLike

from jaxnn.activations import linear, sigmoid
from jaxnn.types import Array


def _same_shape(name: str, prediction: Array, target: Array) -> None:
    if jnp.shape(prediction) != jnp.shape(target):
        raise ValueError(
            f"{name}: prediction of shape {jnp.shape(prediction)} and target of shape "
            f"{jnp.shape(target)} differ; reshape one, since broadcasting would average over pairs "
            "that do not belong together"
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

    Reference:
        Goodfellow, Bengio & Courville 2016, "Deep learning", section 6.2.1.2.
    """
    _same_shape("squared_error", prediction, target)
    return jnp.mean(optax.squared_error(prediction, target))


def absolute_error(prediction: Array, target: Array) -> Array:
    """Absolute error of one example, mean over its outputs: L = mean |ŷ − y|.

    The derivative of |e| is ±1, and 0 at e = 0.

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

    Reference:
        Goodfellow, Bengio & Courville 2016, "Deep learning", section 6.2.1.2.
    """
    _same_shape("absolute_error", prediction, target)
    return jnp.mean(jnp.abs(prediction - target))


def huber(prediction: Array, target: Array, *, delta: float = 1.0) -> Array:
    """Huber loss, mean over outputs: L = e²/2 for |e| ≤ δ, otherwise δ (|e| − δ/2), e = ŷ − y.

    Args:
        prediction: shape (out_dim,), in the target's unit.
        target: shape (out_dim,).
        delta: δ, in the target's unit, above 0; the gradient is constant for errors beyond it.

    Returns:
        Scalar, in the target's unit squared; for |e| ≤ δ it is half the squared error.

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
        prediction: shape (out_dim,), linear values, whose signs are the predicted classes.
        target: shape (out_dim,), −1 or +1, as from encode_bipolar.

    Returns:
        Scalar, dimensionless; 0 if all predictions have the right sign with a margin of 1.

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
    """Binary cross-entropy, L = −y log σ(z) − (1 − y) log σ(−z), mean over outputs.

    It is computed from the logits z, so that log 0 never occurs.

    Args:
        logits: z, shape (out_dim,), the values before the sigmoid.
        target: shape (out_dim,), 0 or 1.

    Returns:
        Scalar, in nats.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> round(float(sigmoid_cross_entropy(jnp.zeros(1), jnp.ones(1))), 4)
        0.6931

    Reference:
        Goodfellow, Bengio & Courville 2016, "Deep learning", section 6.2.2.2.
    """
    _same_shape("sigmoid_cross_entropy", logits, target)
    return jnp.mean(optax.sigmoid_binary_cross_entropy(logits, target))


def softmax_cross_entropy(logits: Array, target: Array) -> Array:
    """Cross-entropy from the logits, L = −log softmax(z)_y.

    Args:
        logits: z, shape (classes,), the values before the softmax.
        target: the number y of the class, shape () and an integer dtype; or the probability of each
            class, shape (classes,).

    Returns:
        Scalar, in nats.

    Raises:
        ValueError: logits is not a vector, or target is neither a scalar of an integer dtype nor of
            the shape of logits.

    Example:
        >>> round(float(softmax_cross_entropy(jnp.zeros(10), jnp.array(3))), 4)
        2.3026

    Reference:
        Goodfellow, Bengio & Courville 2016, "Deep learning", section 6.2.2.3.
    """
    if jnp.ndim(logits) != 1:
        raise ValueError(
            "softmax_cross_entropy: logits of ONE example are a vector, got shape "
            f"{jnp.shape(logits)}; use jax.vmap for a batch"
        )
    if jnp.ndim(target) == 0:
        if not jnp.issubdtype(jnp.result_type(target), jnp.integer):
            raise ValueError(
                "softmax_cross_entropy: the number of a class has an integer dtype, got "
                f"{jnp.result_type(target)}; give target.astype(int)"
            )
        # One-hot instead of a gather, whose gradient, a scatter, is slow under vmap.
        target = jax.nn.one_hot(target, logits.shape[0], dtype=logits.dtype)
    _same_shape("softmax_cross_entropy", logits, target)
    return optax.softmax_cross_entropy(logits, target)


def class_weighted(
    loss: Callable[[Array, Array], Array], weights: ArrayLike
) -> Callable[[Array, Array], Array]:
    """A loss in which a row counts as its class does: L′(z, y) = w_y L(z, y).

    Args:
        loss: ``loss(linear values, target) -> scalar`` for ONE example of a classification.
        weights: w, one number per class, (classes,), at least 0. With n / (classes · nₖ), for nₖ of
            n rows of class k, every class has the same weight in total, and the weights of all rows
            have the mean 1.

    Returns:
        A loss of the same arguments. Its target is the number of the class, shape () and an integer
        dtype, or 0 or 1 in an array of one number, for two classes.

    Raises:
        ValueError: by the loss that is returned, where a target is neither.

    Example:
        >>> loss = class_weighted(sigmoid_cross_entropy, [0.5, 10.0])
        >>> [round(float(loss(jnp.zeros(1), jnp.array([y]))), 4) for y in (0.0, 1.0)]
        [0.3466, 6.9315]

    Reference:
        King & Zeng 2001, Political Analysis 9, "Logistic regression in rare events data".
    """
    by_class = jnp.asarray(weights)

    def weighted(prediction: Array, target: Array) -> Array:
        value, target = loss(prediction, target), jnp.asarray(target)
        if target.ndim == 0 and jnp.issubdtype(target.dtype, jnp.integer):
            number = target
        elif target.shape == (1,) and len(by_class) == 2:
            number = (target[0] > 0.5).astype(jnp.int32)
        else:
            raise ValueError(
                f"class_weighted: a target of shape {target.shape} and dtype {target.dtype} is no "
                f"class of {len(by_class)}; give its number as an integer, or for two classes 0 or "
                "1 in an array of one number"
            )
        member = jax.nn.one_hot(number, len(by_class), dtype=value.dtype)
        return value * jnp.sum(member * by_class.astype(value.dtype))

    return weighted


def cost(
    loss: Callable[[Array, Array], Array], predict: Callable[[Array], Array], x: Array, y: Array
) -> Array:
    """Cost, the mean loss over the data: J = (1/n) Σ L(f(xᵢ), yᵢ).

    Args:
        loss: ``loss(prediction, target) -> scalar`` for ONE example.
        predict: f, ``predict(x) -> prediction`` for ONE example.
        x: inputs, shape (examples, …).
        y: targets, shape (examples, …).

    Returns:
        Scalar, in the unit of the loss.

    Raises:
        ValueError: x and y have different numbers of rows.

    Example:
        >>> float(cost(squared_error, lambda x: 2 * x, jnp.ones((3, 1)), jnp.zeros((3, 1))))
        4.0

    Reference:
        Goodfellow, Bengio & Courville 2016, "Deep learning", section 8.1.1.
    """
    if len(x) != len(y):
        raise ValueError(
            f"cost: {len(x)} examples and {len(y)} targets; give one target per example"
        )
    return jnp.mean(jax.vmap(lambda x, y: loss(predict(x), y))(x, y))


class Head(NamedTuple):
    """The output layer of a task: its activation, loss and size.

    activation: turns the output layer's linear values into the prediction: a number for regression,
        a probability for two classes, one probability per class for several classes.
    loss: ``loss(linear values, target) -> scalar`` for ONE example; numerically stable since it
        takes the linear values instead of the activation's output.
    outputs: ``outputs(classes) -> number of output neurons``.
    correct: ``correct(linear values, target) -> 1 or 0`` for ONE example, whether the predicted
        class is right; nan is wrong. None for regression.
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
