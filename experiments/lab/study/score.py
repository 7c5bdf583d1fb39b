"""How a run is judged: one number, of which higher is better, whatever the metric.

Ranks, differences and intervals are of this number; what people and files read is the metric in its
own unit and with its own sign.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from experiments.lab.data import Dataset, Preprocessing
from experiments.lab.io.errors import UserError
from experiments.lab.study.verdict import Unit
from jaxnn import METRICS
from jaxnn.losses import HEADS

TITLES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "auc": "AUC",
    "log_loss": "log loss",
    "brier": "Brier score",
    "r2": "R²",
    "rmse": "RMSE",
    "mae": "MAE",
}
PERCENT = ("accuracy", "balanced_accuracy")
IN_UNIT = ("rmse", "mae")  # of the target
KNOWN_ANYWAY = ("accuracy", "r2")  # that every training measures, R² as its loss
MARGIN = 0.005  # half a point of accuracy
TIMES = 2.0  # the error of a diverged run, in those of a predictor that knows nothing

Value = TypeVar("Value", float, np.ndarray)
PerSeed = float | np.ndarray  # a number, or (seeds,) where each seed has its own split


@dataclass(frozen=True)
class Score:
    """How runs are judged: higher is better, so of an error it is minus the error.

    name: of the metric, in jaxnn.METRICS and in the files. title: as people read it.
    worst: the least that counts, and the score of a diverged run: finite, so that a mean over runs
        exists. It is the worst that the metric can be; where that is infinite, twice the error of
        a predictor that knows nothing: −1 for R², where the squared error is twice the variance;
        twice the log loss of equal probabilities; twice the RMSE or MAE of the trivial predictor on
        the training rows. The trivial score itself would be too good a floor: networks that learn
        nothing would then be above it on average.
    unit: of the metric, in the target's unit, for what the network predicts is standardised.
    variance: of the targets of each part, which turns a loss into R².
    trivial: part -> the score of the trivial predictor, which gives every row the mean of the
        training targets, their median for mae, or the frequencies of the classes there.
    """

    name: str
    title: str
    worst: PerSeed
    unit: PerSeed = 1.0
    variance: Mapping[str, PerSeed] = field(default_factory=dict)
    trivial: Mapping[str, PerSeed] = field(default_factory=dict)

    @property
    def sign(self) -> int:
        """1, or −1 for a metric of which lower is better."""
        return 1 if METRICS[self.name].higher_is_better else -1

    @property
    def best(self) -> float:
        """The score of perfect predictions: 1 or 0."""
        return METRICS[self.name].best

    @property
    def measured(self) -> tuple[str, ...]:
        """The metrics that a training must measure for it, in addition to what it does anyway."""
        return measured(self.name)

    @property
    def scale(self) -> int:
        """What a score is multiplied by to be drawn: in percent, and with the metric's own sign."""
        return self.sign * (100 if self.name in PERCENT else 1)

    @property
    def points(self) -> str:
        """The unit of a difference that is multiplied by ``scale``."""
        return "percentage points" if self.name in PERCENT else self.title

    @property
    def heading(self) -> str:
        """The title as it heads a column of a narrow table.

        Example:
            >>> Score("balanced_accuracy", "balanced accuracy", 0.0).heading
            'balanced'
        """
        return {"balanced_accuracy": "balanced", "brier": "Brier"}.get(self.name, TITLES[self.name])

    @property
    def size(self) -> float:
        """What small differences are shares of: 1; of an error, the trivial predictor's."""
        if self.sign > 0 or "test" not in self.trivial:
            return 1.0
        return abs(float(np.mean(self.trivial["test"])))

    def own(self, score: Value) -> Value:
        """From a score to the metric with its own sign, as files have it, or back."""
        return self.sign * score + 0.0  # no −0

    def error(self, score: Value) -> Value:
        """How far it is from perfect, at least 0: 1 − accuracy, 1 − R², the RMSE itself."""
        return self.best - score

    @property
    def error_title(self) -> str:
        """What ``error`` is called, such as "error" for an accuracy and "1 − R²"."""
        if self.name == "accuracy":
            return "error"
        return self.title if self.sign < 0 else f"1 − {self.title}"

    def show(self, score: float) -> str:
        """The score as people read it: in the metric's own unit and sign.

        Example:
            >>> ACCURACY.show(0.987), R2.show(0.5), R2.show(float("-inf"))
            ('98.7 %', '0.500', 'none')
            >>> RMSE.show(-12345.6), RMSE.show(-0.01234)
            ('12,346', '0.01234')
        """
        return self._text(self.own(score)) if np.isfinite(score) else "none"

    def show_difference(self, difference: float) -> str:
        """The size of a difference of scores as people read it, without its sign.

        Example:
            >>> ACCURACY.show_difference(-0.006), R2.show_difference(0.5), RMSE.show_difference(3)
            ('0.6 points', '0.500', '3.000')
        """
        return self._text(abs(difference)).replace(" %", " points")

    def _text(self, value: float) -> str:
        if self.name in PERCENT:
            return f"{100 * value:.1f} %"
        if self.name in IN_UNIT:
            return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:#.4g}"
        return f"{value:.3f}"

    def ascending(self, interval: tuple[float, float]) -> tuple[float, float]:
        """The ends of an interval of scores in the order in which people read them.

        Example:
            >>> ACCURACY.ascending((0.8, 0.9)), RMSE.ascending((-3.0, -2.0))
            ((0.8, 0.9), (-2.0, -3.0))
        """
        low, high = interval
        return (low, high) if self.sign > 0 else (high, low)

    def written(self, near: float) -> Unit:
        """How scores near this one, and their differences, are written in sentences."""
        if self.name in PERCENT:
            return Unit(self.title, 100, 1, " %", " points")
        digits = 3
        if self.name in IN_UNIT and near:
            digits = max(0, 3 - math.floor(math.log10(abs(near))))
        return Unit(self.title, self.sign, digits, "", f" of {self.title}")

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest score that a run can have."""
        return float(np.min(self.worst)), self.best

    @property
    def margin(self) -> float:
        """A difference that does not matter in practice, unless someone says otherwise."""
        return MARGIN * self.size

    def sampling(self, scores: np.ndarray, rows: int | None) -> np.ndarray | float:
        """Variance of a score due to the draw of the test rows; 0 for None.

        At most a (1 − a) / rows of a share a, such as an accuracy, to which two rows are added on
        either side (Agresti & Coull 1998), since none at all is wrong by chance; of R², 4 R²
        (1 − R²)² / rows, and of an error e in the target's unit e² / (2 rows), as for normal
        errors.
        """
        if rows is None:
            return 0.0
        if self.name in (*IN_UNIT, "log_loss"):
            return scores**2 / (2 * rows)
        shares = (np.clip(np.abs(scores), 0, 1) * rows + 2) / (rows + 4)
        if self.name == "r2":
            return 4 * shares * (1 - shares) ** 2 / rows
        return shares * (1 - shares) / rows

    def of(self, found: Mapping[str, np.ndarray], part: str) -> np.ndarray:
        """The scores of runs on a part of the data, from their metrics by name, (…, seeds)."""
        if self.name == "r2":
            return 1 - found[f"{part}_loss"] / self.variance[part]
        return self.own(np.asarray(self.unit * found[f"{part}_{self.name}"]))

    def judged(
        self, found: Mapping[str, np.ndarray], part: str, diverged: np.ndarray
    ) -> np.ndarray:
        """Scores as they count: of a diverged run the worst, and of no run less than that.

        Args:
            found: metrics by name, (…, seeds).
            part: "validation" or "test".
            diverged: bool, likewise.
        """
        scores = self.of(found, part)
        return np.where(diverged | ~(scores > self.worst), self.worst, scores)

    def final(
        self, found: Mapping[str, np.ndarray], part: str, diverged: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Losses and scores of runs on a part of the data, as they count.

        Args:
            found: their metrics by name, (cells, seeds).
            part: "validation" or "test".
            diverged: bool, likewise.

        A diverged run predicts nothing: its loss is infinite, and its score is the worst.
        """
        return (
            np.where(diverged, np.inf, found[f"{part}_loss"]),
            self.judged(found, part, diverged),
        )

    def evaluate(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        """The score of a network's outputs, as it is; nan where the metric is not defined.

        Args:
            outputs: linear values, (rows, outputs).
            targets: as Preprocessing.encode makes them.
        """
        if self.name == "r2" and not np.ptp(targets):
            return float("nan")  # by rounding it would be a huge number
        with jax.enable_x64(True):
            given = (
                jnp.asarray(array, float if array.dtype.kind == "f" else int)
                for array in (np.asarray(outputs), np.asarray(targets))
            )
            value = float(_MEASURE[self.name](*given))
        return self.own(float(self.unit) * value) if np.isfinite(value) else float("nan")


def measured(metric: str | None) -> tuple[str, ...]:
    """The metrics that a training must measure for this one, in addition to what it does anyway."""
    return () if metric in (None, *KNOWN_ANYWAY) else (metric,)


_MEASURE = {name: jax.jit(metric.function) for name, metric in METRICS.items()}

ACCURACY = Score("accuracy", TITLES["accuracy"], 0.0)
R2 = Score("r2", TITLES["r2"], 1 - TIMES)  # without the variances, which score_of adds
RMSE = Score("rmse", TITLES["rmse"], -np.inf)


def score_of(data: Dataset | Sequence[Dataset], metric: str | None = None) -> Score:
    """The score of runs on these data: accuracy for classes, R² for a number, or what is named.

    Args:
        data: one split, or one for each seed, in the order of the seeds.
        metric: a name in jaxnn.METRICS.

    Raises:
        UserError: the metric does not suit the task, or is not defined on these rows.

    Example:
        >>> from experiments.lab.data import load, prepare
        >>> score = score_of(prepare(load("breast_cancer")), "balanced_accuracy")
        >>> score.title, score.worst, score.trivial["test"]
        ('balanced accuracy', 0.0, 0.5)
    """
    splits = [data] if isinstance(data, Dataset) else list(data)
    each = [_score_of_split(split, metric) for split in splits]
    if isinstance(data, Dataset):
        return each[0]

    def by_part(name: str) -> dict[str, np.ndarray]:
        parts = getattr(each[0], name)
        return {part: np.array([getattr(one, name)[part] for one in each]) for part in parts}

    return replace(
        each[0],
        worst=_common([one.worst for one in each]),
        unit=_common([one.unit for one in each]),
        variance=by_part("variance"),
        trivial=by_part("trivial"),
    )


def score_for(preprocessing: Preprocessing, metric: str | None = None) -> Score:
    """The score of one network's outputs, which come in the units of this preprocessing.

    Args:
        preprocessing: of the network.
        metric: a name in jaxnn.METRICS; None as for ``score_of``.

    Raises:
        UserError: the metric does not suit the task.
    """
    suiting = [name for name in METRICS if preprocessing.head in METRICS[name].heads]
    metric = metric or ("accuracy" if preprocessing.classes else "r2")
    if metric not in suiting:
        listed = f"{', '.join(suiting[:-1])} or {suiting[-1]}"
        task = "a classification" if preprocessing.classes else "a regression"
        raise UserError(
            f"--metric {metric}: not a metric of {task}, which that of {preprocessing.target} is; "
            f"use {listed}"
        )
    title = TITLES[metric] + " of the log" * (preprocessing.transform == "log")
    unit = preprocessing.scale[1] if metric in IN_UNIT else 1.0
    found = Score(metric, title, 0.0, unit)
    return replace(found, worst=found.own(METRICS[metric].worst))


def _score_of_split(data: Dataset, metric: str | None) -> Score:
    score = score_for(data.preprocessing, metric)
    constant = _trivial_outputs(data, score.name)
    trivial = {
        part: score.evaluate(np.broadcast_to(constant, (len(y), len(constant))), y)
        for part, y in data.y.items()
        if part != "train" or score.name in IN_UNIT  # each size of a part takes time to compile
    }
    # Of a metric that every training measures, it shows in the results; here, before training.
    undefined = [part for part, value in trivial.items() if np.isnan(value)]
    if undefined and score.name not in KNOWN_ANYWAY:
        raise UserError(
            f"--metric {score.name}: all {undefined[0]} rows of {data.name} are of one class of "
            f"{data.target}, so that it is not defined; use another metric, or give more rows"
        )
    # Exactly 0 where it is, whatever the rounding of the mean.
    variance = {part: float(y.var()) if np.ptp(y) else 0.0 for part, y in data.y.items()}
    variance = variance if score.name == "r2" else {}
    return replace(score, worst=_worst(score, data, trivial), variance=variance, trivial=trivial)


def _worst(score: Score, data: Dataset, trivial: Mapping[str, float]) -> float:
    """As Score has it."""
    if score.name == "r2":
        return 1 - TIMES
    if score.name == "log_loss":
        return -TIMES * float(np.log(len(data.classes)))
    if score.name in IN_UNIT:
        return TIMES * trivial["train"]
    if score.name == "brier" and len(data.classes) == 2:
        return -1.0
    return score.own(METRICS[score.name].worst)


def _trivial_outputs(data: Dataset, metric: str) -> np.ndarray:
    """The best outputs (outputs,) that are the same for every row, from the training targets."""
    y = data.y["train"]
    if not data.classes:
        return np.median(y, axis=0) if metric == "mae" else np.mean(y, axis=0)
    counts = np.bincount(y.ravel().astype(int), minlength=len(data.classes))
    # A class without a training row has a tenth of one, so that its logarithm is finite.
    logs = np.log(np.maximum(counts, 0.1))
    return logs if HEADS[data.head].outputs(len(counts)) > 1 else logs[1:] - logs[:-1]


def _common(values: Sequence[float]) -> PerSeed:
    """One number where all are the same, otherwise (seeds,)."""
    return values[0] if len(set(values)) == 1 else np.array(values)
