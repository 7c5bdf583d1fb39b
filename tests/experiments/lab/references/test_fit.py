"""Reference models: the same as scikit-learn's own, on data of any kind, within a fixed cost."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    log_loss,
    mean_absolute_error,
    recall_score,
    roc_auc_score,
    root_mean_squared_error,
)
from threadpoolctl import threadpool_limits

from experiments.lab.data import Source, Splits, load
from experiments.lab.references import models
from experiments.lab.references.fit import from_arrays, references, to_arrays
from experiments.lab.study.score import score_of


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


def fitted(source, seeds=(0,), *, fixed=False, **options):
    splits = Splits(source, fixed=fixed)
    return splits, references(splits, seeds, **options)


def shares(predictions):
    """Probabilities that sum to one in float64 too; values as they are."""
    wide = predictions.astype(float)
    return wide / wide.sum(axis=1, keepdims=True) if wide.ndim == 2 else wide


def table(x, y, task="classification"):
    frame = pd.DataFrame(x, columns=[f"x{number}" for number in range(x.shape[1])])
    return Source("made", frame, np.asarray(y), task, "y")


@pytest.mark.slow
def test_classifiers_are_those_of_scikit_learn():
    splits, (trivial, linear, boosted) = fitted(load("wine"), (3, 5))
    assert [each.name for each in (trivial, linear, boosted)] == [
        "most_frequent",
        "logistic_regression",
        "boosting",
    ]
    for place, seed in enumerate((3, 5)):
        x, y = splits.of(seed).x, splits.of(seed).y
        shares = np.bincount(y["train"]) / len(y["train"])
        np.testing.assert_allclose(
            trivial.predictions[place], np.tile(shares, (len(y["test"]), 1)), rtol=1e-6
        )
        share = np.mean(y["test"] == np.bincount(y["train"]).argmax())
        assert trivial.scores[place] == pytest.approx(share)
        losses = [
            log_loss(y["validation"], model.predict_proba(x["validation"]))
            for C in models.STRENGTHS
            for model in [LogisticRegression(C=C, max_iter=1000).fit(x["train"], y["train"])]
        ]
        found = models.linear(models.Task(splits.of(seed), np.arange(len(y["train"]))))
        assert log_loss(y["validation"], found.validation) == pytest.approx(min(losses), abs=0.02)
        np.testing.assert_allclose(linear.predictions[place], found.test, atol=1e-6)
        right = np.mean(found.test.argmax(axis=1) == y["test"])
        assert linear.scores[place] == pytest.approx(right)
        assert linear.scores[place] > 0.9
        ours = HistGradientBoostingClassifier(
            max_iter=200, max_leaf_nodes=15, max_bins=63, early_stopping=True, random_state=0
        ).fit(x["train"], y["train"], X_val=x["validation"], y_val=y["validation"])
        np.testing.assert_allclose(
            boosted.predictions[place], ours.predict_proba(x["test"]), atol=1e-6
        )
        assert boosted.scores[place] == pytest.approx(ours.score(x["test"], y["test"]))


def test_two_classes_have_a_probability_each():
    splits, found = fitted(load("breast_cancer"))
    x, y = splits.of(0).x, {part: own.ravel() for part, own in splits.of(0).y.items()}
    assert y["test"].dtype == np.float32  # as the network's single output takes them
    for each in found:
        assert each.predictions.shape == (1, len(x["test"]), 2)
        np.testing.assert_allclose(each.predictions.sum(axis=2), 1, rtol=1e-6)
    expected = accuracy_score(y["test"], found[1].predictions[0].argmax(axis=1))
    assert found[1].scores[0] == pytest.approx(expected)
    assert found[1].scores[0] > 0.95 and found[2].scores[0] > 0.9


def test_regressors_are_those_of_scikit_learn():
    splits, found = fitted(load("diabetes"), (1,))
    x, y = splits.of(1).x, {part: own.ravel() for part, own in splits.of(1).y.items()}
    rows = len(y["train"])
    ridges = [
        Ridge(alpha=penalty * rows).fit(x["train"], y["train"]) for penalty in models.PENALTIES
    ]
    expected = [
        DummyRegressor().fit(x["train"], y["train"]),
        max(ridges, key=lambda model: model.score(x["validation"], y["validation"])),
        HistGradientBoostingRegressor(
            max_iter=200, max_leaf_nodes=15, max_bins=63, early_stopping=True, random_state=0
        ).fit(x["train"], y["train"], X_val=x["validation"], y_val=y["validation"]),
    ]
    assert [each.name for each in found] == ["mean", "ridge_regression", "boosting"]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.scores[0] == pytest.approx(theirs.score(x["test"], y["test"]), abs=1e-4)
        assert ours.validation[0] == pytest.approx(
            theirs.score(x["validation"], y["validation"]), abs=1e-4
        )


@pytest.mark.parametrize(
    ("data", "metric", "function"),
    [
        ("wine", "balanced_accuracy", lambda y, p: recall_score(y, p.argmax(1), average="macro")),
        ("wine", "auc", lambda y, p: roc_auc_score(y, p, multi_class="ovr")),
        ("wine", "log_loss", lambda y, p: -log_loss(y, p)),
        ("breast_cancer", "auc", lambda y, p: roc_auc_score(y, p[:, 1])),
        ("breast_cancer", "log_loss", lambda y, p: -log_loss(y, p[:, 1])),
        ("breast_cancer", "brier", lambda y, p: -brier_score_loss(y, p[:, 1])),
        ("diabetes", "rmse", lambda y, p: -root_mean_squared_error(y, p)),
        ("diabetes", "mae", lambda y, p: -mean_absolute_error(y, p)),
    ],
)
def test_scores_are_those_of_networks_and_of_scikit_learn(data, metric, function):
    splits, found = fitted(load(data), (0, 1), metric=metric, seconds=0.5)
    made = [splits.of(seed) for seed in (0, 1)]
    trivial = score_of(made, metric).trivial
    np.testing.assert_allclose(found[0].scores, trivial["test"], rtol=1e-6)
    np.testing.assert_allclose(found[0].validation, trivial["validation"], rtol=1e-6)
    assert found[0].title == ("median" if metric == "mae" else found[0].title)
    for each in found:
        for place in range(each.splits):
            y = made[place].y["test"].ravel().astype(float if data == "diabetes" else int)
            expected = function(y, shares(each.predictions[place]))
            unit = made[place].preprocessing.scale[1] if data == "diabetes" else 1.0
            assert each.scores[place] == pytest.approx(unit * expected, rel=1e-4)


@pytest.mark.slow
def test_rows_of_rare_classes_count_more_where_classes_are_balanced():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 2))
    y = x[:, 0] + rng.normal(size=600) > 1.8  # one in ten
    _, plain = fitted(table(x, y), range(2), metric="balanced_accuracy")
    _, found = fitted(table(x, y), range(2), metric="balanced_accuracy", balanced=True)
    for before, after in zip(plain[1:], found[1:], strict=True):
        assert after.score > before.score + 0.1


@pytest.mark.slow
@pytest.mark.parametrize("classes", [2, 3])
def test_one_input_and_a_class_with_one_row(classes):
    rng = np.random.default_rng(0)
    y = np.array([f"c{number}" for number in rng.integers(0, classes, 60)])
    y[0] = "rare"  # the split is not stratified
    source = table(rng.normal(size=(60, 1)), y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        splits, found = fitted(source, range(6))
    without = [seed for seed in range(6) if classes not in splits.of(seed).y["train"]]
    assert without and len(without) < 6  # the rare class is in training rows of some
    for each in found:
        assert each.splits == 6
        assert each.predictions.shape == (6, 12, classes + 1)
        np.testing.assert_allclose(each.predictions.sum(axis=2), 1, rtol=1e-5)
        assert np.all(each.predictions[without][:, :, classes] < 0.01)
        assert np.all(np.isfinite(each.scores))


def test_rows_of_one_class_only_and_validation_rows_of_others():
    data = Splits(load("iris")).of(0)
    y = data.y | {"train": np.zeros_like(data.y["train"]), "validation": data.y["validation"]}
    one_class = data._replace(y=y)
    for fit in (models.linear, models.boosting):
        found = fit(models.Task(one_class, np.arange(90)))
        np.testing.assert_allclose(found.test, [[1, 0, 0]] * 30, atol=0.003)
    two = data.y["train"] < 2
    others = data._replace(
        x=data.x | {"train": data.x["train"][two]},
        y=data.y | {"train": data.y["train"][two], "validation": np.full(30, 2, np.int32)},
    )
    found = models.boosting(models.Task(others, np.arange(two.sum())), 20)
    assert found.iterations == 20  # nothing says when to stop
    assert np.all(found.test[:, 2] < 0.002)


@pytest.mark.slow
def test_fewer_rows_than_inputs_and_a_constant_target():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(12, 30))
    _, found = fitted(table(x, np.arange(12) % 3))
    assert [each.splits for each in found] == [1, 1, 1]
    y = np.zeros(40)
    y[7] = 1.0  # in most splits, all targets but those of one part are equal
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, found = fitted(table(rng.normal(size=(40, 3)), y, "regression"), range(5))
    for each in found:
        assert np.all(np.isfinite(each.scores)) and np.all(each.scores >= -1)


@pytest.mark.slow
def test_the_same_twice_and_from_arrays():
    _, found = fitted(load("iris"), (2, 0, 7))
    _, again = fitted(load("iris"), (2, 0, 7))
    arrays, others = to_arrays(found), to_arrays(again)
    assert list(arrays) == list(others)
    for name, values in arrays.items():
        assert values.dtype.kind in "if"  # no pickle
        np.testing.assert_array_equal(values, others[name])
    for kept, each in zip(from_arrays(arrays), found, strict=True):
        assert (kept.name, kept.note, kept.asked, kept.rows) == (
            each.name,
            each.note,
            each.asked,
            each.rows,
        )
        np.testing.assert_array_equal(kept.scores, each.scores)
        np.testing.assert_array_equal(kept.seeds, [2, 0, 7])


def test_seeds_with_the_same_split_are_fitted_once():
    said = []
    _, found = fitted(load("wine"), range(4), fixed=True, say=said.append)
    assert said == [
        f"fitting {title} on the same splits"
        for title in ("most frequent", "logistic regression", "gradient boosting")
    ]
    for each in found:
        assert each.seeds.tolist() == [0, 1, 2, 3]
        assert each.split.tolist() == [0] * 4
        assert len(set(each.scores)) == each.splits == 1
        assert each.note == ""


@pytest.mark.slow
def test_seconds_limit_splits_then_rows_then_iterations():
    wine = load("wine")
    _, found = fitted(wine, range(10), seconds=1.5)
    assert [each.splits for each in found[:2]] == [10, 10]
    assert 1 <= found[2].splits < 10
    assert found[2].note == f"{found[2].splits} of 10 splits"
    assert found[2].seeds.tolist() == list(range(found[2].splits))
    _, more = fitted(wine, range(10), seconds=2.0)
    assert more[2].splits > found[2].splits
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6000, 4))
    source = table(x, x[:, 0] > 0)
    _, found = fitted(source, range(2), seconds=0.15)
    assert found[2].rows == (2000, 3600)
    assert found[2].iterations[0] < found[2].iterations[1] == models.ITERATIONS
    assert found[2].note == (
        f"1 of 2 splits, 2,000 of 3,600 training rows, at most {found[2].iterations[0]} iterations"
    )
    assert found[2].scores[0] > 0.95


def test_costs_grow_with_the_work():
    small = models.Size(1000, 10, 1, 63.0)
    for seconds in (models.linear_seconds, models.boosting_seconds):
        assert seconds(small, 50) < seconds(small, 100)
        for larger in ({"rows": 9000}, {"features": 100}, {"outputs": 10}):
            assert seconds(small, 100) < seconds(small._replace(**larger), 100)


def test_wrong_arguments():
    splits = Splits(load("iris"))
    with pytest.raises(ValueError, match="references need at least one seed"):
        references(splits, ())
    with pytest.raises(ValueError, match="seconds = 0: references need a positive time"):
        references(splits, (0,), seconds=0)
