"""How often a comparison finds a difference where there is none: whole studies, simulated."""

import itertools
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiments.lab.study import rate
from experiments.lab.study.best_set import LEVEL, best_p
from experiments.lab.study.choices import choose
from experiments.lab.study.rules import Rules
from experiments.lab.study.score import ACCURACY
from experiments.lab.study.statistics import holm
from experiments.lab.study.wording import CERTAIN

ACTIVATIONS, RATES, SEEDS, ROWS = 10, 10, 10, 360
SHARED = 180  # test rows that all runs of a seed get right or wrong by the same luck
GRID = 10.0 ** np.arange(RATES)
TRIVIAL = 0.9, 0.1  # the trivial predictor's loss and accuracy
SIGNS = np.array(list(itertools.product((1.0, -1.0), repeat=SEEDS)))[
    : 2 ** (SEEDS - 1)
]  # the rest mirror these


class Calls(NamedTuple):
    """In how many studies a difference is found.

    winner: all activations but one are called not the best.
    lost: the first activation, as good as any other or better, is called not the best.
    from_baseline: an activation is called different from the baseline.
    """

    winner: int
    lost: int
    from_baseline: int


def study(rng, advantage=0.0):
    """Accuracies (activations, rates, seeds) on validation and test rows.

    The best rate loses nothing, others 0.3 times the square of their distance. The runs of a seed
    share its luck, and each run has as much again of its own; both act on validation and test rows
    alike. All runs of a seed share its rows: half of them are easy or hard for all alike.
    """
    distance = (np.arange(RATES) - RATES / 2 - rng.uniform(-0.5, 0.5)) / (RATES / 2)
    luck = 0.006 * (rng.normal(size=SEEDS) + rng.normal(size=(ACTIVATIONS, RATES, SEEDS)))
    accuracy = 0.94 - 0.3 * distance[:, None] ** 2 + luck
    accuracy[0] += advantage
    accuracy = np.clip(accuracy, 0, 1)

    def counted():
        hard = np.sort(rng.uniform(size=(SEEDS, SHARED)))
        shared = np.stack(
            [np.searchsorted(hard[seed], accuracy[:, :, seed]) for seed in range(SEEDS)], axis=-1
        )
        return (shared + rng.binomial(ROWS - SHARED, accuracy)) / ROWS

    return counted(), counted()


def judge(validation, test):
    """Test scores at each activation's recommended rate, and p of each being the best."""
    runs = np.ones((RATES, SEEDS), bool)
    cells = [rate.chosen(GRID, 1 - scores, scores, runs, *TRIVIAL).cell for scores in validation]
    scores = test[np.arange(ACTIVATIONS), cells]
    return scores, best_p(scores)


def simulate(studies, advantage=0.0, seed=0):
    rng = np.random.default_rng(seed)
    found = np.zeros(3, int)
    for _ in range(studies):
        scores, p = judge(*study(rng, advantage))
        flips = np.abs((scores[3] - np.delete(scores, 3, axis=0)) @ SIGNS.T)
        from_baseline = holm(np.mean(flips >= flips[:, :1] - 1e-9, axis=1)) < CERTAIN
        found += [
            np.count_nonzero(p >= 1 - LEVEL) == 1,
            p[0] < 1 - LEVEL,
            np.any(from_baseline),
        ]
    return Calls(*found.tolist())


@pytest.mark.slow
def test_of_equal_activations_at_most_one_study_in_twenty_finds_a_difference():
    calls = simulate(400)
    assert calls.winner <= 20
    for count in (calls.lost, calls.from_baseline):
        assert stats.binomtest(count, 400, CERTAIN, alternative="greater").pvalue > 0.05


def test_a_true_winner_is_found_and_not_lost():
    calls = simulate(100, advantage=0.03)
    assert calls.winner >= 80 and calls.lost <= 5


def test_the_simulated_study_is_judged_as_the_main_job_judges():
    validation, test = study(np.random.default_rng(5), advantage=0.02)
    cell = pd.MultiIndex.from_product(
        [range(ACTIVATIONS), GRID, range(SEEDS)], names=["activation", "learning_rate", "seed"]
    )
    results = pd.DataFrame(
        {
            "validation_accuracy": validation.ravel(),
            "test_accuracy": test.ravel(),
            "validation_loss": 1 - validation.ravel(),
            "test_loss": 0.0,
            "diverged_step": pd.NA,
        },
        index=cell,
    ).reset_index()
    scores, p = judge(validation, test)
    loss, reached = (np.full(SEEDS, value) for value in TRIVIAL)
    score = replace(ACCURACY, trivial={"validation": reached})
    choices, verdict = choose(results, ["activation"], Rules(score=score, trivial_loss=loss))
    order = [choice.structure["activation"] for choice in choices]
    np.testing.assert_array_equal([choice.scores for choice in choices], scores[order])
    assert [choice.p for choice in choices] == p[order].tolist() == list(verdict.p)
    # By validation, but that the first is the first of those that may be the best.
    first, *others = order
    assert p[first] >= 1 - LEVEL and verdict.first == 0
    scored = {choice.structure["activation"]: choice.validation for choice in choices}
    assert [scored[name] for name in others] == sorted(
        (scored[name] for name in others), reverse=True
    )
    assert all(p[name] < 1 - LEVEL for name in others if scored[name] > scored[first])
