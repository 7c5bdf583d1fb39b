"""Statistics against SciPy, published worked values and hand calculation."""

import numpy as np
import pytest
from scipy import stats

from experiments.lab.study.statistics import (
    differences,
    holm,
    interquartile_mean,
    interval,
    paired_p,
    probability_better,
)


def test_interquartile_mean_of_four_is_the_mean_of_the_middle_two():
    assert interquartile_mean(np.array([100.0, 2.0, 4.0, -50.0])) == 3.0


def test_holm_gives_the_worked_values():
    # Four p values by hand: .005 × 4, .01 × 3, .03 × 2, .04 × 1, the last raised to the one before.
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])


def test_the_paired_test_is_exact_enumeration_of_sign_flips():
    ours, theirs = np.array([3.0, 5.0, 4.0, 6.0, 8.0]), np.array([1.0, 4.0, 5.0, 3.0, 4.0])
    d = ours - theirs
    flips = np.array(np.meshgrid(*[[-1, 1]] * 5)).reshape(5, -1).T @ d / 5
    # SciPy doubles the smaller tail, which is the same here since sign flips are symmetric.
    assert paired_p(ours, theirs) == pytest.approx(np.mean(np.abs(flips) >= abs(d.mean()) - 1e-12))


def test_equal_scores_are_no_evidence():
    assert paired_p(np.ones(10), np.ones(10)) == 1.0


def test_diverged_runs_count_as_the_largest_losses_and_not_as_nan():
    p = paired_p(np.ones(10), np.full(10, -np.inf))
    assert p == pytest.approx(2 / 2**10)


@pytest.mark.slow
def test_the_interval_covers_the_middle_of_a_normal_sample_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = [low <= 0 <= high for low, high in (interval(rng.normal(size=20)) for _ in range(120))]
    # A percentile bootstrap of 20 values covers a little less than 95 %; less than 85 % is a bug.
    assert stats.binomtest(sum(hits), 120, 0.85, alternative="less").pvalue > 0.05


def test_one_seed_gives_no_interval():
    assert np.isnan(interval(np.array([0.5]))).all()


def test_an_interval_is_unknown_where_a_score_is_infinite():
    assert np.isnan(interval(np.array([0.5, -np.inf, 0.6, 0.7]))).all()


def test_a_stratified_interval_draws_within_strata_and_takes_the_mean_over_all():
    # Two data sets far apart, each without spread: whatever is drawn within them, the middle half
    # of all 8 values is the same.
    assert interval(np.array([[0.0] * 4, [1.0] * 4])) == (0.5, 0.5)
    # Not so when drawn without regard to strata.
    low, high = interval(np.array([0.0] * 4 + [1.0] * 4))
    assert low < 0.25 and high > 0.75
    scores = np.random.default_rng(0).normal(size=10)
    assert interval(scores[None]) == interval(scores)


def test_runs_that_have_diverged_alike_differ_by_nothing():
    assert differences(np.array([-np.inf, 1.0]), np.array([-np.inf, -np.inf])).tolist() == [
        0,
        np.inf,
    ]
    assert paired_p(np.full(8, -np.inf), np.full(8, -np.inf)) == 1


def test_the_probability_of_being_better_is_a_binomial_share():
    # 10 wins in 10: Clopper-Pearson by hand is 0.025^(1/10) to 1.
    p, (low, high) = probability_better(np.ones(10), np.full(10, -np.inf))
    assert (p, high) == (1, 1) and low == pytest.approx(0.025**0.1)
    assert probability_better(np.full(4, -np.inf), np.full(4, -np.inf))[0] == 0.5
    # 3 wins and a tie in 4: between the bounds of 3 and of 4.
    p, (low, high) = probability_better(np.array([2.0, 2, 2, 1]), np.ones(4))
    assert (p, high) == (0.875, 1) and low == pytest.approx(stats.beta.ppf(0.025, 3, 2))


def test_one_seed_tells_nothing_apart():
    assert paired_p(np.array([0.9]), np.array([0.1])) == 1.0
