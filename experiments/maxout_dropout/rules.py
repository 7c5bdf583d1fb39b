"""The rule on A5."""

from collections.abc import Mapping
from typing import NamedTuple

from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.settings import over_settings, where_it_holds
from experiments.lab.evidence.verdicts import Effect, Word

LITTLE = 0.5  # points


class Gains(NamedTuple):
    """What was found in one setting, in points of accuracy.

    more: gain by dropout of maxout minus that of ReLU. ahead: maxout minus ReLU, both with dropout.
    """

    more: Effect
    ahead: Effect


def word(found: Gains) -> Word:
    """The verdict in one setting."""
    if found.more.high < LITTLE or found.ahead.high < 0:
        return "does not hold"
    return "holds" if found.more.low > 0 else "undecided"


def judge(found: Mapping[str, Gains]) -> tuple[Word, str]:
    """The verdict on A5 and its condition, from every setting."""
    words = {setting: word(each) for setting, each in found.items()}
    return over_settings(words, lambda _: where_it_holds("data and size", words))


RULE = Rule(
    "A5",
    "That maxout generalises ReLU is a fact, which a test shows with given weights; what is judged "
    "is that it is made for dropout. In a setting, A5 holds if dropout adds more to the test "
    "accuracy of maxout than to that of ReLU with as many parameters (95 % interval above 0, "
    "paired by seed, each at its own best rate and fraction dropped) and maxout with dropout is "
    "not behind ReLU with dropout; it does not hold if dropout adds less than half a point more "
    "(interval below 0.5), or maxout with dropout is behind with its interval; and it is "
    "undecided otherwise. A5 holds if it holds in every setting, only in those in which it holds "
    "if there are others; it does not hold if it holds in none and does not in some, and is "
    "undecided otherwise.",
    judge,
)
