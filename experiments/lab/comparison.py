"""The comparison: each structure at its own best learning rate, chosen on validation data, reported on test data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import jaxnn
from experiments.lab.runner import Outcome
from experiments.lab.statistics import holm, interquartile_mean, interval, paired_p

CERTAIN = 0.05  # the corrected p below which a difference is called one


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
class Choice:
    """One structure at its best learning rate; scores are interquartile means over seeds."""

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
    p: float = 1.0

    @property
    def label(self) -> str:
        """What to call it."""
        return " ".join(str(value) if name == "activation" else f"{name} {value}" for name, value in self.structure.items())


def results_table(grid: jaxnn.Grid, outcomes: Mapping[int, Outcome], score: Score, variance: Mapping[str, float]) -> pd.DataFrame:
    """One row a run: every axis, seed, losses and scores of each part, and the step at which it diverged, empty if it did not.

    A diverged run predicts nothing: its losses are infinite and its scores the worst there is.
    """
    tables = []
    for number, structure in enumerate(grid.structures):
        outcome = outcomes[number]
        diverged = outcome.diverged_step >= 0
        columns = {"train_loss": outcome.curves["train_loss"][-1]}
        for part, found in (("validation", {name: values[-1] for name, values in outcome.curves.items()}), ("test", outcome.test)):
            columns[f"{part}_loss"] = np.where(diverged, np.inf, found[f"{part}_loss"])
            scores = found[f"{part}_accuracy"] if score is ACCURACY else 1 - found[f"{part}_loss"] / variance[part]
            columns[f"{part}_{score.name}"] = np.where(diverged, score.worst, scores)
        columns["train_loss"] = np.where(diverged, np.inf, columns["train_loss"])
        index = pd.MultiIndex.from_product([range(len(grid.cells)), grid.seed_numbers], names=["cell", "seed"])
        table = pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index=index).reset_index()
        axes = pd.DataFrame([{**structure, **grid.cells[cell]} for cell in table.pop("cell")])
        step = pd.Series(np.where(diverged, outcome.diverged_step, 0).ravel(), dtype="Int64").mask(~diverged.ravel())
        tables.append(pd.concat([axes, table, step.rename("diverged_step")], axis=1))
    return pd.concat(tables, ignore_index=True)


def curves_table(grid: jaxnn.Grid, outcomes: Mapping[int, Outcome]) -> pd.DataFrame:
    """One row a cell and point of its training curve: medians over seeds, infinite where most have diverged."""
    tables = []
    for number, structure in enumerate(grid.structures):
        outcome = outcomes[number]
        points = pd.MultiIndex.from_product([outcome.steps, range(len(grid.cells))], names=["step", "cell"])
        medians = {name: np.median(np.where(np.isnan(values), 0.0 if "accuracy" in name else np.inf, values), axis=-1).ravel()
                   for name, values in outcome.curves.items()}
        table = pd.DataFrame(medians, index=points).reset_index()
        axes = pd.DataFrame([{**structure, **grid.cells[cell]} for cell in table.pop("cell")])
        tables.append(pd.concat([axes, table], axis=1))
    return pd.concat(tables, ignore_index=True)


def choose(results: pd.DataFrame, axes: Sequence[str], score: Score) -> list[Choice]:
    """Each structure at the rate with the best validation score, best first; ties go to the lower validation loss.

    The first is the one that validation data call best. Its p is 1, the others' compare their test scores with its own,
    seed by seed, with Holm's correction.
    """
    rates = np.unique(results["learning_rate"])
    choices = []
    for values, group in results.groupby(list(axes), sort=False):
        by_rate = {rate: cell.sort_values("seed") for rate, cell in group.groupby("learning_rate")}
        # Rounded, so that a tie is a tie whatever the last bit of the mean.
        best = max(by_rate, key=lambda rate: (round(_middle(by_rate[rate][f"validation_{score.name}"]), 6),
                                              -_middle(by_rate[rate]["validation_loss"])))
        cell = by_rate[best]
        test = cell[f"test_{score.name}"].to_numpy()
        edge = None if len(rates) < 2 else {rates[0]: "lowest", rates[-1]: "highest"}.get(best)
        choices.append(Choice(dict(zip(axes, values, strict=True)), float(best), _middle(cell[f"validation_{score.name}"]),
                              _middle(test), interval(test), tuple(test.tolist()), _middle(cell["test_loss"]),
                              int(group["diverged_step"].notna().sum()), int(cell["diverged_step"].notna().sum()),
                              len(group), edge))
    choices.sort(key=lambda choice: -round(choice.validation, 6))
    if len(choices) > 1:
        winner, *others = choices
        p = holm([paired_p(np.array(winner.scores), np.array(other.scores)) for other in others])
        choices = [winner, *(Choice(**{**vars(other), "p": float(value)}) for other, value in zip(others, p, strict=True))]
    return choices


def verdict(choices: Sequence[Choice], score: Score) -> str:
    """One sentence that someone can act on."""
    best, *others = choices
    low, high = best.interval
    spread = f" [{score.show(low)}, {score.show(high)}]" if np.isfinite(low) else ", from one seed, which says nothing of the spread"
    said = f"Use {best.label} at learning rate {best.learning_rate:.3g}: test {score.title} {score.show(best.test)}{spread}"
    worse = [other for other in others if other.p < CERTAIN and other.test < best.test]
    better = [other for other in others if other.p < CERTAIN and other.test > best.test]
    tied = [other for other in others if other not in worse and other not in better]
    if better:
        said += f"; it was chosen on validation data, and on test data {_list(better)} did better"
    seeds = f"{len(best.scores)} seed{'s' * (len(best.scores) > 1)}"
    if others and len(worse) == len(others):
        said += f"; it beats {'the other' if len(others) == 1 else f'all {len(others)} others'}"
    elif len(tied) == len(others) > 1:
        said += f"; none of the {len(others)} others can be told apart from it with {seeds}"
    elif tied:
        said += f"; {_list(tied)} cannot be told apart from it with {seeds}, {_list(worse)} {'does' if len(worse) == 1 else 'do'} worse" \
            if worse else f"; {_list(tied)} cannot be told apart from it with {seeds}"
    if best.edge:
        said += f"; its best rate is the {best.edge} tried, so widen the range"
    return said + "."


def between(choice: Choice, score: Score) -> str:
    """The interval, its unit once."""
    low, high = choice.interval
    return f"{score.show(low).removesuffix(' %')}–{score.show(high)}" if np.isfinite(low) else "–"


def against(choice: Choice, best: Choice) -> str:
    """How one compares with the first, in words."""
    if choice is best:
        return ""
    if choice.p >= CERTAIN:
        return f"tie p={choice.p:.2f}"
    return f"{'worse' if choice.test < best.test else 'better'} p={choice.p:.3f}"


def _middle(values) -> float:
    return float(interquartile_mean(np.asarray(values, float)))


def _list(choices: Sequence[Choice]) -> str:
    *first, last = [choice.label for choice in choices]
    return f"{', '.join(first)} and {last}" if first else last
