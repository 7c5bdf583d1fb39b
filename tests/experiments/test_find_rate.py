"""The learning-rate finder: its rules on curves whose answer is known, and the command."""

import json

import numpy as np
import pandas as pd
import pytest

from experiments import find_rate
from experiments.lab.finder.measure import RateGrid
from experiments.lab.finder.rules import RULES, suggestion
from tests.helpers.commands import exit_code

RATES = np.geomspace(1e-4, 10, 101)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("steepest", 1e-2), ("minimum / 10", 0.1), ("edge / 2", RATES[-2] / 2)],
)
def test_a_rule_finds_the_rate_that_follows_from_the_curve(rule, expected):
    decades = np.log10(RATES)
    # It falls along a sigmoid around 0.01; it is lowest at 1, and explodes at 10.
    losses = 1 / (1 + np.exp(8 * (decades + 2))) + 0.3 + 1e-3 * decades**2
    losses[-1] = np.inf
    found = suggestion(rule, RATES, losses, smooth=False)
    assert found == pytest.approx(expected, rel=0.13)  # a step of the rates


def test_without_a_finite_loss_no_rule_suggests_anything():
    for rule in RULES:
        assert np.isnan(suggestion(rule, RATES, np.full(101, np.nan), smooth=True))


def test_the_best_rate_of_the_grid_is_chosen_by_the_other_seeds():
    grid = RateGrid(np.array([0.1, 1.0]), np.array([[0.0, 3.0], [2.0, 2.0]]), np.full(2, 5.0))
    # Seed 0 is compared with rate 1, which seed 1 prefers, and seed 1 with rate 0.1.
    assert grid.regret(np.array([0.1, np.nan])).tolist() == [-2, 2]


@pytest.mark.slow
def test_the_command_writes_suggestions_and_regret_for_each_seed(tmp_path, capsys):
    flags = ["--data", "iris", "--activation", "tanh", "--seeds", "3", "--width", "8", "--grid"]
    flags += ["--learning-rate", "1e-3:100:40", "--grid-rate", "0.01:10:4", "--grid-steps", "30"]
    assert exit_code(find_rate, *flags, "--out", tmp_path) == 0
    table = pd.read_csv(tmp_path / "suggestions.csv")
    assert len(table) == 2 * len(RULES) * 3 and table["regret"].notna().all()
    assert table["suggestion"].dropna().between(1e-4, 100).all()
    curve = pd.read_csv(tmp_path / "curve.csv")
    assert curve["loss"].value_counts().to_dict() == {"training": 40, "validation": 40, "grid": 4}
    start = curve[(curve["loss"] == "validation") & (curve["learning_rate"] < 2e-3)]
    assert start["median"].between(0.7, 2).all()  # hardly trained: about log 3
    assert json.loads((tmp_path / "config.json").read_text())["settings"]["grid"] is True
    assert (tmp_path / "find_rate.png").read_bytes().startswith(b"\x89PNG")
    said = capsys.readouterr().out
    assert "minimum / 10" in said and "the grid's best rate is" in said


def test_rates_that_do_not_rise_evenly_are_refused(capsys):
    assert exit_code(find_rate, "--learning-rate", "0.1", "0.2", "1") == 2
    assert "--learning-rate 0.1 0.2 1: give low:high:count" in capsys.readouterr().err
