"""Reference models on the networks' own splits: trivial, linear, and boosted trees.

They are fitted after training, one after the other, on one core, within seconds that are estimated
and not measured (see models): the trivial and the linear model on every split where that
fits, boosting on split after split until the seconds are spent, and on one at least. Where even one
fit would take too long, training rows are left out, and then iterations.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from experiments.lab.data import Dataset
from experiments.lab.references.models import (
    BOOSTING,
    LINEAR,
    TRIVIAL,
    Fitted,
    Model,
    Size,
    Task,
    size_of,
    targets,
)
from experiments.lab.study.score import score_of

SECONDS = 8.0  # of one core: 13 % of the main job's minute
FEWEST_ROWS = 2000  # to which training rows are reduced at most

TITLES = {
    "most_frequent": "most frequent",
    "mean": "mean",
    "median": "median",
    "logistic_regression": "logistic regression",
    "ridge_regression": "ridge regression",
    "boosting": "gradient boosting",
}


class OfSeeds(Protocol):
    """The splits of seeds, as lab.data.Splits."""

    def of(self, seed: int) -> Dataset:
        """The arrays of a seed."""
        ...

    def number(self, seed: int) -> int:
        """Of a seed's split: seeds with the same number have the same one."""
        ...


@dataclass(frozen=True)
class Reference:
    """A reference model on the splits that it was fitted to.

    name: a key of TITLES.
    seeds: whose splits it was fitted to, (seeds,).
    scores, validation: of each of these seeds on test and on validation rows, (seeds,); higher is
        better, as for networks.
    split: of each of these seeds, the place of its predictions, (seeds,).
    predictions: of test rows, float32: probabilities (splits, rows, classes), or values
        (splits, rows).
    asked: how many splits the networks have.
    rows: training rows that were used, and how many there are.
    iterations: allowed, and without a limit on the time.
    """

    name: str
    seeds: np.ndarray
    scores: np.ndarray
    validation: np.ndarray
    split: np.ndarray
    predictions: np.ndarray
    asked: int
    rows: tuple[int, int]
    iterations: tuple[int, int]

    @property
    def title(self) -> str:
        """What people call it."""
        return TITLES[self.name]

    @property
    def splits(self) -> int:
        """On how many splits it was fitted."""
        return len(self.predictions)

    @property
    def score(self) -> float:
        """The mean test score over the seeds."""
        return float(np.mean(self.scores))

    @property
    def note(self) -> str:
        """What it lacks, since time is limited; empty where it lacks nothing."""
        said = []
        if self.splits < self.asked:
            said.append(f"{self.splits} of {self.asked} splits")
        if self.rows[0] < self.rows[1]:
            said.append(f"{self.rows[0]:,} of {self.rows[1]:,} training rows")
        if self.iterations[0] < self.iterations[1]:
            said.append(f"at most {self.iterations[0]} iterations")
        return ", ".join(said)


def references(
    splits: OfSeeds,
    seeds: Sequence[int],
    metric: str | None = None,
    *,
    balanced: bool = False,
    seconds: float = SECONDS,
    say: Callable[[str], None] = lambda line: None,
) -> list[Reference]:
    """The trivial predictor, a linear model and gradient boosting on the splits of seeds.

    There are six arguments: what is fitted to, how it is judged, and what it may cost.

    Args:
        splits: of the data.
        seeds: whose splits the networks have.
        metric: by which networks and models are judged; None as for ``score_of``.
        balanced: whether rows are weighted so that all classes count alike.
        seconds: of one core, for all of them; above 0. They decide how many splits there are, so
            they must not be measured where a result is to be repeated.
        say: takes a line on what is being fitted.

    Returns:
        Three references, in this order; of each the seeds are the first of ``seeds``.

    Raises:
        ValueError: there is no seed, or no time.
        UserError: as for ``score_of``.

    Example:
        >>> from experiments.lab.data import Splits, load
        >>> for each in references(Splits(load("iris")), range(3)):
        ...     print(each.title, each.splits, round(each.score, 1))
        most frequent 3 0.3
        logistic regression 3 1.0
        gradient boosting 3 1.0
    """
    if not len(seeds):
        raise ValueError("references need at least one seed, whose split they are fitted to")
    if not seconds > 0:
        raise ValueError(f"seconds = {seconds}: references need a positive time")
    classes = splits.of(seeds[0]).classes
    trivial = "most_frequent" if classes else "median" if metric == "mae" else "mean"
    plan = (
        (trivial, TRIVIAL, 1.0),
        ("logistic_regression" if classes else "ridge_regression", LINEAR, 0.4),
        ("boosting", BOOSTING, 1.0),
    )
    found = []
    asked = _Asked(splits, seeds, metric, balanced)
    with threadpool_limits(1):  # threads that wait for each other cost more than they save
        for name, model, share in plan:
            reference, spent = _on_splits(name, model, asked, share * seconds, say)
            found.append(reference)
            seconds -= spent
    return found


def to_arrays(found: Sequence[Reference]) -> dict[str, np.ndarray]:
    """References as arrays by name, to be kept in a file."""
    return {
        f"{number}.{each.name}.{key}": np.asarray(value)
        for number, each in enumerate(found)
        for key, value in vars(each).items()
        if key != "name"
    }


def from_arrays(arrays: Mapping[str, np.ndarray]) -> list[Reference]:
    """The references that ``to_arrays`` was given."""
    fields: dict[tuple[int, str], dict] = {}
    for path, value in arrays.items():
        number, name, key = path.split(".")
        fields.setdefault((int(number), name), {})[key] = np.asarray(value)
    return [
        Reference(
            name,
            **own
            | {
                "asked": int(own["asked"]),
                "rows": tuple(own["rows"].tolist()),
                "iterations": tuple(own["iterations"].tolist()),
            },
        )
        for (_, name), own in sorted(fields.items())
    ]


class _Asked(NamedTuple):
    """The first four arguments of ``references``."""

    splits: OfSeeds
    seeds: Sequence[int]
    metric: str | None
    balanced: bool


def _on_splits(
    name: str, model: Model, asked: _Asked, seconds: float, say: Callable[[str], None]
) -> tuple[Reference, float]:
    """A model on as many splits as the seconds allow, and the seconds spent, by estimate."""
    splits, seeds = asked.splits, asked.seeds
    first = {splits.number(seed): seed for seed in reversed(seeds)}
    numbers = list(dict.fromkeys(splits.number(seed) for seed in seeds))
    fitted: dict[int, Fitted] = {}
    scored: dict[int, tuple[float, float]] = {}
    spent, rows, iterations, whole = 0.0, 0, 0, 0
    for number in numbers:
        data = splits.of(first[number])
        size = size_of(data)
        if not fitted:
            rows, iterations = _affordable(model, size, seconds)
            whole = size.rows
        # Splits may differ in their number of rows; all are used unless the first had too many.
        used = size._replace(rows=min(rows, size.rows) if rows < whole else size.rows)
        if fitted and spent + model.seconds(used, _mean_iterations(fitted)) > seconds:
            break
        if not fitted:
            say(f"fitting {TITLES[name]} on the same splits")
        task = Task(data, _drawn(data, used.rows), asked.balanced, asked.metric == "mae")
        found = model.fit(task, iterations)
        fitted[number] = found
        scored[number] = _scores(data, found, asked.metric)
        spent += model.seconds(used, found.iterations)
    having = [seed for seed in seeds if splits.number(seed) in fitted]
    of_seeds = [splits.number(seed) for seed in having]
    place = {number: index for index, number in enumerate(fitted)}
    reference = Reference(
        name=name,
        seeds=np.array(having),
        scores=np.array([scored[number][0] for number in of_seeds]),
        validation=np.array([scored[number][1] for number in of_seeds]),
        split=np.array([place[number] for number in of_seeds]),
        predictions=np.array([each.test for each in fitted.values()], np.float32),
        asked=len(numbers),
        rows=(min(rows, whole), whole),
        iterations=(iterations, model.iterations),
    )
    return reference, spent


def _scores(data: Dataset, found: Fitted, metric: str | None) -> tuple[float, float]:
    """On test and validation rows, by the function that judges the networks."""
    score = score_of(data, metric)
    parts = (found.test, "test"), (found.validation, "validation")
    test, validation = (
        score.evaluate(_outputs(data, predicted), data.y[part]) for predicted, part in parts
    )
    worst = float(score.worst)
    return test if test > worst else worst, validation if validation > worst else worst


def _outputs(data: Dataset, predicted: np.ndarray) -> np.ndarray:
    """What a network would have to put out to predict this: logits, or values; (rows, outputs)."""
    if not data.classes:
        return predicted[:, None]
    logs = np.log(predicted)
    return logs if len(data.classes) > 2 else logs[:, 1:] - logs[:, :1]


def _affordable(model: Model, size: Size, seconds: float) -> tuple[int, int]:
    """Training rows and iterations of a fit that takes at most these seconds, if that is possible.

    Rows are left out first, since the cost of boosting falls with them and its quality little.
    """
    rows, iterations = size.rows, model.iterations
    while rows > FEWEST_ROWS and model.seconds(size._replace(rows=rows), None) > seconds:
        rows = max(FEWEST_ROWS, int(0.9 * rows))
    smaller = size._replace(rows=rows)
    if model.fewest < iterations and model.seconds(smaller, None) > seconds:
        while iterations > model.fewest and model.seconds(smaller, iterations) > seconds:
            iterations = max(model.fewest, int(0.9 * iterations))
    return rows, iterations


def _mean_iterations(fitted: Mapping[int, Fitted]) -> int | None:
    taken = [each.iterations for each in fitted.values()]
    return round(float(np.mean(taken))) if taken else None


def _drawn(data: Dataset, count: int) -> np.ndarray:
    """Row numbers of this many training rows: all, or a random draw, with a row of each class."""
    y = targets(data, "train")
    if count >= len(y):
        return np.arange(len(y))
    order = np.random.default_rng(0).permutation(len(y))
    if data.classes:  # the first row of each class leads
        _, leading = np.unique(y[order], return_index=True)
        order = np.concatenate([order[leading], np.delete(order, leading)])
    return np.sort(order[:count])
