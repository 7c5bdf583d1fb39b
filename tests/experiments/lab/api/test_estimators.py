"""The estimators as scikit-learn's users meet them; all checks: tests.helpers.sklearn_checks."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.utils import estimator_checks

from jaxnn_experiments import GridMLPClassifier, GridMLPRegressor
from tests.helpers.sklearn_checks import SMALL

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)) * [1, 10, 0.1] + [0, 5, 0]
CLASSES = np.array(["low", "mid", "top"])[np.digitize(X[:, 0] + X[:, 1] / 10, (0, 1))]
# One choice, all rows in each update, and a convex problem: a regression has one solution.
LINEAR = {
    "activation": "linear",
    "learning_rate": 0.3,
    "depth": 0,
    "optimizer": "sgd",
    "steps": 300,
    "members": 2,
    "random_state": 0,
}
CHECKS = (
    "check_estimators_nan_inf",
    "check_fit_idempotent",
    "check_dataframe_column_names_consistency",
    "check_sample_weights_shape",
)


@pytest.fixture(scope="module")
def fitted():
    return GridMLPClassifier(**SMALL, random_state=0).fit(X, CLASSES)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.filterwarnings("ignore")  # as check_estimator does
def test_scikit_learns_checks(name):
    estimator = GridMLPRegressor(**SMALL | {"steps": 50})
    getattr(estimator_checks, name)(type(estimator).__name__, estimator)


def test_weighted_linear_regression_is_the_weighted_least_squares_solution():
    weight = RNG.integers(0, 4, len(X)).astype(float)
    y = np.column_stack([X @ [1, 2, 3], X[:, 0] ** 2 + RNG.normal(size=len(X))])
    model = GridMLPRegressor(**LINEAR, batch_size=100).fit(X, y, sample_weight=weight)
    root, inputs = np.sqrt(weight)[:, None], np.column_stack([np.ones(len(X)), X])
    solution, *_ = np.linalg.lstsq(root * inputs, root * y, rcond=None)
    np.testing.assert_allclose(model.predict(X), inputs @ solution, atol=2e-4 * np.abs(y).max())


@pytest.mark.slow
def test_the_rate_follows_the_schedule_over_the_updates_of_each_fit():
    def weights(steps, schedule):
        model = GridMLPRegressor(**LINEAR).set_params(
            optimizer="sgd", steps=steps, schedule=schedule, batch_size=100, learning_rate=0.1
        )
        return model.fit(X, X[:, 0] - X[:, 1]).params_[0]["weight"]

    one, two, linear = (
        weights(*each) for each in ((1, "constant"), (2, "constant"), (2, "linear"))
    )
    np.testing.assert_allclose(linear - one, 0.5 * (two - one), atol=1e-6)  # the second half as far
    assert np.abs(two - one).max() > 1e-3


def test_smoothed_labels_give_smoothed_probabilities():
    model = GridMLPClassifier(**LINEAR, label_smoothing=0.3, batch_size=100)
    found = model.fit(np.zeros((60, 1)), CLASSES).predict_proba(np.zeros((1, 1)))[0]
    shares = np.unique(CLASSES, return_counts=True)[1] / 60  # all that biases alone can say
    np.testing.assert_allclose(found, 0.7 * shares + 0.3 / 3, atol=1e-3)


@pytest.mark.slow
def test_a_row_of_weight_2_is_two_rows():
    twice = RNG.integers(1, 3, len(X))
    rows = np.repeat(np.arange(len(X)), twice)
    one = GridMLPClassifier(**LINEAR | {"activation": "tanh", "depth": 1, "width": 8})
    weighted = clone(one).fit(X, CLASSES, sample_weight=twice).predict_proba(X)
    repeated = clone(one).set_params(batch_size=200).fit(X[rows], CLASSES[rows]).predict_proba(X)
    np.testing.assert_allclose(weighted, repeated, atol=1e-4)
    assert np.abs(weighted - clone(one).fit(X, CLASSES).predict_proba(X)).max() > 1e-2


@pytest.mark.slow
def test_class_weights_are_weights_of_rows():
    weights = {"low": 1, "mid": 5, "top": 1}
    model = GridMLPClassifier(**LINEAR)
    given = clone(model).fit(X, CLASSES, sample_weight=[weights[each] for each in CLASSES])
    found = clone(model).set_params(class_weight=weights).fit(X, CLASSES)
    np.testing.assert_array_equal(given.predict_proba(X), found.predict_proba(X))
    plain = clone(model).fit(X, CLASSES)
    assert (found.predict(X) == "mid").sum() > (plain.predict(X) == "mid").sum()
    balanced = clone(model).set_params(class_weight="balanced").fit(X, CLASSES)
    assert np.abs(balanced.predict_proba(X) - plain.predict_proba(X)).max() > 1e-2


@pytest.mark.slow
def test_it_chooses_the_pair_with_the_lowest_validation_loss(fitted):
    losses = fitted.validation_loss_
    assert losses.shape == (2, 2) and np.isfinite(losses.to_numpy()).all()
    assert losses.min().min() == losses.loc[fitted.activation_, fitted.learning_rate_]
    probabilities = fitted.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (fitted.predict(X) == fitted.classes_[probabilities.argmax(axis=1)]).all()
    assert fitted.score(X, CLASSES) > 0.8


def test_a_fit_is_the_same_again_also_as_a_copy_and_in_a_pickle(fitted):
    again = clone(fitted).fit(X, CLASSES).predict_proba(X)
    np.testing.assert_array_equal(again, fitted.predict_proba(X))
    read = pickle.loads(pickle.dumps(fitted))  # noqa: S301
    np.testing.assert_array_equal(again, read.predict_proba(X))
    assert type(fitted).__module__ == "jaxnn_experiments"  # what a process that reads it imports


@pytest.mark.slow
def test_it_is_part_of_a_pipeline_and_of_cross_validation():
    names = pd.DataFrame(X, columns=["a", "b", "c"])
    model = make_pipeline(
        PolynomialFeatures(1, include_bias=False).set_output(transform="pandas"),
        GridMLPClassifier(**SMALL, random_state=0),
    )
    assert cross_val_score(model, names, CLASSES, cv=2).mean() > 0.6
    assert model.fit(names, CLASSES)[-1].feature_names_in_.tolist() == ["a", "b", "c"]


@pytest.mark.slow
def test_what_diverges_is_not_chosen_and_where_all_does_that_is_said():
    y = X[:, 0] ** 2
    model = GridMLPRegressor(**LINEAR | {"learning_rate": (0.1, 1e30)}).fit(X, y)
    assert model.learning_rate_ == 0.1 and np.isinf(model.validation_loss_.loc["linear", 1e30])
    with pytest.raises(ValueError, match="every network has diverged; give lower rates"):
        GridMLPRegressor(**LINEAR | {"learning_rate": 1e30}).fit(X, y)


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({"activation": "relo"}, "relo"),
        ({"optimizer": "adamm"}, "adamm"),
        ({"width": 0}, "width=0: give a whole number of at least 1"),
        ({"seeds": 1.5}, "seeds=1.5: give a whole number of at least 1"),
        ({"validation_fraction": 1}, "validation_fraction=1: give a number between 0 and 1"),
        ({"learning_rate": ()}, "activation and learning_rate need at least one value each"),
        ({"learning_rate": (0.1, -1)}, "learning_rate=-1: give a number above 0, or several"),
        ({"learning_rate": "0.1"}, "learning_rate='0.1': give a number above 0"),
        ({"depth": True}, "depth=True: give a whole number of at least 0"),
        ({"optimizer": ["adam"]}, r"optimizer=\['adam'\]: give one name"),
        ({"label_smoothing": None}, "label_smoothing=None: give a number from 0 to below 1"),
        ({"class_weight": {"low": 0}}, "class_weight: 'low' has 0; give each class a number above"),
    ],
)
def test_a_wrong_parameter_is_said(parameter, message):
    with pytest.raises(ValueError, match=message):
        GridMLPClassifier(**parameter).fit(X, CLASSES)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (
            X * 1e200,
            X[:, 0],
            r"column 0 of \d+ has numbers up to .*e\+200, too large to",
        ),
        (X, X[:, 0] * 1e300, r"column 0 of 1 has numbers up to .*e\+300, too large"),
    ],
)
def test_numbers_whose_squares_have_no_sum_are_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        GridMLPRegressor(**LINEAR).fit(x, y)


def test_classes_of_several_types_are_named():
    y = np.array(["a", 1] * (len(X) // 2) + ["a"] * (len(X) % 2), dtype=object)
    with pytest.raises(ValueError, match="y: its classes are of the types int, str; give one"):
        GridMLPClassifier(**LINEAR).fit(X, y)
