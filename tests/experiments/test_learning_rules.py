"""The rules on D1–D5, N3, A5, L1 and N7 for every verdict; measurements against closed forms."""

from types import SimpleNamespace

import numpy as np
import pytest

import jaxnn
from experiments.data_scaling.rules import Slopes
from experiments.data_scaling.rules import judge as judge_scaling
from experiments.encodings.measure import encoded, updates_to
from experiments.encodings.rules import judge as judge_encodings
from experiments.interactions.rules import Case, enough_rows
from experiments.interactions.rules import judge as judge_interactions
from experiments.interactions.tasks import TARGETS, draw, scale
from experiments.lab.evidence.verdicts import Effect
from experiments.lab.study.own_rows import own_best
from experiments.maxout_dropout.measure import as_large, parameters
from experiments.maxout_dropout.rules import Gains
from experiments.maxout_dropout.rules import judge as judge_dropout
from experiments.representations.rules import Layers
from experiments.representations.rules import judge as judge_layers
from experiments.series import rules as series
from experiments.series.measure import linear
from experiments.test_points.closed_form import wrong_by_counts, wrong_by_mean
from experiments.test_points.measure import wrong
from experiments.test_points.rules import Choices
from experiments.test_points.rules import judge as judge_points
from experiments.thresholds import rules as thresholds
from experiments.thresholds.choices import by_cost, chosen, cost
from experiments.unlabelled import rules as unlabelled


def effect(low, high):
    return Effect("", (low + high) / 2, low, high)


UP, DOWN, AROUND, ZERO = effect(2, 4), effect(-4, -2), effect(-2, 2), effect(-0.1, 0.1)
TINY = effect(-0.01, 0.01)


def test_targets_are_standardised():
    for target in TARGETS:
        y = draw(target, 20_000, seed=0).y["train"]
        assert abs(y.mean()) < 0.05 and abs(y.std() - 1.005) < 0.03
    assert scale("product") == pytest.approx((0, 1 / 3), abs=1e-5)  # E[a² b²] = 1/9


def interactions(few, many, real=ZERO):
    cases = {Case("product", 30, "relu"): few, Case("product", 300, "relu"): many}
    return {**cases, Case("diabetes", 0, "relu"): real}


@pytest.mark.parametrize(
    ("costs", "verdict"),
    [
        (interactions(ZERO, ZERO), ("holds", "")),
        (
            interactions(UP, ZERO, UP),
            ("holds only when", "the target is product from 300 rows on"),
        ),
        (interactions(UP, UP), ("holds only when", "the target is diabetes")),
        (interactions(UP, UP, UP), ("does not hold", "")),
        (interactions(ZERO, AROUND, AROUND), ("undecided", "")),
    ],
)
def test_d2(costs, verdict):
    assert judge_interactions(costs) == verdict


def test_d2_takes_every_network():
    costs = {Case("product", 30, "relu"): ZERO, Case("product", 30, "tanh"): UP}
    assert enough_rows(costs, "product") is None


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({"a": Layers(UP, [UP, ZERO], UP)}, ("holds", "")),
        (
            {"a": Layers(UP, [UP], UP), "b": Layers(ZERO, [ZERO], UP)},
            ("holds only when", "the network and data are a"),
        ),
        ({"a": Layers(UP, [UP, DOWN], UP)}, ("does not hold", "")),
        ({"a": Layers(UP, [UP], DOWN)}, ("does not hold", "")),
        ({"a": Layers(AROUND, [UP], UP)}, ("undecided", "")),
    ],
)
def test_d1(found, verdict):
    assert judge_layers(found) == verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({"a": Slopes(DOWN, {"SVM": UP})}, ("holds", "")),
        (
            {"a": Slopes(DOWN, {"SVM": DOWN, "forest": UP}), "b": Slopes(AROUND, {"SVM": UP})},
            ("holds only when", "the older method is forest on a"),
        ),
        ({"a": Slopes(DOWN, {"SVM": DOWN})}, ("does not hold", "")),
        ({"a": Slopes(UP, {"SVM": UP})}, ("does not hold", "")),
        ({"a": Slopes(DOWN, {"SVM": AROUND})}, ("undecided", "")),
    ],
)
def test_d3(found, verdict):
    assert judge_scaling(found) == verdict


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ((UP, UP), ("holds", "")),
        ((UP, DOWN), ("holds only when", "the code is compared with PCA")),
        ((DOWN, AROUND), ("does not hold", "")),
        ((AROUND, AROUND), ("undecided", "")),
    ],
)
def test_d4(gains, verdict):
    cases = (unlabelled.Case("PCA", "digits", 8, 10), unlabelled.Case("raw", "digits", 8, 10))
    assert unlabelled.judge(dict(zip(cases, gains, strict=True))) == verdict


MANY, FEW = effect(0.4, 0.5), effect(0.01, 0.02)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({"a": Choices(MANY, FEW, UP)}, ("holds", "")),
        (
            {"a": Choices(MANY, FEW, UP), "b": Choices(MANY, MANY, DOWN)},
            ("holds only when", "the choice is a"),
        ),
        ({"a": Choices(FEW, FEW, UP)}, ("does not hold", "")),
        ({"a": Choices(MANY, MANY, DOWN)}, ("does not hold", "")),
        ({"a": Choices(MANY, FEW, AROUND)}, ("undecided", "")),
    ],
)
def test_d5(found, verdict):
    assert judge_points(found) == verdict


def test_wrong_choices_are_those_of_the_closed_forms():
    random = np.random.default_rng(0)
    gain = random.permutation(np.repeat([1, -1, 0], [900, 600, 8500]))  # a lead of 3 points
    for points in (1, 30, 300):
        measured = wrong(gain, points, 4000, random)
        exact = wrong_by_counts(0.09, 0.06, points)
        assert abs(measured - exact) < 4 * (exact * (1 - exact) / 4000) ** 0.5
    assert wrong_by_mean(0.03, gain.std(), 300) == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [
        ((UP, UP), ("holds", "")),
        ((UP, effect(0.95, 1.05)), ("holds only when", "data, activation and optimizer are a")),
        ((effect(0.95, 1.05), effect(0.5, 2)), ("does not hold", "")),
        ((effect(0.5, 0.9), effect(0.5, 2)), ("does not hold", "")),
        ((effect(0.5, 2), effect(0.5, 2)), ("undecided", "")),
    ],
)
def test_n3(ratios, verdict):
    assert judge_encodings(dict(zip("ab", ratios, strict=True))) == verdict


def test_encodings_are_those_of_jaxnn():
    net = jaxnn.mlp((2, 1), bias=False)
    params, bits = ({"weight": np.array([[1.0], [3.0]], np.float32)},), np.array([True, False])
    made = encoded(net, [(0, 1), (-1, 1)])
    for number, encode in enumerate((jaxnn.encode_binary, jaxnn.encode_bipolar)):
        given = made({"encoding": number}).apply(params, bits.astype(np.float32))
        assert given == net.apply(params, encode(bits))


def test_a_run_that_never_reaches_the_target_counts_as_twice_all_updates():
    curves = np.array([[[0.2, 0.9]], [[np.nan, 0.95]]])
    assert updates_to(curves, 0.9, np.array([50, 100])).tolist() == [[200, 50]]


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({"a": Gains(UP, ZERO)}, ("holds", "")),
        (
            {"a": Gains(UP, ZERO), "b": Gains(ZERO, ZERO)},
            ("holds only when", "data and size are a"),
        ),
        ({"a": Gains(UP, DOWN)}, ("does not hold", "")),
        ({"a": Gains(ZERO, UP)}, ("does not hold", "")),
        ({"a": Gains(AROUND, UP)}, ("undecided", "")),
    ],
)
def test_a5(found, verdict):
    assert judge_dropout(found) == verdict


def test_relu_networks_have_as_many_parameters_as_maxout():
    for inputs, units in ((64, 32), (64, 128), (784, 64)):
        maxout = parameters(inputs, units, 10, 2)
        relu = parameters(inputs, as_large(inputs, units, 10), 10, 1)
        assert abs(relu / maxout - 1) < 0.02


def test_the_best_rate_is_chosen_on_validation_scores_and_diverged_runs_never_are():
    validation = np.array([[[0.1, 0.2], [0.5, 0.6]], [[np.nan, 1.0], [0.4, 0.9]]])
    found = own_best(validation, np.arange(8.0).reshape(2, 2, 2))
    assert found.index == (1, 1) and found.test.tolist() == [6, 7] and found.at_an_end


@pytest.mark.parametrize(
    ("equal", "unequal", "verdict"),
    [
        (TINY, TINY, ("holds", "")),
        (TINY, UP, ("holds only when", "both mistakes cost the same")),
        (UP, UP, ("does not hold", "")),
        (AROUND, AROUND, ("undecided", "")),
    ],
)
def test_l1(equal, unequal, verdict):
    cases = {thresholds.Case("a", 1.0): equal, thresholds.Case("a", 5.0): unequal}
    assert thresholds.judge(cases) == verdict


def test_the_threshold_by_the_costs_is_the_best_where_probabilities_are_right():
    random = np.random.default_rng(0)
    probability = random.random(40_000)
    yes = random.random(40_000) < probability
    found = [cost(probability, yes, each, 0.25) for each in (0.1, by_cost(0.25), 0.3, 0.5)]
    assert found.index(min(found)) == 1
    assert chosen(probability[:2000], yes[:2000], 0.25) == pytest.approx(0.2, abs=0.08)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({"a": series.Gains(UP, UP)}, ("holds", "")),
        (
            {"a": series.Gains(UP, UP), "b": series.Gains(DOWN, AROUND)},
            ("holds only when", "the series is a"),
        ),
        ({"a": series.Gains(UP, DOWN)}, ("does not hold", "")),
        ({"a": series.Gains(ZERO, UP)}, ("does not hold", "")),
        ({"a": series.Gains(UP, AROUND)}, ("undecided", "")),
    ],
)
def test_n7(found, verdict):
    assert series.judge(found) == verdict


def test_nothing_beats_the_naive_rule_on_a_random_walk_and_ar_does_on_speech():
    configuration = SimpleNamespace(seeds=2)
    assert linear("walk", configuration)["error"].min() > 0.99
    assert linear("speech", configuration)["error"].max() < 0.5
