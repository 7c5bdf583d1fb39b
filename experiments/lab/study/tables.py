"""What training found, as tables: one row per run, and one per point of a training curve."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.engine.outcome import Outcome
from experiments.lab.study.ends import ends
from experiments.lab.study.score import Score
from experiments.lab.study.study import Study


def results_table(study: Study, outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """One row per finished run: every axis, seed, losses and scores of each part, divergence.

    A diverged run predicts nothing: its losses are infinite and its scores the worst there is; the
    step at which it diverged is empty for the others.

    Args:
        study: what is asked.
        outcomes: in the order of the structures.
    """
    grid, found = study.grid, [_columns(study, outcome) for outcome in outcomes]
    counts = [len(columns["cell"]) for columns in found]
    # Column by column, and categories for values, since there may be a million rows.
    # The units of some activations cannot be dead or saturated: those columns are empty there.
    joined = {
        name: np.concatenate(
            [
                columns.pop(name) if name in columns else np.full(count, np.nan, np.float32)
                for columns, count in zip(found, counts, strict=True)
            ]
        )
        for name in max(found, key=len).copy()
    }
    cells = joined.pop("cell")
    table: dict[str, Any] = {}
    for name, values in grid.structure.items():
        places = [values.index(structure[name]) for structure in grid.structures]
        codes = np.repeat(np.array(places, np.min_scalar_type(-len(values))), counts)
        table[name] = pd.Categorical.from_codes(codes, categories=list(values))
    for name in grid.hyperparameters:
        table[name] = np.array([cell[name] for cell in grid.cells], float)[cells]
    steps = joined.pop("diverged_step")
    table |= joined | {"diverged_step": pd.arrays.IntegerArray(steps, steps < 0)}
    return pd.DataFrame(table, copy=False)


def _columns(study: Study, outcome: Outcome) -> dict[str, np.ndarray]:
    """Of the finished runs of one structure: the number of their cell, seed, and what was found."""
    diverged, score = outcome.diverged_step >= 0, study.score
    found = ends(outcome, best=study.best_epoch)
    cells, seeds = np.nonzero(outcome.done)
    columns = {
        "seed": np.asarray(study.grid.seed_numbers, np.int32)[seeds],
        "train_loss": np.where(diverged, np.inf, outcome.curves["train_loss"][-1]),
    }
    for part in ("validation", "test"):
        losses, scores = score.final(found, part, diverged)
        columns |= {f"{part}_loss": losses, f"{part}_{score.name}": scores}
    columns |= {name: found[name] for name in ("test_dead", "test_saturated") if name in found}
    if study.best_epoch:
        columns["best_step"] = found["step"]
    columns["diverged_step"] = outcome.diverged_step
    of_runs = {
        name: values if name == "seed" else values[cells, seeds] for name, values in columns.items()
    }
    return {"cell": cells.astype(np.int32), **of_runs}


def curves_table(study: Study, outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """One row per trained cell and point of its training curve: medians over seeds.

    The ends of the middle half of the seeds are in the columns _low and _high. A diverged run has
    an infinite loss, accuracy 0, the worst there is of another metric, and no units to be dead or
    saturated. A metric has its own sign and unit.

    Args:
        study: what is asked.
        outcomes: in the order of the structures.
    """
    tables, score = [], study.score
    for structure, outcome in zip(study.grid.structures, outcomes, strict=True):
        cells = np.flatnonzero(outcome.done.any(axis=1))
        points = pd.MultiIndex.from_product([outcome.steps, cells], names=["step", "cell"])
        columns = {}
        for name in sorted(outcome.curves):  # read from a file, they are in no fixed order
            values = outcome.curves[name]
            lost: float | np.ndarray = (
                0.0 if "accuracy" in name else np.inf if "loss" in name else np.nan
            )
            if score.measured and name == f"validation_{score.name}":
                values = score.own(score.of(outcome.curves, "validation"))
                lost = score.own(np.asarray(score.worst))
            found = np.where(np.isnan(values), lost, values)
            # What is not trained is nan, which the statistics skip.
            found = np.where(outcome.done, found, np.nan)[:, cells]
            runs = pd.DataFrame(found.reshape(len(points), -1))
            columns[name] = runs.median(axis=1).to_numpy()
            columns |= {
                f"{name}_{end}": runs.quantile(share, axis=1, interpolation="nearest").to_numpy()
                for end, share in (("low", 0.25), ("high", 0.75))
            }
        table = pd.DataFrame(columns, index=points).reset_index()
        each = pd.DataFrame([{**structure, **cell} for cell in study.grid.cells])
        axes = each.take(table.pop("cell")).reset_index(drop=True)
        tables.append(pd.concat([axes, table], axis=1))
    return pd.concat(tables, ignore_index=True)


def as_written(results: pd.DataFrame, score: Score) -> pd.DataFrame:
    """The results as files have them: the metric with its own sign, so an error as an error.

    Args:
        results: from ``results_table``.
        score: how the runs are judged.
    """
    names = [name for name in results if name.endswith(f"_{score.name}")]
    return results.assign(**{name: score.own(results[name]) for name in names})


def rows_of(table: pd.DataFrame, values: Mapping[str, Any]) -> pd.DataFrame:
    """The rows of a table that have these values, by column.

    Example:
        >>> table = pd.DataFrame({"activation": ["relu", "tanh"], "seed": [0, 0]})
        >>> rows_of(table, {"activation": "tanh"}).index.tolist()
        [1]
    """
    return table[np.logical_and.reduce([table[name] == value for name, value in values.items()])]
