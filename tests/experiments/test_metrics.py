"""Flags of the metric, from the command to the files and back through predict."""

import json
import re
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, roc_auc_score

from experiments import activations, predict
from tests.helpers.commands import exit_code

ROWS = 240
TRAINING = ["--activation", "tanh", "--learning-rate", "0.3"]
TRAINING += ["--seeds", "2", "--width", "4", "--depth", "1", "--steps", "40"]
run = partial(exit_code, activations)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """The current folder, with a table whose classes are unequal and whose prices have a tail."""
    rng = np.random.default_rng(0)
    size, other, noise = rng.normal(size=(3, ROWS))
    fraud = np.where(2 * size + noise > 3.2, "yes", "no")
    price = np.exp(2 * size + 0.2 * noise + 5)
    table = pd.DataFrame({"size": size, "other": other, "fraud": fraud, "price": price})
    table.to_csv(tmp_path / "rows.csv", index=False)
    monkeypatch.chdir(tmp_path)


def frauds(*flags):
    return run("--data", "rows.csv", "--target", "fraud", "--drop", "price", *TRAINING, *flags)


def pricing(*flags):
    return run("--data", "rows.csv", "--target", "price", "--drop", "fraud", *TRAINING, *flags)


def found(out):
    summary = json.loads((out / "summary.json").read_text())
    return summary, pd.read_csv(out / "results.csv"), pd.read_csv(out / "curves.csv")


def printed(capsys):
    """The score that predict prints, with all its digits."""
    return float(re.search(r" \(([\d.e-]+)\) on the ", capsys.readouterr().out)[1])


@pytest.mark.slow
def test_an_area_is_the_score_everywhere(tmp_path, capsys):
    assert frauds("--metric", "auc", "--class-weights", "balanced", "--out", "o") == 0
    said = capsys.readouterr().out
    summary, results, curves = found(tmp_path / "o")
    assert "test AUC " in said and summary["metric"] == "auc"
    assert results["test_auc"].between(0, 1).all() and results["test_auc"].max() > 0.8
    assert curves["validation_auc"].between(0, 1).all()
    assert exit_code(predict, "o", "rows.csv") == 0
    predicted = pd.read_csv("o/predictions-rows.csv")["probability of yes"]
    area = roc_auc_score(pd.read_csv("rows.csv")["fraud"] == "yes", predicted)
    assert printed(capsys) == pytest.approx(area, rel=1e-5)


@pytest.mark.slow
def test_an_error_is_written_with_its_own_sign_and_the_lowest_is_first(tmp_path, capsys):
    flags = ["--metric", "mae", "--transform", "log", "--activation", "tanh", "relu"]
    assert pricing(*flags, "--out", "o") == 0
    said = capsys.readouterr().out
    summary, results, curves = found(tmp_path / "o")
    assert "test MAE of the log" in said
    assert (results[["validation_mae", "test_mae"]] > 0).all(axis=None)
    assert (curves["validation_mae"] > 0).all()
    table = summary["table"]
    assert all(row["test"] > 0 and min(row["scores"]) > 0 for row in table)
    means = [row["validation"] for row in table]
    assert means == sorted(means)
    # What is predicted is the price itself, what is scored its logarithm.
    assert exit_code(predict, "o", "rows.csv") == 0
    predicted, price = (
        pd.read_csv("o/predictions-rows.csv")["prediction"],
        pd.read_csv("rows.csv")["price"],
    )
    error = mean_absolute_error(np.log(price), np.log(predicted))
    assert printed(capsys) == pytest.approx(error, rel=1e-5)
    assert r2_score(np.log(price), np.log(predicted)) > 0.5


@pytest.mark.slow
def test_class_weights_find_the_rare_class(tmp_path):
    recalls = []
    for weights in ("none", "balanced"):
        assert (
            frauds("--metric", "balanced_accuracy", "--class-weights", weights, "--out", weights)
            == 0
        )
        assert exit_code(predict, weights, "rows.csv") == 0
        predicted = pd.read_csv(f"{weights}/predictions-rows.csv")["prediction"]
        rare = pd.read_csv("rows.csv")["fraud"] == "yes"
        recalls.append((predicted[rare] == "yes").mean())
    assert recalls[1] > recalls[0] and recalls[1] > 0.8


@pytest.mark.slow
def test_what_to_know_of_a_target_is_said_before_and_after(tmp_path, capsys):
    assert frauds("--inspect") == 0
    assert (
        "of the rows are 'no': accuracy says little; --metric balanced" in capsys.readouterr().out
    )
    assert pricing("--out", "o") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "of the variance of price: R² and RMSE are decided by it; use --transform log" in said
    notes = json.loads((tmp_path / "o" / "config.json").read_text())["data"]["notes"]
    assert any("one row has" in note for note in notes)
    assert "one row has" in (tmp_path / "o" / "report.html").read_text()
    assert frauds("--metric", "auc", "--inspect") == 0
    assert "accuracy says little" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--metric", "f1"), "--metric f1: no such metric; known, nearest first: "),
        (
            ("--metric", "rmse"),
            "--metric rmse: not a metric of a classification, which that of fraud",
        ),
        (("--transform", "log"), "--transform log: fraud of rows has classes"),
    ],
)
def test_what_does_not_suit_is_one_sentence(flags, message, capsys):
    assert frauds(*flags) == 2
    assert message in capsys.readouterr().err


def test_class_weights_need_classes(capsys):
    assert pricing("--class-weights", "balanced") == 2
    assert "--class-weights balanced: price of rows has no classes" in capsys.readouterr().err
