"""Models that are no networks, in a whole job: kept, and first in the verdict where they win."""

import json
from functools import partial

import numpy as np
import pandas as pd
import pytest

from experiments import activations
from experiments.lab import job
from experiments.lab.io.files import write_text
from tests.helpers.commands import exit_code

RARE, ROWS = 0.03, 400
SMALL = ["--learning-rate", "0.1", "--seeds", "3", "--steps", "3", "--single"]
run = partial(exit_code, activations)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of rows that say nothing about a rare class, without a hidden layer."""
    path, rng = tmp_path_factory.mktemp("rare"), np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(ROWS, 2)), columns=["a", "b"]).assign(
        fraud=np.where(np.arange(ROWS) < RARE * ROWS, "yes", "no")
    )
    write_text(path / "t.csv", table.to_csv(index=False))
    assert run("--data", path / "t.csv", *flags(path / "r")) == 0
    return path


def flags(out):
    given = ["--target", "fraud", "--activation", "relu", "tanh/elu", "--depth", "0"]
    return [*given, *SMALL, "--baseline", "relu", "--out", out]


def verdict(folder):
    return json.loads((folder / "summary.json").read_text())["verdict"]


def test_where_no_network_beats_the_most_frequent_class_nothing_is_recommended(folder):
    said = verdict(folder / "r")
    assert said.startswith(
        "linear is not shown to be better than always answering the most frequent class (97.5 %, "
    )
    assert "so nothing is recommended: with one class this frequent, accuracy says little; " in said
    assert "--metric balanced_accuracy or --metric auc" in said and "Use " not in said


def test_without_a_hidden_layer_there_is_one_linear_model_and_a_note(folder):
    results = pd.read_csv(folder / "r" / "results.csv")
    assert results["activation"].unique().tolist() == ["linear"] and len(results) == 3
    notes = json.loads((folder / "r" / "config.json").read_text())["data"]["notes"]
    assert any("no activation to compare: one linear model is trained" in note for note in notes)
    assert "This was found for networks without a hidden layer, trained on" in verdict(folder / "r")


@pytest.mark.slow
def test_models_that_are_fitted_are_kept_where_what_follows_is_interrupted(
    folder, tmp_path, monkeypatch
):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    command = ["--data", folder / "t.csv", *flags(tmp_path / "r")]
    with monkeypatch.context() as patch:
        patch.setattr(job, "refitted", interrupted)
        assert run(*command) == 130
    assert not (tmp_path / "r" / "summary.json").exists()
    monkeypatch.setattr(job, "references", interrupted)  # they are not fitted again
    assert run(*command) == 0
    for name in ("results.csv", "curves.csv", "summary.json"):
        assert (tmp_path / "r" / name).read_bytes() == (folder / "r" / name).read_bytes()
