"""How a run is judged: one score, higher is better, for the rate to choose and for the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from experiments.lab.data import Dataset
from experiments.lab.engine.outcome import Outcome


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

    def of(self, found: Mapping[str, np.ndarray], part: str) -> np.ndarray:
        """The scores of runs on a part of the data, from their metrics by name."""
        if self.name == "accuracy":
            return found[f"{part}_accuracy"]
        return 1 - found[f"{part}_loss"] / self.variance[part]

    def final(self, outcome: Outcome, part: str) -> tuple[np.ndarray, np.ndarray]:
        """Losses and scores after training, (cells, seeds).

        A diverged run predicts nothing: its loss is infinite, and its score is the worst.
        """
        last = {name: values[-1] for name, values in outcome.curves.items()}
        found = outcome.final if part == "test" else last
        diverged = outcome.diverged_step >= 0
        return (
            np.where(diverged, np.inf, found[f"{part}_loss"]),
            np.where(diverged, self.worst, self.of(found, part)),
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
