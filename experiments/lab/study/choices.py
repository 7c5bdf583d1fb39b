"""Choices: each structure at its own recommended learning rate, and how the choices compare."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.study import rate
from experiments.lab.study.baseline import Versus, against_baseline
from experiments.lab.study.best_set import LEVEL, best_p
from experiments.lab.study.good_rates import GoodRates, good_rates, rounded
from experiments.lab.study.intervals import (
    mean_over_splits_interval,
    new_rows_interval,
    share_interval,
)
from experiments.lab.study.rules import Rules
from experiments.lab.study.statistics import interquartile_mean
from experiments.lab.study.study import label
from experiments.lab.study.verdict import Verdict, judge


@dataclass(frozen=True)
class Choice:
    """One structure at its recommended learning rate; scores are means over seeds.

    structure: the values of the axes compared.
    rows: where its runs at that rate are in the results, by seed.
    learning_rate: the safest of the rates that cannot be told from the best; see ``rate``.
    rates: the lowest and the highest of them.
    edge: "lowest" or "highest", where the best rate is that of all rates tried; None elsewhere, and
        where there is only one rate.
    interval: of the expected test score on new rows, 95 %.
    splits_interval: of the mean over all splits of these rows, 95 %: narrower.
    middle: the interquartile mean of the scores, which a few failed runs do not change.
    scores: the test score of each seed.
    diverged_runs: of all runs of the structure; diverged_here: of those at the rate.
    failed: of the runs at the rate, those no better than half-way from the trivial predictor to the
        best choice, on test rows; failed_interval: of their share, exact, 95 %.
    runs: of the structure.
    good_rates: how far the learning rate may be off, on validation data.
    dead, saturated: medians over seeds of the shares of hidden units on test data; None where they
        are not measured.
    p: of this choice being the best of all.
    versus: None for the baseline itself.
    steps_to_target: median over seeds, infinite where the median run misses the target; None where
        there are no training curves.
    reached: how many of the seeds reach the target.
    improving: whether the validation loss still falls at the end; None where it is not known.
    chaotic: whether training at the rate is; see ``lab.study.chaotic``. None where it is not known.
    """

    structure: dict[str, Any]
    rows: tuple[int, ...]
    learning_rate: float
    rates: tuple[float, float]
    edge: str | None
    validation: float
    validation_loss: float
    test: float
    scores: tuple[float, ...]
    middle: float
    test_loss: float
    diverged_runs: int
    diverged_here: int
    runs: int
    good_rates: GoodRates
    interval: tuple[float, float] = (np.nan, np.nan)
    splits_interval: tuple[float, float] = (np.nan, np.nan)
    failed: int = 0
    failed_interval: tuple[float, float] = (0.0, 1.0)
    dead: float | None = None
    saturated: float | None = None
    p: float = 1.0
    versus: Versus | None = None
    steps_to_target: float | None = None
    reached: int | None = None
    improving: bool | None = None
    chaotic: bool | None = None

    @property
    def label(self) -> str:
        """What to call it."""
        return label(self.structure)

    @property
    def cell(self) -> dict[str, Any]:
        """Its structure and rate, by which tables have its rows."""
        return self.structure | {"learning_rate": self.learning_rate}


def choose(
    results: pd.DataFrame, axes: Sequence[str], rules: Rules
) -> tuple[list[Choice], Verdict]:
    """Each structure at its recommended rate, the recommended one first, and the verdict.

    After the first, which ``judge`` recommends, the order is that of the validation scores, and of
    equals that of their names, whatever the order in which they were asked for.

    Args:
        results: one row per run.
        axes: the structure axes that tell the choices apart.
        rules: how they are judged.
    """
    choices = [
        _choice(dict(zip(axes, values, strict=True)), rows, rules)
        for values, rows in results.groupby(list(axes), sort=False)
    ]
    choices.sort(key=lambda choice: (*rank(choice), choice.label))
    choices = _compared(choices, rules)
    p = best_p(np.array([choice.scores for choice in choices]), rules.overlap)
    choices = [replace(choice, p=float(value)) for choice, value in zip(choices, p, strict=True)]
    # Stable: the first that may be the best leads, and the others keep their order.
    first = next(choice for choice in choices if choice.p >= 1 - LEVEL)
    choices.sort(key=lambda choice: choice is not first)
    verdict = judge(
        [choice.label for choice in choices],
        np.array([choice.scores for choice in choices]),
        -np.arange(len(choices)),
        rules.margin,
        rules.overlap,
    )
    named = results[axes[0]].unique()
    baseline = rules.baseline or ("relu" if "relu" in named else named[0])
    return against_baseline(choices, axes[0], baseline), verdict


def rank(found: Any) -> tuple[float, float]:
    """What choices are sorted by, best first: their validation score; of equals, the loss."""
    return -rounded(found.validation), rounded(found.validation_loss)


def _choice(structure: dict[str, Any], rows: pd.DataFrame, rules: Rules) -> Choice:
    """The choice of one structure, from its rows of the results."""
    score, known = rules.score, rows[rows["seed"] < rules.seeds]

    def by_rate(column: str) -> np.ndarray:
        table = known.pivot(index="learning_rate", columns="seed", values=column)
        return table.to_numpy(float)

    rates = np.sort(known["learning_rate"].unique())
    scores = by_rate(f"validation_{score.name}")
    runs = ~np.isnan(scores)
    seeds = slice(scores.shape[1])
    trivial = (
        of_seeds(rules.trivial_loss, seeds),
        of_seeds(score.trivial.get("validation", -np.inf), seeds),
    )
    losses = by_rate("validation_loss")
    found = rate.chosen(rates, losses, scores, runs, *trivial)
    losses, expected = rate.clipped(losses, trivial[0]), np.nanmean(scores, axis=1)
    errors = score.error(expected) / score.size
    if rows["diverged_step"].notna().all():
        errors = np.full_like(errors, np.inf)  # no rate is good
    cell = rows[rows["learning_rate"] == rates[found.cell]].sort_values("seed")
    test = cell[f"test_{score.name}"].to_numpy(float)
    edges = {0: "lowest", len(rates) - 1: "highest"}
    dead, saturated = (
        float(cell[name].median()) if name in cell else None
        for name in ("test_dead", "test_saturated")
    )
    return Choice(
        structure=structure,
        rows=tuple(cell.index.tolist()),
        learning_rate=float(rates[found.cell]),
        rates=(float(rates[found.tied[0]]), float(rates[found.tied[-1]])),
        edge=edges.get(found.best) if len(rates) > 1 else None,
        validation=float(expected[found.cell]),
        validation_loss=float(np.nanmean(losses[found.cell])),
        test=float(test.mean()),
        scores=tuple(test.tolist()),
        middle=float(interquartile_mean(test)),
        test_loss=float(cell["test_loss"].mean()),
        diverged_runs=int(rows["diverged_step"].notna().sum()),
        diverged_here=int(cell["diverged_step"].notna().sum()),
        runs=len(rows),
        good_rates=good_rates(rates, errors),
        dead=dead,
        saturated=saturated,
    )


def of_seeds(values: np.ndarray | float, seeds: slice) -> np.ndarray | float:
    """Those of some seeds, of values (seeds,) or one number for all."""
    return values[seeds] if isinstance(values, np.ndarray) and values.ndim else values


def _compared(choices: Sequence[Choice], rules: Rules) -> list[Choice]:
    """With what needs the scores of all: intervals and failures."""
    scores, score = np.array([choice.scores for choice in choices]), rules.score
    means = scores.mean(axis=1)
    new = new_rows_interval(
        scores,
        rules.overlap,
        sampling=score.sampling(means, rules.test_rows),
        least=score.sampling(means, rules.rows),
        bounds=score.bounds,
    )
    splits = np.clip(mean_over_splits_interval(scores), *score.bounds)
    best = float(means.max())
    trivial = of_seeds(score.trivial.get("test", -np.inf), slice(scores.shape[1]))
    failed = rate.failed(scores, trivial, best).sum(axis=1)
    return [
        replace(
            choice,
            interval=(float(new[n, 0]), float(new[n, 1])),
            splits_interval=(float(splits[n, 0]), float(splits[n, 1])),
            failed=int(failed[n]),
            failed_interval=share_interval(int(failed[n]), scores.shape[1]),
        )
        for n, choice in enumerate(choices)
    ]
