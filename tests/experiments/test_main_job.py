"""The main job as its users meet it: from a command to files, and one sentence for each error."""

import json
import shutil
from functools import partial

import numpy as np
import pandas as pd
import pytest

import jaxnn
from experiments import activations
from experiments.lab.engine import runner
from experiments.lab.study.theory import gradient_factor
from tests.helpers.commands import exit_code

SMALL = [
    "--activation",
    "relu",
    "tanh",
    "--learning-rate",
    "1e-3:1e3:4",
    "--seeds",
    "3",
    "--width",
    "8",
    "--depth",
    "1",
    "--steps",
    "30",
]


run = partial(exit_code, activations)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "wine"
    assert run("--data", "wine", *SMALL, "--out", path) == 0
    return path


def test_there_is_one_row_per_run_and_both_arms_show(folder):
    results = pd.read_csv(folder / "results.csv")
    assert len(results) == 2 * (4 + 4) * 3  # with two rates on either side of each best
    assert len(results.drop_duplicates(["activation", "learning_rate", "seed"])) == len(results)
    accuracy = results.groupby("learning_rate")["test_accuracy"].mean()
    assert accuracy.idxmax() not in (accuracy.index[0], accuracy.index[-1])
    diverged = results["diverged_step"].notna()
    assert (
        np.isinf(results.loc[diverged, "test_loss"]).all()
        and (results.loc[diverged, "test_accuracy"] == 0).all()
    )


def test_the_summary_follows_from_the_results(folder):
    results, summary = (
        pd.read_csv(folder / "results.csv"),
        json.loads((folder / "summary.json").read_text()),
    )
    best = summary["table"][0]
    cell = results[
        (results["activation"] == best["activation"])
        & np.isclose(results["learning_rate"], best["learning_rate"])
    ]
    np.testing.assert_allclose(np.sort(cell["test_accuracy"]), np.sort(best["scores"]), rtol=1e-5)
    assert summary["verdict"].startswith(
        f"Use {best['activation']} at learning rate {best['learning_rate']:.2g}"
    )
    config = json.loads((folder / "config.json").read_text())
    assert {
        "command",
        "versions",
        "devices",
        "precision",
        "seconds",
        "configuration",
        "data",
        "fingerprint",
    } <= set(config)


@pytest.mark.slow
def test_the_same_command_gives_the_same_bytes(folder, tmp_path):
    assert run("--data", "wine", *SMALL, "--out", tmp_path / "again") == 0
    for name in ("results.csv", "curves.csv", "summary.json"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.slow
def test_an_interrupted_run_goes_on_where_it_stopped(folder, tmp_path, monkeypatch, capsys):
    ran = []

    def interrupt(self, number):
        ran.append(number)
        raise KeyboardInterrupt

    monkeypatch.setattr("experiments.lab.study.watch.Watch.finish", interrupt)
    assert run("--data", "wine", *SMALL, "--out", tmp_path / "r") == 130
    assert ran == [0] and not (tmp_path / "r" / "results.csv").exists()
    monkeypatch.setattr(
        "experiments.lab.study.watch.Watch.finish", lambda self, number: ran.append(number)
    )
    assert run("--data", "wine", *SMALL, "--out", tmp_path / "r") == 0
    assert ran == [0, 1, 0, 1]  # of the grid asked for, and of the rates between
    assert (tmp_path / "r" / "results.csv").read_bytes() == (folder / "results.csv").read_bytes()
    assert "the same command continues" in capsys.readouterr().err


@pytest.mark.slow
def test_other_results_are_moved_aside_and_not_lost(folder, tmp_path):
    earlier = (shutil.copytree(folder, tmp_path / "r") / "results.csv").read_bytes()
    flags = [
        "--data",
        "iris",
        "--activation",
        "relu",
        "--depth",
        "1",
        "--width",
        "4",
        "--seeds",
        "1",
        "--steps",
        "2",
        "--out",
        tmp_path / "r",
    ]
    assert run(*flags, "--learning-rate", 0.2) == 0
    assert (tmp_path / "r.1" / "results.csv").read_bytes() == earlier
    assert pd.read_csv(tmp_path / "r" / "results.csv")["learning_rate"].tolist() == [0.2]


@pytest.mark.slow
def test_a_table_with_a_hostile_column_is_trained_on_and_shown_as_text(tmp_path):
    rows = [f"{i},{'ab'[i % 2]},{3 * i + (i % 2)}" for i in range(40)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["x,kind,<script>alert(1)</script>", *rows]))
    out = tmp_path / "r"
    small = ["--activation", "relu", "--learning-rate", "0.1", "--seeds", "2", "--steps", "2"]
    flags = ["--target", "<script>alert(1)</script>", *small, "--single", "--out", out]
    assert run("--data", path, *flags) == 0
    assert "test_r2" in pd.read_csv(out / "results.csv")
    page = (out / "report.html").read_text()
    assert "<script>alert(1)" not in page and "&lt;script&gt;alert(1)" in page


def test_inspecting_trains_and_writes_nothing(tmp_path, capsys):
    assert run("--data", "wine", "--inspect", "--out", tmp_path / "r") == 0
    assert (
        "178: 106 training, 36 validation, 36 test" in capsys.readouterr().out
        and not (tmp_path / "r").exists()
    )


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ["--activation", "relo"],
            "--activation relo: no such activation; known, nearest first: relu, ",
        ),
        (["--activation"], "--activation has no value"),
        (
            ["--data", "digitz"],
            "--data digitz: no such data set, folder or file; known names, nearest first: digits, ",
        ),
        (
            ["--optimizer", "adamm"],
            "--optimizer adamm: no such optimizer; known, nearest first: adam",
        ),
        (["--seeds", "0"], "--seeds 0: give a whole number of at least 1"),
        (["--depth", "-1"], "--depth -1: give a whole number of at least 0"),
        (["--steps", "x"], "--steps"),
        (["--stepz", "3"], "--steps"),
        (["--learning-rate", "0"], "--learning-rate 0: 0 is not a finite number above 0"),
        (["--learning-rate", "-0.1"], "--learning-rate"),
        (
            ["--baseline", "softplus"],
            "--baseline softplus: not among the activations compared, which are linear, sigmoid, ",
        ),
        (["--target", "x"], "--target x: digits has its own target"),
        (["--task", "other"], "--task"),
        (["--drop", "x"], "--drop x: digits has its own columns; leave --drop out"),
        (["--test-data", "x.csv"], "--test-data x.csv: digits has its own test rows"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(flags, message, capsys, tmp_path):
    assert run(*flags, "--out", tmp_path / "r") == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and message in said
    assert said.count("\n") == 1 and "Traceback" not in said


def test_curves_have_as_many_points_as_a_tenth_of_training_pays_for(folder):
    curves = pd.read_csv(folder / "curves.csv")
    assert curves["step"].max() == 30
    assert curves["step"].nunique() == len(runner.segment_lengths(30, points=10)) == 10


def test_dead_and_saturated_units_are_in_the_files(folder):
    results, curves = pd.read_csv(folder / "results.csv"), pd.read_csv(folder / "curves.csv")
    diverged = results["diverged_step"].notna()
    for name in ("dead", "saturated"):
        shares, known = results[f"test_{name}"], curves[f"validation_{name}"].notna()
        assert (
            shares[~diverged].between(0, 1).all() and shares[diverged].isna().all() and known.any()
        )
        low, middle, high = (
            curves.loc[known, f"validation_{name}{end}"] for end in ("_low", "", "_high")
        )
        assert (low <= middle).all() and (middle <= high).all()
    assert (curves["validation_loss_low"] <= curves["validation_loss"]).all()
    rows = json.loads((folder / "summary.json").read_text())["table"]
    assert all(0 <= row[name] <= 1 for row in rows for name in ("dead", "saturated"))


def test_steps_to_target_and_the_comparison_with_the_baseline_follow_from_the_files(folder):
    results, summary = (
        pd.read_csv(folder / "results.csv"),
        json.loads((folder / "summary.json").read_text()),
    )
    rows = {row["activation"]: row for row in summary["table"]}
    assert rows["relu"]["versus"] is None and rows["tanh"]["versus"]["baseline"] == "relu"
    assert summary["target"]["validation"] == pytest.approx(
        1 - (1.25 * (1 - rows["relu"]["validation"]) + 0.01)
    )
    ours, theirs = np.array(rows["tanh"]["scores"]), np.array(rows["relu"]["scores"])
    assert rows["tanh"]["versus"]["probability"] == pytest.approx(
        np.mean((ours > theirs) + (ours == theirs) / 2)
    )
    assert (
        results.loc[
            results["validation_accuracy"] >= summary["target"]["validation"], "steps_to_target"
        ]
        <= 30
    ).all()
    for name, row in rows.items():
        steps = results.loc[
            (results["activation"] == name)
            & np.isclose(results["learning_rate"], row["learning_rate"]),
            "steps_to_target",
        ]
        assert row["reached"] == np.isfinite(steps).sum()
        assert row["steps_to_target"] == (steps.median() if np.isfinite(steps.median()) else None)
        assert row["theory_gradient_factor"] == 1  # one hidden layer
    assert summary["performance_profile"]["tau"][0] == 1


def test_theory_agrees_with_the_gradients_of_wide_networks():
    rng, width, depth = np.random.default_rng(0), 400, 4
    gain = float(jaxnn.initializers.gain("tanh"))
    factors = []
    for _ in range(10):
        weights = [
            rng.normal(scale=gain / np.sqrt(width), size=(width, width)) for _ in range(depth)
        ]
        h, derivatives = rng.normal(size=width), []
        for weight in weights:
            h = np.tanh(h @ weight)
            derivatives.append(1 - h**2)
        last = gradient = rng.normal(size=width) * derivatives[-1]
        for weight, below in zip(weights[:0:-1], derivatives[-2::-1], strict=True):
            gradient = (weight @ gradient) * below
        factors.append(np.sum(gradient**2) / np.sum(last**2))
    assert gradient_factor(["tanh"], depth) == pytest.approx(np.mean(factors), rel=0.05)
    assert gradient_factor(["softmax"], 3) is None and gradient_factor(["relu"], 0) is None


@pytest.mark.slow
def test_best_epoch_judges_each_run_at_its_lowest_validation_loss(tmp_path):
    """And never worse by validation loss than at the end; the rest of the training is the same."""
    flags = ["--data", "iris", "--activation", "tanh", "--learning-rate", "0.1", "3", "--steps"]
    flags += ["40", "--seeds", "2", "--fixed-grid", "--single"]
    for name, more in (("end", []), ("best", ["--best-epoch"])):
        assert exit_code(activations, *flags, *more, "--out", tmp_path / name) == 0
    end, best = (pd.read_csv(tmp_path / name / "results.csv") for name in ("end", "best"))
    assert (best["validation_loss"] <= end["validation_loss"]).all()
    assert (best["best_step"] < 40).any()
    same = best["best_step"] == 40
    assert (best["test_loss"][same] == end["test_loss"][same]).all()
    assert (best["train_loss"] == end["train_loss"]).all()
