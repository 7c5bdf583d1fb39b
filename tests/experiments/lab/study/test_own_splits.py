"""A study whose seeds have splits of their own: each run is what it would be alone."""

from functools import partial

import jax
import numpy as np
import pandas as pd
import pytest

from experiments import activations
from experiments.lab.data import splits as splitting
from experiments.lab.study.ask import ask
from experiments.lab.study.comparison import compare
from experiments.lab.study.flags import StudyFlags
from jaxnn.sweep import batches, run_key
from tests.helpers.commands import exit_code
from tests.helpers.studies import trained

pytestmark = pytest.mark.slow

RATES, SEEDS, STEPS = (0.01, 0.1), 5, 12
SMALL = {
    "activation": ("relu",),
    "learning_rate": tuple(map(str, RATES)),
    "fixed_grid": True,
    "seeds": SEEDS,
    "width": (4,),
    "depth": (1,),
    "steps": STEPS,
    "batch_size": (8,),
}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Patients of unequal numbers of rows; the city c is in one row only."""
    path = tmp_path_factory.mktemp("data") / "t.csv"
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(12), rng.integers(2, 9, 12))
    size = rng.normal(size=len(patient))
    frame = pd.DataFrame(
        {
            "patient": patient,
            "day": rng.permutation(len(patient)),
            "size": size.round(3),
            "city": rng.choice(["a", "b"], len(patient)),
            "kind": np.where(size + rng.normal(size=len(patient)) > 0, "yes", "no"),
        }
    )
    frame.loc[5, "city"] = "c"
    frame.to_csv(path, index=False)
    return path


def asked(table, **flags):
    return ask(StudyFlags(data=str(table), target="kind", **(SMALL | flags)), "Which?")


def train(study):
    return trained(study)[0]


def runs_alone(study):
    """Gives the losses and accuracies of one run, trained by itself on its seed's rows."""
    training = study.make(study.grid.structures[0])
    compiled = jax.jit(training.segment), jax.jit(training.evaluate)
    return partial(alone, study, training.init, *compiled)


def alone(study, init, segment, evaluate, seed, rate):
    structure, h = study.grid.structures[0], {"learning_rate": np.float32(rate)}
    parts = study.splits.of(seed).parts
    order = batches(
        [seed],
        examples=len(parts["train"][0]),
        batch_size=study.batch_size(structure),
        steps=study.steps,
        start=0,
    )[0]
    state, _ = segment(init(run_key(seed, "init"), h), h, *parts["train"], order)
    return {
        f"{part}_{name}": float(value)
        for part in ("validation", "test")
        for name, value in evaluate(state, h, *parts[part]).items()
        if name in ("loss", "accuracy")
    }


@pytest.mark.parametrize(
    ("flags", "different"),
    [
        ({}, SEEDS),
        ({"group": "patient"}, SEEDS),
        ({"time": "day"}, 2),
        ({"splits": "fixed"}, 1),
    ],
)
def test_each_run_is_what_it_would_be_alone_on_its_seeds_split(table, flags, different):
    study = asked(table, **flags)
    tested = {tuple(study.splits.rows(seed)["test"]) for seed in range(SEEDS)}
    assert different <= len(tested) <= (1 if different == 1 else SEEDS)
    if "group" in flags:  # the training rows are padded to one shape
        assert len({study.splits.training_rows(seed) for seed in range(SEEDS)}) > 1
    outcome = train(study)
    assert outcome.done.all()
    found = outcome.final | {name: values[-1] for name, values in outcome.curves.items()}
    by_itself = runs_alone(study)
    for cell, rate in enumerate(RATES):
        for seed in range(SEEDS):
            for name, value in by_itself(seed, rate).items():
                assert found[name][cell, seed] == pytest.approx(value, rel=1e-4), (seed, name)


def test_rows_that_pad_a_training_part_are_never_trained_on(table, monkeypatch):
    study = asked(table, group="patient")
    before = train(study)

    def broken(rows, more):
        """As ``_padded``, with numbers that no run would survive."""
        filled = np.full((more, *rows.shape[1:]), np.nan, rows.dtype)
        return np.concatenate([rows, filled])

    monkeypatch.setattr(splitting, "_padded", broken)
    assert any(np.isnan(study.splits.parts(seed)["train"][0]).any() for seed in range(SEEDS))
    after = train(study)
    assert (after.diverged_step == -1).all()
    for name, values in before.final.items():
        np.testing.assert_array_equal(after.final[name], values)
    for name, values in before.curves.items():
        np.testing.assert_array_equal(after.curves[name], values)


def test_the_comparison_is_over_splits_and_says_so(table):
    """The trivial predictor is each seed's own, and intervals are wider than over one split."""
    own, fixed = asked(table), asked(table, splits="fixed")
    for of_seeds in (lambda study: study.trivial_loss, lambda study: study.score.trivial["test"]):
        assert len(set(of_seeds(own))) > 1 == len(set(of_seeds(fixed)))
    rows = len(own.source.y)
    held_out = round(0.2 * rows)
    assert (own.rules.overlap, own.rules.rows, own.rules.test_rows) == (
        held_out / (rows - 2 * held_out),
        rows,
        None,
    )
    assert (fixed.rules.overlap, fixed.rules.rows, fixed.rules.test_rows) == (0, None, held_out)
    found = compare(own, [train(own)])
    low, high = found.choices[0].interval
    inner = found.choices[0].splits_interval
    assert low < inner[0] < found.choices[0].test < inner[1] < high
    assert f"trained on {rows - 2 * held_out} rows for {STEPS} updates" in found.verdict


@pytest.mark.parametrize("flag", [("--group", "patient"), ("--time", "day")])
def test_the_main_job_takes_groups_and_times(flag, table, tmp_path, capsys):
    flags = ["--data", table, "--target", "kind", *flag, "--activation", "tanh", "--depth", 1]
    flags += ["--learning-rate", 0.1, "--seeds", 2, "--width", 4, "--steps", 4]
    assert exit_code(activations, *flags, "--out", tmp_path / "r") == 0
    said = capsys.readouterr().out
    assert "rows, split anew for each seed (" in said and "Use tanh at learning rate 0.1" in said
    results = pd.read_csv(tmp_path / "r" / "results.csv")
    assert len(results) == 2 and results["test_loss"].nunique() == 2
