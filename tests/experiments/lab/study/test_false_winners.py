"""How often a comparison finds a difference where there is none: whole studies, simulated."""

import itertools
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from experiments.lab.study.choices import choose
from experiments.lab.study.score import ACCURACY
from experiments.lab.study.statistics import first_p, holm, interquartile_mean
from experiments.lab.study.wording import CERTAIN

ACTIVATIONS, RATES, SEEDS, ROWS = 10, 10, 10, 360
SIGNS = np.array(list(itertools.product((1.0, -1.0), repeat=SEEDS)))[
    : 2 ** (SEEDS - 1)
]  # the rest mirror these


class Calls(NamedTuple):
    """In how many studies a difference is found.

    winner: a sole winner is declared.
    different: an activation is called different from the first.
    from_baseline: an activation is called different from the baseline.
    """

    winner: int
    different: int
    from_baseline: int


def study(rng, advantage=0.0):
    """Accuracies (activations, rates, seeds) on validation and test rows.

    The best rate loses nothing, others 0.3 times the square of their distance. The runs of a seed
    share its luck, and each run has as much again of its own; both act on validation and test rows
    alike. Each accuracy is counted on rows of its own.
    """
    distance = (np.arange(RATES) - RATES / 2 - rng.uniform(-0.5, 0.5)) / (RATES / 2)
    luck = 0.006 * (rng.normal(size=SEEDS) + rng.normal(size=(ACTIVATIONS, RATES, SEEDS)))
    accuracy = 0.94 - 0.3 * distance[:, None] ** 2 + luck
    accuracy[0] += advantage
    return [rng.binomial(ROWS, np.clip(accuracy, 0, 1)) / ROWS for _ in ("validation", "test")]


def judge(validation, test):
    """Test scores at each activation's best rate, p values, and the order, by validation."""
    middle = np.round(interquartile_mean(validation), 6)
    order = np.argsort(-middle.max(axis=1), kind="stable")
    scores = test[np.arange(ACTIVATIONS), middle.argmax(axis=1)][order]
    return scores, first_p(scores), order


def simulate(studies, advantage=0.0, seed=0):
    rng = np.random.default_rng(seed)
    found = np.zeros(3, int)
    for _ in range(studies):
        scores, p, order = judge(*study(rng, advantage))
        different = p[1:] < CERTAIN
        means = scores.mean(axis=1)
        baseline = np.flatnonzero(order == 3)
        flips = np.abs((scores[baseline] - np.delete(scores, baseline, axis=0)) @ SIGNS.T)
        from_baseline = holm(np.mean(flips >= flips[:, :1] - 1e-9, axis=1)) < CERTAIN
        found += [
            np.all(different & (means[0] > means[1:])),
            np.any(different),
            np.any(from_baseline),
        ]
    return Calls(*found.tolist())


def test_of_a_thousand_studies_of_equal_activations_at_most_one_in_twenty_finds_a_difference():
    calls = simulate(1000)
    assert calls.winner <= 50 and calls.different <= 50
    assert stats.binomtest(calls.from_baseline, 1000, CERTAIN, alternative="greater").pvalue > 0.05


def test_a_true_winner_is_found():
    assert simulate(100, advantage=0.03).winner >= 80


def test_the_simulated_study_is_judged_as_the_main_job_judges():
    validation, test = study(np.random.default_rng(5), advantage=0.02)
    cell = pd.MultiIndex.from_product(
        [range(ACTIVATIONS), 10.0 ** np.arange(RATES), range(SEEDS)],
        names=["activation", "learning_rate", "seed"],
    )
    results = pd.DataFrame(
        {
            "validation_accuracy": validation.ravel(),
            "test_accuracy": test.ravel(),
            "validation_loss": 0.0,
            "test_loss": 0.0,
            "diverged_step": pd.NA,
        },
        index=cell,
    ).reset_index()
    scores, p, order = judge(validation, test)
    choices = choose(results, ["activation"], ACCURACY)
    assert [choice.structure["activation"] for choice in choices] == order.tolist()
    np.testing.assert_array_equal([choice.scores for choice in choices], scores)
    assert [choice.p for choice in choices] == p.tolist()
