"""The tables of a study: which row is which run's."""

import numpy as np
import pandas as pd
import pytest

from experiments.lab.engine.outcome import Outcome
from experiments.lab.study.ask import ask
from experiments.lab.study.flags import StudyFlags
from experiments.lab.study.tables import curves_table, results_table

METRICS = ("train_loss", "validation_accuracy", "validation_loss")


@pytest.fixture(scope="module")
def study():
    flags = StudyFlags(
        data="iris",
        activation=("relu", "tanh"),
        depth=(1, 2),
        learning_rate=("0.1", "1"),
        seeds=3,
        steps=2,
        fixed_grid=True,
    )
    return ask(flags, "?")


@pytest.fixture(scope="module")
def outcomes(study):
    """Whose losses tell the structure, the cell and the seed; one run has not ended."""
    found = []
    for number in range(4):
        outcome = Outcome.empty(np.array([1, 2]), study.grid.shape)
        outcome.done[:] = True
        cell, seed = np.indices(study.grid.shape)
        for name in METRICS:
            outcome._curve(name)[:] = (100 * number + 10 * cell + seed)[None] / 1000
        for name in ("test_accuracy", "test_loss"):
            outcome._end(name)[:] = 0.5
        found.append(outcome)
    found[1].done[1, 2] = False
    found[2].diverged_step[0, 1] = 7
    return found


def test_there_is_one_row_per_finished_run_with_its_axes(study, outcomes):
    table = results_table(study, outcomes)
    assert len(table) == 4 * 6 - 1
    losses = table["validation_loss"].where(table["diverged_step"].isna())
    for number, structure in enumerate(study.grid.structures):
        for cell, rate in enumerate((0.1, 1.0)):
            of = {**structure, "learning_rate": rate}
            rows = table[
                np.logical_and.reduce([table[name] == value for name, value in of.items()])
            ]
            for seed, loss in zip(rows["seed"], losses[rows.index], strict=True):
                if (number, cell, seed) == (2, 0, 1):
                    assert np.isnan(loss)
                else:
                    assert loss == pytest.approx((100 * number + 10 * cell + seed) / 1000)
    lost = table[table["diverged_step"].notna()]
    assert lost["diverged_step"].tolist() == [7] and np.isinf(lost["test_loss"]).all()
    assert lost["test_accuracy"].tolist() == [0.0]


def test_a_row_takes_little_memory(study, outcomes):
    """There may be a million."""
    table = pd.concat([results_table(study, outcomes)] * 100)
    assert table.memory_usage(index=False, deep=True).sum() / len(table) < 60


def test_columns_of_curves_do_not_depend_on_the_order_in_which_they_were_read(study, outcomes):
    table = curves_table(study, outcomes)
    turned = [
        Outcome(one.steps, one.done, one.diverged_step, dict(reversed(one.curves.items())))
        for one in outcomes
    ]
    pd.testing.assert_frame_equal(curves_table(study, turned), table)
    assert [name for name in table if name in METRICS] == list(METRICS)
