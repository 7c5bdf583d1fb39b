"""scikit-learn estimators that choose an activation and a learning rate, and fit an ensemble.

Example:
    >>> from sklearn.datasets import load_wine
    >>> x, y = load_wine(return_X_y=True)
    >>> model = GridMLPClassifier(activation=("relu", "tanh"), steps=100, random_state=0)
    >>> bool(model.fit(x[::2], y[::2]).score(x[1::2], y[1::2]) > 0.9)
    True
    >>> model.activation_ in ("relu", "tanh"), model.validation_loss_.shape
    (True, (2, 4))
"""

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

import jaxnn
from experiments.lab.api.ensemble import SEGMENT, Plan, Rows, network, trained
from experiments.lab.api.handed import value_errors
from experiments.lab.engine.guest import guest
from experiments.lab.results.model import each_of, pooled

PASSES, FEWEST, MOST = 20, 200, 2000  # over the rows, and updates at least and at most
MOST_SEED = 2**31

ARGUMENTS = """
    Args:
        activation: one or several, of which the best is chosen: names in jaxnn.ACTIVATIONS, or
            functions of one array.
        learning_rate: one or several, likewise.
        depth: hidden layers. width: units of each.
        optimizer: a name in jaxnn.OPTIMIZERS. schedule: of its rate, a name in jaxnn.SCHEDULES.
        batch_size: rows per update.
        steps: updates of each network; None: 20 passes over the rows, within 200 and 2,000.
        seeds: networks of each activation and rate, whose mean validation loss decides.
        members: of the ensemble, whose mean prediction is the estimator's.
        validation_fraction: of the rows, to choose by. With one activation and one rate there is
            nothing to choose, and no row is held out.
        random_state: of the split, the initial weights and the batches.
        label_smoothing: of a classifier: s in [0, 1), the share of every class's probability that
            is the same for all. It often makes classes more accurate, and probabilities too even.
        class_weight: of a classifier: None, "balanced", or class -> weight, times those of rows.

    Attributes:
        activation_, learning_rate_: those chosen.
        validation_loss_: a table, a row per activation and a column per rate: mean over seeds,
            infinite where a network has diverged.
        params_: of the ensemble, with (members,) in front.
    """


class Scale(NamedTuple):
    """The weighted mean and standard deviation of each column."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, weight: np.ndarray) -> Self:
        """Of (rows, columns); a column of one value is only centred.

        Raises:
            ValueError: numbers are so large that their squares have no sum in float64.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            mean = np.average(values, axis=0, weights=weight)
            deviation = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weight))
        if not np.all(np.isfinite(deviation)):
            number = int(np.argmin(np.isfinite(deviation)))
            raise ValueError(
                f"column {number} of {values.shape[1]} has numbers up to "
                f"{np.abs(values[:, number]).max():.3g}, too large to standardise; divide it by a "
                "constant"
            )
        return cls(mean, np.where(deviation > 1e-12 * np.abs(mean), deviation, 1.0))

    def apply(self, values: np.ndarray) -> np.ndarray:
        """With mean 0 and standard deviation 1, float32."""
        return ((values - self.mean) / self.deviation).astype(np.float32)


class _GridMLP(BaseEstimator):
    """What classifier and regressor have in common."""

    __module__ = "jaxnn_experiments"  # by which a pickle finds it in a wheel too

    def __init__(
        self,
        *,
        activation: Any = ("relu", "tanh", "gelu"),
        learning_rate: Any = (0.001, 0.003, 0.01, 0.03),
        depth: int = 2,
        width: int = 64,
        optimizer: str = "adam",
        schedule: str = "cosine",
        batch_size: int = 64,
        steps: int | None = None,
        seeds: int = 3,
        members: int = 5,
        validation_fraction: float = 0.2,
        random_state: Any = None,
    ):
        self.activation = activation
        self.learning_rate = learning_rate
        self.depth = depth
        self.width = width
        self.optimizer = optimizer
        self.schedule = schedule
        self.batch_size = batch_size
        self.steps = steps
        self.seeds = seeds
        self.members = members
        self.validation_fraction = validation_fraction
        self.random_state = random_state

    def _plan(self, head: str, outputs: int, rows: int, first: int) -> Plan:
        for name, least in {
            "depth": 0,
            "width": 1,
            "batch_size": 1,
            "seeds": 1,
            "members": 1,
        }.items():
            _check(name, getattr(self, name), least)
        if self.steps is not None:
            _check("steps", self.steps, 1)
        fraction = self.validation_fraction
        if not (isinstance(fraction, Real) and 0 < fraction < 1):
            raise ValueError(f"validation_fraction={fraction!r}: give a number between 0 and 1")
        smoothing = getattr(self, "label_smoothing", 0.0)
        if not (isinstance(smoothing, Real) and 0 <= smoothing < 1):
            raise ValueError(f"label_smoothing={smoothing!r}: give a number from 0 to below 1")
        for name, known in (("optimizer", jaxnn.OPTIMIZERS), ("schedule", jaxnn.SCHEDULES)):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name}={getattr(self, name)!r}: give one name")
            _ = known[getattr(self, name)]  # raises if unknown
        rates = sorted({_rate(each) for each in _several(self.learning_rate)})
        activations = tuple(_several(self.activation))
        if not (rates and activations):
            raise ValueError("activation and learning_rate need at least one value each")
        for name in activations:
            jaxnn.activations.resolve(name)  # likewise
        steps = min(MOST, max(FEWEST, round(PASSES * rows / min(rows, self.batch_size))))
        return Plan(
            head=head,
            outputs=outputs,
            hidden=(self.width,) * self.depth,
            activations=activations,
            rates=tuple(rates),
            optimizer=self.optimizer,
            schedule=self.schedule,
            smoothing=float(smoothing),
            batch_size=self.batch_size,
            steps=self.steps or -(-steps // SEGMENT) * SEGMENT,
            seeds=self.seeds,
            members=self.members,
            first=first,
        )

    def _fit(self, x: np.ndarray, y: np.ndarray, weight: np.ndarray, classes: int) -> Self:
        """On numbers (rows, features), and targets (rows, columns) as a head takes them.

        Of a regression, with no classes, the targets are standardised here.
        """
        random = check_random_state(self.random_state)
        first = int(random.randint(MOST_SEED))
        head, outputs = _head(classes, y)
        x, y, weight = (each[weight > 0] for each in (x, y, weight))
        if len(x) == 0:
            raise ValueError("sample_weight: no row has a weight above 0")
        plan = self._plan(head, outputs, len(x), first)

        def rows(mine: np.ndarray, fitted: np.ndarray) -> Rows:
            inputs = Scale.of(x[fitted], weight[fitted]).apply(x[mine])
            targets = y[mine].astype(np.float32)
            if not classes:
                targets = Scale.of(y[fitted], weight[fitted]).apply(y[mine])
            return Rows(inputs, targets, weight[mine])

        parts, worst = None, np.inf
        if plan.choices > 1:
            train, held_out = self._split(y[:, 0] if classes else None, len(x), random)
            parts = rows(train, train), rows(held_out, train)
            worst = _trivial(*parts, classes)
        everything = np.arange(len(x))
        self._x, self._y = Scale.of(x, weight), None if classes else Scale.of(y, weight)
        with value_errors(), guest():
            found = trained(plan, rows(everything, everything), parts, worst)
        self._structure = plan.hidden, outputs, plan.activations[found.activation], head
        self.activation_ = plan.activations[found.activation]
        self.learning_rate_, self.params_ = found.rate, found.params
        self.validation_loss_ = pd.DataFrame(
            found.losses,
            index=pd.Index([_name(phi) for phi in plan.activations], name="activation"),
            columns=pd.Index(plan.rates, name="learning_rate"),
        )
        return self

    def _split(
        self, classes: np.ndarray | None, rows: int, random: np.random.RandomState
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows to train on and to choose by; of fewer than two rows, the same."""
        everything = np.arange(rows)
        if rows < 2:
            return everything, everything
        size = min(rows - 1, max(1, round(self.validation_fraction * rows)))
        if classes is not None:
            count = len(np.unique(classes))
            # Otherwise there cannot be a row of each class in both parts.
            if (
                np.unique(classes, return_counts=True)[1].min() < 2
                or min(size, rows - size) < count
            ):
                classes = None
        train, held_out = train_test_split(
            everything, test_size=size, stratify=classes, random_state=random
        )
        return train, held_out

    def _outputs(self, x: Any) -> np.ndarray:
        """The ensemble's linear outputs, float64 (rows, outputs)."""
        check_is_fitted(self)
        x = self._x.apply(validate_data(self, x, dtype=np.float64, reset=False))
        hidden, outputs, phi, head = self._structure
        each = each_of(network(x.shape[1], hidden, outputs, phi), self.params_, x)
        return pooled(each, head).astype(np.float64)


class GridMLPClassifier(ClassifierMixin, _GridMLP):
    __doc__ = f"""Classes by an ensemble of networks whose activation and learning rate are chosen.

    Inputs are standardised. All activations, rates and seeds are trained at once on part of the
    rows, and the best, by mean validation loss, again on all of them.
    {ARGUMENTS}"""
    __module__ = "jaxnn_experiments"

    def __init__(
        self,
        *,
        activation: Any = ("relu", "tanh", "gelu"),
        learning_rate: Any = (0.001, 0.003, 0.01, 0.03),
        depth: int = 2,
        width: int = 64,
        optimizer: str = "adam",
        schedule: str = "cosine",
        batch_size: int = 64,
        steps: int | None = None,
        seeds: int = 3,
        members: int = 5,
        validation_fraction: float = 0.2,
        label_smoothing: float = 0.0,
        class_weight: Any = None,
        random_state: Any = None,
    ):
        # All written out again, since scikit-learn reads an estimator's parameters from here.
        super().__init__(
            activation=activation,
            learning_rate=learning_rate,
            depth=depth,
            width=width,
            optimizer=optimizer,
            schedule=schedule,
            batch_size=batch_size,
            steps=steps,
            seeds=seeds,
            members=members,
            validation_fraction=validation_fraction,
            random_state=random_state,
        )
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Choose, and fit the ensemble.

        Args:
            X: numbers, (rows, features).
            y: classes, (rows,).
            sample_weight: of each row, (rows,); a row of weight 2 counts as two.
        """
        x, y = validate_data(self, X, y, dtype=np.float64)
        kinds = {type(each).__name__ for each in y} if y.dtype == object else set()
        if len(kinds) > 1:
            raise ValueError(
                f"y: its classes are of the types {', '.join(sorted(kinds))}; give one"
            )
        check_classification_targets(y)
        weight = _check_sample_weight(sample_weight, x, ensure_non_negative=True)
        if isinstance(self.class_weight, dict):
            for name, value in self.class_weight.items():
                if not (isinstance(value, Real) and 0 < float(value) < np.inf):
                    raise ValueError(
                        f"class_weight: {name!r} has {value!r}; give each class a number above 0"
                    )
        weight = weight * compute_sample_weight(self.class_weight, y)
        self.classes_, numbers = np.unique(y[weight > 0], return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y: it holds one class only, {', '.join(map(str, self.classes_))}; give rows of "
                "at least two classes"
            )
        targets = np.zeros((len(x), 1))
        targets[weight > 0, 0] = numbers
        return self._fit(x, targets, weight, len(self.classes_))

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (rows, classes)."""
        outputs = self._outputs(X)
        if len(self.classes_) == 2:
            return np.concatenate([expit(-outputs), expit(outputs)], axis=1)
        return softmax(outputs, axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class, (rows,)."""
        best = np.argmax(self.predict_proba(X), axis=1)
        return self.classes_[best]


class GridMLPRegressor(RegressorMixin, _GridMLP):
    __doc__ = f"""Numbers by an ensemble of networks whose activation and learning rate are chosen.

    Inputs and targets are standardised. All activations, rates and seeds are trained at once on
    part of the rows, and the best, by mean validation loss, again on all of them. There may be
    several targets.
    {ARGUMENTS}"""
    __module__ = "jaxnn_experiments"

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Choose, and fit the ensemble.

        Args:
            X: numbers, (rows, features).
            y: numbers, (rows,) or (rows, targets).
            sample_weight: of each row, (rows,); a row of weight 2 counts as two.
        """
        x, y = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        y = column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
        weight = _check_sample_weight(sample_weight, x, ensure_non_negative=True)
        self._flat = y.ndim == 1
        return self._fit(x, y.reshape(len(y), -1).astype(np.float64), weight, 0)

    def predict(self, X: Any) -> np.ndarray:
        """Numbers, (rows,) or (rows, targets) as they were fitted."""
        found = self._outputs(X)
        found = found * self._y.deviation + self._y.mean
        return found[:, 0] if self._flat else found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _head(classes: int, y: np.ndarray) -> tuple[str, int]:
    """The key of jaxnn.HEADS, and the number of outputs."""
    if not classes:
        return "regression", y.shape[1]
    return ("binary", 1) if classes == 2 else ("multiclass", classes)


def _trivial(train: Rows, held_out: Rows, classes: int) -> float:
    """The validation loss of the mean target, or of the shares of the classes."""
    if not classes:
        return float(np.average((held_out.y**2).mean(axis=1), weights=held_out.weight))
    known = train.y[:, 0].astype(int)
    counts = np.bincount(known, train.weight, minlength=classes) + 1e-6 * train.weight.sum()
    losses = -np.log(counts / counts.sum())[held_out.y[:, 0].astype(int)]
    return float(np.average(losses, weights=held_out.weight))


def _several(values: Any) -> list[Any]:
    """One value or several, as a list."""
    single = isinstance(values, str) or callable(values) or not isinstance(values, Iterable)
    return [values] if single or hasattr(values, "_fields") else list(values)


def _name(phi: Any) -> str:
    return phi if isinstance(phi, str) else getattr(phi, "__name__", repr(phi))


def _rate(value: Any) -> float:
    if not (isinstance(value, Real) and not isinstance(value, bool) and 0 < float(value) < np.inf):
        raise ValueError(f"learning_rate={value!r}: give a number above 0, or several")
    return float(value)


def _check(name: str, value: Any, least: int) -> None:
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}={value!r}: give a whole number of at least {least}")
