"""What a verdict holds for: whether losses still fall, and whether the first was another before."""

from types import SimpleNamespace

import numpy as np
import pytest

from experiments.lab.study import wording
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.scope import Earlier, earlier, still_falls
from experiments.lab.study.score import ACCURACY

STEPS = np.arange(10, 210, 10)
SEEDS = 8
NOISE = np.random.default_rng(0).normal(size=(len(STEPS), SEEDS))


def curve(start, stop, noise=0.0):
    """Losses (points, seeds) that change by the same amount at each point."""
    return np.linspace(start, stop, len(STEPS))[:, None] + noise * NOISE


@pytest.mark.parametrize(
    ("losses", "falls"),
    [
        (curve(1, 0.5), True),
        (curve(0.5, 1), False),  # it rises: more updates overfit
        (curve(0.5, 0.5), False),
        (curve(1, 0.97), False),  # by 0.6 % in the last fifth
        (curve(1, 0.9, noise=0.001), True),
        (curve(1, 0.9, noise=0.2), False),  # by less than two standard errors
        (np.minimum(curve(2, 0.5), 1.0), True),  # it began to fall late
        (np.maximum(curve(1, -1), 0.3), False),  # it fell early
    ],
)
def test_a_loss_still_falls_if_it_does_so_in_the_last_fifth_and_by_enough(losses, falls):
    assert still_falls(STEPS, losses) == falls


def test_one_seed_and_one_point_are_judged():
    assert still_falls(STEPS, curve(1, 0.5)[:, :1]) and not still_falls(STEPS[:1], curve(1, 0)[:1])


def test_a_first_of_before_that_may_still_be_the_best_does_not_disagree():
    # At half of the updates the second is ahead, at three quarters no longer; then it is ruled out.
    crossing = earlier(STEPS, [curve(0.1, 0.9, 0.001), curve(0.6, 0.7, 0.001)])
    assert [(each.first, each.agrees) for each in crossing] == [(1, False), (0, True)]
    # Alike all the way: whoever is ahead, it agrees.
    apart = np.where(np.arange(SEEDS) % 2, 0.011, -0.01)
    alike = earlier(STEPS, [curve(0.5, 0.9) - apart, curve(0.5, 0.9) + apart])
    assert [(each.first, each.agrees) for each in alike] == [(1, True), (1, True)]


def test_shares_fall_on_points_of_the_curve():
    scores = [curve(0.5, 0.9), curve(0.4, 0.8)]
    at = [each.steps for each in earlier(STEPS, scores, shares=(0.01, 0.52, 1.0))]
    assert at == [10, 110, 200]


@pytest.mark.parametrize(
    ("agrees", "gain", "settled"),
    [
        ((True, True), 0.005, True),
        ((True, True), -0.1, True),  # it has become worse: more updates overfit
        ((True, True), 0.0051, False),
        ((False, True), 0.0, False),
        ((True, False), 0.0, False),
        ((), 0.0, True),
    ],
)
def test_training_is_long_enough_if_the_first_stays_and_gains_no_more_than_the_margin(
    agrees, gain, settled
):
    then = [Earlier(10, 1, agrees=each) for each in agrees]
    study = SimpleNamespace(rules=SimpleNamespace(margin=0.005), score=ACCURACY, steps=200)
    choices = [SimpleNamespace(label="tanh")]
    found = SimpleNamespace(earlier=then, last_gain=gain, study=study, choices=choices)
    assert Comparison.settled.fget(found) is settled
    if not settled:
        why = (
            "tanh, which is ahead, still improved by 0.5 points"
            if gain
            else "the leading choice still changed in the second"
        )
        assert why in wording.longer(found) and "with 400 updates" in wording.longer(found)
        assert "--most-steps 800" in wording.undertrained(found)
