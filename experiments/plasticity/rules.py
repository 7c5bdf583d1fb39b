"""By what the rise of the error, and its ratio to the linear learner's, are judged."""

from collections.abc import Mapping

import numpy as np

from experiments.lab.evidence.rules import Former, Rule
from experiments.lab.evidence.verdicts import Effect, Word


def slope(error: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """The slope of log error over time by least squares, (bins, seeds) to (seeds,).

    Args:
        error: above 0.
        bins: the time of each bin, in units of the whole span, (bins,).

    Example:
        >>> bins = np.linspace(0, 1, 5)
        >>> slope(np.exp(0.5 * bins)[:, None], bins).round(6).tolist()
        [0.5]
    """
    return np.polyfit(bins, np.log(error), 1)[0]


def lost(rise: Effect, ratio: Effect) -> bool:
    """Whether the error rises and ends above the linear learner's, both with their intervals."""
    return (rise.low or 0) > 0 and (ratio.low or 0) > 1


def judge(counts: Mapping[str, tuple[int, int]], *, room: bool = False) -> tuple[Word, str]:
    """The verdict on EVIDENCE 18.

    Args:
        counts: setting -> with how many activations plasticity is lost, and how many there are.
        room: whether the interval of some slope reaches above 0.

    Example:
        >>> judge({"SGD at 0.01": (6, 6), "SGD at 0.001": (0, 6)})
        ('holds only when', 'the setting is SGD at 0.01')
        >>> judge({"SGD at 0.01": (2, 6)})
        ('holds only when', 'the activation is one of some (2 of 6 with SGD at 0.01)')
    """
    whole = [setting for setting, (at, every) in counts.items() if at == every]
    if len(whole) == len(counts):
        return "holds", ""
    if not any(at for at, _ in counts.values()):
        return ("undecided" if room else "does not hold"), ""
    if whole:
        return "holds only when", f"the setting is {' or '.join(whole)}"
    said = "; ".join(f"{at} of {every} with {s}" for s, (at, every) in counts.items() if at)
    return "holds only when", f"the activation is one of some ({said})"


RULES = (
    Rule(
        "EVIDENCE 18",
        "Of every activation, optimizer and rate, the slope of log error over the last 80 % of "
        "training is fitted for each seed, and the error over the last tenth is divided by that "
        "of the linear learner at its best rate with the same optimizer and seed. Plasticity is "
        "lost where the slope's 95 % interval is above 0 and the ratio's above 1; a run that "
        "diverged has lost it. Settings are an optimizer with a rate. Holds if it is lost with "
        "every activation in all settings, does not hold if with none in any and every slope's "
        "interval ends at or below 0, is undecided if with none and some interval leaves room "
        "for a rise, and holds otherwise only in the settings where it is with every "
        "activation, or with the activations named.",
        judge,
        (
            Former(
                "Of every activation, optimizer and rate, the slope of log error over the last "
                "80 % of training is fitted for each seed, and the error over the last tenth is "
                "divided by that of the linear learner at its best rate with the same optimizer "
                "and seed. Plasticity is lost where the slope's 95 % interval is above 0 and "
                "the ratio's above 1; a run that diverged has lost it. Settings are an "
                "optimizer with a rate. Holds if it is lost with every activation in all "
                "settings, does not hold if with none in any, and holds otherwise only in the "
                "settings where it is with every activation, or with the activations named.",
                "does not hold",
                "4faa327",
                "No rise was seen, but the intervals of most slopes leave room for one: at 15 % "
                "of the published examples that is no refutation.",
            ),
        ),
    ),
)
