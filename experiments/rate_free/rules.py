"""By what optimizers without a learning rate are judged."""

from collections.abc import Mapping, Sequence

from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.verdicts import Effect, Word

AS_GOOD = 1.0  # points


def word(regret: Effect) -> Word:
    """Whether a regret is below a point, above 0 and so a cost, or unclear.

    Example:
        >>> word(Effect("", 0.2, -0.3, 0.7)), word(Effect("", 2.0, 1.2, 2.8))
        ('holds', 'does not hold')
    """
    if regret.high is not None and regret.high < AS_GOOD:
        return "holds"
    return "does not hold" if (regret.low or 0) > 0 else "undecided"


def judge(regrets: Mapping[str, Sequence[Effect]]) -> tuple[Word, str]:
    """The verdict on EVIDENCE 19, from each optimizer's regrets, one for every combination.

    Example:
        >>> good, bad = Effect("", 0.2, -0.3, 0.7), Effect("", 9.0, 8.0, 10.0)
        >>> judge({"Prodigy": [good, good], "DoG": [good, bad]})
        ('holds only when', 'the optimizer is Prodigy')
    """
    words = {name: [word(each) for each in of] for name, of in regrets.items()}
    right = [name for name, of in words.items() if set(of) == {"holds"}]
    if len(right) == len(words):
        return "holds", ""
    if right:
        return "holds only when", f"the optimizer is {' or '.join(right)}"
    refuted = all("does not hold" in of for of in words.values())
    return ("does not hold" if refuted else "undecided"), ""


RULES = (
    Rule(
        "EVIDENCE 19",
        "The regret of an optimizer is the test accuracy of Adam at its best rate of the grid, "
        "chosen on validation rows of the same seed, minus its own with its defaults, in points, "
        "paired by seed, with its 95 % interval; a diverged run has accuracy 0. It is as good "
        "where the interval ends below 1 point, and costs something where it is above 0 and does "
        "not. Holds if every optimizer is as good with every activation on every data set, does "
        "not hold if each one costs something somewhere, holds only for those that are as good "
        "everywhere, and is undecided otherwise.",
        judge,
    ),
)
