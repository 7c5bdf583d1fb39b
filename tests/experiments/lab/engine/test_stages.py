"""A best rate at the edge widens the grid, rates around each best are trained, and seeds are added.

Seeds are added at the recommended rates alone.
"""

import json
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from experiments import activations
from experiments.lab import job
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


MAIN = (0.01, 0.1, 1, 10)  # those asked for, and those beyond, until the best is inside
BETWEEN = (0.3162278, 0.5623413, 1.778279, 3.162278)  # around the best of these, which is 1


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


@pytest.mark.slow
def test_a_grid_is_widened_until_the_best_is_inside_and_seeds_are_added_there_alone(refined):
    cells = rows(refined).groupby(["activation", "learning_rate"]).size()
    summary = json.loads((refined / "summary.json").read_text())
    chosen = {row["activation"]: row["learning_rate"] for row in summary["table"]}
    assert cells.to_dict() == {
        (name, rate): 3 if np.isclose(rate, chosen[name]) else 2
        for name in ("relu", "tanh")
        for rate in (*MAIN, *BETWEEN)
    }
    assert [(row["edge"], len(row["scores"])) for row in summary["table"]] == [(None, 3)] * 2
    assert all(
        row["rates"][0] <= row["learning_rate"] <= row["rates"][1] for row in summary["table"]
    )
    assert summary["widened_to"] == {"relu": 10, "tanh": 10}
    assert "widened to 10 for relu, tanh" in (refined / "report.html").read_text()


@pytest.mark.slow
def test_what_was_never_trained_is_neither_a_row_nor_diverged(refined):
    summary, curves = (
        json.loads((refined / "summary.json").read_text()),
        pd.read_csv(refined / "curves.csv"),
    )
    assert [(row["runs"], row["diverged_runs"]) for row in summary["table"]] == [(17, 0)] * 2
    assert (
        set(curves["learning_rate"]) == {*MAIN, *BETWEEN}
        and np.isfinite(curves["validation_loss"]).all()
    )


@pytest.mark.slow
def test_a_fixed_grid_stays_and_further_runs_are_those_of_one_that_was_asked_for(refined, tmp_path):
    # Three seeds on two devices: groups of two rates each, as in the narrow grid, so that sums are
    # rounded in the same way. 0.316… is one of the rates between those of the narrow grid.
    asked = ["--learning-rate", "0.01", "0.1", "0.316227766017", "1", "--seeds", 3, "--fixed-grid"]
    assert run(*IRIS, "--activation", "relu", *asked, "--out", tmp_path / "r") == 0
    ours, theirs = rows(refined).loc[["relu"]], rows(tmp_path / "r")
    ours = ours.loc[ours.index.intersection(theirs.index)]
    assert len(ours) >= 4 * 2
    pd.testing.assert_frame_equal(ours, theirs.loc[ours.index], check_exact=True)
    summary = json.loads((tmp_path / "r" / "summary.json").read_text())
    assert len(theirs) == 4 * 3 and summary["widened_to"] == {}
    assert [row["edge"] for row in summary["table"]] == [
        "highest"
    ] and "is the highest tried" in summary["verdict"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stop", "stage", "trained_then"),
    [
        (3, "the first rate beyond the grid, of one", 1 + 2 + 2 + 2),
        (7, "the rates between, of one", 1 + 2),
    ],
)
def test_a_run_that_stops_within_a_stage_goes_on_to_the_same_bytes(
    refined, tmp_path, monkeypatch, stop, stage, trained_then
):
    kept, keep = [], job.RunFolder.keep

    def keep_some(self, number, outcome, part):
        keep(self, number, outcome, part)
        kept.append(number)
        if len(kept) == stop:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(job.RunFolder, "keep", keep_some)
        assert run(*NARROW, "--refine", 1, "--out", tmp_path / "r") == 130
    trained = []
    monkeypatch.setattr(
        runner,
        "program_segments",
        lambda *a, train=runner.program_segments, **k: trained.append(1) or train(*a, **k),
    )
    assert run(*NARROW, "--refine", 1, "--out", tmp_path / "r") == 0
    assert kept == [0, 1] * (stop // 2) + [0], stage
    assert len(trained) == trained_then + 2  # and the twins of both
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
    study = SimpleNamespace(
        asked=asked, grid=grid, labels=labels, best_cell=nearest, chosen_cell=nearest
    )
    assert stages.train(study, stage) == list(labels)
    first, *others = said
    assert first == (
        "",
        {number: [(rate, seed) for rate in (0.1, 1, 10) for seed in (0, 1)] for number in range(3)},
    )

    def both_seeds(*rates):
        return [(pytest.approx(rate), seed) for rate in rates for seed in (0, 1)]

    edge = "the best rate was at the edge: widened"
    q, h, t = 10**0.25, 10**0.5, 10**0.75  # a decade is cut into four
    assert others == [
        (f"{edge} to 0.01 for falls; to 100 for rises", {0: both_seeds(0.01), 2: both_seeds(100)}),
        (
            f"{edge} to 0.001 for falls; to 1e+03 for rises",
            {0: both_seeds(0.001), 2: both_seeds(1000)},
        ),
        (
            "rates between those of the grid, around each best one",
            {
                0: both_seeds(0.001 * q, 0.001 * h),
                1: both_seeds(0.1 * h, 0.1 * t, q, h),
                2: both_seeds(10 * h, 10 * t, 100 * q, 100 * h),
            },
        ),
        ("1 further seed at each recommended rate", {0: [(0.001, 2)], 1: [(1, 2)], 2: [(100, 2)]}),
    ]


@pytest.mark.parametrize(
    ("rates", "below", "above"),
    [((0.1,), 0, 0), ((1e-4, 1e4), 1, 1), ((0.1, 0.2, 0.20001), 6, 8), ((1e-38, 1e-37, 1.0), 0, 1)],
)
def test_further_rates_are_few_and_numbers_of_float32(rates, below, above):
    asked = Grid({}, {"learning_rate": rates})
    found = stages.main_rates(asked)
    assert found[below : below + len(rates)] == rates and len(found) == below + len(rates) + above
    assert list(found) == sorted(found)
    widest = stages.widest(asked).hyperparameters["learning_rate"]
    assert len(widest) == len(set(widest)) == stages.BETWEEN * (len(found) - 1) + 1
    assert widest[:: stages.BETWEEN] == found and list(widest) == sorted(widest)
    assert len(set(np.float32(widest))) == len(widest)
    assert stages.widest(asked, fixed=True).hyperparameters["learning_rate"] == rates


@pytest.mark.parametrize(
    ("rates", "fixed"), [((0.1, 1.0), True), ((0.1, 0.14), False), ((0.1,), False)]
)
def test_there_are_no_rates_between_where_the_grid_is_fixed_fine_or_of_one_rate(rates, fixed):
    asked = Grid({"activation": ("relu",)}, {"learning_rate": rates}, seeds=2)
    grid = stages.widest(asked, fixed=fixed)
    tried = np.array(grid.hyperparameters["learning_rate"])
    mains = np.isin(tried, stages.main_rates(asked))
    runs = np.tile(np.isin(tried, rates)[:, None], 2)
    for best in np.flatnonzero(runs[:, 0]):
        assert not stages.rates_between(grid, runs, int(best), mains).any()
