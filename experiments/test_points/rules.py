"""The rule on D5."""

from collections.abc import Mapping
from typing import NamedTuple

from experiments.lab.evidence.rules import Former, Rule
from experiments.lab.evidence.settings import over_settings
from experiments.lab.evidence.verdicts import Effect, Word

MANY = 0.25  # share of wrong choices


class Choices(NamedTuple):
    """Wrong choices between two networks by one criterion, as shares, mean over seeds.

    one: by one point. all: by the largest number of points. less: the first minus twice the second.
    """

    one: Effect
    all: Effect
    less: Effect


def word(found: Choices) -> Word:
    """The verdict for one pair and criterion."""
    if found.one.low > MANY and found.less.low > 0:
        return "holds"
    if found.one.high < MANY or found.less.high < 0:
        return "does not hold"
    return "undecided"


def judge(found: Mapping[str, Choices]) -> tuple[Word, str]:
    """The verdict on D5 and its condition, from every pair and criterion."""
    words = {setting: word(each) for setting, each in found.items()}
    return over_settings(words, lambda holds: f"the choice is {'; '.join(holds)}")


RULE = Rule(
    "D5",
    "A choice between two networks is wrong if it takes the one that is worse on all 40,000 "
    "points; a draw counts as half. For a pair of networks and a criterion, D5 holds if one point "
    "is wrong in more than 25 % of choices, and the largest number of points in less than half as "
    "many, each with its 95 % interval over seeds, paired; it does not hold if either is on the "
    "other side with its interval, and is undecided otherwise. D5 holds if it holds for every pair "
    "and criterion, only for those for which it holds if there are others; it does not hold if "
    "there are none and it does not for some, and is undecided otherwise.",
    judge,
    (
        Former(
            "A choice between two networks is wrong if it takes the one that is worse on all "
            "40,000 points; a draw counts as half. For a pair of networks and a criterion, D5 "
            "holds if one point is wrong in more than 25 % of choices and the largest number of "
            "points in less than 5 %, each with its 95 % interval over seeds; it does not hold if "
            "either is on the other side with its interval, and is undecided otherwise. D5 holds "
            "if it holds for every pair and criterion, only for those for which it holds if there "
            "are others; it does not hold if there are none and it does not for some, and is "
            "undecided otherwise.",
            "undecided",
            "4654e0b",
            "How many points 5 % takes depends on the lead of the better network, here half a "
            "point and less, and so the rule judged the networks instead of the claim.",
        ),
    ),
)
