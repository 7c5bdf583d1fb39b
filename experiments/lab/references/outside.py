"""What reference models say about the networks: pure functions of scores, and sentences.

Scores are compared on the splits that both have; higher is better. Splits of one table share rows,
so a mean of J differences has the variance s² (1 / J + overlap), with overlap = test rows /
training rows (Nadeau & Bengio 2003, Machine Learning 52). Where all seeds have the same test rows,
the variance due to the draw of these is added.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from experiments.lab.references.fit import Reference
from experiments.lab.study.best_set import LEVEL
from experiments.lab.study.intervals import new_rows_interval
from experiments.lab.study.rules import Rules
from experiments.lab.study.score import Score
from experiments.lab.study.statistics import holm
from experiments.lab.study.verdict import shortened

FEWEST_SPLITS = 3  # with fewer, no test can tell anything
ROUNDING = 1e-5  # of a score: differences up to this are none

# What the trivial model does, by the name of the metric.
ANSWERS: Mapping[str, str] = {
    "accuracy": "always answering the most frequent class",
    "balanced_accuracy": "always answering the same class",
    "auc": "giving all rows the same probabilities",
    "log_loss": "giving each class its share of the training rows",
    "brier": "giving each class its share of the training rows",
    "mae": "always predicting the median of the training rows",
}
MEAN = "always predicting the mean of the training rows"  # for all other metrics


def p_better(
    ours: np.ndarray, theirs: np.ndarray, overlap: float = 0.0, sampling: float = 0.0
) -> float:
    """One-sided p of our expected score on new rows not being higher: paired t, corrected.

    Args:
        ours, theirs: finite scores on the same splits, (splits,).
        overlap: test rows / training rows of a split; 0 if splits share no row.
        sampling: variance of the mean difference due to the draw of test rows that all splits have.

    Returns:
        From 0 to 1; nan with fewer than 3 splits.

    Raises:
        ValueError: the two are not on the same splits.

    Example:
        >>> ours, theirs = np.array([0.9, 0.92, 0.94]), np.array([0.8, 0.81, 0.85])
        >>> round(p_better(ours, theirs), 4), round(p_better(ours, theirs, 1 / 3), 4)
        (0.0017, 0.0033)
    """
    if np.shape(ours) != np.shape(theirs):
        raise ValueError(
            f"{np.size(ours)} and {np.size(theirs)} scores cannot be paired; give scores of the "
            "same splits"
        )
    apart = _differences(ours, theirs)
    if len(apart) < FEWEST_SPLITS:
        return math.nan
    variance = np.var(apart, ddof=1) * (1 / len(apart) + overlap) + sampling
    return _t_test(float(np.mean(apart)), float(variance), len(apart))


def useful(
    networks: np.ndarray, trivial: np.ndarray, overlap: float = 0.0, sampling: float = 0.0
) -> np.ndarray:
    """Which networks are shown to be better than the trivial model.

    The first, which is recommended, is tested by itself; the others are corrected for their number
    (Holm), since otherwise the luckiest of them would pass. Each at 5 %, one-sided. With fewer than
    3 splits, those with the higher mean.

    Args:
        networks: finite scores, (choices, splits), the recommended choice first.
        trivial: scores on the same splits, (splits,).
        overlap, sampling: as for p_better.

    Returns:
        bool, (choices,).

    Example:
        >>> useful(np.array([[0.9, 0.92, 0.94], [0.8, 0.7, 0.9]]), np.array([0.8, 0.81, 0.85]))
        array([ True, False])
    """
    p = np.array([p_better(own, trivial, overlap, sampling) for own in networks])
    if np.isnan(p).any():
        return np.mean(networks, axis=1) > np.mean(trivial)
    if len(p) > 1:
        p[1:] = holm(p)[1:]
    return p < 1 - LEVEL


@dataclass(frozen=True)
class Compared:
    """A reference model against the recommended network, on the splits that both have.

    reference: the model. score: its mean. interval: 95 %, of its expected score on new rows; nan on
    one split that is not that of all seeds.
    network: the network's mean on the same splits. splits: how many seeds both have.
    p: of the model not being better, one-sided; nan where nothing says how much scores vary.
    """

    reference: Reference
    score: float
    interval: tuple[float, float]
    network: float
    splits: int
    p: float

    @property
    def better(self) -> bool:
        """Whether the 95 % interval of the difference is above 0."""
        return self.p < (1 - LEVEL) / 2


def compared(reference: Reference, network: Mapping[int, float], rules: Rules) -> Compared:
    """A reference model against a network.

    A model that was fitted on one or two splits only is taken to vary between splits as much as the
    network does, and independently of it, which overstates the error of the difference.

    Args:
        reference: the model.
        network: seed -> the network's test score.
        rules: by which networks are judged.

    Raises:
        ValueError: the network has none of the model's seeds.
    """
    both = [place for place, seed in enumerate(reference.seeds) if int(seed) in network]
    if not both:
        raise ValueError(
            f"the network has no score of a seed on which {reference.title} was fitted"
        )
    ours = reference.scores[both]
    theirs = np.array([network[int(reference.seeds[place])] for place in both])
    means = float(np.mean(ours)), float(np.mean(theirs))
    sampling = _sampling(rules, *means)
    p = p_better(ours, theirs, rules.overlap, sampling)
    if math.isnan(p) and len(network) >= FEWEST_SPLITS:
        spread = 2 * np.var(list(network.values()), ddof=1)
        variance = float(spread) * (1 / len(both) + rules.overlap) + sampling
        p = _t_test(float(np.mean(_differences(ours, theirs))), variance, len(network))
    low, high = new_rows_interval(
        ours[None],
        rules.overlap,
        sampling=_sampling(rules, means[0]),
        least=rules.score.sampling(np.array([means[0]]), rules.rows),
        bounds=rules.score.bounds,
    )[0]
    return Compared(reference, means[0], (float(low), float(high)), means[1], len(both), p)


@dataclass(frozen=True)
class Outside:
    """What all reference models say about the networks.

    labels: of the choices, the recommended one first.
    useful: which of them are shown to be better than the trivial model.
    network: the mean score of the first on all of its seeds.
    models: each against the first choice, the trivial one first.
    """

    labels: Sequence[str]
    useful: tuple[bool, ...]
    network: float
    models: tuple[Compared, ...]

    @property
    def trivial(self) -> Reference:
        """The trivial model."""
        return self.models[0].reference

    @property
    def nothing_recommended(self) -> bool:
        """Whether no network is shown to be better than the trivial model."""
        return not any(self.useful)

    def sentences(self, score: Score) -> str:
        """What should be said first; empty where the networks are the best.

        Args:
            score: by which networks are judged.
        """
        return " ".join(filter(None, (self._on_trivial(score), self._on_others(score))))

    def _on_trivial(self, score: Score) -> str:
        first, unit = self.labels[0], score.written(self.network)
        answer, known = ANSWERS.get(score.name, MEAN), unit.score(self.trivial.score)
        if self.nothing_recommended and len(self.labels) == 1:
            said = f"{first} is not shown to be better than {answer}"
            said += f" ({known}, against {unit.score(self.network)})"
        elif self.nothing_recommended:
            said = f"No network is shown to be better than {answer} ({known}; {first}, the first "
            said += f"by validation data: {unit.score(self.network)})"
        elif not self.useful[0]:
            others = [label for label, is_so in zip(self.labels, self.useful, strict=True) if is_so]
            return (
                f"{first} is not shown to be better than {answer} ({known}, against "
                f"{unit.score(self.network)}), though {shortened(others)} "
                f"{'is' if len(others) == 1 else 'are'}."
            )
        else:
            return ""
        return f"{said}, so nothing is recommended: {_remedy(score, self.trivial.score)}."

    def _on_others(self, score: Score) -> str:
        better = sorted((one for one in self.models[1:] if one.better), key=lambda one: -one.score)
        if not better:
            return ""
        first, *others = better
        unit = score.written(self.network)

        def shown(one: Compared) -> str:
            interval = f" {unit.interval(*one.interval)}" * math.isfinite(one.interval[0])
            return unit.score(one.score) + interval

        said = (
            f"{first.reference.title.capitalize()} does better: {shown(first)} against "
            f"{unit.score(first.network)} for {self.labels[0]}{_where(first)}"
        )
        for other in others:
            said += f"; so does {other.reference.title}: {shown(other)}"
            if _where(other) != _where(first):
                said += f" against {unit.score(other.network)}{_where(other)}"
        return said + "."


def outside(
    found: Sequence[Reference], labels: Sequence[str], networks: np.ndarray, rules: Rules
) -> Outside:
    """What reference models say about the networks.

    Args:
        found: as ``references`` returns them, the trivial model first, on the splits of all seeds.
        labels: of the choices, the recommended one first.
        networks: test scores of the same seeds in the same order, finite, (choices, seeds).
        rules: by which networks are judged.

    Raises:
        ValueError: the trivial model is not on the splits of all seeds.
    """
    trivial, means = found[0], np.mean(networks, axis=1)
    sampling = _sampling(rules, float(means[0]), trivial.score)
    first = dict(zip(trivial.seeds.tolist(), networks[0].tolist(), strict=True))
    return Outside(
        labels=tuple(labels),
        useful=tuple(useful(networks, trivial.scores, rules.overlap, sampling).tolist()),
        network=float(means[0]),
        models=tuple(compared(model, first, rules) for model in found),
    )


def _sampling(rules: Rules, *scores: float) -> float:
    """Variance of a score, or of a difference, due to the draw of test rows that all have."""
    each = rules.score.sampling(np.array(scores), rules.test_rows)
    return float(np.sum(each))


def _differences(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """0 up to rounding: networks are scored in float32, reference models in float64."""
    return np.where(np.isclose(ours, theirs, rtol=ROUNDING, atol=0), 0.0, np.subtract(ours, theirs))


def _t_test(mean: float, variance: float, splits: int) -> float:
    """One-sided p of a mean at most 0."""
    if not variance > 0:
        return float(mean <= 0)
    return float(stats.t.sf(mean / math.sqrt(variance), splits - 1))


def _remedy(score: Score, trivial: float) -> str:
    if score.name == "accuracy" and trivial > 0.8:
        return (
            "with one class this frequent, accuracy says little; try --metric balanced_accuracy "
            "or --metric auc"
        )
    return "the networks need more rows, inputs that say more about the target, or more steps"


def _where(one: Compared) -> str:
    """On which rows, where they are not those of all the networks."""
    return f" (on {one.reference.note})" if one.reference.note else ""
