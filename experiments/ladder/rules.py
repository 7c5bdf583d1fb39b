"""By what the experiment on the ladder of activations judges."""

from collections.abc import Mapping

from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.verdicts import Effect, Word

LITTLE = 1.0  # points


def pays(effect: Effect) -> Word:
    """What one comparison with ReLU says: the rung pays, gains less than LITTLE, or is unclear."""
    if effect.low is not None and effect.low > 0:
        return "holds"
    little = effect.high is not None and effect.high < LITTLE
    return "does not hold" if little else "undecided"


def judge(gains: Mapping[str, Mapping[str, Effect]]) -> tuple[Word, str]:
    """The verdict on A9's ladder, and its condition.

    Args:
        gains: task -> rung -> its score minus that of ReLU.
    """
    said = {
        (task, rung): pays(effect)
        for task, rungs in gains.items()
        for rung, effect in rungs.items()
    }
    good = {
        task: [rung for rung in rungs if said[task, rung] == "holds"]
        for task, rungs in gains.items()
    }
    if all(good.values()):
        return "holds", ""
    if any(good.values()):
        where = "; ".join(f"{task} ({', '.join(rungs)})" for task, rungs in good.items() if rungs)
        return "holds only when", f"the task is {where}"
    refuted = len(gains) > 1 and all(word == "does not hold" for word in said.values())
    return ("does not hold" if refuted else "undecided"), ""


RULES = (
    Rule(
        "A9",
        "The part on the ladder: a rung (leaky ReLU, PReLU, maxout) pays on a task if its test "
        "score minus that of ReLU, each at its own best learning rate and paired by seed, is above "
        "0 (95 % interval, corrected for the three rungs). Climbing holds as advice if some rung "
        "pays on every task, only on those tasks on which one does, and does not hold if every "
        "rung's interval on every task ends below 1 point.",
        judge,
    ),
)
