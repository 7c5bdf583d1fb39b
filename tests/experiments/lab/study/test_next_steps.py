"""What is advised follows from the result: each line for its own reason, with its flag."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments.lab.data import Source, prepare
from experiments.lab.study.choices import choose
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.next_steps import next_steps, seeds_needed
from experiments.lab.study.study import Study
from jaxnn import Grid

RATES = (0.01, 0.1, 1.0)
SEEDS = 8
NOISE = np.array([0.003, -0.003, 0.002, 0.0, -0.002, 0.001, 0.0, -0.001])


def compared(
    tests, *, best=0.1, curve=(0.8, 0.8, 0.8), target=None, settings=None, fixed=False, runs=SEEDS
):
    """A comparison of activations with these test accuracies (or R²) of each seed."""
    regression = target is not None
    name = "r2" if regression else "accuracy"
    y = target if regression else np.array(["no", "yes"] * 30)
    source = Source(
        "rows",
        pd.DataFrame({"a": np.linspace(0, 1, len(y))}),
        y,
        "regression" if y.dtype.kind == "f" else "classification",
        "kind",
    )
    asked = Grid(
        {
            "activation": tuple(tests),
            "depth": (2,),
            "width": (64,),
            "batch_size": (16,),
            "optimizer": ("sgd",),
        },
        {"learning_rate": RATES},
        runs,
    )
    study = Study("Which?", settings or {}, source, prepare(source), asked, {}, 60, fixed=fixed)
    rows = [
        {
            "activation": activation,
            "learning_rate": rate,
            "seed": seed,
            "validation_loss": 0.5,
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
    column = "validation_loss" if regression else "validation_accuracy"
    curves = pd.DataFrame(
        [
            {"activation": activation, "learning_rate": rate, "step": step, column: value}
            for activation in tests
            for rate in RATES
            for step, value in zip((30, 48, 60), curve, strict=True)
        ]
    )
    choices = choose(results, ["activation"], study.score)
    return Comparison(study, [], results, curves, choices, 0.8, pd.DataFrame(), [], [])


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


def test_curves_that_still_rise_are_trained_longer():
    steps = next_steps(compared(APART, curve=(0.7, 0.8, 0.81)))
    assert steps[0] == (
        "all 2 still improve in the last fifth of the training, and longer training may change "
        "the order: --steps 240"
    )
    # By less than half a point, nothing is said; nor where the rise was earlier, or it is a fall.
    for flat in ((0.7, 0.8, 0.804), (0.5, 0.8, 0.8), (0.9, 0.8, 0.7)):
        assert not any("--steps" in step for step in next_steps(compared(APART, curve=flat)))


def test_the_loss_of_a_regression_counts_as_its_r2():
    target = np.linspace(0.0, 1.0, 60)
    falling = compared(APART, target=target, curve=(0.5, 0.4, 0.3))
    assert any("--steps 240" in step for step in next_steps(falling))
    assert not any("--steps" in step for step in next_steps(compared(APART, target=target)))


def test_ties_say_how_many_seeds_it_would_take():
    tests = {"relu": 0.9 + NOISE, "tanh": 0.9 + NOISE[::-1]}
    comparison = compared(tests)
    needed = seeds_needed(tests["relu"], tests["tanh"])
    assert next_steps(comparison) == []  # what there are suffices to tell half a point
    assert needed < SEEDS
    wide = {"relu": 0.9 + 3 * NOISE, "tanh": 0.9 + 3 * NOISE[::-1]}
    needed = seeds_needed(wide["relu"], wide["tanh"])
    assert SEEDS < needed < SEEDS + 20
    assert next_steps(compared(wide)) == [
        "tanh cannot be told apart from relu; telling 0.5 points apart takes about "
        f"{float(f'{needed:.2g}'):.0f} seeds: --refine {10 * int(np.ceil((needed - SEEDS) / 10))}"
    ]
    hopeless = {"relu": 0.9 + 20 * NOISE, "tanh": 0.9 + 20 * NOISE[::-1]}
    (said,) = next_steps(compared(hopeless))
    assert said.endswith("seeds, so choose by cost or by habit, or get more rows")


def test_too_few_seeds_are_made_ten():
    assert next_steps(compared(APART, runs=3)) == [
        "tanh cannot be told apart from relu with 3 seeds: --refine 7"
    ]


def test_the_seeds_needed_find_the_difference_four_times_in_five():
    """By simulation, with the paired t test."""
    from scipy.stats import ttest_1samp

    rng, sd, margin = np.random.default_rng(0), 0.02, 0.005
    pairs = rng.normal(0, sd, 4000)
    count = round(seeds_needed(pairs, np.zeros(4000), margin))
    found = ttest_1samp(rng.normal(margin, sd, (4000, count)), 0, axis=1).pvalue < 0.05
    assert 0.77 < found.mean() < 0.83


def test_runs_that_diverge_at_the_chosen_rate_ask_for_lower_rates():
    comparison = compared(APART)
    first = replace(comparison.choices[0], diverged_here=2)
    steps = next_steps(replace(comparison, choices=[first, *comparison.choices[1:]]))
    assert steps[0] == (
        "2 of 8 runs of relu diverged at its rate: try rates just below it, "
        "--learning-rate 0.01:0.1:5"
    )


def test_a_rare_class_and_a_heavy_tail_name_their_flags_where_those_exist():
    rare = np.array(["no"] * 54 + ["yes"] * 6)
    tail = np.r_[np.linspace(0.0, 1.0, 59), 100.0]
    for y, setting, said in (
        (rare, {"metric": "accuracy"}, "90 % of the rows are of one class, so that accuracy says"),
        (tail, {"transform": "none"}, "one row has 98 % of the target's variance, so that R²"),
    ):
        source = Source(
            "rows",
            pd.DataFrame({"a": np.linspace(0, 1, 60)}),
            y,
            "regression" if y.dtype.kind == "f" else "classification",
            "kind",
        )
        comparison = compared(APART, target=tail if y is tail else None, settings=setting)
        study = replace(comparison.study, data=prepare(source))
        steps = next_steps(replace(comparison, study=study))
        assert steps[0].startswith(said) and f"--{next(iter(setting))} " in steps[0]
        without = next_steps(replace(comparison, study=replace(study, settings={})))
        assert not any(step.startswith(said) for step in without)
