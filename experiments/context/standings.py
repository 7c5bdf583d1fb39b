"""A model against its rivals: shares and errors with their intervals, paired tests by seed, and what follows."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from experiments.lab.evidence.verdicts import Effect
from experiments.lab.study.statistics import holm


def chance(name: str, succeeded: np.ndarray) -> Effect:
    """Share of networks, with its exact binomial interval (Clopper-Pearson)."""
    found = stats.binomtest(int(succeeded.sum()), len(succeeded))
    return Effect(name, float(found.statistic), *(float(limit) for limit in found.proportion_ci()))


def middle(name: str, errors: np.ndarray) -> Effect:
    """Geometric mean over seeds, with its t interval."""
    logs = np.log10(errors)
    found = stats.ttest_1samp(logs, 0).confidence_interval() if np.ptp(logs) else (logs[0], logs[0])
    return Effect(name, *(float(10**each) for each in (logs.mean(), *found)))


def by_success(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    """Gain in successes and its exact p, paired by seed (McNemar)."""
    gained, lost = int(np.sum(ours & ~theirs)), int(np.sum(theirs & ~ours))
    return float(gained - lost), float(
        stats.binomtest(gained, gained + lost).pvalue
    ) if gained + lost else 1.0


def by_error(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    """Mean fall of log₁₀ error and its p, paired by seed (t)."""
    fall = np.log10(theirs) - np.log10(ours)
    return float(fall.mean()), float(stats.ttest_1samp(fall, 0).pvalue) if np.ptp(fall) else 1.0


def standing(pairs: Sequence[tuple[float, float]]) -> str:
    """ahead, behind or level, from (gain over a rival, its p) for each rival."""
    p = holm([p for _, p in pairs])
    if any(gain < 0 and each < 0.05 for (gain, _), each in zip(pairs, p, strict=True)):
        return "behind"
    return (
        "ahead"
        if pairs and all(gain > 0 and each < 0.05 for (gain, _), each in zip(pairs, p, strict=True))
        else "level"
    )
