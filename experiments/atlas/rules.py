"""By what defaults for every data set are judged."""

from collections.abc import Mapping

from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.verdicts import Effect, Word

MARGIN = 0.5  # points: a smaller difference does not matter in practice
TABULAR = {"class": "selu", "number": "mish"}  # of RealMLP's tuned defaults
NEWER = ("swish", "gelu", "mish")


def word(gain: Effect) -> Word:
    """Whether an activation is better than ReLU over data sets, not, or unclear.

    Example:
        >>> [word(Effect("", 0, low, high)) for low, high in ((0.1, 2), (-1, 0.4), (-1, 1))]
        ['holds', 'does not hold', 'undecided']
    """
    if gain.low is not None and gain.low > 0:
        return "holds"
    if gain.high is not None and gain.high < MARGIN:
        return "does not hold"
    return "undecided"


def judge(gains: Mapping[str, Effect]) -> tuple[Word, str]:
    """The verdict from the gain over ReLU, by the condition under which each counts.

    Example:
        >>> good, bad = Effect("", 1, 0.1, 2), Effect("", 0, -1, 0.4)
        >>> judge({"the target is a class": good, "the target is a number": bad})
        ('holds only when', 'the target is a class')
        >>> judge({"a": bad, "b": bad})
        ('does not hold', '')
    """
    words = {when: word(gain) for when, gain in gains.items()}
    right = [when for when, each in words.items() if each == "holds"]
    if right and len(right) == len(words):
        return "holds", ""
    if right:
        return "holds only when", " or ".join(right)
    refuted = set(words.values()) == {"does not hold"}
    return ("does not hold" if refuted else "undecided"), ""


MEASURED = (
    "Each activation is taken at its own best rate on each data set, chosen by the mean validation "
    "loss over seeds, which is at most the trivial predictor's; its score is the mean test "
    "accuracy (balanced accuracy where classes are imbalanced) or R² there, in points, a run that "
    "is worse than the trivial predictor counting as that. The gain is the score minus ReLU's, as "
    "the interquartile mean over data sets with its 95 % bootstrap interval. An activation is "
    "better if this interval is above 0, and not better if it is not and ends below half a point. "
)

RULES = (
    Rule(
        "EVIDENCE 22",
        MEASURED + "EVIDENCE 22 holds if SELU is better on the data sets with classes and Mish is "
        "better on those with numbers, holds only for the one of the two kinds for which it is, "
        "does not hold if neither is better, and is undecided otherwise.",
        judge,
    ),
    Rule(
        "EVIDENCE 23",
        MEASURED + "EVIDENCE 23 holds if swish, GELU and Mish are all better over all data sets, "
        "holds only for those that are, does not hold if none is better, and is undecided "
        "otherwise.",
        judge,
    ),
)
