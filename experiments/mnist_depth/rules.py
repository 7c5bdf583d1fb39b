"""By what the activations in deep networks, and in five layers, are judged."""

from collections.abc import Mapping

from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.settings import over_settings
from experiments.lab.evidence.verdicts import Effect, Word

FAILS = 5.0  # points


def ahead(gaps: Mapping[str, Effect]) -> Word:
    """Whether Mish is far ahead of both, from its lead over swish and over ReLU."""
    if all((gap.low or 0) > FAILS for gap in gaps.values()):
        return "holds"
    if any(gap.high is not None and gap.high < FAILS for gap in gaps.values()):
        return "does not hold"
    return "undecided"


def judge_settings(words: Mapping[str, Word]) -> tuple[Word, str]:
    """The verdict on EVIDENCE 10, from that in each setting.

    Example:
        >>> judge_settings({"own init": "holds", "critical init": "does not hold"})
        ('holds only when', 'the setting is own init')
    """
    return over_settings(words, lambda holds: f"the setting is {' or '.join(holds)}")


def judge_five(gaps: Mapping[str, Effect]) -> tuple[Word, str]:
    """The verdict on EVIDENCE 11, from the differences of errors that should be above 0.

    Example:
        >>> gap = Effect("", 1.0, 0.5, 2.0)
        >>> judge_five({"sigmoid is worse than tanh": gap, "b": Effect("", -1.0, -2.0, -0.5)})
        ('holds only when', 'it says that sigmoid is worse than tanh')
    """
    right = [said for said, gap in gaps.items() if (gap.low or 0) > 0]
    if len(right) == len(gaps):
        return "holds", ""
    if right:
        return "holds only when", f"it says that {', and that '.join(right)}"
    refuted = all(gap.high is not None and gap.high < 0 for gap in gaps.values())
    return ("does not hold" if refuted else "undecided"), ""


RULES = (
    Rule(
        "EVIDENCE 10",
        "At the greatest depth, Mish's test accuracy minus that of swish and minus that of ReLU is "
        "taken, paired by seed, with its 95 % interval; a diverged run has accuracy 0. In a "
        "setting the claim holds if both intervals are above 5 points, and does not if one ends "
        "below that. Settings are our own initialisation, the critical one, and layer "
        "normalisation, each at every network's own best rate (chosen on validation rows) and at "
        "one untuned rate. Holds if it does in all, does not hold if it does in none and is "
        "refuted in one, and holds otherwise only in those where it does.",
        judge_settings,
    ),
    Rule(
        "EVIDENCE 11",
        "The published numbers say that sigmoid is worse than tanh, that tanh is worse with the "
        "standard initialisation of then than with Glorot's, and that it is worse than softsign. "
        "Each is a difference of test errors at own best rates, paired by seed, with its 95 % "
        "interval. Holds if all three are above 0, does not hold if all are below 0, and holds "
        "otherwise only for those that are above 0. The same is said after half of the updates, "
        "on validation rows.",
        judge_five,
    ),
)
