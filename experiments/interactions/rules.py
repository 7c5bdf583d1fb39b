"""The rule on D2."""

from collections.abc import Mapping
from typing import NamedTuple

from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.verdicts import Effect, Word

CLOSE = 1.0  # points


class Case(NamedTuple):
    """Where hand-made features are compared with a network of the raw inputs.

    data: a generated target, or a real data set. rows: for training; 0 for all. net: the network.
    """

    data: str
    rows: int
    net: str


def word(cost: Effect) -> str:
    """What the interval of a cost says: "needed", "not needed" or "unclear"."""
    if cost.low > 0 and cost.value > CLOSE:
        return "needed"
    return "not needed" if cost.high < CLOSE else "unclear"


def enough_rows(costs: Mapping[Case, Effect], data: str) -> int | None:
    """The number of rows from which on hand-made features are not needed, with any network.

    Returns:
        The smallest number for which they are "not needed" there and at all larger numbers, with
        every network; None where that is not so at the largest.
    """
    enough = None
    for rows in sorted({case.rows for case in costs if case.data == data}, reverse=True):
        here = [cost for case, cost in costs.items() if case[:2] == (data, rows)]
        if not all(word(cost) == "not needed" for cost in here):
            break
        enough = rows
    return enough


def judge(costs: Mapping[Case, Effect]) -> tuple[Word, str]:
    """The verdict on D2 and its condition, from what it costs to leave hand-made features out.

    Args:
        costs: of each case with an interaction, in points.
    """
    said = {case: word(cost) for case, cost in costs.items()}
    if all(each == "not needed" for each in said.values()):
        return "holds", ""
    kinds = list(dict.fromkeys(case.data for case in costs))
    enough = {data: rows for data in kinds if (rows := enough_rows(costs, data)) is not None}
    if not enough:
        return ("does not hold" if "needed" in said.values() else "undecided"), ""
    conditions = []
    for data, rows in enough.items():
        smallest = min(case.rows for case in costs if case.data == data)
        conditions.append(data if rows == smallest else f"{data} from {rows:,} rows on")
    return "holds only when", f"the target is {' or '.join(conditions)}"


RULE = Rule(
    "D2",
    "The cost of leaving hand-made features out is the test score of the linear model that has "
    "them (the right one on generated data; products or splines on real data) minus that of a "
    "network of the raw inputs, paired by seed. They are needed if the cost's 95 % interval is "
    "above 0 and the cost above 1 point, and not needed if the interval ends below 1 point. D2 "
    "holds if they are not needed for any target but the sum, on any number of rows, on any real "
    "data and with any of the networks; only for those targets, from those numbers of rows on, for "
    "which they are not needed with every network; it does not hold if there is no such target and "
    "they are needed somewhere, and is undecided otherwise.",
    judge,
)
