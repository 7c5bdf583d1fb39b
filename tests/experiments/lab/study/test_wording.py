"""What a comparison says: who may be the best, failures and few seeds, on small tables."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from experiments.lab.study import wording
from experiments.lab.study.choices import choose
from experiments.lab.study.rules import Rules
from experiments.lab.study.score import ACCURACY, R2


def table(scores, score=ACCURACY, rates=(0.1,), diverged=()):
    """Results with validation equal to test, the loss being 1 − score.

    Args:
        scores: activation -> (seeds,) at a single rate, or (rates, seeds).
        score: what they are scores of.
        rates: learning rates.
        diverged: (activation, seed) of runs that have diverged.
    """
    rows = [
        {
            "activation": name,
            "learning_rate": rate,
            "seed": seed,
            "validation_loss": np.inf if (name, seed) in diverged else 1 - value,
            "test_loss": 0.0,
            "diverged_step": 1 if (name, seed) in diverged else pd.NA,
            f"validation_{score.name}": value,
            f"test_{score.name}": value,
        }
        for name, values in scores.items()
        for number, rate in enumerate(rates)
        for seed, value in enumerate(np.atleast_2d(values)[number])
    ]
    return pd.DataFrame(rows)


def compared(scores, score=ACCURACY, trivial=0.1, baseline=None, **options):
    """The choices, and the verdict in words."""
    seeds = np.shape(next(iter(scores.values())))[-1]
    reached = {part: np.full(seeds, trivial) for part in ("validation", "test")}
    score = replace(score, trivial=reached)
    rules = Rules(score=score, trivial_loss=1 - reached["validation"], baseline=baseline)
    choices, found = choose(table(scores, score, **options), ["activation"], rules)
    study = SimpleNamespace(score=score, refine=0)
    return choices, wording.verdict(found, choices[0], study)


NOISE = np.array([0.01, -0.01, 0.02, 0.0, -0.02, 0.01, 0.0, -0.01])


def test_those_that_may_be_the_best_are_named():
    choices, said = compared({"a": 0.9 + NOISE, "b": 0.9 + NOISE[::-1] - 0.001, "c": 0.5 + NOISE})
    assert [wording.standing(choice) for choice in choices] == ["tie", "tie", "worse"]
    assert said.startswith("Use a at learning rate 0.1: test accuracy 90.0 % [")
    assert "With 95 % confidence, the best is a or b, and b is better by" in said
    assert wording.may_be_best(choices[2]) == "no p=0.004"
    assert wording.may_be_best(choices[1]) == f"maybe p={choices[1].p:.2f}"


def test_a_sole_winner_is_said_to_be_the_best():
    choices, said = compared({"a": 0.9 + NOISE, "relu": 0.5 + NOISE, "c": 0.5 - NOISE})
    assert re.search(r" No other choice is as good \(each p ≤ 0\.00[1-9]\)\.$", said)
    assert wording.may_be_best(choices[0]) == "maybe"
    assert wording.versus(choices[0]).startswith("1.00 [0.63, 1.00] p=0.0")
    assert [wording.versus(choice) for choice in choices if choice.versus is None] == [
        "the baseline"
    ]


def test_fewer_than_five_seeds_are_said_to_be_too_few():
    _, said = compared({"a": 0.9 + NOISE[:4], "b": 0.1 + NOISE[:4]})
    assert "With 4 seeds, the choices cannot be told apart; that takes at least 5." in said


def test_one_seed_says_nothing_of_the_spread():
    choices, said = compared({"a": np.array([0.9])})
    assert said == (
        "Use a at learning rate 0.1: test accuracy 90.0 %, from one seed, which says nothing about "
        "the spread."
    )
    assert wording.between(choices[0], ACCURACY) == "–"


def test_a_diverged_run_counts_as_the_worst_score_and_as_failed():
    half = np.where(np.arange(8) < 4, 0.5, R2.worst)
    lost = [("a", seed) for seed in range(4, 8)] + [("b", seed) for seed in range(8)]
    choices, said = compared({"a": half, "b": np.full(8, R2.worst)}, R2, 0.0, diverged=lost)
    assert said.startswith("Use a at learning rate 0.1: test R² -0.250 [-")
    assert [choice.failed for choice in choices] == [4, 8]  # no mean is above the trivial one, 0
    assert [choice.diverged_here for choice in choices] == [4, 8]
    assert choices[1].versus.probability == pytest.approx(0.25)
    assert choices[1].versus.difference == -0.75


def test_failures_are_counted_against_the_best_choice():
    # Half-way from the trivial predictor, 0.1, to the best, 0.9, is 0.5.
    scores = {"a": np.full(8, 0.9), "b": np.array([0.9] * 5 + [0.51, 0.5, 0.0])}
    choices, _ = compared(scores, diverged=[("b", 7)])
    assert [(choice.label, choice.failed, choice.diverged_here) for choice in choices] == [
        ("a", 0, 0),
        ("b", 2, 1),
    ]
    # Clopper-Pearson of 2 in 8 and of 0 in 8, the latter by hand 1 − 0.025^(1/8).
    assert choices[1].failed_interval == pytest.approx((0.0319, 0.6509), abs=1e-4)
    assert choices[0].failed_interval == pytest.approx((0, 1 - 0.025**0.125))


def test_the_rates_that_will_do_and_the_edge_are_said():
    rising = np.stack([0.3 + NOISE, 0.9 + NOISE, 0.9 - NOISE])
    choices, said = compared({"a": rising}, rates=(0.01, 0.1, 1.0))
    assert (choices[0].rates, choices[0].edge) == ((0.1, 1.0), None)
    assert said.startswith("Use a at learning rate 0.1 (any from 0.1 to 1 will do): ")
    choices, said = compared({"a": rising + np.array([[0], [0], [0.05]])}, rates=(0.01, 0.1, 1.0))
    assert choices[0].learning_rate == 1 and choices[0].edge == "highest"
    assert said.endswith(" Its best rate is the highest tried, so widen the range.")


def test_the_baseline_is_the_one_named_else_relu_else_the_first():
    scores = {"b": 0.9 + NOISE, "relu": 0.8 + NOISE, "a": 0.7 + NOISE}
    for named, expected in ((None, "relu"), ("a", "a")):
        choices, _ = compared(scores, baseline=named)
        assert {choice.versus.baseline for choice in choices if choice.versus} == {expected}
    del scores["relu"]
    assert compared(scores)[0][1].versus.baseline == "b"
