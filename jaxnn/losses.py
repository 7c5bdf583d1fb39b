"""Losses, the cost, and the output head of each task.

A loss is the error of ONE example; the cost is its mean over the data; a head has the output
activation and the loss for a task.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.typing import ArrayLike

from jaxnn.activations import linear, sigmoid
from jaxnn.names import Names
from jaxnn.promotion import floating
from jaxnn.types import Array


def _pair(name: str, prediction: Array, target: Array) -> tuple[Array, Array]:
    """Prediction and target as arrays of floats of one shape."""
    prediction = floating(prediction)
    target = floating(target, prediction.dtype)
    if jnp.shape(prediction) != jnp.shape(target):
        raise ValueError(
            f"{name}: prediction of shape {jnp.shape(prediction)} and target of shape "
            f"{jnp.shape(target)} differ; reshape one, since broadcasting would average over pairs "
            "that do not belong together"
        )
    return prediction, target


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
    prediction, target = _pair("squared_error", prediction, target)
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
    prediction, target = _pair("absolute_error", prediction, target)
    error = prediction - target
    # The derivative of jnp.abs at 0 is 1.
    return jnp.mean(error * jax.lax.stop_gradient(jnp.sign(error)))


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
    prediction, target = _pair("huber", prediction, target)
    return jnp.mean(optax.huber_loss(prediction, target, delta=delta))


def hinge(prediction: Array, target: Array) -> Array:
    """Hinge loss of a bipolar target, mean over outputs: L = max(0, 1 − y ŷ).

    Args:
        prediction: shape (out_dim,), linear values, whose signs are the predicted classes.
        target: shape (out_dim,), −1 or +1, as from encode_bipolar.

    Returns:
        Scalar, dimensionless; 0 if all predictions have the right sign with a margin of 1.

    Raises:
        ValueError: the shapes differ, or a target is neither −1 nor +1; where it is traced, the
            loss is nan.

    Example:
        >>> float(hinge(jnp.array([0.5]), jnp.array([-1.0])))
        1.5

    Reference:
        Cortes & Vapnik 1995, Machine Learning 20.
    """
    given, (prediction, target) = target, _pair("hinge", prediction, target)
    right = _checked(
        given,
        target,
        lambda target: abs(target) == 1,
        "hinge: the target of a neuron is -1 or 1, as from encode_bipolar",
    )
    return jnp.mean(_nan_unless(right, optax.hinge_loss(prediction, target)))


def sigmoid_cross_entropy(logits: Array, target: Array) -> Array:
    """Binary cross-entropy, L = −y log σ(z) − (1 − y) log σ(−z), mean over outputs.

    It is computed from the logits z, so that log 0 never occurs.

    Args:
        logits: z, shape (out_dim,), the values before the sigmoid.
        target: shape (out_dim,), 0 or 1, or the probability of 1.

    Returns:
        Scalar, in nats.

    Raises:
        ValueError: the shapes differ, or a target is not from 0 to 1; where it is traced, the loss
            is nan.

    Example:
        >>> round(float(sigmoid_cross_entropy(jnp.zeros(1), jnp.ones(1))), 4)
        0.6931

    Reference:
        Goodfellow, Bengio & Courville 2016, "Deep learning", section 6.2.2.2.
    """
    given, (logits, target) = target, _pair("sigmoid_cross_entropy", logits, target)
    right = _checked(
        given,
        target,
        lambda target: (target >= 0) & (target <= 1),
        "sigmoid_cross_entropy: the target of a neuron is from 0 to 1",
    )
    # A term of weight 0 is 0 also where the other class has probability 0.
    of_one = jnp.where(target == 0, 0, target * jax.nn.softplus(-logits))
    of_zero = jnp.where(target == 1, 0, (1 - target) * jax.nn.softplus(logits))
    return jnp.mean(_nan_unless(right, of_one + of_zero))


def softmax_cross_entropy(logits: Array, target: Array) -> Array:
    """Cross-entropy from the logits, L = −log softmax(z)_y.

    Args:
        logits: z, shape (classes,), the values before the softmax.
        target: the number y of the class, shape () and an integer dtype; or the probability of each
            class, shape (classes,).

    Returns:
        Scalar, in nats.

    Raises:
        ValueError: logits is not a vector, target is neither a scalar of an integer dtype nor of
            the shape of logits, the class is none of 0 … classes − 1, or the probabilities are
            negative or do not sum to 1 within 0.02. Under ``jax.jit`` and ``jax.vmap``, where
            the number is not known, the loss of a class that does not exist is nan.

    Example:
        >>> round(float(softmax_cross_entropy(jnp.zeros(10), jnp.array(3))), 4)
        2.3026

    Reference:
        Goodfellow, Bengio & Courville 2016, "Deep learning", section 6.2.2.3.
    """
    logits = floating(logits)
    if logits.ndim != 1:
        raise ValueError(
            "softmax_cross_entropy: logits of ONE example are a vector, got shape "
            f"{jnp.shape(logits)}; use jax.vmap for a batch"
        )
    # Logits of −∞, or those whose difference overflows, are classes of probability 0.
    shifted = logits - jax.lax.stop_gradient(jnp.max(logits))
    log_sum = jnp.log(jnp.sum(jnp.exp(shifted)))
    if np.ndim(target) == 0:
        member, known = _of_class("softmax_cross_entropy", target, logits.shape[0])
        # A selection instead of a gather, whose gradient, a scatter, is slow under vmap.
        return known(log_sum - jnp.sum(jnp.where(member, shifted, 0)))
    given, (logits, target) = target, _pair("softmax_cross_entropy", logits, target)
    _checked(
        given,
        target,
        lambda target: (target >= 0) & (abs(target.sum() - 1) < 0.02),
        "softmax_cross_entropy: the probabilities of the classes are at least 0 and sum to 1",
    )
    return jnp.sum(jnp.where(target == 0, 0, target * (log_sum - shifted)))


def _of_class(name: str, number: Array, classes: int) -> tuple[Array, Callable[[Array], Array]]:
    """Which of the classes a number is, bool (classes,), and a function that gives nan for none.

    A number that is not traced is refused.
    """
    if not jnp.issubdtype(jnp.result_type(number), jnp.integer):
        raise ValueError(
            f"{name}: the number of a class has an integer dtype, got "
            f"{jnp.result_type(number)}; give target.astype(int)"
        )
    if not isinstance(number, jax.core.Tracer) and not 0 <= int(number) < classes:
        raise ValueError(
            f"{name}: the class is {int(number)}, and there are {classes} classes, "
            f"0 to {classes - 1}; number the classes from 0, or give the network more outputs"
        )
    number = jnp.asarray(number)
    inside = (number >= 0) & (number < classes)
    member = jnp.arange(classes) == number.astype(jnp.int32)
    return member, lambda value: _nan_unless(inside, value)


def _nan_unless(right: Array, value: Array) -> Array:
    """A product, so that the gradient is nan too."""
    return value * jnp.where(right, 1, jnp.nan).astype(value.dtype)


def _checked(given: Any, target: Array, right: Callable[[Any], Any], sentence: str) -> Array:
    """Which values of a target are right; as given, if not traced, it is refused with others."""
    # In NumPy, since inside jit also what is computed of known numbers is traced.
    if not isinstance(given, jax.core.Tracer) and not np.all(right(np.asarray(given))):
        raise ValueError(f"{sentence}, got {np.asarray(given).tolist()}")
    return right(target)


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
        ValueError: by the loss that is returned, where a target is neither, or no class of these.

    Example:
        >>> loss = class_weighted(sigmoid_cross_entropy, [0.5, 10.0])
        >>> [round(float(loss(jnp.zeros(1), jnp.array([y]))), 4) for y in (0.0, 1.0)]
        [0.3466, 6.9315]

    Reference:
        King & Zeng 2001, Political Analysis 9, "Logistic regression in rare events data".
    """
    by_class = floating(weights)

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
        member, known = _of_class("class_weighted", number, len(by_class))
        return known(value * jnp.sum(jnp.where(member, by_class.astype(value.dtype), 0)))

    return weighted


def label_smoothed(
    loss: Callable[[Array, Array], Array], smoothing: float | Array
) -> Callable[[Array, Array], Array]:
    """A cross-entropy whose target is partly every class: L′(z, y) = (1 − s) L(z, y) + s L(z, u).

    u gives every class the same probability. As a cross-entropy is linear in its target, this is
    its value for the target (1 − s) y + s u.

    Args:
        loss: softmax_cross_entropy or sigmoid_cross_entropy, of ONE example.
        smoothing: s, in [0, 1), dimensionless; a number or a traced scalar.

    Returns:
        A loss of the same arguments.

    Raises:
        ValueError: smoothing is a number outside [0, 1).

    Example:
        >>> loss = label_smoothed(softmax_cross_entropy, 0.1)
        >>> smooth = optax.smooth_labels(jnp.array([0.0, 1.0, 0.0]), 0.1)
        >>> z = jnp.array([0.5, 2.0, -1.0])
        >>> bool(jnp.allclose(loss(z, 1), optax.softmax_cross_entropy(z, smooth)))
        True

    Reference:
        Szegedy et al. 2016, arXiv 1512.00567, section 7.
    """
    if not isinstance(smoothing, jax.core.Tracer) and not 0 <= smoothing < 1:
        raise ValueError(f"label smoothing is from 0 to below 1, got {smoothing}")

    def smoothed(prediction: Array, target: Array) -> Array:
        alike = 1 / prediction.shape[-1] if loss is softmax_cross_entropy else 0.5
        uniform = jnp.full_like(prediction, alike)
        s = jnp.asarray(smoothing, prediction.dtype)
        return (1 - s) * loss(prediction, target) + s * loss(prediction, uniform)

    return smoothed


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
    one_target_each("cost", x, y)
    check_labels(loss, predict, x, y)
    return jnp.mean(jax.vmap(lambda x, y: loss(predict(x), y))(jnp.asarray(x), jnp.asarray(y)))


def one_target_each(name: str, x: Array, y: Array) -> None:
    """Refuse x and y of different numbers of rows.

    Args:
        name: of what takes them, for the message.
        x: inputs, shape (examples, …).
        y: targets, shape (examples, …).

    Raises:
        ValueError: they differ.

    Example:
        >>> one_target_each("cost", jnp.ones((3, 1)), jnp.ones(3))
    """
    if len(x) != len(y):
        raise ValueError(
            f"{name}: {len(x)} examples and {len(y)} targets; give one target per example"
        )


def check_labels(
    loss: Callable[[Array, Array], Array], predict: Callable[[Array], Array], x: Array, y: Array
) -> None:
    """Refuse what the loss refuses as a label, where one number is the target and is known.

    Inside vmap and jit the loss cannot see a label. So it gets the smallest and the largest here;
    nothing is computed.

    Args:
        loss: ``loss(prediction, target) -> scalar`` for ONE example.
        predict: ``predict(x) -> prediction`` for ONE example.
        x: inputs, shape (examples, …).
        y: targets, shape (examples,) or (examples, 1); nothing is checked where they have another
            shape or are traced.

    Raises:
        ValueError: by the loss.

    Example:
        >>> check_labels(softmax_cross_entropy, lambda x: x, jnp.ones((2, 3)), np.array([0, 3]))
        Traceback (most recent call last):
        ValueError: softmax_cross_entropy: the class is 3, and there are 3 classes, 0 to 2; ...
    """
    if isinstance(y, jax.core.Tracer) or not np.size(y):
        return
    known = np.asarray(y)
    if known.shape not in ((len(known),), (len(known), 1)):
        return
    prediction = jax.eval_shape(predict, jnp.asarray(x)[0])
    if known.ndim == 1 and np.issubdtype(known.dtype, np.integer):
        sizes = [leaf.shape for leaf in jax.tree.leaves(prediction)]
        if known.min() >= 0 and sizes and sizes[0] and known.max() < sizes[0][-1]:
            return  # classes that there are: the loss need not be traced once more
    for row in dict.fromkeys((int(np.argmin(known)), int(np.argmax(known)))):
        jax.eval_shape(lambda prediction, label=known[row]: loss(prediction, label), prediction)


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
    Names(
        "head",
        {
            "regression": Head(linear, squared_error, lambda classes: 1, None),
            "binary": Head(sigmoid, sigmoid_cross_entropy, lambda classes: 1, _correct_side),
            "multiclass": Head(
                jax.nn.softmax, softmax_cross_entropy, lambda classes: classes, _correct_class
            ),
        },
    )
)
