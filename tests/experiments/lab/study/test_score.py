"""Scores by any metric: higher is better inside, the metric's own sign and unit outside."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import (
    balanced_accuracy_score,
    brier_score_loss,
    log_loss,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)

from experiments.lab.data import Source, load, prepare
from experiments.lab.engine.outcome import Outcome
from experiments.lab.io.errors import UserError
from experiments.lab.study.ends import ends
from experiments.lab.study.score import ACCURACY, R2, score_for, score_of
from jaxnn import METRICS

DATA = {"regression": "diabetes", "binary": "breast_cancer", "multiclass": "wine"}
BY_HEAD = [(name, head) for name, metric in METRICS.items() for head in metric.heads]


@pytest.fixture(scope="module")
def data():
    return {head: prepare(load(name)) for head, name in DATA.items()}


def outcome_of(metrics, diverged=()):
    """The outcome of one point, from name -> (cells, seeds) for both parts."""
    shape = next(iter(metrics.values())).shape
    found = Outcome.empty(np.array([1]), shape)
    for name, values in metrics.items():
        found.curves[f"validation_{name}"], found.final[f"test_{name}"] = values[None], values
    for place in diverged:
        found.diverged_step[place] = 0
        found.curves["validation_loss"][0][place] = np.nan
    return found


@pytest.mark.parametrize(("metric", "head"), BY_HEAD)
def test_the_trivial_score_is_scikit_learns_dummys(metric, head, data):
    found = score_of(data[head], metric)
    x, y = data[head].x, data[head].y
    train, test = y["train"].ravel(), y["test"].ravel()
    if head == "regression":
        mean, deviation = data[head].preprocessing.scale
        train, test = train * deviation + mean, test * deviation + mean  # in the target's unit
        dummy = DummyRegressor(strategy="median" if metric == "mae" else "mean")
        predicted = dummy.fit(x["train"], train).predict(x["test"])
        function = {
            "r2": r2_score,
            "rmse": root_mean_squared_error,
            "mae": mean_absolute_error,
        }[metric]
        expected = function(test, predicted)
    else:
        dummy = DummyClassifier(strategy="prior").fit(x["train"], train)
        p, predicted = dummy.predict_proba(x["test"]), dummy.predict(x["test"])
        expected = {
            "accuracy": lambda: np.mean(predicted == test),
            "balanced_accuracy": lambda: balanced_accuracy_score(test, predicted),
            "auc": lambda: roc_auc_score(
                test, p[:, 1] if head == "binary" else p, multi_class="ovr"
            ),
            "log_loss": lambda: log_loss(test, p),
            "brier": lambda: brier_score_loss(test, p),
        }[metric]()
    assert found.own(found.trivial["test"]) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(("metric", "head"), BY_HEAD)
def test_a_mean_over_runs_exists_whatever_diverges(metric, head, data):
    score = score_of(data[head], metric)
    values = np.array([[0.3, 0.2, 1e9 if score.sign < 0 else -1e9]], np.float32)
    outcome = outcome_of(
        {"loss": 1 - values if metric == "r2" else values, metric: values}, diverged=[(0, 1)]
    )
    losses, scores = score.final(ends(outcome), "test", outcome.diverged_step >= 0)
    assert np.isinf(losses[0, 1]) and scores[0, 1] == score.worst == scores[0, 2]
    assert np.isfinite(scores).all() and scores[0, 0] > score.worst
    # A network that learns nothing is not lifted by the floor.
    assert score.worst < score.trivial["test"]


def test_a_unit_and_a_variance_belong_to_their_seed():
    source = load("diabetes")
    splits = [prepare(source, split_seed=seed) for seed in range(3)]
    loss = np.full((2, 3), 0.5, np.float32)
    found = {"test_loss": loss, "test_rmse": np.sqrt(loss), "test_mae": loss}
    for metric in ("r2", "rmse", "mae"):
        together = score_of(splits, metric).of(found, "test")
        for seed, split in enumerate(splits):
            alone = score_of(split, metric).of(found, "test")[:, seed]
            np.testing.assert_allclose(together[:, seed], alone, rtol=1e-6)
    deviations = [split.preprocessing.scale[1] for split in splits]
    assert len(set(deviations)) == 3
    np.testing.assert_allclose(
        score_of(splits, "rmse").of(found, "test")[0], -np.sqrt(0.5) * np.array(deviations)
    )


def test_files_and_people_read_the_metric_itself(data):
    rmse = score_of(data["regression"], "rmse")
    assert rmse.own(-3.0) == 3.0 and rmse.error(-3.0) == 3.0 and rmse.scale == -1
    assert rmse.show(-53.214) == "53.21" and rmse.show(-1234567.0) == "1,234,567"
    assert rmse.ascending((-3.0, -2.0)) == (-2.0, -3.0)
    assert rmse.show_difference(-0.5) == "0.5000"
    balanced = score_of(data["multiclass"], "balanced_accuracy")
    assert balanced.show(0.5) == "50.0 %" and balanced.error(0.9) == pytest.approx(0.1)
    assert balanced.show_difference(0.006) == "0.6 points" and balanced.scale == 100
    assert score_of(data["binary"]) == ACCURACY or score_of(data["binary"]).name == "accuracy"
    assert R2.show(-1.0) == "-1.000" and R2.worst == -1


def test_a_difference_that_does_not_matter_is_a_share_of_the_trivial_error(data):
    for metric in ("rmse", "mae"):
        score = score_of(data["regression"], metric)
        assert score.size == pytest.approx(-score.trivial["test"]) and score.size > 10
        assert score.margin == pytest.approx(0.005 * score.size)
    assert score_of(data["regression"]).size == score_of(data["binary"], "auc").size == 1


def test_evaluate_is_in_the_unit_of_the_target(data):
    split = data["regression"]
    rng = np.random.default_rng(0)
    outputs = split.y["test"] + rng.normal(0, 0.3, split.y["test"].shape).astype(np.float32)
    decode = split.preprocessing.decode
    y, predicted = decode(split.y["test"].ravel()), decode(outputs.ravel())
    for metric, function in (
        ("r2", r2_score),
        ("rmse", root_mean_squared_error),
        ("mae", mean_absolute_error),
    ):
        score = score_for(split.preprocessing, metric)
        found = score.own(score.evaluate(outputs, split.y["test"]))
        assert found == pytest.approx(function(y, predicted), rel=1e-6)


def test_a_metric_of_another_task_is_refused(data):
    with pytest.raises(
        UserError,
        match="--metric auc: not a metric of a regression, which that of "
        "progression is; use r2, rmse or mae",
    ):
        score_of(data["regression"], "auc")
    with pytest.raises(
        UserError, match="--metric rmse: .* use accuracy, balanced_accuracy, auc, log_loss or brier"
    ):
        score_of(data["multiclass"], "rmse")


def test_an_area_that_is_not_defined_is_refused():
    y = np.array(["no"] * 39 + ["yes"])
    x = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    split = prepare(Source("rare", x, y, "classification", "kind"))
    with pytest.raises(
        UserError, match="--metric auc: all .* rows of rare are of one class of kind"
    ):
        score_of(split, "auc")
    assert score_of(split, "balanced_accuracy").trivial["validation"] in (0.5, 1.0)


def test_equal_accuracies_are_ranked_by_loss():
    from experiments.lab.study.choices import rank

    found = [
        SimpleNamespace(validation=validation, validation_loss=loss)
        for validation, loss in ((0.9, 0.3), (0.95, 0.4), (0.9, 0.2), (0.95, 0.5))
    ]
    ranked = sorted(found, key=rank)
    assert [each.validation_loss for each in ranked] == [0.4, 0.5, 0.2, 0.3]
