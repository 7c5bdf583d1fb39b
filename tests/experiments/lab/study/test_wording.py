"""What a comparison says: ties as ties, divergence and few seeds by name, on small tables."""

import numpy as np
import pandas as pd
import pytest

from experiments.lab.study import wording
from experiments.lab.study.choices import choose
from experiments.lab.study.score import ACCURACY, R2


def table(scores, score=ACCURACY):
    """Results of one rate, validation equal to test."""
    rows = [
        {
            "activation": name,
            "learning_rate": 0.1,
            "seed": seed,
            "validation_loss": 0.0,
            "test_loss": 0.0,
            "diverged_step": pd.NA,
            f"validation_{score.name}": value,
            f"test_{score.name}": value,
        }
        for name, values in scores.items()
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


NOISE = np.array([0.01, -0.01, 0.02, 0.0, -0.02, 0.01, 0.0, -0.01])


def test_ties_are_named_and_so_are_the_worse():
    choices = choose(
        table({"a": 0.9 + NOISE, "b": 0.9 + NOISE[::-1] - 0.001, "c": 0.5 + NOISE}),
        ["activation"],
        ACCURACY,
    )
    assert [wording.standing(choice, choices[0]) for choice in choices[1:]] == ["tie", "worse"]
    assert "b cannot be told apart from it with 8 seeds, c does worse" in wording.verdict(
        choices, ACCURACY
    )


def test_a_sole_winner_is_said_to_beat_all():
    choices = choose(
        table({"a": 0.9 + NOISE, "relu": 0.5 + NOISE, "c": 0.5 - NOISE}), ["activation"], ACCURACY
    )
    assert "; it beats all 2 others." in wording.verdict(choices, ACCURACY)
    assert wording.versus(choices[0]).startswith("1.00 [0.63, 1.00] p=0.0")
    assert [wording.versus(choice) for choice in choices if choice.versus is None] == [
        "the baseline"
    ]


def test_fewer_than_six_seeds_are_said_to_be_too_few():
    choices = choose(table({"a": 0.9 + NOISE[:5], "b": 0.1 + NOISE[:5]}), ["activation"], ACCURACY)
    assert "b cannot be told apart from it with 5 seeds (it takes 6 at least)" in wording.verdict(
        choices, ACCURACY
    )


def test_runs_that_have_diverged_are_compared_and_leave_no_interval():
    half = np.where(np.arange(8) < 4, 0.5, -np.inf)
    choices = choose(table({"a": half, "b": np.full(8, -np.inf)}, R2), ["activation"], R2)
    assert "without an interval, since runs have diverged" in wording.verdict(choices, R2)
    assert choices[1].versus.probability == pytest.approx(0.25)
    assert choices[1].versus.difference == -np.inf and wording.decades(choices[1]) == "0.0"


def test_the_baseline_is_the_one_named_else_relu_else_the_first():
    scores = {"b": 0.9 + NOISE, "relu": 0.8 + NOISE, "a": 0.7 + NOISE}
    for named, expected in ((None, "relu"), ("a", "a")):
        choices = choose(table(scores), ["activation"], ACCURACY, named)
        assert {choice.versus.baseline for choice in choices if choice.versus} == {expected}
    del scores["relu"]
    assert choose(table(scores), ["activation"], ACCURACY)[1].versus.baseline == "b"
