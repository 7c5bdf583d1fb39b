"""The comparison: each structure at its own best learning rate, chosen on validation data, reported on test data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import jaxnn
from experiments.lab.engine.outcome import Outcome
from experiments.lab.study.good_rates import (
    TAUS,
    GoodRates,
    good_enough,
    good_rates,
    performance_profile,
    steps_to_target,
)
from experiments.lab.study.statistics import (
    differences,
    first_p,
    holm,
    interquartile_mean,
    interval,
    paired_p,
    probability_better,
)


@dataclass(frozen=True)
class Score:
    """How a run is judged: higher is better, a diverged run gets ``worst``."""

    name: str
    title: str
    worst: float

    def show(self, value: float) -> str:
        """The value as a reader wants it."""
        if not np.isfinite(value):
            return "none"
        return f"{100 * value:.1f} %" if self.name == "accuracy" else f"{value:.3f}"


ACCURACY = Score("accuracy", "accuracy", 0.0)
R2 = Score("r2", "R²", -np.inf)


@dataclass(frozen=True)
class Versus:
    """One choice against the baseline that has the same other structure, test score by test score on the same seeds.

    difference: interquartile mean of the differences, and its bootstrap interval.
    probability: that this choice is better on a seed, ties ½, and its exact binomial interval.
    p: of equal means, by sign flips, with Holm's correction for as many choices as are compared with the baseline.
    """

    baseline: str
    difference: float
    difference_interval: tuple[float, float]
    probability: float
    probability_interval: tuple[float, float]
    p: float


@dataclass(frozen=True)
class Choice:
    """One structure at its best learning rate; scores are interquartile means over seeds.

    edge: lowest or highest, where the best rate is that of all rates tried; None elsewhere, and where there is only one.
    p: of the first being no different, corrected for data having chosen the first; see first_p.
    good_rates: how far the learning rate may be off, on validation data.
    versus: None for the baseline itself.
    steps_to_target: median over seeds, infinite where the median run misses; None where there are no training curves.
    reached: how many of the seeds reach the target.
    dead, saturated: medians over seeds of the shares of hidden units on test data, None where they are not measured.
    """

    structure: dict[str, Any]
    learning_rate: float
    validation: float
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


class SoFar(NamedTuple):
    """What a program that may not be finished has found: its best learning rate and the validation score there.

    runs: how many have begun; diverged_runs: how many of them have diverged.
    """

    learning_rate: float
    validation: float
    diverged_runs: int
    runs: int


class Comparison(NamedTuple):
    """All that a comparison finds.

    results: one row a run.
    choices: best first.
    target: the validation score that is good enough for the baseline's own best.
    profile: one row a factor τ, one column a choice; see performance_profile.
    """

    results: pd.DataFrame
    choices: list[Choice]
    target: float
    profile: pd.DataFrame


def compare(
    grid: jaxnn.Grid,
    outcomes: Mapping[int, Outcome],
    axes: Sequence[str],
    score: Score,
    variance: Mapping[str, float],
    baseline: str | None = None,
    seeds: float = np.inf,
) -> Comparison:
    """Choose, and then time: how many updates each choice takes to a target that the data set.

    Args:
        grid: what was varied.
        outcomes: by the number of their structure.
        axes: the names of the structure that tell the choices apart.
        score: how runs are judged.
        variance: of each part's targets, for R².
        baseline, seeds: as in choose.
    """
    results = results_table(grid, outcomes, score, variance)
    choices = choose(results, axes, score, baseline, seeds)
    against = next(choice for choice in choices if choice.versus is None)
    target = 1 - good_enough(1 - against.validation)
    reached = [
        steps_to_target(
            outcomes[number].steps,
            _scores(outcomes[number].curves, "validation", score, variance),
            target,
        )
        for number in range(len(grid.structures))
    ]
    results["steps_to_target"] = np.concatenate(
        [steps[outcomes[number].done] for number, steps in enumerate(reached)]
    )
    steps = np.array(
        [rows_of(results, choice).sort_values("seed")["steps_to_target"] for choice in choices]
    )
    choices = [
        replace(choice, steps_to_target=float(np.median(own)), reached=int(np.isfinite(own).sum()))
        for choice, own in zip(choices, steps, strict=True)
    ]
    profile = pd.DataFrame(
        performance_profile(steps).T,
        index=pd.Index(TAUS, name="tau"),
        columns=[choice.label for choice in choices],
    )
    return Comparison(results, choices, target, profile.reset_index())


def results_table(
    grid: jaxnn.Grid, outcomes: Mapping[int, Outcome], score: Score, variance: Mapping[str, float]
) -> pd.DataFrame:
    """One row a finished run: every axis, seed, losses and scores of each part, and the step at which it diverged, empty if it
    did not.

    A diverged run predicts nothing: its losses are infinite and its scores the worst there is.
    """
    tables = []
    for number, structure in enumerate(grid.structures):
        outcome = outcomes[number]
        diverged = outcome.diverged_step >= 0
        columns = {"train_loss": outcome.curves["train_loss"][-1]}
        for part in ("validation", "test"):
            columns[f"{part}_loss"], columns[f"{part}_{score.name}"] = final(
                outcome, part, score, variance
            )
        columns |= {
            name: outcome.final[name]
            for name in ("test_dead", "test_saturated")
            if name in outcome.final
        }
        columns["train_loss"] = np.where(diverged, np.inf, columns["train_loss"])
        index = pd.MultiIndex.from_product(
            [range(len(grid.cells)), grid.seed_numbers], names=["cell", "seed"]
        )
        table = pd.DataFrame(
            {name: values.ravel() for name, values in columns.items()}, index=index
        ).reset_index()
        axes = pd.DataFrame([{**structure, **grid.cells[cell]} for cell in table.pop("cell")])
        step = pd.Series(np.where(diverged, outcome.diverged_step, 0).ravel(), dtype="Int64").mask(
            ~diverged.ravel()
        )
        tables.append(
            pd.concat([axes, table, step.rename("diverged_step")], axis=1)[outcome.done.ravel()]
        )
    return pd.concat(tables, ignore_index=True)


def so_far(
    grid: jaxnn.Grid, outcome: Outcome, score: Score, variance: Mapping[str, float]
) -> SoFar | None:
    """What choose would say of each run's latest point; None before the first. Arguments as in compare."""
    if "validation_loss" not in outcome.curves:
        return None
    diverged = outcome.diverged_step >= 0
    latest = {
        name: _latest(values)
        for name, values in outcome.curves.items()
        if name.startswith("validation_")
    }
    begun = diverged | ~np.isnan(latest["validation_loss"])
    scores = np.where(diverged, score.worst, _scores(latest, "validation", score, variance))
    losses = np.where(diverged, np.inf, latest["validation_loss"])
    rates = {
        cell["learning_rate"]: number
        for number, cell in enumerate(grid.cells)
        if begun[number].any()
    }
    if not rates:
        return None
    validation = {rate: _middle(scores[number][begun[number]]) for rate, number in rates.items()}
    best = best_rate(validation, lambda rate: losses[rates[rate]][begun[rates[rate]]])
    return SoFar(best, validation[best], int(diverged.sum()), int(begun.sum()))


def final(
    outcome: Outcome, part: str, score: Score, variance: Mapping[str, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Losses and scores at the end, (cells, seeds): a diverged run's are infinite, and the worst there is."""
    found = (
        outcome.final
        if part == "test"
        else {name: values[-1] for name, values in outcome.curves.items()}
    )
    diverged = outcome.diverged_step >= 0
    return (
        np.where(diverged, np.inf, found[f"{part}_loss"]),
        np.where(diverged, score.worst, _scores(found, part, score, variance)),
    )


def best_cell(
    outcome: Outcome, runs: np.ndarray, score: Score, variance: Mapping[str, float]
) -> int:
    """The number of the cell whose rate choose would choose, had there been these runs alone, bool (cells, seeds)."""
    losses, scores = final(outcome, "validation", score, variance)
    validation = {
        int(cell): _middle(scores[cell, runs[cell]]) for cell in np.flatnonzero(runs.any(axis=1))
    }
    return best_rate(validation, lambda cell: losses[cell, runs[cell]])


def curves_table(grid: jaxnn.Grid, outcomes: Mapping[int, Outcome]) -> pd.DataFrame:
    """One row a trained cell and point of its training curve: medians over seeds, and the ends of their middle half as _low and _high.

    A run that has diverged has an infinite loss, no accuracy, and no units to be dead or saturated.
    """
    tables = []
    for number, structure in enumerate(grid.structures):
        outcome = outcomes[number]
        cells = np.flatnonzero(outcome.done.any(axis=1))
        points = pd.MultiIndex.from_product([outcome.steps, cells], names=["step", "cell"])
        columns = {}
        for name, values in outcome.curves.items():
            lost = 0.0 if "accuracy" in name else np.inf if "loss" in name else np.nan
            found = np.where(outcome.done, np.where(np.isnan(values), lost, values), np.nan)[
                :, cells
            ]
            runs = pd.DataFrame(
                found.reshape(len(points), -1)
            )  # what is not trained is nan, and skipped
            columns[name] = runs.median(axis=1).to_numpy()
            columns |= {
                f"{name}_{end}": runs.quantile(share, axis=1, interpolation="nearest").to_numpy()
                for end, share in (("low", 0.25), ("high", 0.75))
            }
        table = pd.DataFrame(columns, index=points).reset_index()
        axes = pd.DataFrame([{**structure, **grid.cells[cell]} for cell in table.pop("cell")])
        tables.append(pd.concat([axes, table], axis=1))
    return pd.concat(tables, ignore_index=True)


def choose(
    results: pd.DataFrame,
    axes: Sequence[str],
    score: Score,
    baseline: str | None = None,
    seeds: float = np.inf,
) -> list[Choice]:
    """Each structure at the rate with the best validation score, best first; ties go to the lower validation loss.

    The first is the one that validation data call best. Since they are the same runs' data, a lucky run helps it to be chosen
    and to score, and its comparison with the others is corrected for that. The baseline is named beforehand, so its comparisons
    are corrected for their own number.

    Args:
        results: one row a run.
        axes: the names of the structure that tell the choices apart.
        score: how runs are judged.
        baseline: a value of the first axis; absent, relu where it is among them, else the one that comes first in the results.
        seeds: the rate is chosen on seeds below this, which every rate has; scores are over all that the chosen one has.
    """
    choices = []
    for values, group in results.groupby(list(axes), sort=False):
        by_rate = {rate: cell.sort_values("seed") for rate, cell in group.groupby("learning_rate")}
        chosen_on = {rate: cell[cell["seed"] < seeds] for rate, cell in by_rate.items()}
        validation = {
            rate: _middle(cell[f"validation_{score.name}"]) for rate, cell in chosen_on.items()
        }
        best = best_rate(validation, lambda rate, cells=chosen_on: cells[rate]["validation_loss"])
        cell = by_rate[best]
        test = cell[f"test_{score.name}"].to_numpy()
        edge = (
            None
            if len(by_rate) < 2
            else {min(by_rate): "lowest", max(by_rate): "highest"}.get(best)
        )
        choices.append(
            Choice(
                dict(zip(axes, values, strict=True)),
                float(best),
                _middle(cell[f"validation_{score.name}"]),
                _middle(test),
                interval(test),
                tuple(test.tolist()),
                _middle(cell["test_loss"]),
                int(group["diverged_step"].notna().sum()),
                int(cell["diverged_step"].notna().sum()),
                len(group),
                edge,
                good_rates(list(validation), [1 - value for value in validation.values()]),
                *(
                    float(cell[name].median()) if name in cell else None
                    for name in ("test_dead", "test_saturated")
                ),
            )
        )
    named = results[axes[0]].unique()
    baseline = baseline or ("relu" if "relu" in named else named[0])
    choices.sort(key=rank)
    p = first_p(np.array([choice.scores for choice in choices]))
    choices = [replace(choice, p=float(value)) for choice, value in zip(choices, p, strict=True)]
    return _against_baseline(choices, axes[0], baseline)


def best_rate(
    validation: Mapping[float, float], losses: Callable[[float], Sequence[float]]
) -> float:
    """The rate with the best validation score; ties go to the lower interquartile mean of the losses at the rate.

    Example:
        >>> best_rate({0.1: 0.9, 1.0: 0.9}, {0.1: [0.5], 1.0: [0.4]}.get)
        1.0
    """
    tied = [
        rate
        for rate in validation
        if _rounded(validation[rate]) == max(map(_rounded, validation.values()))
    ]
    return min(tied, key=lambda rate: _middle(losses(rate)))


def rank(choice: Choice | SoFar) -> float:
    """What choices are sorted by, best first."""
    return -_rounded(choice.validation)


def label(structure: Mapping[str, Any]) -> str:
    """What to call a structure.

    Example:
        >>> label({"activation": "relu", "depth": 4})
        'relu depth 4'
    """
    return " ".join(
        str(value) if name == "activation" else f"{name} {value}"
        for name, value in structure.items()
    )


def _against_baseline(choices: Sequence[Choice], axis: str, baseline: str) -> list[Choice]:
    compared = [
        number for number, choice in enumerate(choices) if choice.structure[axis] != baseline
    ]
    versus = []
    for number in compared:
        ours = choices[number]
        theirs = next(
            choice for choice in choices if choice.structure == ours.structure | {axis: baseline}
        )
        scores = np.array(ours.scores), np.array(theirs.scores)
        apart = differences(*scores)
        versus.append(
            Versus(
                theirs.label,
                _middle(apart),
                interval(apart),
                *probability_better(*scores),
                paired_p(*scores),
            )
        )
    corrected = holm([each.p for each in versus])
    found = {
        number: replace(each, p=float(p))
        for number, each, p in zip(compared, versus, corrected, strict=True)
    }
    return [replace(choice, versus=found.get(number)) for number, choice in enumerate(choices)]


def rows_of(table: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """A choice's rows at its rate, of the results or the curves."""
    chosen = choice.structure | {"learning_rate": choice.learning_rate}
    return table[np.logical_and.reduce([table[name] == value for name, value in chosen.items()])]


def _scores(
    found: Mapping[str, np.ndarray], part: str, score: Score, variance: Mapping[str, float]
) -> np.ndarray:
    return (
        found[f"{part}_accuracy"]
        if score is ACCURACY
        else 1 - found[f"{part}_loss"] / variance[part]
    )


def _latest(curve: np.ndarray) -> np.ndarray:
    """From (segments, cells, seeds) the last point that each run has, (cells, seeds)."""
    last = len(curve) - 1 - np.argmax(~np.isnan(curve[::-1]), axis=0)
    return np.take_along_axis(curve, last[None], axis=0)[0]


def _rounded(score: float) -> float:
    """So that a tie is a tie whatever the last bit of the mean."""
    return round(score, 6)


def _middle(values) -> float:
    return float(interquartile_mean(np.asarray(values, float)))
