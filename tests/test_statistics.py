"""Statistics against SciPy, published worked values and hand calculation."""

import numpy as np
import pytest
from scipy import stats

from experiments.lab.statistics import holm, interquartile_mean, interval, paired_p


def test_interquartile_mean_of_four_is_the_mean_of_the_middle_two():
    assert interquartile_mean(np.array([100.0, 2.0, 4.0, -50.0])) == 3.0


def test_holm_gives_the_worked_values():
    # Four p values by hand: .005 × 4, .01 × 3, .03 × 2, .04 × 1, the last raised to its predecessor.
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])


def test_the_paired_test_is_exact_enumeration_of_sign_flips():
    ours, theirs = np.array([3.0, 5.0, 4.0, 6.0, 8.0]), np.array([1.0, 4.0, 5.0, 3.0, 4.0])
    d = ours - theirs
    flips = np.array(np.meshgrid(*[[-1, 1]] * 5)).reshape(5, -1).T @ d / 5
    # SciPy counts both tails by doubling the smaller, which is the same here since flips are symmetric.
    assert paired_p(ours, theirs) == pytest.approx(np.mean(np.abs(flips) >= abs(d.mean()) - 1e-12))


def test_equal_scores_are_no_evidence():
    assert paired_p(np.ones(10), np.ones(10)) == 1.0


def test_diverged_runs_count_as_the_largest_losses_and_not_as_nan():
    p = paired_p(np.ones(10), np.full(10, -np.inf))
    assert p == pytest.approx(2 / 2**10)


def test_the_interval_covers_the_middle_of_a_normal_sample_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = [low <= 0 <= high for low, high in (interval(rng.normal(size=20)) for _ in range(120))]
    # A percentile bootstrap of 20 values covers a little less than 95 %; below 85 % would be a mistake.
    assert stats.binomtest(sum(hits), 120, 0.85, alternative="less").pvalue > 0.05


def test_one_seed_gives_no_interval():
    assert np.isnan(interval(np.array([0.5]))).all()
