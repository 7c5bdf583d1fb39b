"""The recommended rate: as good as the best, away from rates that fail, and the same twice."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from experiments.lab.engine.outcome import Outcome
from experiments.lab.study.choices import choose
from experiments.lab.study.rate import chosen, clipped, failed, lowest, recommended
from experiments.lab.study.rules import Rules
from experiments.lab.study.score import ACCURACY
from experiments.lab.study.study import Study
from experiments.lab.study.tables import results_table
from experiments.lab.study.trivial import trivial_losses
from jaxnn import Grid

RATES = 10.0 ** np.arange(-2, 3)
SEEDS = 10
TRIVIAL = 2.3
NOISE = np.random.default_rng(0).normal(0, 0.02, (len(RATES), SEEDS))


def losses(*means, fails=()):
    """(cells, seeds) around these means; those of (cell, seed) have failed."""
    found = np.array(means)[:, None] + NOISE[: len(means)]
    for place in fails:
        found[place] = np.inf
    return clipped(found, TRIVIAL)


def found(table, runs=None):
    runs = np.ones(table.shape, bool) if runs is None else runs
    return recommended(RATES[: len(table)], table, table >= TRIVIAL, runs)


def test_a_single_failure_is_enough_to_prefer_a_safe_rate_that_is_as_good():
    # The rate 10 has the lowest loss wherever it does not fail, and one run in ten fails.
    table = losses(1.0, 0.5, 0.5, 0.28, 2.3, fails=[(3, 4)])
    assert lowest(table, table > 0) == 3
    assert (found(table).cell, found(table).tied) == (1, (1, 2, 3))


def test_a_rate_next_to_the_cliff_is_not_chosen_where_others_tie():
    # The best is the last before all runs fail; three tie, and the middle one is recommended.
    table = losses(1.5, 0.5, 0.5, 0.5, 2.3, fails=[(4, seed) for seed in range(SEEDS)])
    apart = np.where(np.arange(SEEDS) % 2, 0.03, -0.02)  # worse by 0.005 ± 0.008
    table[1:3] = table[3] + apart, table[3] + apart[::-1]
    assert (found(table).best, found(table).cell, found(table).tied) == (3, 2, (1, 2, 3))


def test_a_rate_just_below_one_at_which_most_runs_fail_is_not_recommended():
    # As elu's on the digits: no failure in ten runs, where 17 of 100 fail.
    rates = [0.35, 0.44, 0.56, 0.71]
    losses = np.array([[0.103] * 4, [0.099] * 4, [0.09] * 4, [0.1, 2.3, 2.3, 2.3]])
    fails, runs = losses > 1, losses > 0
    found = recommended(rates, losses, fails, runs)
    assert (found.cell, found.best, found.tied) == (1, 2, (1,))
    losses[1] = 0.09
    assert recommended(rates, losses, fails, runs).tied == (1,)
    few = np.array([[0.103] * 4, [0.099] * 4, [0.09] * 4, [0.1, 0.1, 0.1, 2.3]])
    assert recommended(rates, few, few > 1, runs).cell == 2
    # Where the grid is coarse, the rate below may be much worse, and the one above says little.
    assert recommended([0.04, 0.2, 0.9, 4.0], losses, fails, runs).best == 1
    losses[1] = 0.099
    assert recommended([0.04, 0.2, 0.9, 4.0], losses, fails, runs).cell == 2
    assert recommended(rates[2:], losses[2:], fails[2:], runs[2:]).cell == 0


def test_a_rate_beyond_one_that_is_worse_is_not_tied():
    table = losses(0.5, 1.0, 0.5, 1.0, 0.5)
    assert len(found(table).tied) == 1 and found(table).cell == found(table).best


def test_a_rate_that_is_worse_on_every_seed_is_not_tied_however_little_it_is():
    table = losses(1.0, 0.5, 0.5)
    table[2] = table[1] + 0.001
    assert found(table).tied == (1,)


def test_equal_rates_give_the_middle_and_of_two_the_lower():
    same = np.full((5, SEEDS), 0.5)
    assert (found(same).best, found(same).cell, found(same).tied) == (0, 2, (0, 1, 2, 3, 4))
    assert found(same[:4]).cell == 1 and found(same[:2]).cell == 0 and found(same[:1]).cell == 0


def test_where_every_run_has_failed_some_rate_is_still_recommended():
    table = losses(*[2.3] * 5, fails=[(cell, seed) for cell in range(5) for seed in range(SEEDS)])
    assert found(table).best == 0 and found(table).cell == 2
    one = found(np.full((5, 1), TRIVIAL))
    assert (one.best, one.cell, one.tied) == (0, 2, (0, 1, 2, 3, 4))


def test_with_one_seed_only_equal_rates_tie():
    assert found(np.array([[0.5], [0.4], [0.41]])).tied == (1,)
    assert found(np.array([[0.4], [0.4], [0.41]])).tied == (0, 1)


def test_only_runs_that_count_are_judged():
    table, runs = losses(1.0, 0.5, 0.4, 0.3, 0.2), np.ones((5, SEEDS), bool)
    runs[3:] = False
    assert found(table, runs).best == 2
    runs[2, 1:] = False  # of a rate with few seeds, the difference is over those
    table[1, 0] = table[2, 0] - 0.1
    assert found(table, runs).tied[-1] == 2 or found(table, runs).best == 1


TABLES = st.integers(1, 5).flatmap(
    lambda cells: arrays.arrays(
        float, (cells, 6), elements=st.sampled_from([0.1, 0.2, 0.3, 0.5, 1.0, np.inf])
    )
)


@settings(max_examples=200, deadline=None)
@given(TABLES)
def test_what_is_recommended_is_tied_and_the_safest(table):
    table = clipped(table, 1.0)
    rates, runs = RATES[: len(table)], np.ones(table.shape, bool)
    fails = table >= 1.0
    this = recommended(rates, table, fails, runs)
    assert this.best in this.tied and this.cell in this.tied
    assert list(this.tied) == list(range(this.tied[0], this.tied[-1] + 1))
    assert table.mean(axis=1)[this.best] <= table.mean(axis=1).min() + 1e-9
    counts = fails.sum(axis=1)
    assert counts[this.cell] == min(counts[cell] for cell in this.tied)
    # The order of the seeds does not matter, nor the unit of the rates.
    assert recommended(7 * rates, table[:, ::-1], fails[:, ::-1], runs) == this


def test_losses_are_clipped_at_each_seeds_own_trivial_loss():
    found = clipped(np.array([[np.nan, 0.5], [9.0, np.inf]]), np.array([1.0, 2.0]))
    assert found.tolist() == [[1.0, 0.5], [1.0, 2.0]]


def test_a_run_fails_by_the_score_half_way_from_its_seeds_trivial_one():
    scores, trivial = np.array([[0.6, 0.6], [0.7, 0.61]]), np.array([0.2, 0.5])
    # The best reaches 0.9: half-way is 0.55 and 0.7.
    assert failed(scores, trivial, 0.9).tolist() == [[False, True], [False, True]]
    # A score that is half-way but for its last bits has failed, and nothing has where the trivial
    # predictor is not known.
    assert failed(np.array([0.55 + 1e-8, 0.551]), 0.2, 0.9).tolist() == [True, False]
    assert failed(np.array([0.0, 1.0]), -np.inf, 0.9).tolist() == [False, False]
    # Where the best is worse than the trivial predictor, half-way is the trivial one's.
    assert failed(np.array([0.2, 0.3]), 0.3, 0.1).tolist() == [True, True]
    assert failed(np.array([0.2, 0.31]), 0.3, 0.1).tolist() == [True, False]


class Data(SimpleNamespace):
    """Of a split: the classes of its rows."""


def test_the_trivial_predictor_is_of_the_training_rows_of_each_split():
    binary = Data(
        classes=("a", "b"),
        y={
            "train": np.array([[0.0]] * 3 + [[1.0]]),
            "test": np.array([[0.0], [1.0], [1.0], [1.0]]),
        },
    )
    number = Data(
        classes=(),
        y={"train": np.array([[-1.0], [1.0]]), "test": np.array([[0.0], [2.0]])},
    )
    np.testing.assert_allclose(
        trivial_losses([binary, number], "test"),
        [-(np.log(0.75) + 3 * np.log(0.25)) / 4, 2.0],
    )
    # A class that no training row has costs as much as if one of them had it.
    three = Data(
        classes=("a", "b", "c"), y={"train": np.array([0, 0, 1, 1]), "test": np.array([2])}
    )
    assert trivial_losses([three], "test")[0] == pytest.approx(np.log(4))


def study(seeds, refine):
    """What a Study must know to judge: its grid, score and trivial predictor."""
    asked = Grid({"activation": ("a",)}, {"learning_rate": tuple(RATES)}, seeds)
    grid = Grid({"activation": ("a",)}, {"learning_rate": tuple(RATES)}, seeds + refine)
    reached = np.linspace(0.2, 0.4, seeds + refine)
    score = replace(ACCURACY, trivial={"validation": reached, "test": reached})
    this = SimpleNamespace(asked=asked, grid=grid, score=score, trivial_loss=1 - reached)
    this.best_epoch = False
    this.final = lambda *arguments: Study.final(this, *arguments)
    this.judged = lambda *arguments: Study.judged(this, *arguments)
    this.recommended = lambda *arguments: Study.recommended(this, *arguments)
    return this


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(0, 3))
def test_further_seeds_are_trained_at_the_rate_that_the_comparison_is_made_at(seed, seeds, refine):
    rng = np.random.default_rng(seed)
    this = study(seeds, refine)
    outcome = Outcome.empty(np.array([1]), this.grid.shape)
    # Few different values, so that ties and scores exactly half-way are common.
    accuracy = rng.choice([0.1, 0.2, 0.6, 0.65, 1.0], this.grid.shape).astype(np.float32)
    for name, values in (("accuracy", accuracy), ("loss", 1 - accuracy)):
        outcome.curves[f"validation_{name}"] = values[None].copy()
        outcome.final[f"test_{name}"] = values.copy()
    outcome.curves["train_loss"] = np.ones((1, *this.grid.shape), np.float32)
    outcome.diverged_step[rng.random(this.grid.shape) < 0.1] = 1
    runs = np.zeros(this.grid.shape, bool)
    runs[:, :seeds] = True
    at = this.recommended(outcome, runs)
    outcome.done[:] = runs
    outcome.done[at.cell] = True
    rules = Rules(score=this.score, trivial_loss=this.trivial_loss, seeds=seeds)
    (choice,), _ = choose(results_table(this, [outcome]), ["activation"], rules)
    assert choice.learning_rate == RATES[at.cell] and len(choice.scores) == seeds + refine
    assert choice.rates == (RATES[at.tied[0]], RATES[at.tied[-1]])
    assert choice.edge == {0: "lowest", len(RATES) - 1: "highest"}.get(at.best)
    assert choice.diverged_here <= choice.failed or choice.test <= this.score.trivial["test"].mean()


def test_two_choices_that_reach_the_same_are_both_as_they_were_found():
    rows = [
        {"activation": name, "learning_rate": rate, "seed": seed, "validation_loss": 0.5}
        for name in "ab"
        for rate in (0.1, 1.0)
        for seed in range(6)
    ]
    table = pd.DataFrame(rows).assign(
        validation_accuracy=0.9, test_accuracy=0.9, test_loss=0.5, diverged_step=pd.NA
    )
    choices, verdict = choose(table, ["activation"], Rules(score=ACCURACY))
    assert [(choice.label, choice.learning_rate) for choice in choices] == [("a", 0.1), ("b", 0.1)]
    assert verdict.best == (0, 1) and [choice.p for choice in choices] == [1, 1]


def test_a_failure_is_judged_by_the_trivial_predictor_of_its_own_seed():
    losses, runs = np.zeros((3, 2)), np.ones((3, 2), bool)
    scores = np.array([[0.9, 0.9], [0.9, 0.4], [0.9, 0.9]])
    for trivial, cell in ((0.0, 0), (-0.2, 1)):  # half-way to 0.9 is 0.45, or 0.35
        given = np.ones(2), np.array([0.0, trivial])
        assert chosen([0.1, 1, 10], losses, scores, runs, *given).cell == cell


def test_rounding_does_not_decide_whether_a_rate_is_tied():
    # One seed differs: then the mean difference is exactly its standard error.
    table = np.full((2, 6), 1.0)
    for seed in range(6):
        one = table.copy()
        one[0, seed] = 0.3
        assert found(one).tied == (0, 1)
