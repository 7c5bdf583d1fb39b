"""How good a network's outputs are for all rows together: one number per metric.

A metric is a pure function of the output layer's linear values (rows, outputs) and the targets as a
head of HEADS takes them. Targets that are class numbers, shape (rows,) and an integer dtype, belong
to one output per class; targets 0 or 1 of shape (rows, 1) to one output for two classes; other
numbers, in the shape of the outputs, to a regression. METRICS has all by name, with their facts.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxnn.names import Names
from jaxnn.types import Array

CLASSES = ("binary", "multiclass")
NUMBERS = ("regression",)


def _check(name: str, outputs: Array, targets: Array) -> None:
    if jnp.ndim(outputs) != 2 or len(outputs) != len(targets):
        raise ValueError(
            f"{name}: outputs of shape {jnp.shape(outputs)} for targets of shape "
            f"{jnp.shape(targets)}; give outputs (rows, outputs) and one target per row"
        )


def _classes(name: str, outputs: Array, targets: Array) -> tuple[Array, Array]:
    """Logits (rows, classes), also for the one output of two classes, and class numbers (rows,)."""
    outputs, targets = jnp.asarray(outputs), jnp.asarray(targets)
    _check(name, outputs, targets)
    if targets.ndim == 1 and jnp.issubdtype(targets.dtype, jnp.integer) and outputs.shape[1] > 1:
        return outputs, targets
    if outputs.shape[1] == 1 and targets.shape == outputs.shape:
        return jnp.pad(outputs, ((0, 0), (1, 0))), (targets[:, 0] > 0.5).astype(jnp.int32)
    raise ValueError(
        f"{name}: outputs of shape {outputs.shape} and targets of shape {targets.shape} and dtype "
        f"{targets.dtype} are of no classification; give class numbers, integers of shape (rows,), "
        "with one output per class, or 0 and 1 of shape (rows, 1) with one output"
    )


def _errors(name: str, outputs: Array, targets: Array) -> Array:
    outputs, targets = jnp.asarray(outputs), jnp.asarray(targets)
    _check(name, outputs, targets)
    if outputs.shape != targets.shape:
        raise ValueError(
            f"{name}: outputs of shape {outputs.shape} and targets of shape {targets.shape} "
            "differ; reshape one, since broadcasting would compare numbers that do not belong "
            "together"
        )
    return outputs - targets


def _right(logits: Array, numbers: Array) -> Array:
    finite = jnp.all(jnp.isfinite(logits), axis=1)
    found = jnp.argmax(logits, axis=1).astype(numbers.dtype)
    return ((found == numbers) & finite).astype(logits.dtype)


def accuracy(outputs: Array, targets: Array) -> Array:
    """Share of rows whose most probable class is right; a row with nan or inf is wrong.

    Args:
        outputs: linear values, shape (rows, classes), or (rows, 1) for two classes.
        targets: class numbers, int (rows,), or 0 and 1, (rows, 1).

    Returns:
        Scalar, from 0 to 1.

    Raises:
        ValueError: the shapes are of no classification.

    Example:
        >>> float(accuracy(jnp.array([[2.0], [-1.0], [0.5]]), jnp.array([[1.0], [0.0], [0.0]])))
        0.6666...

    Reference:
        Hastie, Tibshirani & Friedman 2009, "The elements of statistical learning", section 7.2.
    """
    return jnp.mean(_right(*_classes("accuracy", outputs, targets)))


def balanced_accuracy(outputs: Array, targets: Array) -> Array:
    """Mean over the classes of the share of their rows that are right: (1/K) Σₖ recallₖ.

    A class without a row among the targets is left out of the mean.

    Args:
        outputs: linear values, shape (rows, classes), or (rows, 1) for two classes.
        targets: class numbers, int (rows,), or 0 and 1, (rows, 1).

    Returns:
        Scalar, from 0 to 1; 1/K for a network that always predicts the same class.

    Raises:
        ValueError: the shapes are of no classification.

    Example:
        >>> outputs, targets = jnp.full((10, 1), -1.0), jnp.zeros((10, 1)).at[0].set(1.0)
        >>> round(float(accuracy(outputs, targets)), 3), float(balanced_accuracy(outputs, targets))
        (0.9, 0.5)

    Reference:
        Brodersen et al. 2010, ICPR, "The balanced accuracy and its posterior distribution".
    """
    logits, numbers = _classes("balanced_accuracy", outputs, targets)
    members = jax.nn.one_hot(numbers, logits.shape[1], dtype=logits.dtype)
    rows = members.sum(axis=0)
    recall = _right(logits, numbers) @ members / jnp.maximum(rows, 1)
    return recall.sum() / jnp.sum(rows > 0).astype(rows.dtype)


def _ranked(scores: Array, positive: Array) -> Array:
    """P(a positive row's score is above a negative one's), ties ½; nan without one of either.

    XLA:CPU sorts integers six times as fast as floats, so a score and its label are sorted as one
    integer, whose last bit is the label: scores that are equal but for the last bit are ties.
    """
    dtype = scores.dtype
    number = jnp.int64 if dtype.itemsize == 8 else jnp.int32
    bits = jax.lax.bitcast_convert_type(jnp.where(scores == 0, 0, scores).astype(dtype), number)
    ascending = jnp.where(bits < 0, bits ^ jnp.iinfo(number).max, bits)
    ranked = jnp.sort((ascending & ~1) | positive.astype(number), stable=False)
    label, score = ranked & 1, ranked >> 1
    # The positives come last among equals: below them is every negative so far, and surely so are
    # those before the first of the equals.
    below = jnp.cumsum(1 - label)
    starts = jnp.concatenate([jnp.array([True]), score[1:] != score[:-1]])
    surely = jax.lax.cummax(jnp.where(starts, below - (1 - label), 0))
    won = (below + surely).astype(dtype) / 2 / below[-1].astype(dtype)
    return jnp.sum(label.astype(dtype) * won) / label.sum().astype(dtype)


def auc(outputs: Array, targets: Array) -> Array:
    """Area under the ROC curve: P(score of a positive row > score of a negative one), ties ½.

    For several classes it is the mean over the classes of each one's against the rest, ranked by
    its probability; a class that no row or every row has is left out of the mean.

    Args:
        outputs: linear values, shape (rows, classes), or (rows, 1) for two classes.
        targets: class numbers, int (rows,), or 0 and 1, (rows, 1).

    Returns:
        Scalar, from 0 to 1, ½ by chance; nan where an output is not finite, or where all rows are
        of one class.

    Raises:
        ValueError: the shapes are of no classification.

    Example:
        >>> outputs = jnp.array([[0.1], [0.4], [0.4], [0.8]])
        >>> float(auc(outputs, jnp.array([[0.0], [0.0], [1.0], [1.0]])))
        0.875

    Reference:
        Hanley & McNeil 1982, Radiology 143; Provost & Domingos 2000 for several classes.
    """
    logits, numbers = _classes("auc", outputs, targets)
    if logits.shape[1] == 2:
        area = _ranked(logits[:, 1] - logits[:, 0], numbers == 1)
    else:
        each = jax.vmap(lambda scores, number: _ranked(scores, numbers == number))(
            jax.nn.log_softmax(logits).T, jnp.arange(logits.shape[1], dtype=numbers.dtype)
        )
        known = ~jnp.isnan(each)
        area = jnp.where(known, each, 0).sum() / known.sum().astype(each.dtype)
    return jnp.where(jnp.all(jnp.isfinite(logits)), area, jnp.nan)


def log_loss(outputs: Array, targets: Array) -> Array:
    """Cross-entropy −(1/n) Σ log p(yᵢ), from the linear values, so that log 0 never occurs.

    Args:
        outputs: linear values, shape (rows, classes), or (rows, 1) for two classes.
        targets: class numbers, int (rows,), or 0 and 1, (rows, 1).

    Returns:
        Scalar, in nats, at least 0.

    Raises:
        ValueError: the shapes are of no classification.

    Example:
        >>> round(float(log_loss(jnp.zeros((3, 10)), jnp.array([3, 1, 4]))), 4)
        2.3026

    Reference:
        Good 1952, Journal of the Royal Statistical Society B 14, "Rational decisions".
    """
    logits, numbers = _classes("log_loss", outputs, targets)
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), numbers[:, None], axis=1))


def brier(outputs: Array, targets: Array) -> Array:
    """Squared error of the probabilities, (1/n) Σᵢ Σₖ (pᵢₖ − [yᵢ = k])²; for two classes its half.

    So it is (1/n) Σ (p − y)² for two classes, and the sum over the classes for several, as in
    scikit-learn's brier_score_loss (1.7 and later).

    Args:
        outputs: linear values, shape (rows, classes), or (rows, 1) for two classes.
        targets: class numbers, int (rows,), or 0 and 1, (rows, 1).

    Returns:
        Scalar, from 0 to 1 for two classes, from 0 to 2 for several.

    Raises:
        ValueError: the shapes are of no classification.

    Example:
        >>> float(brier(jnp.zeros((2, 1)), jnp.array([[0.0], [1.0]])))
        0.25

    Reference:
        Brier 1950, Monthly Weather Review 78.
    """
    logits, numbers = _classes("brier", outputs, targets)
    truth = jax.nn.one_hot(numbers, logits.shape[1], dtype=logits.dtype)
    squares = jnp.mean(jnp.sum((jax.nn.softmax(logits) - truth) ** 2, axis=1))
    return squares / 2 if logits.shape[1] == 2 else squares


def r2(outputs: Array, targets: Array) -> Array:
    """Coefficient of determination: R² = 1 − Σ (ŷ − y)² / Σ (y − ȳ)², mean over the outputs.

    Args:
        outputs: shape (rows, outputs).
        targets: the same shape.

    Returns:
        Scalar, at most 1; 0 for predicting the mean; nan where all targets of an output are equal.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> targets = jnp.array([[1.0], [2.0], [3.0]])
        >>> float(r2(targets, targets)), float(r2(jnp.full((3, 1), 2.0), targets))
        (1.0, 0.0)

    Reference:
        Wright 1921, Journal of Agricultural Research 20, "Correlation and causation".
    """
    errors, targets = _errors("r2", outputs, targets), jnp.asarray(targets)
    return jnp.mean(1 - jnp.mean(errors**2, axis=0) / jnp.var(targets, axis=0))


def rmse(outputs: Array, targets: Array) -> Array:
    """Root of the mean squared error, √((1/n) Σ (ŷ − y)²), mean over the outputs.

    Args:
        outputs: shape (rows, outputs), in the targets' unit.
        targets: the same shape.

    Returns:
        Scalar, in the targets' unit, at least 0.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> float(rmse(jnp.array([[3.0], [4.0]]), jnp.array([[2.0], [5.0]])))
        1.0

    Reference:
        Hastie, Tibshirani & Friedman 2009, "The elements of statistical learning", section 7.2.
    """
    return jnp.mean(jnp.sqrt(jnp.mean(_errors("rmse", outputs, targets) ** 2, axis=0)))


def mae(outputs: Array, targets: Array) -> Array:
    """Mean absolute error, (1/n) Σ |ŷ − y|, mean over the outputs.

    Args:
        outputs: shape (rows, outputs), in the targets' unit.
        targets: the same shape.

    Returns:
        Scalar, in the targets' unit, at least 0.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> float(mae(jnp.array([[3.0], [4.0]]), jnp.array([[2.0], [7.0]])))
        2.0

    Reference:
        Hastie, Tibshirani & Friedman 2009, "The elements of statistical learning", section 7.2.
    """
    return jnp.mean(jnp.abs(_errors("mae", outputs, targets)))


class Metric(NamedTuple):
    """A metric and its facts.

    function: ``function(outputs, targets) -> scalar`` of all rows together.
    heads: the keys of HEADS whose outputs and targets it takes.
    higher_is_better: whether a larger value is a better one.
    best: the value of perfect predictions.
    worst: the worst value there is, infinite where there is none; of brier that of several classes.
    """

    function: Callable[[Array, Array], Array]
    heads: tuple[str, ...]
    higher_is_better: bool
    best: float
    worst: float


METRICS: Mapping[str, Metric] = MappingProxyType(
    Names(
        "metric",
        {
            "accuracy": Metric(accuracy, CLASSES, True, 1.0, 0.0),
            "balanced_accuracy": Metric(balanced_accuracy, CLASSES, True, 1.0, 0.0),
            "auc": Metric(auc, CLASSES, True, 1.0, 0.0),
            "log_loss": Metric(log_loss, CLASSES, False, 0.0, float("inf")),
            "brier": Metric(brier, CLASSES, False, 0.0, 2.0),
            "r2": Metric(r2, NUMBERS, True, 1.0, float("-inf")),
            "rmse": Metric(rmse, NUMBERS, False, 0.0, float("inf")),
            "mae": Metric(mae, NUMBERS, False, 0.0, float("inf")),
        },
    )
)


def scores(*names: str) -> Callable[[Array, Array], dict[str, Array]]:
    """Several metrics as one function, as make_training's ``scores`` takes it.

    Args:
        names: keys of METRICS.

    Returns:
        ``function(outputs, targets) -> {name: scalar}``.

    Raises:
        ValueError: a name is not in METRICS.

    Example:
        >>> found = scores("rmse", "mae")(jnp.array([[3.0], [4.0]]), jnp.array([[2.0], [7.0]]))
        >>> {name: round(float(value), 3) for name, value in found.items()}
        {'rmse': 2.236, 'mae': 2.0}
    """
    for name in names:
        if name not in METRICS:
            raise ValueError(f"there is no metric {name!r}; there are {', '.join(METRICS)}")
    return lambda outputs, targets: {
        name: METRICS[name].function(outputs, targets) for name in names
    }
