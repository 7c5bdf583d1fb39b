"""What follows for two measures of how much the learning rate matters: EVIDENCE 26."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Effect, Tried, Verdict, Word
from experiments.lab.study.good_rates import good_rates
from experiments.learning_rates.findings_statistics import Interval, over_seeds, shown
from experiments.learning_rates.measure import Setting

WINDOW = 1.5  # decades on either side of the best rate: three orders of magnitude, as published
GUESSING = np.log(10)  # the loss of guessing among ten classes
SAME, OTHER = -0.8, -0.5  # rank correlations


def sensitivity(rates: np.ndarray, losses: np.ndarray, most: float = GUESSING) -> float:
    """The mean loss over the rates around the best one, minus the loss at the best.

    Args:
        rates: ascending.
        losses: at the end, (rates, seeds); infinite where diverged.
        most: what a loss counts as at most.

    Example:
        >>> rates, losses = np.array([0.01, 0.1, 1.0, 100.0]), np.array([3.0, 1.0, 2.0, 9.0])
        >>> sensitivity(rates, losses[:, None], most=3.0)
        1.0
    """
    mean = np.minimum(losses, most).mean(axis=1)
    best = int(np.argmin(mean))
    near = np.abs(np.log10(rates / rates[best])) <= WINDOW + 1e-9
    return float(mean[near].mean() - mean[best])


def judge_sensitivity(correlation: Interval) -> Word:
    """The verdict, from the rank correlation of the sensitivity with the decades of good rates.

    Example:
        >>> [judge_sensitivity((low, low, low + 0.1)) for low in (-0.95, -0.75, -0.4)]
        ['holds', 'undecided', 'does not hold']
    """
    _, low, high = correlation
    if high <= SAME:
        return "holds"
    return "does not hold" if low > OTHER else "undecided"


def sensitivities(
    found: Found, rates: np.ndarray, settings: Sequence[Setting], about: str
) -> tuple[Verdict, pd.DataFrame]:
    """The verdict on EVIDENCE 26, and one row per data set, optimizer and activation."""
    count = found[settings[0].part]["validation_loss"].shape[-1]

    def both(setting: Setting, seeds: Any = slice(None)) -> tuple[float, float]:
        here = found[setting.part]
        losses, errors = (here[f"validation_{name}"][-1][:, seeds] for name in ("loss", "error"))
        return sensitivity(rates, losses), good_rates(rates, errors.mean(axis=1)).decades

    def correlation(some: Sequence[Setting]) -> Interval:
        def of(seeds: np.ndarray) -> float:
            ranks = stats.rankdata([both(setting, seeds) for setting in some], axis=0)
            flat = (ranks.std(axis=0) == 0).any()  # all alike on one of the two
            return 0.0 if flat else float(np.corrcoef(ranks.T)[0, 1])

        return over_seeds(of, count)

    every = correlation(settings)
    data = list(dict.fromkeys(setting.data for setting in settings))
    each = {name: correlation([s for s in settings if s.data == name]) for name in data}
    rows = []
    for setting in settings:
        excess, decades = both(setting)
        row = {"what": "sensitivity", **setting._asdict(), "sensitivity": excess}
        rows.append(row | {"decades": decades})
    name = "rank correlation of sensitivity and decades"
    verdict = Verdict(
        "EVIDENCE 26",
        judge_sensitivity(every),
        (Effect(name, *every), *(Effect(f"{name}, {of}", *one) for of, one in each.items())),
        count,
        about,
        note=f"The sensitivity is the mean over rates within {WINDOW:g} decades of the best, of "
        "those tried, of the validation loss, which counts as that of guessing at most, minus the "
        "loss at the best. Rates are good where the validation error is near the lowest. Seeds are "
        "resampled together; the interval is for these networks, not for others",
        found=f"Over {len(settings)} networks the rank correlation of the two is {shown(every)}.",
        do="Report the decades of good rates, or the mean excess loss with its window of rates.",
        tried=tuple(
            Tried(of, judge_sensitivity(one), Effect(name, *one)) for of, one in each.items()
        ),
    )
    return verdict, pd.DataFrame(rows)
