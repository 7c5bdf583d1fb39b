"""What is finite in training and not elsewhere, and what does not train at all, is named."""

import json
from functools import partial

import numpy as np
import pandas as pd
import pytest

from experiments import activations, predict
from experiments.lab.io.errors import UserError
from experiments.lab.study.ask import ask
from experiments.lab.study.flags import StudyFlags
from tests.helpers.commands import exit_code

run = partial(exit_code, activations)
SMALL = ["--learning-rate", "0.01", "0.1", "--seeds", "2", "--steps", "10", "--width", "4"]
SMALL += ["--depth", "1", "--fixed-grid", "--splits", "fixed"]


def table(path, far=()):
    """Sixty rows, of which those named have a sentinel for an elevation."""
    rng = np.random.default_rng(0)
    found = pd.DataFrame({"elevation": rng.normal(0, 0.01, 60), "b": rng.normal(size=60)})
    found["y"] = 100 * found["elevation"] + found["b"]
    found.loc[list(far), "elevation"] = -3.4028235e38
    found.to_csv(path, index=False)
    return str(path)


def held_out(path, part):
    """A row of this part of the split that all seeds have."""
    study = ask(StudyFlags(data=table(path), target="y", splits="fixed"), "Which?")
    return int(study.splits.rows(0)[part][0])


@pytest.mark.slow
@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_sentinel_on_held_out_rows_is_a_failure_everywhere(part, tmp_path, capsys):
    row = held_out(tmp_path / "t.csv", part)
    data, out = table(tmp_path / "t.csv", [row]), tmp_path / "r"
    flags = ["--data", data, "--target", "y", "--activation", "relu", "tanh", *SMALL]
    assert run(*flags, "--out", out) == 0
    said = capsys.readouterr().out
    assert f"elevation, line {row + 2} is -3.4028235e+38" in said  # before training
    results = pd.read_csv(out / "results.csv").set_index("activation")
    relu, tanh = results.loc["relu"], results.loc["tanh"]
    assert relu["diverged_step"].notna().all() and tanh["diverged_step"].isna().all()
    assert np.isinf(relu[["train_loss", "validation_loss", "test_loss"]]).all(axis=None)
    assert (relu[["validation_r2", "test_r2"]] == -1).all(axis=None)
    assert relu[["test_dead", "test_saturated"]].isna().all(axis=None)
    assert np.isfinite(tanh[["validation_loss", "test_loss"]]).all(axis=None)
    assert "relu, all 4 runs failed" in said
    summary = json.loads((out / "summary.json").read_text())
    first, last = summary["table"]
    assert (first["label"] if "label" in first else first["activation"]) == "tanh"
    assert last["failed"] == last["diverged_here"] == 2
    assert last["good_rates"] == {"low": None, "high": None, "decades": 0.0, "open": False}
    # No run of the baseline, relu, trained.
    assert summary["target"]["validation"] is None and first["steps_to_target"] is None
    assert "steps: none, since no run of the baseline trained" in said


@pytest.mark.slow
def test_a_row_whose_prediction_is_not_finite_has_none(tmp_path, capsys):
    data, out = table(tmp_path / "t.csv"), tmp_path / "r"
    flags = ["--data", data, "--target", "y", "--activation", "relu", *SMALL]
    assert run(*flags, "--out", out) == 0
    rows = pd.read_csv(data)
    rows.loc[[3, 8], "elevation"] = -3.4028235e38
    rows.to_csv(tmp_path / "new.csv", index=False)
    capsys.readouterr()
    assert exit_code(predict, out, tmp_path / "new.csv") == 0
    said = capsys.readouterr().out
    assert "2 rows have no prediction, the first of them row 4: their inputs are so far" in said
    assert "on the 58 rows whose y is known" in said
    found = pd.read_csv(out / "predictions-new.csv")
    empty = found.drop(columns="row").isna().all(axis=1)
    assert found["row"][empty].tolist() == [4, 9]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda rows: rows[:5], "there is a single validation row"),
        (lambda rows: rows.assign(y=0.1), "all 12 validation rows of a split have the same y"),
    ],
)
def test_where_r2_is_not_defined_the_error_is_judged_and_it_is_said(change, why, tmp_path):
    rows = change(pd.read_csv(table(tmp_path / "t.csv")))
    training = ask(StudyFlags(data=table(tmp_path / "t.csv"), target="y"), "").splits.rows(0)
    if len(rows) == 60:  # the training rows differ
        rows.loc[training["train"], "y"] = np.arange(len(training["train"])) / 7
    rows.to_csv(tmp_path / "t.csv", index=False)
    flags = StudyFlags(data=str(tmp_path / "t.csv"), target="y", splits="fixed")
    study = ask(flags, "Which?")
    assert study.score.name == study.metric == "rmse"
    assert study.data.notes[-1] == f"judged by RMSE, since {why}, so that R² is not defined"
    with pytest.raises(UserError) as stop:
        ask(StudyFlags(data=flags.data, target="y", splits="fixed", metric="r2"), "Which?")
    assert str(stop.value) == (
        f"--metric r2: {why}, so that R² is not defined; use --metric rmse or mae, or give more "
        "rows"
    )


@pytest.mark.slow
def test_five_rows_are_compared_by_their_error(tmp_path, capsys):
    pd.read_csv(table(tmp_path / "t.csv"))[:5].to_csv(tmp_path / "t.csv", index=False)
    flags = ["--data", tmp_path / "t.csv", "--target", "y", "--activation", "relu", "tanh"]
    assert run(*flags, *SMALL, "--single", "--out", tmp_path / "r") == 0
    said = capsys.readouterr().out
    assert "judged by RMSE, since there is a single validation row" in said and "R² -" not in said
    one = pd.read_csv(tmp_path / "t.csv")[:1]
    one.to_csv(tmp_path / "one.csv", index=False)
    assert exit_code(predict, tmp_path / "r", tmp_path / "one.csv") == 0
    assert "on the one row whose y is known" in capsys.readouterr().out
