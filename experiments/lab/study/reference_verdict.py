"""What reference models say about the networks: pure functions of scores, and sentences.

Scores are compared on the splits that both have; higher is better. Splits of one table share rows,
so a mean of J differences has the variance s² (1 / J + overlap), with overlap = test rows /
training rows (Nadeau & Bengio 2003, Machine Learning 52).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from experiments.lab.study.intervals import new_rows_interval
from experiments.lab.study.references import Reference
from experiments.lab.study.statistics import ROUNDING, differences, holm, paired_p

LEVEL = 0.95
FEWEST_SPLITS = 3  # with fewer, no test can tell anything, and means decide

# What the trivial model does, by the name of the score, for classes; for numbers: see _trivial.
ANSWERS: Mapping[str, str] = {
    "accuracy": "always answering the most frequent class",
    "balanced_accuracy": "always answering the same class",
    "auc": "giving all rows the same probabilities",
    "log_loss": "giving each class its share of the training rows",
    "brier": "giving each class its share of the training rows",
}


def p_better(ours: np.ndarray, theirs: np.ndarray, overlap: float = 0.0) -> float:
    """One-sided p of our expected score on new rows not being higher: paired t, corrected.

    Args:
        ours, theirs: scores on the same splits, (splits,). Where one is infinite, the signs of the
            ranked differences are tested instead.
        overlap: test rows / training rows of a split; 0 if splits share no row.

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
    apart = differences(np.asarray(ours, float), np.asarray(theirs, float))
    splits = len(apart)
    if splits < FEWEST_SPLITS:
        return math.nan
    if not np.all(np.isfinite(apart)):
        both = paired_p(np.asarray(ours, float), np.asarray(theirs, float))
        return both / 2 if np.sum(np.sign(apart)) > 0 else 1 - both / 2
    error = np.std(apart, ddof=1) * math.sqrt(1 / splits + overlap)
    return _t_test(float(np.mean(apart)), float(error), splits)


def useful(networks: np.ndarray, trivial: np.ndarray, overlap: float = 0.0) -> np.ndarray:
    """Which networks are shown to be better than the trivial model.

    The first, which validation data have chosen, is tested by itself; the others are corrected for
    their number (Holm), since otherwise the luckiest of them would pass. Each at 5 %, one-sided.
    With fewer than 3 splits, those with the higher mean.

    Args:
        networks: scores, (choices, splits), the recommended choice first.
        trivial: scores on the same splits, (splits,).
        overlap: as for p_better.

    Returns:
        bool, (choices,).

    Example:
        >>> useful(np.array([[0.9, 0.92, 0.94], [0.8, 0.7, 0.9]]), np.array([0.8, 0.81, 0.85]))
        array([ True, False])
    """
    p = np.array([p_better(own, trivial, overlap) for own in networks])
    if np.isnan(p).any():
        return np.mean(networks, axis=1) > np.mean(trivial)
    if len(p) > 1:
        p[1:] = holm(p)[1:]
    return p < 1 - LEVEL


@dataclass(frozen=True)
class Compared:
    """A reference model against one network, on the splits that both have.

    reference: the model. score: its mean. interval: 95 %, of its expected score on new rows; nan on
    one split.
    network: the network's mean on the same splits. splits: how many.
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


def compared(reference: Reference, network: Mapping[int, float], overlap: float = 0.0) -> Compared:
    """A reference model against a network.

    A model that was fitted on one or two splits only is taken to vary between splits as much as the
    network does, and independently of it, which overstates the error of the difference.

    Args:
        reference: the model.
        network: seed -> the network's test score.
        overlap: as for p_better.

    Raises:
        ValueError: the network has none of the model's seeds.
    """
    # Seeds with the same split say of a reference model the same.
    both = [place for place, seed in enumerate(reference.seeds) if int(seed) in network]
    if not both:
        raise ValueError(
            f"the network has no score of a seed on which {reference.title} was fitted"
        )
    ours = reference.scores[both]
    theirs = np.array([network[int(reference.seeds[place])] for place in both])
    low, high = new_rows_interval(ours[None], overlap)[0]
    if len(np.unique(reference.split[both])) < 2:
        low = high = math.nan
    p = p_better(ours, theirs, overlap)
    if math.isnan(p) and len(network) >= FEWEST_SPLITS:
        spread = np.std(list(network.values()), ddof=1) * math.sqrt(2 * (1 / len(both) + overlap))
        p = _t_test(float(np.mean(ours - theirs)), float(spread), len(network))
    return Compared(
        reference,
        float(np.mean(ours)),
        (float(low), float(high)),
        float(np.mean(theirs)),
        len(both),
        p,
    )


def nothing_better(
    trivial: Reference,
    best: tuple[str, float],
    metric: str,
    show: Callable[[float], str],
    remedy: str | None = None,
) -> str:
    """The verdict where no network is shown to be better than the trivial model.

    Args:
        trivial: the model.
        best: the first network's label and its mean score.
        metric: the name of the score.
        show: a score as people read it.
        remedy: what to do; None: what suits the score.

    Returns:
        One sentence.
    """
    label, score = best
    answer = ANSWERS.get(metric, "always predicting the mean of the training rows")
    return (
        f"No network is shown to be better than {answer} ({show(trivial.score)}; {label}, which "
        f"validation data call best: {show(score)}), so nothing is recommended: "
        f"{remedy or _remedy(metric, trivial.score)}."
    )


def does_better(found: Sequence[Compared], label: str, show: Callable[[float], str]) -> str:
    """Which reference models do better than the first network; empty for none.

    Args:
        found: each against the first network.
        label: the network's.
        show: a score as people read it.

    Returns:
        One sentence, the best model first.
    """
    better = sorted((one for one in found if one.better), key=lambda one: -one.score)
    if not better:
        return ""
    first, *others = better
    said = (
        f"{first.reference.title.capitalize()} does better: {_shown(first, show)} against "
        f"{show(first.network)} for {label}{_where(first)}"
    )
    for other in others:
        said += f"; so does {other.reference.title}: {_shown(other, show)}"
        if other.splits != first.splits:
            said += f" against {show(other.network)}{_where(other)}"
    return said + "."


def _t_test(mean: float, error: float, splits: int) -> float:
    """One-sided p of a mean at most 0."""
    if not error > ROUNDING:
        return float(mean <= ROUNDING)
    return float(stats.t.sf(mean / error, splits - 1))


def _remedy(metric: str, trivial: float) -> str:
    if metric == "accuracy" and trivial > 0.8:
        return (
            "with one class this frequent, accuracy says little; try --metric balanced_accuracy "
            "or --metric auc"
        )
    return "the networks need more rows, inputs that say more about the target, or more steps"


def _shown(one: Compared, show: Callable[[float], str]) -> str:
    low, high = one.interval
    if not math.isfinite(low):
        return show(one.score)
    ends = (show(end).removesuffix(" %") for end in (low, high))
    return f"{show(one.score)} [{', '.join(ends)}]"


def _where(one: Compared) -> str:
    """On which rows, where they are not those of all the networks."""
    return f" (on {one.reference.note})" if one.reference.note else ""
