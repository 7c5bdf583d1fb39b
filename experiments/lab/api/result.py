"""What compare returns: the comparison as a table, sentences, figures and a model."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.lab import report
from experiments.lab.api.handed import as_rows, value_errors
from experiments.lab.data import read_rows
from experiments.lab.engine.devices import use_precision
from experiments.lab.io import files
from experiments.lab.job import Job, Kept
from experiments.lab.results.predict import predicted
from experiments.lab.results.refit import Refit, refitted
from experiments.lab.results.write import described, drawn_figures
from experiments.lab.study import screen
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.score import Score
from experiments.lab.study.tables import as_written


class Predictor:
    """The winner's ensemble, trained on all rows.

    refit: the ensemble with its stated score; ``refit.model.params`` are the parameters.
    """

    def __init__(self, refit: Refit, score: Score):
        """Of a refit, judged by a score."""
        self.refit, self._score = refit, score

    def predict(self, rows: Any) -> pd.DataFrame:
        """A row for each row.

        Args:
            rows: a data frame with the columns trained on, where others are ignored, or an array
                like the one trained on.

        Returns:
            "prediction"; for classes, the probability of each; and "spread", how far the members of
            the ensemble are apart. Missing where an output is not finite.

        Raises:
            ValueError: the rows do not fit.
        """
        model = self.refit.model
        with value_errors():
            found = read_rows(as_rows(rows, model.preprocessing.names), model.preprocessing)
            table, _, _ = predicted(model, model.preprocessing.apply(found.x))
        return table.set_axis(rows.index) if isinstance(rows, pd.DataFrame) else table

    def __repr__(self) -> str:
        return self.refit.said(self._score)


class Result:
    """What a comparison has found.

    comparison: all of it, as the experiments have it.
    """

    def __init__(
        self,
        job: Job,
        comparison: Comparison,
        within: Callable[[], AbstractContextManager[None]],
        kept: Kept | None,
    ):
        """A comparison of what was asked; ``within`` is where more can be trained."""
        self.comparison, self._job, self._within = comparison, job, within
        if kept:
            self.__dict__["_refit"] = kept.refit  # is there already

    @property
    def verdict(self) -> str:
        """Which activation at which rate, how certain that is, and what it holds for."""
        return self.comparison.verdict

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known of the data."""
        return self.comparison.study.data.notes

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row per choice, best first, then models that are no networks.

        ``test_…`` is the mean score on new rows and low and high its 95 % interval; failed runs are
        no better than half-way from the trivial predictor to the best; p is that of the choice
        being the best of all.
        """
        score = self.comparison.study.score
        rows = [
            {
                "model": choice.label,
                **choice.structure,
                "learning_rate": choice.learning_rate,
                **_scores(choice, choice.test, score),
                "seeds": len(choice.scores),
                "failed": choice.failed,
                "decades": choice.good_rates.decades,
                "steps_to_target": choice.steps_to_target,
                "p": choice.p,
            }
            for choice in self.comparison.choices
        ]
        outside = self.comparison.outside
        rows += [
            {"model": model.reference.title, **_scores(model, model.score, score)}
            for model in (outside.models if outside else ())
        ]
        return pd.DataFrame(rows).astype({"seeds": "Int64", "failed": "Int64"})

    @cached_property
    def results(self) -> pd.DataFrame:
        """A row per run, as in results.csv."""
        return as_written(self.comparison.results, self.comparison.study.score)

    @property
    def curves(self) -> pd.DataFrame:
        """Training curves, as in curves.csv."""
        return self.comparison.curves

    @cached_property
    def figures(self) -> Mapping[str, Any]:
        """The report's figures by name, such as "rates" and "curves", as Plotly's objects."""
        from experiments.lab.report.figure_plotly import drawn

        found = drawn_figures(self.comparison, self.__dict__.get("_refit"))
        return {figure.name: drawn(figure) for figure in found}

    @cached_property
    def model(self) -> Predictor:
        """The winner's ensemble, trained on all rows when it is first asked for.

        Raises:
            ValueError: every network of the winner has diverged.
        """
        if self._refit is None:
            raise ValueError("there is no model, since every network of the first has diverged")
        return Predictor(self._refit, self.comparison.study.score)

    @cached_property
    def _refit(self) -> Refit | None:
        if self.comparison.nothing_trained:
            return None
        with self._within():
            use_precision(self._job.configuration.precision)
            return refitted(self.comparison, single=self._job.configuration.single)

    def report(self, path: str | Path) -> Path:
        """Write the report, one HTML file that works offline.

        Args:
            path: of the file.

        Returns:
            The file.
        """
        refit = self._refit
        with self._within():
            use_precision(self._job.configuration.precision)
            config = described(self.comparison, refit, self._job)
            drawn = drawn_figures(self.comparison, refit)
            files.write_text(Path(path), report.page(self.comparison, drawn, config))
        return Path(path)

    def __repr__(self) -> str:
        titles, rows = screen.cells(self.comparison)
        table = pd.DataFrame(rows, columns=titles).to_string(index=False)
        return f"{self.verdict}\n\n{table}"

    def _repr_html_(self) -> str:
        titles, rows = screen.cells(self.comparison)
        table = pd.DataFrame(rows, columns=titles).to_html(index=False, border=0)
        return f"<p><b>{escape(self.verdict)}</b></p>\n{table}"


def _scores(row: Any, score: float, judge: Score) -> dict[str, float]:
    """Of a choice or a model: its score and the interval, in the metric's own sign."""
    low, high = (judge.own(end) for end in judge.ascending(row.interval))
    return {f"test_{judge.name}": judge.own(score), "low": low, "high": high}
