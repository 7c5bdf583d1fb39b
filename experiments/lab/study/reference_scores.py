"""Scores of predicted probabilities or values by name, from scikit-learn."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from sklearn import metrics

CLIPPED = -1.0  # R² is at least this, so that one split cannot decide a mean


def _accuracy(predicted: np.ndarray, y: np.ndarray) -> float:
    return float(metrics.accuracy_score(y, predicted.argmax(axis=1)))


def _balanced_accuracy(predicted: np.ndarray, y: np.ndarray) -> float:
    return float(
        metrics.recall_score(y, predicted.argmax(axis=1), labels=np.unique(y), average="macro")
    )


def _auc(predicted: np.ndarray, y: np.ndarray) -> float:
    """Of each class that some rows have and some have not, against the rest; nan without one."""
    classes = [1] if predicted.shape[1] == 2 else range(predicted.shape[1])
    each = [
        metrics.roc_auc_score(y == number, predicted[:, number])
        for number in classes
        if 0 < np.count_nonzero(y == number) < len(y)
    ]
    return float(np.mean(each)) if each else float("nan")


def _log_loss(predicted: np.ndarray, y: np.ndarray) -> float:
    return float(metrics.log_loss(y, predicted, labels=np.arange(predicted.shape[1])))


def _brier(predicted: np.ndarray, y: np.ndarray) -> float:
    """(1/n) Σᵢ Σₖ (pᵢₖ − [yᵢ = k])², and its half for two classes, as in scikit-learn."""
    truth = np.eye(predicted.shape[1])[y]
    return float(np.mean(np.sum((predicted - truth) ** 2, axis=1))) / (1 + (truth.shape[1] == 2))


def _r2(predicted: np.ndarray, y: np.ndarray) -> float:
    if np.all(y == y[0]):  # it has no value; the worst, unless the prediction is right
        return 0.0 if np.all(predicted == y) else CLIPPED
    return max(CLIPPED, float(metrics.r2_score(y, predicted)))


def _rmse(predicted: np.ndarray, y: np.ndarray) -> float:
    return float(metrics.root_mean_squared_error(y, predicted))


def _mae(predicted: np.ndarray, y: np.ndarray) -> float:
    return float(metrics.mean_absolute_error(y, predicted))


def negative(function: Callable[[np.ndarray, np.ndarray], float]):
    """The function times −1: of a loss it makes a score, higher is better."""
    return lambda predicted, y: -function(predicted, y)


# Name -> function of probabilities (rows, classes) or values (rows,) and of class numbers or values
# (rows,); higher is better.
SCORES: Mapping[str, Callable[[np.ndarray, np.ndarray], float]] = MappingProxyType(
    {
        "accuracy": _accuracy,
        "balanced_accuracy": _balanced_accuracy,
        "auc": _auc,
        "log_loss": negative(_log_loss),
        "brier": negative(_brier),
        "r2": _r2,
        "rmse": negative(_rmse),
        "mae": negative(_mae),
    }
)
