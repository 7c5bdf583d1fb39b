"""The rule on D3."""

from collections.abc import Mapping
from typing import NamedTuple

from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.verdicts import Effect, Word


class Slopes(NamedTuple):
    """What was found on one data set; slopes are of log error against log rows, at the end.

    network: the network's slope.
    excess: older method -> its slope minus half the network's.
    """

    network: Effect
    excess: Mapping[str, Effect]


def flatten(found: Slopes) -> list[str]:
    """The older methods that improve at less than half the network's pace."""
    return [method for method, excess in found.excess.items() if excess.low > 0]


def judge(found: Mapping[str, Slopes]) -> tuple[Word, str]:
    """The verdict on D3 and its condition, from the slopes on each data set."""
    improving = {data: each for data, each in found.items() if each.network.high < 0}
    flat = {data: flatten(each) for data, each in improving.items() if flatten(each)}
    if list(flat) == list(found) and all(
        set(flat[data]) == set(found[data].excess) for data in flat
    ):
        return "holds", ""
    if flat:
        said = "; ".join(f"{' or '.join(methods)} on {data}" for data, methods in flat.items())
        return "holds only when", f"the older method is {said}"
    worse = [each.network.low > 0 for each in found.values()]
    keeps_up = [excess.high < 0 for each in found.values() for excess in each.excess.values()]
    return ("does not hold" if any(worse) or any(keeps_up) else "undecided"), ""


RULE = Rule(
    "D3",
    "The slope of a method is the change of the logarithm of its test error per tenfold of "
    "training rows, over the last tenfold, by seed. The network keeps improving if the 95 % "
    "interval of its slope is below 0. An older method flattens if its slope minus half the "
    "network's, paired by seed, is above 0 with its interval: it improves at less than half the "
    "network's pace. D3 holds if the network keeps improving and every older method flattens, on "
    "every data set; only against those methods and on those data sets where that is so, if there "
    "are any; it does not hold if there are none and some method keeps up with the interval below "
    "0, and is undecided otherwise.",
    judge,
)
