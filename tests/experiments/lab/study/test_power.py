"""Power against the test that is used, on simulated studies."""

import numpy as np
import pytest
from scipy import stats

from experiments.lab.study.best_set import FEWEST_BLOCKS, best_set
from experiments.lab.study.power import MOST, paired_spread, power, seeds_needed


def found(rng, seeds, choices, margin, studies, overlap=0.0):
    """Share of studies that leave out the last choice, which is worse than the others."""
    left = 0
    for _ in range(studies):
        scores = rng.normal(size=seeds) + rng.normal(size=(choices, seeds)) / np.sqrt(2)
        scores[-1] -= margin
        left += not best_set(scores, overlap)[-1]
    return left / studies


def test_without_a_difference_it_is_the_level():
    assert power(1.0, 0.0, 10) == pytest.approx(0.05)
    assert power(1.0, 0.0, 10, choices=10) == pytest.approx(0.005, rel=0.01)


def test_power_is_that_of_students_test():
    rng = np.random.default_rng(0)
    apart = rng.normal(0.8, 1.0, size=(20_000, 12))
    p = stats.ttest_1samp(apart, 0, axis=1, alternative="greater").pvalue
    assert power(1.0, 0.8, 12) == pytest.approx(np.mean(p < 0.05), abs=0.01)


@pytest.mark.parametrize("overlap", [0.0, 1.0])
@pytest.mark.parametrize(("seeds", "margin"), [(10, 1.0), (40, 0.5)])
def test_power_is_that_of_the_test_that_is_used(seeds, margin, overlap):
    share = found(np.random.default_rng(1), seeds, 2, margin, 150, overlap)
    assert share == pytest.approx(power(1.0, margin, seeds, overlap=overlap), abs=0.1)


def test_splits_of_one_table_cannot_tell_every_difference_apart():
    """What they have in common does not average out, however many they are."""
    assert seeds_needed(1.0, 0.5, overlap=0.3) > seeds_needed(1.0, 0.5)
    assert seeds_needed(1.0, 0.05, overlap=0.3) == MOST > seeds_needed(1.0, 0.05)


def test_as_many_seeds_as_are_said_to_be_needed_are_enough():
    seeds = seeds_needed(1.0, 0.8, choices=4)
    assert power(1.0, 0.8, seeds, 4) >= 0.8 > power(1.0, 0.8, seeds - 1, 4)
    assert found(np.random.default_rng(2), seeds, 4, 0.8, 100) > 0.7


def test_it_takes_as_many_seeds_as_can_tell_anything_apart():
    assert seeds_needed(0.0, 0.1) == seeds_needed(1e-9, 0.1) == FEWEST_BLOCKS
    assert power(0.1, 1.0, FEWEST_BLOCKS - 1) == 0
    assert seeds_needed(1.0, 1e-9) == MOST


def test_the_spread_is_of_paired_differences():
    scores = np.random.default_rng(0).normal(size=(3, 8))
    spread = paired_spread(scores + 100 * np.arange(8), 1)
    assert spread[2] == pytest.approx(np.std(scores[2] - scores[1], ddof=1)) and spread[1] == 0
