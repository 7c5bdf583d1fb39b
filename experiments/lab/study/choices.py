"""Choices: each structure at its own best learning rate, and how the choices compare."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.study.baseline import Versus, against_baseline
from experiments.lab.study.good_rates import GoodRates, best_rate, good_rates, middle, rounded
from experiments.lab.study.score import Score
from experiments.lab.study.statistics import first_p, interval
from experiments.lab.study.study import label


@dataclass(frozen=True)
class Choice:
    """One structure at its best learning rate; scores are interquartile means over seeds.

    structure: the values of the axes compared.
    rows: where its runs at that rate are in the results, by seed.
    interval: of the test score, 95 %. scores: the test score of each seed.
    diverged_runs: of all runs of the structure; diverged_here: of those at the best rate.
    runs: of the structure.
    edge: "lowest" or "highest", where the best rate is that of all rates tried; None elsewhere, and
        where there is only one rate.
    good_rates: how far the learning rate may be off, on validation data.
    dead, saturated: medians over seeds of the shares of hidden units on test data; None where they
        are not measured.
    p: of the first choice being no different, corrected for data having chosen it; see first_p.
    versus: None for the baseline itself.
    steps_to_target: median over seeds, infinite where the median run misses the target; None where
        there are no training curves.
    reached: how many of the seeds reach the target.
    """

    structure: dict[str, Any]
    rows: tuple[int, ...]
    learning_rate: float
    validation: float
    validation_loss: float
    test: float
    interval: tuple[float, float]
    scores: tuple[float, ...]
    test_loss: float
    diverged_runs: int
    diverged_here: int
    runs: int
    edge: str | None
    good_rates: GoodRates
    dead: float | None = None
    saturated: float | None = None
    p: float = 1.0
    versus: Versus | None = None
    steps_to_target: float | None = None
    reached: int | None = None

    @property
    def label(self) -> str:
        """What to call it."""
        return label(self.structure)

    @property
    def cell(self) -> dict[str, Any]:
        """Its structure and rate, by which tables have its rows."""
        return self.structure | {"learning_rate": self.learning_rate}


def choose(
    results: pd.DataFrame,
    axes: Sequence[str],
    score: Score,
    baseline: str | None = None,
    seeds: float = np.inf,
) -> list[Choice]:
    """Each structure at the rate with the best validation score, best first.

    The first is the one that validation data call best. Since they are data of the same runs, a
    lucky run helps it both to be chosen and to score; its comparison with the others is corrected
    for that. The baseline is named beforehand, so its comparisons are corrected for their own
    number only.

    Args:
        results: one row per run.
        axes: the structure axes that tell the choices apart.
        score: how runs are judged.
        baseline: a value of the first axis; None: relu if it is there, else the first in the
            results.
        seeds: the rate is chosen on seeds below this number, which every rate has; scores are over
            all seeds that the chosen rate has.
    """
    choices = []
    for values, rows in results.groupby(list(axes), sort=False):
        choices.append(_choice(dict(zip(axes, values, strict=True)), rows, score, seeds))
    named = results[axes[0]].unique()
    baseline = baseline or ("relu" if "relu" in named else named[0])
    choices.sort(key=rank)
    p = first_p(np.array([choice.scores for choice in choices]))
    choices = [replace(choice, p=float(value)) for choice, value in zip(choices, p, strict=True)]
    return against_baseline(choices, axes[0], baseline)


def rank(found: Any) -> tuple[float, float]:
    """What choices are sorted by, best first: their validation score; of equals, the loss."""
    return -rounded(found.validation), rounded(found.validation_loss)


def _choice(structure: dict[str, Any], rows: pd.DataFrame, score: Score, seeds: float) -> Choice:
    """The choice of one structure, from its rows of the results."""
    by_rate = {rate: cell.sort_values("seed") for rate, cell in rows.groupby("learning_rate")}
    chosen_on = {rate: cell[cell["seed"] < seeds] for rate, cell in by_rate.items()}
    column = f"validation_{score.name}"
    validation = {rate: middle(cell[column]) for rate, cell in chosen_on.items()}
    best = best_rate(validation, lambda rate: chosen_on[rate]["validation_loss"])
    cell = by_rate[best]
    test = cell[f"test_{score.name}"].to_numpy()
    edges = {min(by_rate): "lowest", max(by_rate): "highest"}
    dead, saturated = (
        float(cell[name].median()) if name in cell else None
        for name in ("test_dead", "test_saturated")
    )
    return Choice(
        structure=structure,
        rows=tuple(cell.index.tolist()),
        learning_rate=float(best),
        validation=middle(cell[column]),
        validation_loss=middle(cell["validation_loss"]),
        test=middle(test),
        interval=interval(test),
        scores=tuple(test.tolist()),
        test_loss=middle(cell["test_loss"]),
        diverged_runs=int(rows["diverged_step"].notna().sum()),
        diverged_here=int(cell["diverged_step"].notna().sum()),
        runs=len(rows),
        edge=edges.get(best) if len(by_rate) > 1 else None,
        good_rates=good_rates(list(validation), list(map(score.error, validation.values()))),
        dead=dead,
        saturated=saturated,
    )
