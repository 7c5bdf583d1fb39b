"""The output heads against NumPy, and the rule on A8 for every outcome."""

import numpy as np
import pytest
from scipy.special import expit, softmax

from experiments.heads import Configuration, parts
from experiments.heads.findings import Case, judge, note, tuned
from experiments.heads.outputs import OUTPUTS
from experiments.heads.tasks import TASKS, waves
from experiments.lab.evidence.verdicts import Effect
from experiments.lab.io.errors import UserError

Z = np.array([0.3, -1.2], np.float32)


@pytest.mark.parametrize(
    ("kind", "head", "target", "loss"),
    [
        ("multiclass", "softmax", 1, -np.log(softmax(Z)[1])),
        ("multiclass", "sigmoid per class", 1, -np.log([expit(-0.3), expit(-1.2)]).mean()),
        ("multiclass", "linear", 1, (0.3**2 + 2.2**2) / 2),
        ("multiclass", "softmax with squared error", 1, softmax(Z)[0] ** 2),
        ("binary", "sigmoid", [1.0], -np.log(expit(0.3))),
        ("binary", "linear", [1.0], 0.7**2),
        ("binary", "softmax", [1.0], -np.log(expit(-1.5))),
        ("binary", "ReLU", [0.0], 0.3**2),
    ],
)
def test_losses(kind, head, target, loss):
    assert OUTPUTS[kind][head].loss(Z, np.asarray(target)) == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize(
    ("head", "prediction"),
    [("linear", -1.2), ("sigmoid", expit(-1.2)), ("ReLU", 0.0), ("tanh", np.tanh(-1.2))],
)
def test_regression(head, prediction):
    loss, score = OUTPUTS["regression"][head]
    target = np.array([0.5], np.float32)
    assert loss(Z[1:], target) == pytest.approx((prediction - 0.5) ** 2, rel=1e-5)
    assert score(Z[1:], target) == pytest.approx((prediction - 0.5) ** 2, rel=1e-5)


def test_the_class_that_a_binary_head_decides_on():
    right = {head: float(output.score(Z, np.ones(1))) for head, output in OUTPUTS["binary"].items()}
    assert right == {"sigmoid": 1, "linear": 0, "softmax": 0, "ReLU": 0}


@pytest.mark.parametrize("rates", [(), (0.1, 0.0)])
def test_rates_that_train_nothing_are_refused(rates):
    with pytest.raises(UserError, match="--learning-rate: give at least one number, each above 0"):
        parts(Configuration(learning_rate=rates))


def test_targets_are_of_both_signs_or_not():
    assert waves(0).y["train"].min() < -1 < 1 < waves(0).y["train"].max()
    positive = TASKS["positive_diabetes"].rows(0).y["train"]
    assert (positive.min(), positive.max()) == (0, 1)


def test_the_rate_is_chosen_on_validation_rows_and_its_test_score_counts():
    validation = np.array([[[0.2, np.nan], [0.9, 0.8], [0.5, 0.8], [np.nan, 0.8]]])
    test = np.array([[[1.0, 1.0], [0.6, 1.0], [1.0, 0.7], [1.0, 1.0]]])
    best, scores = tuned(validation, test)
    assert best.tolist() == [[1, 2]]
    np.testing.assert_allclose(scores, [[60, 70]])


def test_a_diverged_run_and_a_negative_score_count_as_0():
    _, scores = tuned(np.array([[[np.nan, 0.5]]]), np.array([[[np.nan, -3.0]]]))
    assert scores.tolist() == [[0, 0]]


COSTS = (2.0, 3.0)
A_LOT = (6.0, 9.0)
AS_GOOD = (-0.5, 0.5)
UNCLEAR = (-3.0, 3.0)


def costs(tanh, relu, relu_later, linear=AS_GOOD):
    intervals = {
        Case("diabetes", "tanh", 30): tanh,
        Case("diabetes", "tanh", 300): tanh,
        Case("diabetes", "ReLU", 30): relu,
        Case("diabetes", "ReLU", 300): relu_later,
        Case("breast_cancer", "linear", 30): linear,
        Case("breast_cancer", "linear", 300): linear,
    }
    return {case: Effect("cost", sum(ends) / 2, *ends) for case, ends in intervals.items()}


BOTH = "the other head is tanh or ReLU on diabetes"


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (costs(COSTS, COSTS, COSTS), ("holds", "")),
        (costs(COSTS, COSTS, COSTS, linear=COSTS), ("holds only when", BOTH)),
        (costs(COSTS, COSTS, COSTS, linear=UNCLEAR), ("holds only when", BOTH)),
        (
            costs(COSTS, COSTS, AS_GOOD),
            ("holds only when", "the other head is tanh or ReLU at 30 steps on diabetes"),
        ),
        (
            costs(COSTS, UNCLEAR, (-5.0, -2.0)),
            ("holds only when", "the other head is tanh on diabetes"),
        ),
        (costs(AS_GOOD, UNCLEAR, AS_GOOD), ("does not hold", "")),
        (costs((-5.0, -2.0), (-5.0, -2.0), (-5.0, -2.0)), ("does not hold", "")),
        (costs(UNCLEAR, UNCLEAR, UNCLEAR), ("undecided", "")),
    ],
)
def test_the_verdict(measured, expected):
    assert judge(measured) == expected


def test_the_note_names_what_is_not_as_the_lecture_expects():
    assert note(costs(A_LOT, AS_GOOD, UNCLEAR, linear=COSTS)) == (
        "More than 5 points worse: tanh on diabetes. "
        "At least as good as the named head: ReLU at 30 steps on diabetes. "
        "Unclear: ReLU at 300 steps on diabetes. "
        "Worse although allowed: linear on breast_cancer"
    )
