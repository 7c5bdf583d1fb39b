"""The best rate, μP's scales at a width, and the rules for every outcome."""

import jax
import numpy as np
import pytest

from experiments.lab.evidence.verdicts import Effect
from experiments.rate_transfer.parametrisation import BASE, network
from experiments.rate_transfer.rules import agrees, best_power, judge_depth, judge_width


def test_the_best_rate_is_between_those_of_the_grid_but_not_beyond_an_end():
    powers = np.arange(-3.0, 1.0)
    inside = np.exp((powers + 1.4) ** 2)
    at_end = np.array([1.0, 2.0, 3.0, np.nan])
    beside_a_failure = np.array([3.0, 2.0, 1.0, np.nan])
    found = best_power(np.stack([inside, at_end, beside_a_failure], axis=1), powers, 0)
    np.testing.assert_allclose(found, [-1.4, -3, -1], atol=1e-6)


@pytest.mark.slow
def test_the_output_is_smaller_in_the_maximal_update_parametrisation():
    wide = 16 * BASE
    of = [network(4, wide, maximal).init(jax.random.key(0))[2]["weight"] for maximal in (0.0, 1.0)]
    np.testing.assert_allclose(of[0], 4 * of[1], rtol=1e-5)


def shift(low, high):
    return Effect("", (low + high) / 2, low, high)


MOVES, STAYS = shift(-4, -3), shift(-0.4, 0.6)


@pytest.mark.parametrize(
    ("adam", "sgd", "expected"),
    [
        ((MOVES, STAYS), (MOVES, STAYS), ("holds", "")),
        ((MOVES, STAYS), (STAYS, STAYS), ("holds only when", "the setting is Adam")),
        ((STAYS, STAYS), (MOVES, MOVES), ("does not hold", "")),
        ((MOVES, shift(-1.5, 0.5)), (STAYS, STAYS), ("undecided", "")),
    ],
)
def test_the_verdict_over_widths(adam, sgd, expected):
    assert judge_width({"Adam": adam, "SGD": sgd}) == expected


def test_the_verdict_over_depths():
    near, far, unclear = shift(-1.7, -1.2), shift(-0.8, -0.6), shift(-1.3, -0.7)
    assert [agrees(each) for each in (near, far, unclear)] == [
        "holds",
        "does not hold",
        "undecided",
    ]
    assert judge_depth({"a": near, "b": near})[0] == "holds"
    assert judge_depth({"a": near, "b": far}) == ("holds only when", "the setting is a")
    assert judge_depth({"a": far, "b": unclear})[0] == "undecided"
