"""The rule on N3."""

from collections.abc import Mapping

from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.settings import where_it_holds
from experiments.lab.evidence.verdicts import Effect, Word

LEVEL = 1.1  # a factor of updates


def word(ratio: Effect) -> str:
    """What the ratio of updates, binary over bipolar, says."""
    if ratio.low > 1:
        return "faster"
    if ratio.high < 1:
        return "slower"
    return "level" if ratio.low > 1 / LEVEL and ratio.high < LEVEL else "unclear"


def judge(ratios: Mapping[str, Effect]) -> tuple[Word, str]:
    """The verdict on N3 and its condition, from the ratio of updates in each setting."""
    said = {setting: word(ratio) for setting, ratio in ratios.items()}
    faster = [setting for setting, each in said.items() if each == "faster"]
    if len(faster) == len(said):
        return "holds", ""
    if faster:
        return "holds only when", where_it_holds(
            "data, activation and optimizer",
            {setting: "holds" if each == "faster" else each for setting, each in said.items()},
        )
    against = {"slower", "level"} & set(said.values())
    return ("does not hold" if against else "undecided"), ""


RULE = Rule(
    "N3",
    "The ratio of updates is the number of updates to the target with inputs 0 and 1 over that "
    "with −1 and 1, each at its own best learning rate, geometric mean of the middle half of the "
    "seeds, paired by seed. Bipolar inputs are faster in a setting if the ratio's 95 % interval is "
    "above 1, slower if it is below 1, and level if it is between 1/1.1 and 1.1. N3 holds if they "
    "are faster in every setting (data, activation and optimizer), only in those in which they are "
    "if there are others; it does not hold if they are faster in none and slower or level in some, "
    "and is undecided otherwise.",
    judge,
)
