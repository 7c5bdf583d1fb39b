"""The rule on N7, for further series."""

from collections.abc import Mapping
from typing import NamedTuple

from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.settings import over_settings
from experiments.lab.evidence.verdicts import Effect, Word


class Gains(NamedTuple):
    """How much lower the network's error is, in % of the naive rule's: than this, and than AR's."""

    naive: Effect
    linear: Effect


def word(found: Gains) -> Word:
    """The verdict on one series."""
    if found.naive.low > 0 and found.linear.low > 0:
        return "holds"
    lost = found.naive.high < 1 or found.linear.high < 0
    return "does not hold" if lost else "undecided"


def judge(found: Mapping[str, Gains]) -> tuple[Word, str]:
    """The verdict on N7 and its condition, from every series."""
    words = {series: word(each) for series, each in found.items()}
    return over_settings(words, lambda holds: f"the series is {' or '.join(holds)}")


RULE = Rule(
    "N7",
    "The gain of a network is how much lower its mean squared error on test sequences is than a "
    "rival's, in % of the naive rule's, paired by seed; of the networks, validation chooses one. "
    "On a series, N7 holds if the gain is above 0 with its 95 % interval against the naive rule "
    "and against AR; it does not hold if the gain over the naive rule is below 1 % with its "
    "interval, or that over AR below 0; and it is undecided otherwise. N7 holds if it holds on "
    "every series, only for those on which it holds if there are others; it does not hold if it "
    "holds on none and does not on some, and is undecided otherwise.",
    judge,
)
