"""The simulation of jobs: on made-up scores whose truth is known, and the rules of its verdicts."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.lab.data import Splits, load
from experiments.lab.io.errors import UserError
from experiments.lab.study.best_set import best_set
from experiments.verdict_checks import (
    Configuration,
    findings_jobs,
    measure,
    parts,
    tables,
)
from experiments.verdict_checks.figures import Figure, share
from experiments.verdict_checks.findings import judge
from experiments.verdict_checks.findings_jobs import (
    left_out,
    on_equal,
    on_new_tables,
    on_orders,
    on_splits,
)
from experiments.verdict_checks.findings_power import on_scores
from experiments.verdict_checks.findings_rates import on_rates
from experiments.verdict_checks.jobs import judged, needed, partition, truth
from experiments.verdict_checks.training import Ready, study_of

LABELS = ("relu", "tanh", "elu")
RATES = (0.1, 1.0)


def made_up(effects, spread=0.01, own=0.004, seeds=100, rates=(0.0, -0.05), common=None, seed=0):
    """Arrays of (choice, rate, seed): effects of choice and rate, of the block, and of the run."""
    random = np.random.default_rng(seed)
    blocks = random.normal(scale=spread, size=seeds) if common is None else common
    seeds = len(blocks)
    shape = len(effects), len(rates), seeds
    means = 0.9 + np.reshape(effects, (-1, 1, 1)) + np.reshape(rates, (1, -1, 1))
    test, validation = (
        means + blocks + random.normal(scale=own, size=shape) for _ in ("test", "validation")
    )
    return {
        "test": test,
        "validation": validation,
        "test_loss": 1 - test,
        "validation_loss": 1 - validation,
        "diverged": np.zeros(shape, bool),
        "rates": np.array(RATES[: len(rates)]),
        "trivial_loss": np.full(seeds, 2.3),
        "trivial_validation": np.full(seeds, 0.1),
        "trivial_test": np.full(seeds, 0.1),
        "rows": np.array([300, 100, 500]),
        "classes": np.array(True),
    }


def by_check(figures):
    return {each.check: each for each in figures}


def test_a_job_takes_the_better_rate_and_the_truth_is_of_the_seeds_outside_it():
    found = made_up((0.0, 0.02, -0.02))
    choices, verdict = judged(found, np.arange(10), LABELS)
    assert [choice.label for choice in choices] == ["tanh", "relu", "elu"]
    assert {choice.learning_rate for choice in choices} == {0.1} and len(verdict.worse) == 2
    expected = found["test"][1, 0, 10:].mean()
    assert truth(found, choices[0], LABELS, np.arange(10)) == pytest.approx(expected, abs=1e-12)
    tried = np.array([[False, True]] * 3)
    assert judged(found, np.arange(10), LABELS, tried)[0][0].learning_rate == 1.0


@pytest.mark.slow
def test_intervals_of_splits_cover_but_not_where_all_seeds_of_a_job_have_one_split():
    figures = by_check(on_splits("here", made_up((0.0, 0.003, -0.02)), LABELS, 10))
    covered = figures["mean over splits, recommended"]
    assert covered.value >= 0.8 and covered.jobs == 10
    assert figures["truly best left out"].met
    assert 0.9 < figures["choices left out where they differ"].value < 1.6
    assert 0 < figures["a given shuffled choice left out"].value < 0.06
    # Blocks that are alike within a job, as on one split, are not what the interval is for.
    alike = np.repeat(np.random.default_rng(1).normal(scale=0.01, size=10), 10)
    fixed = made_up((0.0, 0.003, -0.02), common=alike, own=0.002)
    covered = [
        low <= truth(fixed, choices[0], LABELS, mine) <= high
        for mine in partition(100, 10, 0)
        for choices, _ in [judged(fixed, mine, LABELS)]
        for low, high in [choices[0].splits_interval]
    ]
    assert np.mean(covered) < 0.5


@pytest.mark.slow
def test_intervals_for_new_rows_cover_tables_that_differ_and_those_for_splits_do_not():
    random = np.random.default_rng(2)
    # Rows shared by the splits of a table: what the overlap of 1/3 stands for.
    shared = np.repeat(random.normal(scale=0.01 / np.sqrt(3), size=30), 10)
    blocks = shared + random.normal(scale=0.01, size=300)
    found = made_up((0.0, 0.003, -0.02), common=blocks, own=0.002, rates=(0.0,))
    figures = by_check(on_new_tables("here", found, LABELS, 10))
    assert figures["new rows, recommended"].met
    narrow = figures["new rows, by the interval for splits"].value
    assert narrow < figures["new rows, recommended"].value


def test_choices_whose_scores_are_shuffled_are_seldom_left_out_and_others_often():
    random, effects = np.random.default_rng(5), np.array([[0.0], [0.01], [-0.02]])
    jobs = [effects + random.normal(scale=0.01, size=(3, 10)) for _ in range(60)]
    shuffled = list(findings_jobs.shuffled(jobs))
    assert len(shuffled) == 5 * len(jobs)
    np.testing.assert_allclose(np.sort(shuffled[4], axis=0), np.sort(jobs[0], axis=0))
    given, any_one, alone = left_out("shuffled", "here", [best_set(each) for each in shuffled], 60)
    assert 0.005 < given.value <= 0.05 and given.met
    assert alone.value <= given.value < any_one.value <= 0.12
    given, any_one, alone = left_out("other", "here", [best_set(each) for each in jobs], 60)
    assert given.value > 0.4 and not given.met and any_one.value > 0.9 and alone.value > 0.3


def test_equal_choices_that_are_not_equal_are_noticed():
    assert not on_equal("here", made_up((0.0, 0.01, -0.02), seeds=20), LABELS, 10)[0].met


def test_orders_that_contradict_each_other_are_counted():
    same = [
        judged(made_up((0.0, 0.001, 0.0), own=0.01, seed=n), np.arange(6), LABELS) for n in range(4)
    ]
    agreed = by_check(on_orders(same, "here"))
    assert agreed["pairs that contradict"].value == 0 and agreed["pairs that contradict"].met
    other = judged(made_up((-0.1, -0.2, -0.2)), np.arange(10), LABELS)
    found = by_check(on_orders([*same[:1], other], "here"))
    assert found["pairs with disjoint intervals"].value == 1
    contrary = judged(made_up((0.03, 0.0, 0.0)), np.arange(10), LABELS)
    better = judged(made_up((0.0, 0.03, 0.0)), np.arange(10), LABELS)
    found = by_check(on_orders([better, contrary], "here"))
    assert found["pairs that contradict"].value == 1
    assert found["pairs whose best sets have nothing in common"].value == 1


@pytest.mark.slow
def test_the_power_that_is_measured_is_the_one_that_is_predicted():
    random = np.random.default_rng(3)
    scores = random.normal(scale=0.005 / np.sqrt(2), size=(3, 400)) + random.normal(size=400)
    found = by_check(on_scores("here", scores, 0.3, 60))
    for seeds in (10, 40):
        for difference in ("0.3", "0.5", "1.0"):
            what = f"{difference} points, {seeds} seeds: "
            measured, said = (
                found[f"{what}a worse choice left out"],
                found[f"{what}power as predicted"],
            )
            assert measured.value == pytest.approx(said.value, abs=0.15)
    assert found["half a point left out with that many seeds"].value == pytest.approx(0.8, abs=0.15)
    assert 8 <= found["seeds for half a point"].value <= 16


def test_the_regret_is_what_the_chosen_rate_costs():
    found = made_up((0.0,), rates=(-0.004, 0.0), own=0.02, seeds=40)
    tried = np.array([[True, False], [True, True], [True, True], [False, True]])
    found |= {"jobs": partition(40, 10, 0), "tried": tried}
    regrets = by_check(on_rates({"relu": found}, 10))
    means = found["test"][0].mean(axis=1)
    regret = regrets["accuracy below the best rate's"].value
    assert 0 < regret <= means.max() - means.min()
    found["test"][0, 0, :20] = 0.1  # half of the runs fail
    found["tried"][:] = [True, False]
    figures = by_check(on_rates({"relu": found}, 10))
    assert figures["runs that fail at the rate"].value == 0.5
    assert not figures["runs that fail at the rate"].met


def test_a_job_asks_for_the_rates_around_its_best():
    splits = Splits(load("iris"))
    study = study_of(splits, ["relu"], (0.01, 0.1, 1.0), 4, depth=1, width=2, steps=1, fixed=False)
    rates = np.array(study.grid.hyperparameters["learning_rate"])
    losses = np.full((1, len(rates), 4), np.nan)
    losses[0, np.isin(rates, (0.01, 0.1, 1.0))] = np.array([[1.0], [0.2], [0.9]])
    found = {"validation_loss": losses, "validation": -losses, "trivial_loss": np.full(4, 1.1)}
    asked = rates[needed(study, found, np.array([0, 2]))]
    assert asked == pytest.approx([0.01, 0.0316, 0.0562, 0.1, 0.178, 0.316, 1.0], rel=0.01)
    losses[0, rates == 1.0] = 0.1
    asked = rates[needed(study, found, np.array([0, 2]))]
    assert asked.max() == pytest.approx(10)  # the best was the highest


@pytest.mark.parametrize("name", ["generated_classes", "generated_numbers", "digits"])
def test_new_rows_are_in_no_split_of_their_table(name):
    splits, (train, test, rows) = tables.blocks(name, "", 3, 10)
    again, more = tables.blocks(name, "", 3, 10)[0], tables.FRESH[name]
    assert train + 2 * test == rows == tables.ROWS[name] and len(splits) == 10
    drawn = tables.draw(name, "", np.random.default_rng(3), rows + 10 * more)
    assert len(np.unique(drawn.x, axis=0)) == len(drawn.x)
    for number, (split, same) in enumerate(zip(splits, again, strict=True)):
        np.testing.assert_array_equal(split.x["test"], same.x["test"])
        fresh = slice(rows + number * more, rows + (number + 1) * more)
        np.testing.assert_allclose(
            split.x["validation"], split.preprocessing.apply(drawn.x[fresh]), atol=1e-6
        )


@pytest.mark.slow
def test_choices_that_are_equal_share_their_splits_and_not_their_draws():
    small = replace(Configuration(), job=3, jobs=2, activation=("relu", "tanh"))
    small = replace(small, learning_rate=(0.1,), width=4, steps=3)
    found = measure.equal("wine", small)
    assert found["test"].shape == (2, 1, 6) and found["trivial_loss"].shape == (6,)
    assert not np.allclose(found["test_loss"][0], found["test_loss"][1])
    source, made = load("wine"), Splits(load("wine"))
    ready = Ready(source, [made.of(seed) for seed in range(6)])
    assert ready.of(7) is ready.of(1) and ready.number(7) == 1
    wanted = [np.mean(made.of(seed).y["test"] == 0) for seed in range(6)]
    assert len(wanted) == 6 and found["rows"].tolist() == [106, 36, 178]


def test_each_verdict():
    good = share("VERDICT 2", "left out", "wine", [False] * 20, 20, (0, 0.05))
    bad = share("VERDICT 2", "left out", "digits", [True] * 20, 20, (0, 0.05))
    shown = Figure("VERDICT 2", "shown", "wine", 1.0, 1.0, 1.0, 1)
    assert judge([good]) == ("holds", "") and judge([bad]) == ("does not hold", "")
    assert judge([good, bad]) == (
        "holds only when",
        "this does not count: left out on digits",
    )
    assert judge([]) == ("undecided", "") and not shown.judged


def test_what_cannot_be_measured_is_refused(tmp_path):
    with pytest.raises(UserError, match="--tables nowhere: known are generated_classes, "):
        parts(Configuration(tables=("nowhere",)))
    with pytest.raises(UserError, match="--activation: name at least two to compare"):
        parts(Configuration(activation=("relu",)))
    names = [part.name for part in parts(Configuration(mnist=str(tmp_path / "none")))]
    assert "tables-digits" in names and "tables-mnist" not in names
