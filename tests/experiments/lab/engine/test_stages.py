"""A best rate on the edge widens the grid, and seeds are added at the best rates alone."""

import json
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from experiments import activations
from experiments.lab.engine import runner, stages
from jaxnn import Grid
from tests.helpers.commands import exit_code

IRIS = ["--data", "iris", "--depth", "1", "--width", "4", "--steps", "8"]
NARROW = [
    *IRIS,
    "--activation",
    "relu",
    "tanh",
    "--learning-rate",
    "0.01",
    "0.1",
    "--seeds",
    "2",
]  # the best is 1


run = partial(exit_code, activations)


def rows(folder):
    found = pd.read_csv(folder / "results.csv", dtype={"test_dead": float}).set_index(
        ["activation", "learning_rate", "seed"]
    )
    return found.drop(columns="steps_to_target")


@pytest.fixture(scope="module")
def refined(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "refined"
    assert run(*NARROW, "--refine", 1, "--out", path) == 0
    return path


def test_a_grid_is_widened_until_the_best_is_inside_and_seeds_are_added_there_alone(refined):
    cells = rows(refined).groupby(["activation", "learning_rate"]).size()
    assert cells.to_dict() == {
        (name, rate): 3 if rate == 1 else 2
        for name in ("relu", "tanh")
        for rate in (0.01, 0.1, 1, 10)
    }
    summary = json.loads((refined / "summary.json").read_text())
    assert [
        (row["learning_rate"], row["edge"], len(row["scores"])) for row in summary["table"]
    ] == [(1, None, 3)] * 2
    assert summary["widened_to"] == {"relu": 10, "tanh": 10}
    assert "widened to 10 for relu, tanh" in (refined / "report.html").read_text()


def test_what_was_never_trained_is_neither_a_row_nor_diverged(refined):
    summary, curves = (
        json.loads((refined / "summary.json").read_text()),
        pd.read_csv(refined / "curves.csv"),
    )
    assert [(row["runs"], row["diverged_runs"]) for row in summary["table"]] == [(9, 0)] * 2
    assert (
        set(curves["learning_rate"]) == {0.01, 0.1, 1, 10}
        and np.isfinite(curves["validation_loss"]).all()
    )


def test_a_fixed_grid_stays_and_further_runs_are_those_of_one_that_was_asked_for(refined, tmp_path):
    # Three seeds on two devices: groups of two rates each, as in the narrow grid, so that sums are
    # rounded in the same way.
    assert (
        run(
            *IRIS,
            "--activation",
            "relu",
            "--learning-rate",
            "0.01:1:3",
            "--seeds",
            3,
            "--fixed-grid",
            "--out",
            tmp_path / "r",
        )
        == 0
    )
    ours, theirs = (
        rows(refined).loc[["relu"]].drop(index=10, level="learning_rate"),
        rows(tmp_path / "r"),
    )
    pd.testing.assert_frame_equal(ours, theirs.loc[ours.index], check_exact=True)
    summary = json.loads((tmp_path / "r" / "summary.json").read_text())
    assert len(theirs) == 3 * 3 and summary["widened_to"] == {}
    assert [row["edge"] for row in summary["table"]] == [
        "highest"
    ] and "is the highest tried" in summary["verdict"]


def test_a_run_that_stops_within_a_stage_goes_on_to_the_same_bytes(refined, tmp_path, monkeypatch):
    kept, keep = [], activations.RunFolder.keep

    def keep_three(self, number, outcome, part):
        keep(self, number, outcome, part)
        kept.append(number)
        if len(kept) == 3:  # what was asked for of both, and the first further rate of one
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(activations.RunFolder, "keep", keep_three)
        assert run(*NARROW, "--refine", 1, "--out", tmp_path / "r") == 130
    trained = []
    monkeypatch.setattr(
        runner,
        "program_segments",
        lambda *a, train=runner.program_segments, **k: trained.append(1) or train(*a, **k),
    )
    assert run(*NARROW, "--refine", 1, "--out", tmp_path / "r") == 0
    assert (
        kept == [0, 1, 0] and len(trained) == 1 + 2 + 2
    )  # the other's first further rate, both's second, and the seeds
    for name in ("results.csv", "curves.csv", "summary.json"):
        assert (tmp_path / "r" / name).read_bytes() == (refined / name).read_bytes()


def test_each_structure_goes_its_own_way_as_far_as_there_is_room():
    asked = Grid(
        {"activation": ("falls", "inside", "rises")}, {"learning_rate": (0.1, 1.0, 10.0)}, seeds=2
    )
    grid = stages.widest(asked, refine=1)
    rates, best = (
        np.array(grid.hyperparameters["learning_rate"]),
        {"falls": 1e-9, "inside": 1.0, "rises": 100.0},
    )
    said = []

    def stage(runs, reason):
        said.append(
            (
                reason,
                {
                    number: [(float(rates[cell]), int(seed)) for cell, seed in np.argwhere(mine)]
                    for number, mine in runs.items()
                },
            )
        )
        return {number: structure["activation"] for number, structure in enumerate(grid.structures)}

    def nearest(name, runs):
        return min(
            np.flatnonzero(runs.any(axis=1)),
            key=lambda cell: abs(np.log10(rates[cell] / best[name])),
        )

    labels = asked.structure["activation"]
    study = SimpleNamespace(asked=asked, grid=grid, labels=labels, best_cell=nearest)
    assert stages.train(study, stage) == list(labels)
    first, *others = said
    assert first == (
        "",
        {number: [(rate, seed) for rate in (0.1, 1, 10) for seed in (0, 1)] for number in range(3)},
    )
    edge = "the best rate was on the edge: widened"
    assert others == [
        (
            f"{edge} to 0.01 for falls; to 100 for rises",
            {0: [(0.01, 0), (0.01, 1)], 2: [(100, 0), (100, 1)]},
        ),
        (
            f"{edge} to 0.001 for falls; to 1e+03 for rises",
            {0: [(0.001, 0), (0.001, 1)], 2: [(1000, 0), (1000, 1)]},
        ),
        ("1 further seed at each best rate", {0: [(0.001, 2)], 1: [(1, 2)], 2: [(100, 2)]}),
    ]


@pytest.mark.parametrize(
    ("rates", "below", "above"),
    [((0.1,), 0, 0), ((1e-4, 1e4), 1, 1), ((0.1, 0.2, 0.20001), 6, 8), ((1e-38, 1e-37, 1.0), 0, 1)],
)
def test_further_rates_are_few_and_numbers_of_float32(rates, below, above):
    found = stages.widest(Grid({}, {"learning_rate": rates})).hyperparameters["learning_rate"]
    assert found[below : below + len(rates)] == rates and len(found) == below + len(rates) + above
    assert list(found) == sorted(found)
