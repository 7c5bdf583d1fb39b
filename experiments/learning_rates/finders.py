"""Learning-rate finders (Smith's range test): what rates each tool tries, and which one it then suggests.

Each tool raises the rate at every step of one short training run, smooths the losses, stops where they explode, and suggests a
rate by a rule on what is left. The rules are those of the tools' sources, their peculiarities included.

Reference:
    Smith 2017, arXiv 1506.01186. Lightning: lightning/pytorch/tuner/lr_finder.py; 2.5.3 (pull request 21055) changed its slope from
    one per step to one per unit of rate, which issue 21141 reports as a fault. fastai: fastai/callback/schedule.py.
    torch-lr-finder: torch_lr_finder/lr_finder.py, with the range of fastai's, since it has no lowest rate of its own.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from scipy.signal import lfilter

STEPS = 100  # every tool's default


class Finder(NamedTuple):
    """A tool.

    rates: of each step, (STEPS,). suggest: from the losses of all steps, as if nothing had stopped them, to a rate; nan where the
    tool gives none.
    """

    rates: np.ndarray
    suggest: Callable[[np.ndarray], float]


def lightning_rates() -> np.ndarray:
    """1e-8 to 1; the first step is twice as wide as the others.

    Example:
        >>> [f"{rate:.2g}" for rate in lightning_rates()[[0, 1, 2, 99]]]
        ['1e-08', '1.4e-08', '1.7e-08', '1']
    """
    share = (np.arange(STEPS) + 1) / STEPS
    share[0] = 0
    return 1e-8 * 1e8**share


FASTAI_RATES = 1e-7 * 1e8 ** (np.arange(STEPS) / STEPS)  # 1e-7 to just below 10
TORCH_LR_FINDER_RATES = np.geomspace(1e-7, 10, STEPS)


def lightning(losses: np.ndarray, *, per_step: bool = False) -> float:
    """Steepest descent of the smoothed losses, the first 10 and the last left out; stops at 4 × the best.

    Its average starts at 0 and is corrected for one step more than there was, so the first smoothed loss is half the true one.

    Args:
        losses: of each step.
        per_step: the slope per step, as before version 2.5.3; else per unit of rate.
    """
    kept = _until(_debiased(losses, late=1), 4.0)[10:-1]
    rates = lightning_rates()[10 : 10 + len(kept)]
    finite = np.isfinite(kept)
    kept, rates = kept[finite], rates[finite]
    if len(kept) < 2:
        return np.nan
    return float(rates[np.argmin(np.gradient(kept) if per_step else np.gradient(kept, rates))])


def fastai(losses: np.ndarray) -> float:
    """Halfway through the middle third of the longest valley, the first 10 and the last 5 left out; stops at 4 × the best."""
    kept = _until(_debiased(losses), 4.0)[10:-5]
    kept = kept[: int(np.argmax(np.isnan(kept)))] if np.isnan(kept).any() else kept
    return float(FASTAI_RATES[10 : 10 + len(kept)][valley(kept)]) if len(kept) else np.nan


def valley(losses: np.ndarray) -> int:
    """Number of the point half a third into the longest valley's second third.

    A valley is a longest falling subsequence; it is taken to begin as many points before its end as it has members, which is where
    it does begin only if no point in between rises.

    Example:
        >>> valley(np.array([9.0, 8, 7, 6, 5, 4, 3, 2, 1, 5]))
        3
    """
    lengths = np.ones(len(losses), int)
    for i in range(1, len(losses)):
        before = lengths[:i][losses[:i] > losses[i]]
        lengths[i] += before.max(initial=0)
    end = int(np.argmax(lengths))
    start, length = (end - lengths[end], lengths[end]) if lengths[end] > 1 else (0, 0)
    return int(start + int(length / 3) + int(length / 6))


def torch_lr_finder(losses: np.ndarray) -> float:
    """Steepest descent per step of the smoothed losses, the first 10 and the last 5 left out; stops at 5 × the best, never at nan.

    NumPy takes a nan for the least of all slopes, so the rate just before the first loss of nan is suggested.
    """
    smoothed = np.concatenate(
        [losses[:1], lfilter([0.05], [1, -0.95], losses[1:], zi=0.95 * losses[:1])[0]]
    )
    kept = _until(smoothed, 5.0)[10:-5]
    if len(kept) < 2:
        return np.nan
    with np.errstate(invalid="ignore"):
        return float(TORCH_LR_FINDER_RATES[10 : 10 + len(kept)][np.argmin(np.gradient(kept))])


FINDERS: Mapping[str, Finder] = MappingProxyType(
    {
        "Lightning 2.5.3": Finder(lightning_rates(), lightning),
        "Lightning before 2.5.3": Finder(
            lightning_rates(), lambda losses: lightning(losses, per_step=True)
        ),
        "fastai": Finder(FASTAI_RATES, fastai),
        "torch-lr-finder": Finder(TORCH_LR_FINDER_RATES, torch_lr_finder),
    }
)


def _debiased(losses: np.ndarray, late: int = 0) -> np.ndarray:
    """Exponential average of forgetting .98, divided by the sum of its weights, counted some steps late."""
    return lfilter([0.02], [1, -0.98], losses) / (1 - 0.98 ** (np.arange(len(losses)) + 1 + late))


def _until(smoothed: np.ndarray, factor: float) -> np.ndarray:
    """Up to and with the first that exceeds the best so far by a factor; nan exceeds nothing."""
    over = smoothed > factor * np.fmin.accumulate(smoothed)
    return smoothed[: np.argmax(over) + 1] if over.any() else smoothed
