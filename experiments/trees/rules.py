"""By what trees and networks are compared."""

from collections.abc import Mapping

from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.settings import over_settings, where_it_holds
from experiments.lab.evidence.verdicts import Effect, Word

LITTLE = 0.5  # points


def word(gains: Mapping[str, Effect]) -> Word:
    """What one table says, from the leads of the ensembles of trees over the network.

    Example:
        >>> ahead, behind = Effect("", 2, 1, 3), Effect("", -2, -3, -1)
        >>> word({"forest": ahead, "boosting": behind}), word({"forest": behind})
        ('holds', 'does not hold')
    """
    if any((gain.low or 0) > 0 for gain in gains.values()):
        return "holds"
    if all(gain.high is not None and gain.high < LITTLE for gain in gains.values()):
        return "does not hold"
    return "undecided"


def judge(gains: Mapping[str, Mapping[str, Effect]]) -> tuple[Word, str]:
    """The verdict, from table -> ensemble of trees -> its lead.

    Example:
        >>> ahead, behind = Effect("", 2, 1, 3), Effect("", -2, -3, -1)
        >>> judge({"wine": {"forest": ahead}, "iris": {"forest": behind}})
        ('holds only when', 'the tables are wine')
    """
    words = {table: word(of_table) for table, of_table in gains.items()}
    return over_settings(words, lambda _: where_it_holds("the tables", words), refuted_by=all)


RULES = (
    Rule(
        "EVIDENCE 24",
        "On a table, the test score (accuracy, or R²) of a random forest and of histogram gradient "
        "boosting minus that of the network, paired by split, is taken with a 97.5 % interval, so "
        "that the two hold together; it is widened for what splits of one table have in common. "
        "Trees are better there if one of the two intervals is above 0, and not better if both end "
        "below half a point. The claim holds if they are on all tables, only on those where they "
        "are, and does not hold if they are not better on any.",
        judge,
    ),
)
