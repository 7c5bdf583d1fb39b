"""Intervals: closed forms, and how often they hold the truth on tables drawn from a generator."""

import math

import numpy as np
import pytest
from scipy import stats

from experiments.lab.study.intervals import (
    common_variance,
    mean_over_splits_interval,
    new_rows_interval,
    share_interval,
)
from tests.helpers.split_simulation import OVERLAP, expected, job, share_held


def test_the_mean_over_splits_is_students_t():
    scores = np.random.default_rng(0).normal(size=(3, 7))
    for row, (low, high) in zip(scores, mean_over_splits_interval(scores, 0.9), strict=True):
        found = stats.ttest_1samp(row, 0).confidence_interval(0.9)
        assert (low, high) == (pytest.approx(found.low), pytest.approx(found.high))


def test_of_one_choice_the_whole_variance_is_inflated_as_nadeau_and_bengio_do():
    scores = np.random.default_rng(0).normal(size=(1, 10))
    half = stats.t.ppf(0.975, 9) * np.sqrt((1 / 10 + 0.25) * scores.var(ddof=1))
    low, high = new_rows_interval(scores, 0.25)[0]
    assert high - low == pytest.approx(2 * half) and low + high == pytest.approx(2 * scores.mean())


def test_what_choices_share_is_inflated_and_what_is_a_runs_own_is_not():
    rng = np.random.default_rng(0)
    split, own = rng.normal(size=100_000), rng.normal(size=(3, 100_000))
    np.testing.assert_allclose(common_variance(split + 2 * own), 1, atol=0.05)
    np.testing.assert_allclose(common_variance(own), 0, atol=0.02)
    # All of it, where the choices of a block score alike.
    alike = np.tile(split[:10], (3, 1))
    np.testing.assert_allclose(
        new_rows_interval(alike, 0.3)[0], new_rows_interval(alike[:1], 0.3)[0]
    )
    # None of it, where they differ against each other: the plain interval.
    against = np.stack([split[:10], -split[:10]])
    np.testing.assert_array_equal(common_variance(against), [0, 0])
    np.testing.assert_allclose(new_rows_interval(against, 0.3), mean_over_splits_interval(against))


def test_a_choice_without_spread_has_none_to_share():
    scores = np.stack([np.full(5, 0.5), np.arange(5.0)])
    assert common_variance(scores)[0] == 0
    np.testing.assert_allclose(new_rows_interval(scores, 0.3)[0], [0.5, 0.5])


def test_the_draw_of_fixed_test_rows_is_added_unshrunk():
    scores, rows = np.full((2, 10), 0.9), 400
    half = stats.t.ppf(0.975, 9) * math.sqrt(0.9 * 0.1 / rows)
    found = new_rows_interval(scores, 0.0, sampling=0.9 * 0.1 / rows)
    np.testing.assert_allclose(found, [[0.9 - half, 0.9 + half]] * 2)


def test_an_interval_ends_where_scores_do():
    low, high = new_rows_interval(np.array([[0.9, 1.0, 1.0]]), 0.3, bounds=(0.0, 1.0))[0]
    assert high == 1 and low < 0.9


def test_one_block_says_nothing_of_the_spread():
    assert np.isnan(new_rows_interval(np.ones((3, 1)), 0.3)).all()
    assert np.isnan(mean_over_splits_interval(np.ones((3, 1)))).all()
    assert np.isnan(mean_over_splits_interval(np.array([[1.0, -np.inf, 2.0]]))).all()


def test_failures_have_the_exact_interval():
    # Clopper-Pearson by hand: 0.025^(1/n) where all fail, beta quantiles between.
    assert share_interval(10, 10) == (pytest.approx(0.025**0.1), 1)
    low, high = share_interval(3, 20)
    assert low == pytest.approx(stats.beta.ppf(0.025, 3, 18))
    assert high == pytest.approx(stats.beta.ppf(0.975, 4, 17))


@pytest.mark.slow
@pytest.mark.parametrize("classes", [True, False], ids=["accuracy", "R2"])
def test_the_interval_holds_the_score_on_new_rows(classes):
    """A small version of what the docstring of ``new_rows_interval`` states."""
    rng, rows, jobs = np.random.default_rng(0), 180, 40
    truth = expected(rng, rows, classes, draws=400)
    held, plain = [], []
    for _ in range(jobs):
        scores = job(rng, rows, 10, classes)
        held.append(share_held(new_rows_interval(scores, OVERLAP), truth))
        plain.append(share_held(mean_over_splits_interval(scores), truth))
    assert np.mean(held) > 0.86 and np.mean(plain) < np.mean(held)
