"""Models from scikit-learn to compare networks with, and what it costs to fit them.

Each is fitted to the training rows of one split; validation rows choose what networks choose with
them: the regularisation of a linear model, the number of trees of boosting.

What a fit will cost is estimated from its size, never measured, so that the same command fits the
same models on every machine. The estimates were calibrated on one core of an AMD EPYC (Zen 1) at
2 GHz, busy with other work, with scikit-learn 1.9.1, float32 inputs and one thread. CPU seconds per
split, mean over the splits that are fitted within 8 s, estimated and measured:

| training rows                         | linear      | boosting    |
|---------------------------------------|-------------|-------------|
| wine (106 × 13, 3 classes)            | 0.05, 0.08  | 0.25, 0.19  |
| breast_cancer (341 × 30, 2)           | 0.05, 0.08  | 0.21, 0.17  |
| diabetes (266 × 10)                   | 0.03, 0.05  | 0.09, 0.07  |
| digits (1,079 × 64, 10)               | 0.15, 0.15  | 2.0, 1.8    |
| mnist1d (3,000 × 40, 10)              | 0.27, 0.19  | 6.1, 5.5    |
| MNIST (784 inputs, 3,586; 2,000 rows) | 2.9, 1.6    | 6.6, 8.4    |
"""

import math
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.utils.class_weight import compute_sample_weight

from experiments.lab.data import Dataset

STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)  # C of logistic regression
PENALTIES = tuple(10.0 ** np.arange(-5, 1.5, 0.5))  # α of ridge regression per training row
# scikit-learn's tolerance, 1e-4, takes twice the time, and test scores and losses are the same to
# within 0.3 points and 0.005 nats (mean over 5 splits of wine, iris, breast_cancer, digits and
# mnist1d).
TOLERANCE, LINEAR_ITERATIONS = 1e-3, 100
# With 15 leaves and 63 bins a fit takes half the time of scikit-learn's 31 and 255, and the test
# scores are as good: digits .956 and .957, mnist1d .696 and .692, breast_cancer .967 both, diabetes
# .383 and .372, Friedman's function (8,600 rows) .950 and .949.
LEAVES, BINS, RATE, LEAF_ROWS, PATIENCE = 15, 63, 0.1, 20, 10
ITERATIONS = 200  # at most
USUAL_ITERATIONS = 100  # few fits take more, since they stop early


class Size(NamedTuple):
    """What the cost of a fit depends on.

    rows: training rows. features: inputs. outputs: numbers that are fitted per row.
    bins: different values of an input, at most BINS, mean over the inputs.
    """

    rows: int
    features: int
    outputs: int
    bins: float


class Fitted(NamedTuple):
    """Predictions of one fit, and what it took.

    validation, test: probabilities (rows, classes), or values (rows,) for regression.
    iterations: of the solver, or of boosting; 1 where there are none.
    """

    validation: np.ndarray
    test: np.ndarray
    iterations: int


def size_of(data: Dataset) -> Size:
    """The size of a split's training rows."""
    x = data.x["train"]
    some = x[:1000]
    bins = [min(BINS, len(np.unique(column))) for column in some.T]
    outputs = len(data.classes) if len(data.classes) > 2 else 1
    return Size(len(x), x.shape[1], outputs, float(np.mean(bins)))


def targets(data: Dataset, part: str) -> np.ndarray:
    """The targets of a part as scikit-learn takes them: class numbers, or values; (rows,)."""
    y = data.y[part].ravel()
    return y.astype(np.int64) if data.classes else y.astype(np.float64)


class Task(NamedTuple):
    """What a model is fitted to and for.

    data: a split. rows: the training rows to use.
    balanced: whether rows are weighted so that all classes count alike.
    median: whether the trivial model of numbers is their median, which has the least absolute
        error, and not their mean.
    """

    data: Dataset
    rows: np.ndarray
    balanced: bool = False
    median: bool = False

    @property
    def training(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets of the training rows to use."""
        return self.data.x["train"][self.rows], targets(self.data, "train")[self.rows]

    @property
    def class_weight(self) -> str | None:
        """As scikit-learn takes it."""
        return "balanced" if self.balanced and self.data.classes else None


def trivial(task: Task, iterations: int = 1) -> Fitted:
    """The classes' shares among the training rows, or their mean or median, for every row.

    Args:
        task: what it is fitted to.
        iterations: is ignored.
    """
    model = (
        DummyClassifier(strategy="prior")
        if task.data.classes
        else DummyRegressor(strategy="median" if task.median else "mean")
    )
    return _fitted(model.fit(*task.training), task, 1)


def linear(task: Task, iterations: int = LINEAR_ITERATIONS) -> Fitted:
    """Logistic or ridge regression with the regularisation that is best on the validation rows.

    By log-loss or squared error. Validation rows choose, as they choose a network's learning rate;
    cross-validation of the training rows would take five times as long.

    Args:
        task: what it is fitted to.
        iterations: of the solver at each regularisation, at most.
    """
    x, y = task.training
    classes = task.data.classes
    if classes:
        if len(np.unique(y)) < 2:
            return trivial(task)
        model = LogisticRegression(
            max_iter=iterations, tol=TOLERANCE, warm_start=True, class_weight=task.class_weight
        )
        settings = [{"C": strength} for strength in STRENGTHS]
    else:
        model = Ridge()
        settings = [{"alpha": penalty * len(x)} for penalty in reversed(PENALTIES)]
    best, least, taken = None, math.inf, 0
    for setting in settings:  # from the simplest on, each from where the one before has ended
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # close enough; see TOLERANCE
            model.set_params(**setting).fit(x, y)
        taken += int(np.max(model.n_iter_)) if classes else 1
        loss = _loss(_predict(model, task, "validation"), task)
        if loss < least:
            best, least = _fitted(model, task, 1), loss
    return best._replace(iterations=taken)


def boosting(task: Task, iterations: int = ITERATIONS) -> Fitted:
    """Gradient-boosted trees; more are added until the loss on the validation rows stops falling.

    Args:
        task: what it is fitted to.
        iterations: trees per output, at most; with fewer than 100, each counts for more.
    """
    x, y = task.training
    classes, held_out = task.data.classes, targets(task.data, "validation")
    if classes and len(np.unique(y)) < 2:
        return trivial(task)
    # A class that no training row has cannot be predicted.
    known = np.isin(held_out, y) if classes else np.full(len(held_out), True)
    make = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    model = make(
        learning_rate=RATE * min(3.0, max(1.0, USUAL_ITERATIONS / iterations)),
        max_iter=iterations,
        max_leaf_nodes=LEAVES,
        max_bins=BINS,
        min_samples_leaf=LEAF_ROWS,
        early_stopping=bool(known.any()),
        n_iter_no_change=PATIENCE,
        random_state=0,
        **({"class_weight": task.class_weight} if classes else {}),
    )
    stop = {}
    if known.any():
        stop = {"X_val": task.data.x["validation"][known], "y_val": held_out[known]}
        if task.class_weight:
            stop["sample_weight_val"] = compute_sample_weight("balanced", held_out[known])
    model.fit(x, y, **stop)
    return _fitted(model, task, int(model.n_iter_))


def linear_seconds(size: Size, iterations: int | None = None) -> float:
    """Estimated seconds of one core for ``linear``.

    Args:
        size: of the training rows.
        iterations: of all fits together; None: before they are known.
    """
    rows, features, outputs, _ = size
    least = min(rows, features)
    ridge = len(PENALTIES) * (1.5e-3 + 1e-10 * rows * features * least)
    steps = 20 * len(STRENGTHS) if iterations is None else iterations
    per_step = 3e-4 + rows * outputs * (9e-8 + 3.3e-10 * features)
    return max(ridge, 5e-3 * len(STRENGTHS) + steps * per_step)


def boosting_seconds(size: Size, iterations: int | None = None) -> float:
    """Estimated seconds of one core for ``boosting``.

    Args:
        size: of the training rows.
        iterations: of the fit; None: before they are known.
    """
    rows, features, outputs, bins = size
    leaves = max(1, min(LEAVES, rows // LEAF_ROWS))
    tree = 3e-4 + leaves * (8e-5 + 2e-6 * features * bins / BINS) + 5.5e-9 * rows * features
    number = USUAL_ITERATIONS if iterations is None else iterations
    return 0.02 + 2e-7 * rows * features + number * outputs * tree


class Model(NamedTuple):
    """A model and its cost.

    fit: from a task and the most iterations.
    seconds: from the size and the iterations, None before they are known.
    iterations: at most. fewest: to which they may be reduced.
    """

    fit: Callable[[Task, int], Fitted]
    seconds: Callable[[Size, int | None], float]
    iterations: int
    fewest: int


TRIVIAL = Model(trivial, lambda size, iterations: 0.0, 1, 1)
LINEAR = Model(linear, linear_seconds, LINEAR_ITERATIONS, LINEAR_ITERATIONS)
BOOSTING = Model(boosting, boosting_seconds, ITERATIONS, 30)


def _predict(model, task: Task, part: str) -> np.ndarray:
    """Probabilities of all classes, or values.

    A class that no training row has counts as one that a tenth of a row has, so that the logarithm
    of its probability is finite.
    """
    x, classes = task.data.x[part], task.data.classes
    if not classes:
        return model.predict(x).astype(np.float64)
    found = np.zeros((len(x), len(classes)))
    found[:, model.classes_] = model.predict_proba(x)
    found = np.where(found > 0, found, 0.1 / len(task.rows))
    return found / found.sum(axis=1, keepdims=True)


def _fitted(model, task: Task, iterations: int) -> Fitted:
    return Fitted(_predict(model, task, "validation"), _predict(model, task, "test"), iterations)


def _loss(predicted: np.ndarray, task: Task) -> float:
    """Of the validation rows."""
    y = targets(task.data, "validation")
    if not task.data.classes:
        return mean_squared_error(y, predicted)
    weights = compute_sample_weight(task.class_weight, y)
    return log_loss(y, predicted, sample_weight=weights, labels=range(len(task.data.classes)))
