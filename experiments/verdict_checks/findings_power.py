"""Power: how often a true difference is found, next to what ``lab.study.power`` says."""

import numpy as np

from experiments.lab.study.best_set import best_set
from experiments.lab.study.power import paired_spread, power, seeds_needed
from experiments.verdict_checks.figures import Figure, mean, share

SEEDS, DIFFERENCES, HALF_POINT = (10, 40), (0.003, 0.005, 0.01), 0.005
ASKED = (0.75, 0.85)
MOST = 400  # seeds of a trial; where it takes more, it is not tried


def on_scores(name: str, scores: np.ndarray, overlap: float, trials: int) -> list[Figure]:
    """Jobs drawn from real scores, to one choice of which a difference is added.

    Args:
        scores: at the best rate of each choice, (choices, seeds). Their means are made equal.
        overlap: test rows / training rows of a seed's split.
        trials: jobs for each power.
    """
    random = np.random.default_rng(0)
    scores = scores.astype(float) - scores.mean(axis=1, keepdims=True)
    figures = []
    for seeds in SEEDS:
        for difference in DIFFERENCES:
            left, alone, said = _tried(scores, difference, seeds, trials, random, overlap)
            what = f"{100 * difference:.1f} points, {seeds} seeds"
            figures += [
                share("VERDICT 4", f"{what}: a worse choice left out", name, left, trials),
                share("VERDICT 4", f"{what}: all others left out", name, alone, trials),
                mean("VERDICT 4", f"{what}: power as predicted", name, said, 1),
            ]
    return figures + _seeds_needed(name, scores, trials, random, overlap)


def _tried(
    scores: np.ndarray,
    difference: float,
    seeds: int,
    trials: int,
    random: np.random.Generator,
    overlap: float,
) -> tuple[list[float], list[bool], list[float]]:
    """Of each trial the share of worse choices left out, and whether all are; what is predicted."""
    choices, left, alone, said = len(scores), [], [], []
    for trial in range(trials):
        best = trial % choices
        mine = scores[:, random.integers(scores.shape[1], size=seeds)]
        mine[best] += difference
        may = np.delete(best_set(mine, overlap), best)
        left.append(1 - float(may.mean()))
        alone.append(not may.any())
    for best in range(choices):
        spreads = np.delete(paired_spread(scores, best), best)
        said += [power(spread, difference, seeds, choices, overlap) for spread in spreads]
    return left, alone, said


def _seeds_needed(
    name: str,
    scores: np.ndarray,
    trials: int,
    random: np.random.Generator,
    overlap: float,
) -> list[Figure]:
    """The seeds that half a point is said to take, and how often so many leave a choice out."""
    choices = len(scores)

    def says(some: np.ndarray, first: int) -> int:
        spread = float(np.median(np.delete(paired_spread(some, first), first)))
        return seeds_needed(spread, HALF_POINT, choices, overlap)

    true = round(np.median([says(scores, first) for first in range(choices)]))
    stated = []
    for trial in range(trials):
        mine = scores[:, random.integers(scores.shape[1], size=SEEDS[0])]
        stated.append(says(mine, trial % choices))
    low, high = np.quantile(stated, [0.1, 0.9])
    middle = float(np.median(stated))
    found = [
        Figure("VERDICT 4", "seeds for half a point", name, true, true, true, trials),
        Figure("VERDICT 4", "as ten seeds say (80 % of jobs)", name, middle, low, high, trials),
    ]
    if true <= MOST:
        left, _, _ = _tried(scores, HALF_POINT, true, trials, random, overlap)
        check = "half a point left out with that many seeds"
        found.append(share("VERDICT 4", check, name, left, trials, ASKED))
    return found
