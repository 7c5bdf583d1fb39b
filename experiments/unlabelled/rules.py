"""The rule on D4."""

from collections.abc import Mapping
from typing import NamedTuple

from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.verdicts import Effect, Word


class Case(NamedTuple):
    """A comparison of the code: rival inputs, data, numbers of the code, rows with labels."""

    rival: str
    data: str
    code: int
    labels: int


def judge(gains: Mapping[Case, Effect]) -> tuple[Word, str]:
    """The verdict on D4 and its condition, from what the code gains over each rival."""
    won = [case for case, gain in gains.items() if gain.low > 0]
    if len(won) == len(gains):
        return "holds", ""
    if not won:
        lost = any(gain.high < 0 for gain in gains.values())
        return ("does not hold" if lost else "undecided"), ""
    return "holds only when", f"the code is compared with {listed(won, gains)}"


def listed(won: list[Case], gains: Mapping[Case, Effect]) -> str:
    """The rivals that the code beats, and in how many settings where that is not in all.

    Example:
        >>> gain, loss = Effect("", 1, 0.5, 2), Effect("", 0, -1, 1)
        >>> gains = {Case("raw", "digits", 8, 10): gain, Case("raw", "digits", 8, 20): loss}
        >>> listed([Case("raw", "digits", 8, 10)], gains)
        'raw inputs (1 of 2 settings)'
    """
    said = []
    for rival in dict.fromkeys(case.rival for case in won):
        mine, all_of = (sum(case.rival == rival for case in cases) for cases in (won, gains))
        words = {"raw": "raw inputs", "random": "a random projection"}.get(rival, rival)
        said.append(words + f" ({mine} of {all_of} settings)" * (mine < all_of))
    return " or ".join(said)


RULE = Rule(
    "D4",
    "The gain of an autoencoder's code is the accuracy of logistic regression on it minus that on "
    "a rival: as many principal components, a random projection to as many numbers, or the raw "
    "inputs, with the same labels, paired by seed. D4 holds if the gain's 95 % interval is above 0 "
    "against every rival, on all data, for every code and number of labels; only where it is, if "
    "that is so anywhere; it does not hold if it is so nowhere and below 0 somewhere, and is "
    "undecided otherwise.",
    judge,
)
