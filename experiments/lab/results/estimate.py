"""What score an ensemble is stated to have on new rows, measured on rows it was not trained on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from experiments.lab.results.ensembles import Blocks, Trained
from experiments.lab.results.model import Model
from experiments.lab.study.intervals import new_rows_interval
from experiments.lab.study.study import Study

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A score on new rows, and the predictions that it comes from.

    score: the mean of the scores. interval: of the score on new rows, 95 %.
    scores: one per split; of an ensemble whose members have all diverged, the worst that there is.
    share: rows that the ensembles scored were trained on / rows that the model was trained on.
    true, predicted: of each test row, of all splits one after the other: the name of its class, or
        a number in the unit of the target.
    """

    score: float
    interval: tuple[float, float]
    scores: tuple[float, ...]
    share: float
    true: np.ndarray
    predicted: np.ndarray

    @property
    def what(self) -> str:
        """What it is, in words that follow the score."""
        if self.share == 1:
            return "on the test rows that came with the data"
        share = f"trained on {100 * self.share:.0f} % of the rows"
        rather = "which the model itself should reach"
        if len(self.scores) == 1:
            return f"that of such a model {share}, on the test rows of one split, {rather}"
        return f"the mean of such models {share} over {len(self.scores)} splits, {rather}"


def estimate(study: Study, model: Model, trained: Trained, blocks: Blocks) -> Estimate:
    """The stated score of a model: that of ensembles made like it, each on rows left out.

    With J > 1 splits the interval is that of ``new_rows_interval`` for a single choice, all of
    whose variance counts as common to the splits, which makes it rather too wide. On test rows that
    came with the data, or those of a single split, it is score ± 1.96 √(variance due to their
    draw).

    Args:
        study: what was asked.
        model: the ensemble of block 0.
        trained: the members of all blocks.
        blocks: the rows; without further blocks, the test rows come with the data.
    """
    numbers = range(1, len(blocks)) or range(1)
    worst = study.score.bounds[0]
    scores: list[float] = []
    true, predicted = [], []
    for number in numbers:
        data = blocks.data(number)
        x, y = data.parts["test"]
        one = replace(model, preprocessing=data.preprocessing, params=trained.of(number))
        one = one.without_diverged(x)
        if not one.members:
            scores.append(worst)
            continue
        outputs = one.outputs(x)
        scores.append(float(np.fmax(one.score(outputs, y), worst)))
        predicted.append(one.predictions(outputs)["prediction"].to_numpy())
        true.append(one.targets(y))
    mean, test = float(np.mean(scores)), len(blocks.data(numbers[-1]).y["test"])
    return Estimate(
        score=mean,
        interval=_interval(study, np.array(scores), test, test / blocks.rows[-1]),
        scores=tuple(scores),
        share=blocks.rows[-1] / blocks.rows[0],
        true=_joined(true),
        predicted=_joined(predicted),
    )


def _interval(study: Study, scores: np.ndarray, test: int, overlap: float) -> tuple[float, float]:
    score, mean = study.score, scores.mean()
    if len(scores) == 1:
        half = stats.norm.ppf((1 + LEVEL) / 2) * np.sqrt(score.sampling(mean, test))
        low, high = np.clip([mean - half, mean + half], *score.bounds)
    else:
        least = score.sampling(mean, study.rules.rows)
        [[low, high]] = new_rows_interval(scores[None], overlap, least=least, bounds=score.bounds)
    return float(low), float(high)


def _joined(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(arrays) if arrays else np.array([])
