"""What is advised follows from the result: each line for its own reason, with its flag."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from experiments.lab.data import Source, Splits
from experiments.lab.study.choices import choose
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.next_steps import next_steps
from experiments.lab.study.rules import Rules
from experiments.lab.study.study import Study
from jaxnn import Grid

RATES = (0.01, 0.1, 1.0)
SEEDS = 8
NOISE = np.array([0.003, -0.003, 0.002, 0.0, -0.002, 0.001, 0.0, -0.001])


def compared(tests, *, best=0.1, y=None, falls=(), fixed=False, metric=None, runs=SEEDS):
    """A comparison of activations with these test accuracies (or R²) of each seed."""
    y = np.array(["no", "yes"] * 30) if y is None else y
    regression = y.dtype.kind == "f"
    name = "r2" if regression else "accuracy"
    x = pd.DataFrame({"a": np.linspace(0, 1, len(y))})
    source = Source("rows", x, y, "regression" if regression else "classification", "kind")
    sizes = {"depth": (2,), "width": (64,), "batch_size": (16,), "optimizer": ("sgd",)}
    asked = Grid({"activation": tuple(tests), **sizes}, {"learning_rate": RATES}, runs)
    study = Study("Which?", {}, Splits(source), asked, {}, steps=60, fixed=fixed, metric=metric)
    rows = [
        {
            "activation": activation,
            "learning_rate": rate,
            "seed": seed,
            "validation_loss": 0.1 + abs(np.log10(rate / best)) / 10 + place / 1000,
            "test_loss": 0.5,
            "diverged_step": pd.NA,
            f"validation_{name}": 0.9 - abs(np.log10(rate / best)) / 10 - place / 1000,
            f"test_{name}": value,
        }
        for place, (activation, values) in enumerate(tests.items())
        for rate in RATES
        for seed, value in enumerate(values[:runs])
    ]
    results = pd.DataFrame(rows).astype({"diverged_step": "Int64"})
    choices, found = choose(results, ["activation"], Rules(study.score))
    choices = [replace(choice, improving=choice.label in falls) for choice in choices]
    return Comparison(
        study=study,
        outcomes=[],
        results=results,
        curves=pd.DataFrame(),
        choices=choices,
        found=found,
        earlier=[],
        last_gain=0.0,
        target=0.8,
        profile=pd.DataFrame(),
        layers=[],
        gradient_factors=[],
    )


APART = {"relu": 0.9 + NOISE, "tanh": 0.5 + NOISE[::-1]}


def test_a_settled_result_is_tried_on_other_networks():
    assert next_steps(compared(APART)) == [
        "to see whether this holds for other networks: --depth 2 4 --width 64 256"
    ]


@pytest.mark.parametrize(
    ("best", "edge", "rates"), [(0.01, "lowest", "0.001:1:4"), (1.0, "highest", "0.01:10:4")]
)
def test_a_best_rate_on_the_edge_widens_the_range_by_a_decade_spaced_as_before(best, edge, rates):
    first = next_steps(compared(APART, best=best))[0]
    assert first == (
        f"the best rates of relu and tanh are the {edge} tried: --learning-rate {rates}"
    )
    assert (
        f"tried: leave --fixed-grid out, or --learning-rate {rates}"
        in (next_steps(compared(APART, best=best, fixed=True))[0])
    )


def test_losses_that_still_fall_are_trained_longer():
    (one, *_), (all_, *_) = (
        next_steps(compared(APART, falls=falls)) for falls in (["tanh"], ["relu", "tanh"])
    )
    assert one == (
        "the validation loss of tanh still falls at the end, so longer training may change the "
        "order: --steps 240"
    )
    assert all_.startswith("the validation loss of both still falls at the end")


def test_of_many_losses_that_still_fall_three_are_named():
    tests = {f"f{place}": 0.9 - place / 10 + NOISE for place in range(6)}
    said = next_steps(compared(tests, falls=[f"f{place}" for place in range(5)]))[0]
    assert said.startswith("the validation loss of f0, f1, f2 and 2 more still falls")


@pytest.mark.parametrize("runs", [1, 3])
def test_too_few_seeds_are_made_ten(runs):
    steps = next_steps(compared(APART, runs=runs))
    assert f"nothing can be told apart: --refine {10 - runs}" in steps[0]
    assert steps[0].startswith(f"with {runs} seed{'s' * (runs > 1)} ")


def test_ties_say_what_it_would_take_as_the_verdict_does():
    tied = compared({"relu": 0.9 + 3 * NOISE, "tanh": 0.9 + 3 * NOISE[::-1]})
    (said,) = next_steps(tied)
    assert SEEDS < tied.found.needed < 100
    assert said == f"to tell 0.5 points apart: --refine {tied.found.needed - SEEDS}"
    assert said.removeprefix("to tell 0.5 points apart: ") in tied.verdict
    hopeless = compared({"relu": 0.9 + 50 * NOISE, "tanh": 0.9 + 50 * NOISE[::-1]})
    (said,) = next_steps(hopeless)
    assert said.endswith("so choose by cost or by habit, or get more rows")


def test_runs_that_diverge_at_the_chosen_rate_ask_for_lower_rates():
    comparison = compared(APART)
    first = replace(comparison.choices[0], diverged_here=2)
    steps = next_steps(replace(comparison, choices=[first, *comparison.choices[1:]]))
    assert steps[0] == (
        "2 of 8 runs of relu diverged at its rate: try rates just below it, "
        "--learning-rate 0.01:0.1:5"
    )


@pytest.mark.parametrize(
    ("y", "flag"),
    [
        (np.array(["no"] * 54 + ["yes"] * 6), "--metric balanced_accuracy"),
        (np.r_[np.linspace(1.0, 2.0, 59), 100.0], "--transform log"),
    ],
)
def test_a_rare_class_and_a_heavy_tail_name_their_flags(y, flag):
    steps = next_steps(compared(APART, y=y))
    assert flag in steps[0] and not any(flag in step for step in next_steps(compared(APART)))


def test_whoever_has_chosen_another_metric_is_not_advised_to():
    rare = np.array(["no"] * 54 + ["yes"] * 6)
    comparison = compared(APART, y=rare)
    study = replace(comparison.study, metric="auc")
    assert not any("--metric" in step for step in next_steps(replace(comparison, study=study)))


def test_equal_scores_have_one_order_whatever_that_of_the_flags():
    rows = dict.fromkeys(("tanh", "relu", "elu"), 0.9 + NOISE)
    results = compared(rows, best=0.1).results
    # Equal on validation rows too.
    results = results.assign(validation_loss=0.1, validation_accuracy=0.9)
    rules = Rules(compared(rows).study.score)
    for order in permutations(rows):
        asked = pd.concat([results[results["activation"] == name] for name in order])
        choices, found = choose(asked.reset_index(drop=True), ["activation"], rules)
        assert [choice.label for choice in choices] == ["elu", "relu", "tanh"]
        assert found.labels[found.first] == "elu" and set(found.p) == {1.0}
