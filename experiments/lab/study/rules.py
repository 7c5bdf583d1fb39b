"""The rules of a comparison: all that choices are made and compared by."""

from dataclasses import dataclass

import numpy as np

from experiments.lab.study.score import MARGIN, Score


@dataclass(frozen=True)
class Rules:
    """How runs are judged and choices compared.

    score: higher is better.
    trivial_loss: of the trivial predictor on each seed's validation rows, (seeds,), or a number.
    baseline: a value of the first axis, with which all others are compared in addition to the best;
        None: relu if it is there, else the first in the results.
    seeds: rates are chosen on seeds below this number, which every rate has; scores are over all
        seeds that the chosen rate has.
    overlap: test rows / training rows of a seed, whose splits are of the same rows; 0 if all seeds
        have the same split.
    test_rows: where all seeds have the same test rows, how many; else None.
    rows: where splits differ, of how many rows they are; else None.
    margin: a difference of scores that does not matter in practice.
    """

    score: Score
    trivial_loss: np.ndarray | float = np.inf
    baseline: str | None = None
    seeds: float = np.inf
    overlap: float = 0.0
    test_rows: int | None = None
    rows: int | None = None
    margin: float = MARGIN
