"""What is measured: test scores of linear models and of networks; each seed has its own rows."""

import itertools
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, SplineTransformer, StandardScaler

import jaxnn
from experiments.interactions.tasks import REAL, TARGETS, draw, real_rows
from experiments.lab.study.own_rows import Parts, Updates, own_best, train_own_rows

BATCH = 32
POINTS = 12  # at which training may stop
PENALTIES = (1e-4, 1e-2, 1.0, 10.0, 100.0)


class Net(NamedTuple):
    """A kind of network: its activation, and the share of the updates that it makes."""

    activation: str
    share: float


LAYERS = (32, 32)
NETS: Mapping[str, Net] = {
    "ReLU": Net("relu", 0.5),
    "tanh": Net("tanh", 0.5),
    "ReLU, twice as long": Net("relu", 1.0),
    "tanh, twice as long": Net("tanh", 1.0),
}
MADE = {  # features of the real data
    "products": lambda: PolynomialFeatures(2, include_bias=False),
    "splines": lambda: SplineTransformer(5, include_bias=False),
}


def generated(activation: str, configuration: Any) -> dict[str, np.ndarray]:
    """Scores of networks on the generated data, in points.

    Returns:
        "validation" and "test", (rows, targets, with and without feature, points, rates, seeds).
    """
    seeds, most = configuration.seeds, max(configuration.rows)
    kinds = list(itertools.product(configuration.rows, TARGETS, (False, True)))

    # Every kind of data is a "seed" of one grid, so that one program trains all.
    def parts(number: int) -> Parts:
        kind, seed = divmod(number, seeds)
        rows, target, given = kinds[kind]
        data = draw(target, rows, seed)
        found = dict((data if given else data.without_feature()).parts)
        found["train"] = tuple(  # type: ignore[assignment]  # two arrays, as before
            np.pad(each, ((0, most - rows), (0, 0))) for each in found["train"]
        )
        return found

    scores = _trained(
        activation,
        "regression",
        parts,
        range(len(kinds) * seeds),
        configuration,
        count=lambda number: kinds[number // seeds][0],
    )
    shape = len(configuration.rows), len(TARGETS), 2, seeds
    return {
        part: np.moveaxis(each.reshape(*each.shape[:2], *shape), (0, 1), (3, 4))
        for part, each in scores.items()
    }


def real(activation: str, name: str, configuration: Any) -> dict[str, np.ndarray]:
    """Scores of networks on a real data set: "validation" and "test", (points, rates, seeds)."""
    seeds = range(configuration.seeds)
    return _trained(activation, REAL[name], real_rows(name), seeds, configuration)


def linear_on_generated(configuration: Any) -> dict[str, np.ndarray]:
    """Test scores of "linear", "linear with products" and "linear with feature".

    Returns:
        Each (rows, targets, seeds), in points.
    """
    return {
        name: np.array(
            [
                [
                    [_linear(name, target, rows, seed) for seed in range(configuration.seeds)]
                    for target in TARGETS
                ]
                for rows in configuration.rows
            ]
        )
        for name in ("linear", "linear with products", "linear with feature")
    }


def linear_on_real(name: str, configuration: Any) -> dict[str, np.ndarray]:
    """Test scores of "linear" and, of the features that validation chooses, "linear with made
    features", (seeds,), in points.
    """
    rows, head = real_rows(name), REAL[name]
    found: dict[str, list[float]] = {"linear": [], "linear with made features": []}
    for seed in range(configuration.seeds):
        parts = rows(seed)
        found["linear"].append(_fitted(parts, head, ())[1])
        made = [_fitted(parts, head, (make(), StandardScaler())) for make in MADE.values()]
        found["linear with made features"].append(max(made)[1])
    return {model: np.array(scores) for model, scores in found.items()}


def _trained(
    activation: str,
    head: str,
    rows: Callable[[int], Parts],
    numbers: range,
    configuration: Any,
    count: Callable[[int], int] | None = None,
) -> dict[str, np.ndarray]:
    """Validation and test scores in points, each (points, rates, numbers)."""
    task, inputs = jaxnn.HEADS[head], rows(0)["train"][0].shape[1]
    training = jaxnn.make_training(
        jaxnn.mlp((inputs, *LAYERS, 1), activation=activation),
        task.loss,
        jaxnn.OPTIMIZERS["adam"],
        correct=task.correct,
    )
    found = train_own_rows(
        training,
        {"learning_rate": configuration.learning_rate},
        rows,
        numbers,
        Updates(configuration.steps, BATCH, POINTS),
        count=count,
    )
    scores = {}
    for part, metrics in (("validation", found.validation), ("test", found.test)):
        score = metrics["accuracy"] if head == "binary" else metrics["loss"]
        if head == "regression":
            score = 1 - score / np.array([rows(number)[part][1].var() for number in numbers])
        scores[part] = points(score).astype(np.float32)
    return scores


def at_own_best(scores: Mapping[str, np.ndarray], net: str) -> np.ndarray:
    """Test scores of a kind of network at its own best rate and stopping point, (…, seeds).

    Args:
        scores: as ``generated`` or ``real`` return them.
        net: a key of NETS.
    """
    validation, test = scores["validation"], scores["test"]
    shape = validation.shape
    last = round(NETS[net].share * shape[-3])
    chosen = [
        own_best(a[:last], b[:last]).test
        for a, b in zip(
            validation.reshape(-1, *shape[-3:]), test.reshape(-1, *shape[-3:]), strict=True
        )
    ]
    return np.reshape(chosen, (*shape[:-3], shape[-1]))


def points(score: np.ndarray) -> np.ndarray:
    """A score of at most 1 in points; 0 where it is negative or not finite.

    Example:
        >>> points(np.array([0.5, -3.0, np.nan])).tolist()
        [50.0, 0.0, 0.0]
    """
    return 100 * np.maximum(np.nan_to_num(score, nan=0.0, neginf=0.0), 0)


def _linear(name: str, target: str, rows: int, seed: int) -> float:
    data = draw(target, rows, seed)
    parts = data.parts
    if name != "linear with feature":
        parts = {part: (x[:, :-1], y) for part, (x, y) in parts.items()}
    made = (MADE["products"](), StandardScaler()) if name == "linear with products" else ()
    return _fitted(parts, "regression", made)[1]


def _fitted(parts: Parts, head: str, made: tuple) -> tuple[float, float]:
    """Validation and test score, in points, at the regularisation that is best on validation."""
    (x, y), found = parts["train"], []
    for penalty in PENALTIES:
        model = make_pipeline(
            *made,
            Ridge(penalty, solver="svd")
            if head == "regression"
            else LogisticRegression(C=1 / penalty, max_iter=300),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x, y.ravel())
        found.append(
            tuple(
                float(points(np.array(model.score(parts[part][0], parts[part][1].ravel()))))
                for part in ("validation", "test")
            )
        )
    return max(found, key=lambda pair: pair[0])  # type: ignore[return-value]
