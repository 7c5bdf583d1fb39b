"""Activations over data sets: ranks, the set that holds the best, and how stable this is.

Reference:
    Demšar 2006, Statistical comparisons of classifiers over multiple data sets, JMLR 7.
    Wortsman et al. 2023, arXiv 2309.14322: the sensitivity to the learning rate.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from experiments.lab.evidence.experiment import Arrays
from experiments.lab.study import rate
from experiments.lab.study.good_rates import good_rates
from experiments.lab.study.statistics import holm

LEVEL = 0.05
DECADES = 3.0  # of rates, in the middle of the grid, over which the sensitivity is


class OnData(NamedTuple):
    """The activations on one data set, each at its own best rate.

    best: the number of its rate, (activations,).
    points: test scores in points, (activations, seeds).
    reference: the number of the activation with the best validation score.
    sensitivity: the mean excess loss over three decades of rates, as a share of the trivial
        predictor's loss, (activations,).
    decades: width of the good rates, (activations,); is_open where it reaches an end of the grid.
    """

    best: np.ndarray
    points: np.ndarray
    reference: int
    sensitivity: np.ndarray
    decades: np.ndarray
    is_open: np.ndarray

    @property
    def costs(self) -> np.ndarray:
        """What each activation costs against the reference, in points, (activations, seeds)."""
        return self.points[self.reference] - self.points

    @property
    def ranks(self) -> np.ndarray:
        """1 for the best mean test score, (activations,); equal ones share their ranks."""
        return stats.rankdata(-self.points.mean(axis=1).round(6))


def on_data(found: Arrays, rates: Sequence[float]) -> OnData:
    """What follows from the measurement of one data set; see ``measure.train``.

    The best rate has the lowest mean validation loss, which is at most the trivial predictor's. The
    reference is the best by validation, so that it is not the best on test rows by chance.
    """
    losses = np.array([rate.clipped(each, found["trivial_loss"]) for each in _floats(found)])
    mean = losses.mean(axis=2)
    best = mean.argmin(axis=1)
    places = np.arange(len(best))
    floor = found["trivial_score"]
    test = np.maximum(found["test_score"][places, best], floor)
    validation = np.maximum(found["validation_score"].mean(axis=2), floor.mean())
    own = validation[places, best]
    good = [good_rates(rates, 1 - each) for each in validation]
    return OnData(
        best,
        100 * test.astype(float),
        int(np.lexsort((mean[places, best], -own.round(6)))[0]),
        sensitivity(mean / found["trivial_loss"].mean(), rates),
        np.array([each.decades for each in good]),
        np.array([each.open for each in good]),
    )


def sensitivity(losses: np.ndarray, rates: Sequence[float]) -> np.ndarray:
    """Mean over three decades of rates of the loss's distance from the best of all rates.

    Args:
        losses: (activations, rates), each at most that of a network that has learned nothing.
        rates: ascending.

    Example:
        >>> sensitivity(np.array([[1.0, 0.5, 0.0, 1.0]]), [0.001, 0.01, 0.1, 1.0]).tolist()
        [0.625]
    """
    places = np.log10(rates)
    inside = np.abs(places - (places[0] + places[-1]) / 2) <= DECADES / 2 + 1e-6
    return losses[:, inside].mean(axis=1) - losses.min(axis=1)


class Ranking(NamedTuple):
    """The activations over all data sets.

    mean: rank of each, (activations,), the mean over data sets.
    friedman: p of the test that all have the same mean rank.
    critical: the difference of two mean ranks from which on Nemenyi's test tells them apart.
    p: of each against the one with the lowest mean rank: Wilcoxon's signed-rank test, one-sided,
        corrected by Holm.
    stability: Kendall's τ of the mean ranks with those without each data set, (data sets,).
    """

    mean: np.ndarray
    friedman: float
    critical: float
    p: np.ndarray
    stability: np.ndarray

    @property
    def best(self) -> int:
        """The number of the activation with the lowest mean rank."""
        return int(np.argmin(self.mean))

    @property
    def in_set(self) -> np.ndarray:
        """Those that cannot be told from the best, bool (activations,)."""
        return self.p > LEVEL


def ranking(each: Mapping[str, OnData]) -> Ranking:
    """Of at least two data sets and three activations."""
    ranks = np.array([one.ranks for one in each.values()])
    scores = np.array([one.points.mean(axis=1) for one in each.values()]).round(6)
    sets, count = ranks.shape
    mean = ranks.mean(axis=0)
    best = int(np.argmin(mean))
    p = np.ones(count)
    others = np.arange(count) != best
    p[others] = holm([_worse(scores[:, best] - score) for score in scores.T[others]])
    quantile = stats.studentized_range.ppf(1 - LEVEL, count, np.inf) / np.sqrt(2)
    without = [np.delete(ranks, left_out, axis=0).mean(axis=0) for left_out in range(sets)]
    return Ranking(
        mean,
        float(stats.friedmanchisquare(*ranks.T).pvalue),
        float(quantile * np.sqrt(count * (count + 1) / (6 * sets))),
        p,
        np.array([stats.kendalltau(mean, other).statistic for other in without]),
    )


def _worse(differences: np.ndarray) -> float:
    """p of the hypothesis that the differences, one per data set, are not above 0."""
    if not differences.any():
        return 1.0
    return float(stats.wilcoxon(differences, alternative="greater", method="approx").pvalue)


def _floats(found: Arrays) -> np.ndarray:
    return np.asarray(found["validation_loss"], float)
