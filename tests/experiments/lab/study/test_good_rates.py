"""Good-rate ranges, steps to a target and performance profiles against hand calculation.

Runs that miss the target and runs that diverge are included.
"""

import numpy as np
import pytest

from experiments.lab.study.good_rates import good_rates
from experiments.lab.study.speed import performance_profile, steps_to_target


def test_a_range_ends_where_the_interpolated_error_crosses_the_bound():
    # Best error 0.04, bound 0.06. To the right 0.05 is good and 0.09 is not: a quarter of the way;
    # to the left 0.10: a third.
    found = good_rates([0.1, 1, 10, 100], [0.10, 0.04, 0.05, 0.09])
    assert np.log10([found.low, found.high]) == pytest.approx([-1 / 3, 1.25])
    assert found.decades == pytest.approx(1 / 3 + 1.25) and not found.open


def test_a_good_rate_beyond_a_bad_one_does_not_count():
    assert good_rates([0.1, 1, 10, 100], [0.04, np.inf, 0.03, np.inf]).decades == 0


def test_a_range_that_reaches_the_lowest_or_highest_rate_is_open():
    found = good_rates([1, 10, 100], [0.0, 0.005, np.inf])
    assert (found.low, found.high, found.decades, found.open) == (1, 10, 1, True)
    assert good_rates([1, 10, 100], [np.inf, 0.5, 0.5]).open
    assert not good_rates([1, 10, 100], [np.inf, 0.5, np.inf]).open


def test_a_perfect_score_still_has_a_margin_of_one_point():
    assert good_rates([1, 10, 100], [0.0, 0.0, 0.02]).decades == pytest.approx(1.5)


def test_where_all_have_diverged_no_rate_is_good():
    found = good_rates([1, 10], [np.inf, np.inf])
    assert found.decades == 0 and np.isnan([found.low, found.high]).all() and not found.open


def test_steps_to_target_are_the_first_point_and_misses_are_infinite():
    scores = np.array(
        [[0.1, 0.9, 0.2, np.nan], [0.8, 0.1, 0.3, np.nan], [0.9, np.nan, 0.79, np.nan]]
    )
    assert steps_to_target(np.array([5, 10, 12]), scores, 0.8).tolist() == [10, 5, np.inf, np.inf]
    assert (
        steps_to_target(np.array([5, 10, 12]), np.full((3, 2, 2), -np.inf), 0.8).tolist()
        == [[np.inf] * 2] * 2
    )


def test_a_profile_counts_seeds_within_the_factor_and_never_a_miss():
    steps = np.array([[10, 40, np.inf, np.inf], [20, 20, 30, np.inf], [25, np.inf, 61, np.inf]])
    # Best of each seed: 10, 20, 30, none.
    assert performance_profile(steps, [1, 2, 2.5, 100]).tolist() == [
        [0.25, 0.5, 0.5, 0.5],
        [0.5, 0.75, 0.75, 0.75],
        [0, 0, 0.5, 0.5],
    ]
