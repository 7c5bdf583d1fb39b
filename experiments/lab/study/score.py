"""How a run is judged: one score, higher is better, for the rate to choose and for the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from experiments.lab.data import Dataset
from experiments.lab.engine.outcome import Outcome
from experiments.lab.study import verdict
from experiments.lab.study.verdict import Unit


@dataclass(frozen=True)
class Score:
    """How runs are judged: higher is better.

    name: as in the files. title: as people read it.
    worst: the score of a diverged run.
    variance: of the targets of each part, (seeds,), which turns a loss into R²; empty for the
        accuracy.
    """

    name: str
    title: str
    worst: float
    variance: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def scale(self) -> int:
        """What a score is multiplied by to be drawn: an accuracy is drawn in percent."""
        return 100 if self.name == "accuracy" else 1

    def show(self, value: float) -> str:
        """The value as people read it.

        Example:
            >>> ACCURACY.show(0.987), R2.show(0.5), R2.show(float("-inf"))
            ('98.7 %', '0.500', 'none')
        """
        if not np.isfinite(value):
            return "none"
        return f"{self.scale * value:.1f} %" if self.name == "accuracy" else f"{value:.3f}"

    @property
    def unit(self) -> Unit:
        """How scores and their differences are written in sentences."""
        return verdict.ACCURACY if self.name == "accuracy" else verdict.R2

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest score that a run can have."""
        return self.worst, 1.0

    def sampling(self, scores: np.ndarray, rows: int | None) -> np.ndarray | float:
        """Variance of a score due to the draw of the test rows; 0 for None.

        a (1 − a) / rows of an accuracy a; of R², 4 R² (1 − R²)² / rows, as for normal errors. Two
        rows are added on either side (Agresti & Coull 1998), since none at all is wrong by chance.
        """
        if rows is None:
            return 0.0
        shares = (np.clip(scores, 0, 1) * rows + 2) / (rows + 4)
        if self.name == "accuracy":
            return shares * (1 - shares) / rows
        return 4 * shares * (1 - shares) ** 2 / rows

    def of(self, found: Mapping[str, np.ndarray], part: str) -> np.ndarray:
        """The scores of runs on a part of the data, from their metrics by name."""
        if self.name == "accuracy":
            return found[f"{part}_accuracy"]
        return 1 - found[f"{part}_loss"] / self.variance[part]

    def final(self, outcome: Outcome, part: str) -> tuple[np.ndarray, np.ndarray]:
        """Losses and scores after training, (cells, seeds).

        A diverged run predicts nothing: its loss is infinite, and its score is the worst, which no
        score is below.
        """
        last = {name: values[-1] for name, values in outcome.curves.items()}
        found = outcome.final if part == "test" else last
        diverged = outcome.diverged_step >= 0
        return (
            np.where(diverged, np.inf, found[f"{part}_loss"]),
            np.where(diverged, self.worst, np.fmax(self.of(found, part), self.worst)),
        )


ACCURACY = Score("accuracy", "accuracy", 0.0)
R2 = Score("r2", "R²", -1.0)  # as it is, to show values; ``score_of`` adds the variances


def score_of(splits: Sequence[Dataset]) -> Score:
    """The score on these data, one split per seed: accuracy for classes, R² for a number."""
    if splits[0].classes:
        return ACCURACY
    parts = splits[0].y
    return replace(
        R2, variance={part: np.array([split.y[part].var() for split in splits]) for part in parts}
    )
