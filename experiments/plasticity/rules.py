"""By what the rise of the error beside the linear learner's is judged."""

from collections.abc import Mapping, Sequence

import numpy as np

from experiments.lab.evidence.rules import Former, Rule
from experiments.lab.evidence.verdicts import Effect, Word


def slope(error: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """The slope of the log over time by least squares, (bins, seeds) to (seeds,).

    Args:
        error: or its ratio to another; above 0.
        bins: the time of each bin, in units of the whole span, (bins,).

    Example:
        >>> bins = np.linspace(0, 1, 5)
        >>> slope(np.exp(0.5 * bins)[:, None], bins).round(6).tolist()
        [0.5]
    """
    return np.polyfit(bins, np.log(error), 1)[0]


def lost(rise: Effect, ratio: Effect) -> bool:
    """Whether the ratio to the linear learner's error rises, and ends above 1, both surely."""
    return (rise.low or 0) > 0 and (ratio.low or 0) > 1


def word(rise: Effect, ratio: Effect, is_lost: bool) -> Word:
    """What one combination says: it is lost, or surely does not rise or end above, or unclear.

    Example:
        >>> up, level, down = (Effect("", low, low, low + 0.9) for low in (1.1, 0.5, -1.0))
        >>> word(up, up, True), word(down, up, False), word(level, level, False)
        ('holds', 'does not hold', 'undecided')
    """
    if is_lost:
        return "holds"
    sure = (rise.high is not None and rise.high <= 0) or (
        ratio.high is not None and ratio.high <= 1
    )
    return "does not hold" if sure else "undecided"


def judge(
    lost_by: Mapping[str, Sequence[str]], activations: int, *, room: bool = False
) -> tuple[Word, str]:
    """The verdict on EVIDENCE 18.

    Args:
        lost_by: setting -> the activations with which plasticity is lost.
        activations: how many there are.
        room: whether the interval of some slope reaches above 0.

    Example:
        >>> judge({"SGD at 0.01": ["relu", "elu"], "SGD at 0.001": []}, 2)
        ('holds only when', 'the setting is SGD at 0.01')
        >>> judge({"SGD at 0.01": ["relu", "elu"]}, 6)
        ('holds only when', 'the activation is relu or elu with SGD at 0.01')
    """
    whole = [setting for setting, names in lost_by.items() if len(names) == activations]
    if len(whole) == len(lost_by):
        return "holds", ""
    if not any(lost_by.values()):
        return ("undecided" if room else "does not hold"), ""
    if whole:
        return "holds only when", f"the setting is {' or '.join(whole)}"
    said = "; ".join(f"{' or '.join(names)} with {s}" for s, names in lost_by.items() if names)
    return "holds only when", f"the activation is {said}"


RULES = (
    Rule(
        "EVIDENCE 18",
        "Of every activation, optimizer and rate, the error is divided by that of the linear "
        "learner at its best rate with the same optimizer and seed, which sees the same stream. "
        "The slope of the log of this ratio over the last 80 % of training is fitted for each "
        "seed. Plasticity is lost where the slope's 95 % interval is above 0 and that of the ratio "
        "over the last tenth above 1, and where all runs diverge. Settings are an optimizer with "
        "a rate. Holds if it is lost with every activation in all settings, does not hold if with "
        "none in any and every slope's interval ends at or below 0, is undecided if with none and "
        "some interval leaves room for a rise, and holds otherwise only in the settings where it "
        "is with every activation, or with the activations named.",
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
            Former(
                "Of every activation, optimizer and rate, the slope of log error over the last "
                "80 % of training is fitted for each seed, and the error over the last tenth is "
                "divided by that of the linear learner at its best rate with the same optimizer "
                "and seed. Plasticity is lost where the slope's 95 % interval is above 0 and "
                "the ratio's above 1; a run that diverged has lost it. Settings are an "
                "optimizer with a rate. Holds if it is lost with every activation in all "
                "settings, does not hold if with none in any and every slope's interval ends at "
                "or below 0, is undecided if with none and some interval leaves room for a rise, "
                "and holds otherwise only in the settings where it is with every activation, or "
                "with the activations named.",
                "undecided",
                "53dc51d",
                "A slope by itself has the drift of the stream's difficulty in it, which differs "
                "from seed to seed and which the linear learner's error shows too.",
            ),
        ),
    ),
)
