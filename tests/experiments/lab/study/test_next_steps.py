"""What is advised follows from the result: each line for its own reason, with its flag."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments.lab.data import Source, Splits
from experiments.lab.study.choices import choose
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.next_steps import MANY, next_steps
from experiments.lab.study.study import Study
from jaxnn import Grid

RATES = (0.01, 0.1, 1.0)
SEEDS = 8
NOISE = np.array([0.003, -0.003, 0.002, 0.0, -0.002, 0.001, 0.0, -0.001])
CLASSES = np.array(["no", "yes"] * 30)
SIZES = {"depth": (2,), "width": (64,), "batch_size": (16,), "optimizer": ("sgd",)}


def compared(tests, *, best=0.1, y=CLASSES, **options):
    """A comparison of activations with these test accuracies, or R², of each seed.

    Args:
        tests: activation -> (seeds,).
        best: the rate with the lowest validation loss.
        y: the target of all rows.
        options: of the study.
    """
    regression = y.dtype.kind == "f"
    name, runs = "r2" if regression else "accuracy", len(next(iter(tests.values())))
    source = Source(
        "rows",
        pd.DataFrame({"a": np.linspace(0, 1, len(y))}),
        y,
        "regression" if regression else "classification",
        "kind",
    )
    study = Study(
        question="Which?",
        settings={},
        splits=Splits(source, fixed=True),
        asked=Grid(SIZES | {"activation": tuple(tests)}, {"learning_rate": RATES}, runs),
        activations={},
        steps=60,
        **options,
    )
    rows = [
        {
            "activation": activation,
            "learning_rate": rate,
            "seed": seed,
            "validation_loss": 0.1 + abs(np.log10(rate / best)) / 10,
            "test_loss": 0.5,
            "diverged_step": pd.NA,
            f"validation_{name}": 0.9 - abs(np.log10(rate / best)) / 10 - place / 1000,
            f"test_{name}": value,
        }
        for place, (activation, values) in enumerate(tests.items())
        for rate in RATES
        for seed, value in enumerate(values)
    ]
    results = pd.DataFrame(rows).astype({"diverged_step": "Int64"})
    choices, found = choose(results, ["activation"], study.rules)
    return Comparison(
        study=study,
        outcomes=[],
        results=results,
        curves=pd.DataFrame(),
        choices=[replace(choice, improving=False) for choice in choices],
        found=found,
        earlier=[],
        last_gain=0.0,
        target=0.8,
        profile=pd.DataFrame(),
        layers=[],
        gradient_factors=[],
    )


APART = {"relu": 0.9 + NOISE, "tanh": 0.5 + NOISE[::-1]}


def alike(times):
    """Two activations with the same mean, whose paired differences vary so many times as much."""
    return {"relu": 0.9 + times * NOISE, "tanh": 0.9 + times * NOISE[::-1]}


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


@pytest.mark.parametrize(
    ("falling", "who"),
    [((0,), "relu"), ((1,), "tanh"), ((0, 1), "all 2")],
)
def test_choices_whose_loss_still_falls_are_trained_longer(falling, who):
    comparison = compared(APART)
    choices = [
        replace(choice, improving=number in falling)
        for number, choice in enumerate(comparison.choices)
    ]
    assert next_steps(replace(comparison, choices=choices))[0] == (
        f"the validation loss of {who} still falls at the end, so longer training may change the "
        "order: --steps 240"
    )


def test_of_many_falling_losses_three_are_named():
    tests = {f"f{place}": 0.9 - place / 10 + NOISE for place in range(6)}
    comparison = compared(tests)
    choices = [
        replace(choice, improving=number < 5) for number, choice in enumerate(comparison.choices)
    ]
    said = next_steps(replace(comparison, choices=choices))[0]
    assert said.startswith("the validation loss of f0, f1, f2 and 2 more still falls")


def test_more_seeds_are_advised_as_the_verdict_does():
    settled = compared(alike(0.1))
    assert settled.found.needed is None and next_steps(settled) == []
    comparison = compared(alike(3))
    needed = comparison.found.needed
    assert SEEDS < needed <= MANY
    assert next_steps(comparison) == [f"to tell 0.5 points apart: --refine {needed - SEEDS}"]
    # Those that --refine has added are among the seeds, and named again.
    refined = replace(comparison, study=replace(comparison.study, refine=3))
    assert next_steps(refined) == [f"to tell 0.5 points apart: --refine {needed - SEEDS + 3}"]
    assert next_steps(compared(alike(60))) == [
        f"telling 0.5 points apart takes more than {MANY} seeds, so choose by cost or by habit, or "
        "get more rows"
    ]


def test_too_few_seeds_are_made_ten():
    for runs, said in ((3, "with 3 seeds"), (1, "with 1 seed")):
        few = {name: values[:runs] for name, values in APART.items()}
        assert next_steps(compared(few)) == [
            f"{said} nothing can be told apart: --refine {10 - runs}"
        ]


def test_runs_that_diverge_at_the_chosen_rate_ask_for_lower_rates():
    comparison = compared(APART)
    first = replace(comparison.choices[0], diverged_here=2)
    steps = next_steps(replace(comparison, choices=[first, *comparison.choices[1:]]))
    assert steps[0] == (
        "2 of 8 runs of relu diverged at its rate: try rates just below it, "
        "--learning-rate 0.01:0.1:5"
    )


RARE = np.array(["no"] * 54 + ["yes"] * 6)
TAIL = np.r_[np.linspace(1.0, 2.0, 59), 100.0]


@pytest.mark.parametrize(
    ("y", "said", "flag", "answered"),
    [
        (
            RARE,
            "90 % of the rows are 'no': accuracy says little",
            "--metric bal",
            {"metric": "auc"},
        ),
        (TAIL, "one row has 98.2 % of the variance of kind", "--transform log", {"metric": "mae"}),
    ],
)
def test_a_rare_class_and_a_heavy_tail_name_the_flag(y, said, flag, answered):
    steps = next_steps(compared(APART, y=y))
    assert steps[0].startswith(said) and flag in steps[0]
    comparison = compared(APART, y=y)
    with_flag = replace(comparison, study=replace(comparison.study, **answered))
    assert not any(step.startswith(said) for step in next_steps(with_flag))
    even = np.linspace(1.0, 2.0, 60) if y is TAIL else CLASSES
    assert len(next_steps(compared(APART, y=even))) == 1
