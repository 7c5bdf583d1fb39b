"""The rule on L1."""

from collections.abc import Mapping
from typing import NamedTuple

from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.verdicts import Effect, Word

CLOSE = 0.02  # of the cost of saying no to all


class Case(NamedTuple):
    """Data, and the cost of a false yes over that of a missed one."""

    data: str
    ratio: float


def word(excess: Effect) -> Word:
    """Whether ½ is as good as the threshold that the costs ask for."""
    if excess.low > 0:
        return "does not hold"
    return "holds" if excess.high < CLOSE else "undecided"


def judge(excess: Mapping[Case, Effect]) -> tuple[Word, str]:
    """The verdict on L1 and its condition, from the excess cost of ½ in each case."""
    words = {case: word(each) for case, each in excess.items()}
    if set(words.values()) == {"holds"}:
        return "holds", ""
    ratios = list(dict.fromkeys(case.ratio for case in words))
    good = [
        ratio
        for ratio in ratios
        if {each for case, each in words.items() if case.ratio == ratio} == {"holds"}
    ]
    if good == [1.0]:
        return "holds only when", "both mistakes cost the same"
    if good:
        said = ", ".join(f"{ratio:g}" for ratio in good)
        return "holds only when", f"a false yes costs {said} times a missed one"
    return ("does not hold" if "does not hold" in words.values() else "undecided"), ""


RULE = Rule(
    "L1",
    "The excess of the threshold ½ is its mean cost of a test row minus that of the threshold that "
    "the costs ask for, c / (1 + c), as a share of the cost of saying no to all rows, paired by "
    "seed. In a case (data and ratio c of costs) ½ is right if the excess's 95 % interval ends "
    "below 0.02, unless it is above 0, and wrong if it is above 0. L1 holds if ½ is right in every "
    "case, only for the ratios for which it is right on all data, if there are any; it does not "
    "hold if there are none and it is wrong in some case, and is undecided otherwise.",
    judge,
)
