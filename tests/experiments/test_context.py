"""Context neurons: the tasks, the statistics and the rules of the verdicts, against hand values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from experiments import context
from experiments.context.findings import (
    MEAN_ERROR,
    NAMES,
    judge_context,
    judge_forecasts,
    judge_length,
    judge_tanh,
)
from experiments.context.findings_forecasts import autoregression, rmse_apart
from experiments.context.findings_rivals import (
    compare_errors,
    compare_successes,
    geometric_mean,
    standing,
    success_share,
)
from experiments.context.measure import MODELS, _share_right, cell, part_of
from experiments.context.sequences import adding, temporal_xor
from experiments.lab.data.sunspots import read_sunspots
from experiments.lab.evidence.verdicts import Effect
from experiments.lab.io.errors import UserError

DRAW = np.random.default_rng(0)


def test_every_third_bit_is_the_xor_of_the_two_before_and_the_others_are_coins():
    x, y = temporal_xor(np.random.default_rng(0), 200, 10)
    assert x.shape == y.shape == (200, 29, 1)
    np.testing.assert_array_equal(x[:, 1:], y[:, :-1])
    np.testing.assert_array_equal(y[:, 1::3], np.abs(x[:, 1::3] - x[:, 0::3]))
    # 1 as often as 0, and independent of the current bit, which therefore does not give it away.
    assert abs(y[:, 1::3].mean() - 0.5) < 0.03
    assert abs(np.corrcoef(x[:, 1::3].ravel(), y[:, 1::3].ravel())[0, 1]) < 0.06
    oracle = np.zeros_like(y[0])
    oracle[1:] = np.abs(x[0, 1:] - x[0, :-1])
    assert _share_right(jnp.asarray(oracle), y[0]) == 1
    assert _share_right(jnp.asarray(1 - oracle), y[0]) == 0


def test_every_model_has_a_name():
    assert set(NAMES) == set(MODELS)


def test_answering_the_mean_to_the_adding_problem_costs_a_sixth():
    x, y = adding(np.random.default_rng(0), 20000, 7)
    np.testing.assert_array_equal(x[..., 1].sum(axis=1), 2)
    assert x[:, :3, 1].sum() == x[:, 3:, 1].sum() == 20000
    np.testing.assert_allclose((x[..., 0] * x[..., 1]).sum(axis=1, keepdims=True), y, rtol=1e-6)
    assert np.mean((y - 1) ** 2) == pytest.approx(MEAN_ERROR, rel=0.02)


def test_the_control_has_no_context_and_the_irnn_starts_as_a_memory():
    control, irnn = cell("none", 1, 2), cell("irnn", 2, 3)
    params, x = control.init(jax.random.key(0)), jnp.ones(1)
    state, first = control.apply(params, control.initial_state, x)
    np.testing.assert_array_equal(first, control.apply(params, state, x)[1])
    np.testing.assert_array_equal(irnn.init(jax.random.key(0))["context"], np.eye(3))


def test_the_sunspots_are_split_by_time():
    years, numbers, digest = read_sunspots()
    assert numbers[years == 1957] == 190.2 and numbers.max() == 190.2 and len(digest) == 64
    assert {
        part: int(np.sum(part_of(years) == part)) for part in ("train", "validation", "test")
    } == {"train": 221, "validation": 35, "test": 53}


def test_the_linear_rule_is_scikit_learns_and_sees_no_year_after_its_training():
    series, order = np.cumsum(DRAW.normal(size=60)), 3
    past = np.stack([series[order - lag : 60 - lag] for lag in range(1, order + 1)], axis=1)
    expected = LinearRegression().fit(past[: 40 - order], series[order:40]).predict(past)
    found = autoregression(series, order, 40)
    assert np.isnan(found[:order]).all()
    np.testing.assert_allclose(found[order:], expected)
    np.testing.assert_allclose(
        autoregression(np.where(np.arange(60) < 40, series, 0), order, 40)[order:40],
        expected[: 40 - order],
    )


def test_the_interval_of_an_rmse_is_as_wide_as_theory_says():
    errors = np.random.default_rng(0).normal(size=300)
    value, low, high = rmse_apart(errors[None], np.zeros(300), block=1)
    assert value == pytest.approx(np.sqrt(np.mean(errors**2)))
    delta_method = 2 * 1.96 * np.std(errors**2) / (2 * value * np.sqrt(300))
    assert high - low == pytest.approx(delta_method, rel=0.05)


def test_blocks_widen_the_interval_of_dependent_errors():
    slow = np.repeat(np.random.default_rng(0).normal(size=30), 10)  # 30 different errors in 300
    widths = [
        np.subtract(*rmse_apart(slow[None], np.zeros(300), block=block)[:0:-1]) for block in (20, 1)
    ]
    assert widths[0] > 1.5 * widths[1]


def test_both_forecasts_are_resampled_in_the_same_years_and_ours_over_runs_too():
    errors = np.random.default_rng(0).normal(size=300)
    one = np.array(rmse_apart(errors[None], np.zeros(300), block=11))
    # Ours are 1.1 times theirs in every year, so their difference is 0.1 of theirs.
    np.testing.assert_allclose(rmse_apart(1.1 * errors[None], errors, block=11), 0.1 * one)
    # Of two runs, a resample may hold one of them twice.
    _, low, high = rmse_apart(np.stack([errors, 2 * errors]), errors, block=11)
    assert low < 0.1 and high > 0.9


def test_shares_and_errors_have_the_intervals_of_the_books():
    none = success_share("none", np.zeros(1000, bool))
    assert (none.value, none.low) == (0, 0) and none.high == pytest.approx(1 - 0.025 ** (1 / 1000))
    found = geometric_mean("errors", np.array([0.1, 1.0, 10.0]))
    assert found.value == pytest.approx(1) and np.log10(found.high) == pytest.approx(
        4.302653 / np.sqrt(3), rel=1e-5
    )
    assert geometric_mean("same", np.array([0.5, 0.5])).low == pytest.approx(0.5)


def test_standings():
    ours, theirs = np.arange(10) < 9, np.arange(10) < 3
    assert compare_successes(ours, theirs) == (6.0, 2 * 0.5**6)
    assert compare_successes(ours, ours) == (0.0, 1.0)
    gain, p = compare_errors(np.array([0.1, 0.1, 0.1]), np.array([0.9, 1.0, 1.1]))
    assert gain == pytest.approx(np.log10(0.99 ** (1 / 3) * 10)) and p < 0.001
    assert standing([(1, 0.01), (1, 0.02)]) == "ahead"
    assert standing([(1, 0.01), (1, 0.06)]) == "level"
    assert standing([(-1, 0.03), (1, 0.03)]) == "level"  # Holm's correction makes 0.03 0.06
    assert standing([(1, 0.001), (-1, 0.001)]) == "behind"
    assert standing([]) == "level"


def within(low, high):
    return Effect("", (low + high) / 2, low, high)


@pytest.mark.parametrize(
    ("context", "control", "word"),
    [
        (within(0.3, 0.4), within(0, 0.1), "holds"),
        (within(0, 0.2), within(0, 0.1), "undecided"),
        (within(0.3, 0.4), None, "undecided"),
        (within(0, 0), within(0, 0), "does not hold"),
        (within(0, 0.1), within(0.2, 0.3), "does not hold"),
    ],
)
def test_the_verdict_on_context(context, control, word):
    assert judge_context(context, control) == word


LOST, SOLVED, BETWEEN = within(0.16, 0.17), within(0.001, 0.002), within(0.05, 0.06)


@pytest.mark.parametrize(
    ("tanh", "gru", "verdict"),
    [
        ({10: LOST, 100: LOST}, {10: SOLVED, 100: SOLVED}, ("holds", 10)),
        (
            {10: SOLVED, 50: LOST, 100: LOST},
            {10: SOLVED, 50: SOLVED, 100: SOLVED},
            ("holds only when", 50),
        ),
        ({10: LOST, 100: SOLVED}, {10: SOLVED, 100: SOLVED}, ("does not hold", 0)),
        ({10: LOST, 100: BETWEEN}, {10: SOLVED, 100: SOLVED}, ("undecided", 0)),
        ({10: LOST, 100: LOST}, {10: SOLVED, 100: BETWEEN}, ("undecided", 0)),
        ({10: LOST}, {}, ("undecided", 0)),
    ],
)
def test_the_verdict_on_the_length_of_sequences(tanh, gru, verdict):
    assert judge_length(tanh, gru) == verdict


BELOW, AROUND, ABOVE = within(-3, -1), within(-1, 1), within(1, 3)


@pytest.mark.parametrize(
    ("naive", "linear", "word"),
    [
        (BELOW, BELOW, "holds"),
        (BELOW, AROUND, "holds only when"),
        (BELOW, ABOVE, "holds only when"),
        (AROUND, BELOW, "undecided"),
        (ABOVE, BELOW, "does not hold"),
    ],
)
def test_the_verdict_on_forecasts(naive, linear, word):
    assert judge_forecasts(naive, linear) == word


@pytest.mark.parametrize(
    ("standings", "verdict"),
    [
        ({"a": "ahead", "b": "level"}, ("holds", "")),
        ({"a": "level"}, ("undecided", "")),
        ({"a": "ahead", "b": "behind", "c": "level"}, ("holds only when", "the task is a")),
        ({"a": "level", "b": "behind"}, ("does not hold", "")),
    ],
)
def test_the_verdict_on_tanh(standings, verdict):
    assert judge_tanh(standings) == verdict


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            {"xor_models": ("none", "relu")},
            "--xor-models none relu: add tanh, with which the others are compared",
        ),
        (
            {"sunspot_models": ("tanh", "gru", "rleu")},
            "--sunspot-models rleu: no such sunspot-models; known, nearest first: relu",
        ),
        ({"passes": 6}, "--passes 6: give a multiple of 4"),
        ({"adding_seeds": 1}, "--adding-seeds 1: give a whole number of at least 2"),
        ({"xor_rates": (0.1, -1.0)}, "--xor-rates -1.0: -1 is not a finite number above 0"),
    ],
)
def test_a_wrong_flag_is_one_sentence(flags, said):
    with pytest.raises(UserError, match="^" + said.replace("(", r"\(")):
        context.parts(context.Configuration(**flags))
