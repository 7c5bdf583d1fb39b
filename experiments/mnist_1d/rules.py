"""By what the table's accuracies and the peak of the error are judged."""

from collections.abc import Mapping

from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.settings import over_settings
from experiments.lab.evidence.verdicts import Effect, Word

# Points of test accuracy: what the notebook printed, and what its README says.
PUBLISHED = {
    "logistic": (31.5, 32.0),
    "MLP": (65.1, 68.0),
    "CNN": (92.3, 94.0),
    "GRU": (89.1, 91.0),
}
TOLERANCE = 2.0
BEFORE, AROUND = 16, (36, 47, 64)  # widths: before the published peak, and around it


def agrees(network: str, accuracy: float) -> bool:
    """Whether a mean accuracy is within two points of the published range."""
    low, high = PUBLISHED[network]
    return low - TOLERANCE <= accuracy <= high + TOLERANCE


def judge_table(accuracy: Mapping[str, float]) -> tuple[Word, str]:
    """The verdict on EVIDENCE 15, from the mean accuracy of each network, in points.

    Example:
        >>> judge_table({"logistic": 32.0, "MLP": 72.0, "CNN": 93.0, "GRU": 90.0})
        ('holds only when', 'the network is logistic, CNN or GRU')
    """
    right = [network for network in accuracy if agrees(network, accuracy[network])]
    if len(right) == len(accuracy):
        return "holds", ""
    if not right:
        return "does not hold", ""
    *first, last = right
    listed = f"{', '.join(first)} or {last}" if first else last
    return "holds only when", f"the network is {listed}"


def peaks(rise: Effect, fall: Effect) -> Word:
    """Whether the error rises to the peak and falls again, from both differences' intervals."""
    if min(rise.low or 0, fall.low or 0) > 0:
        return "holds"
    high = min(each.high if each.high is not None else 0 for each in (rise, fall))
    return "does not hold" if high <= 0 else "undecided"


def judge_peak(words: Mapping[str, Word]) -> tuple[Word, str]:
    """The verdict on EVIDENCE 16, from that in each setting.

    Example:
        >>> judge_peak({"15 % noise": "holds", "no noise": "undecided"})
        ('holds only when', 'the setting is 15 % noise')
    """
    return over_settings(
        words, lambda holds: f"the setting is {' or '.join(holds)}", refuted_by=all
    )


RULES = (
    Rule(
        "EVIDENCE 15",
        "A network agrees with the table if its mean test accuracy, with Adam at the published "
        "rate of 0.01, is within 2 points of the range from what the authors' notebook printed to "
        "what their README says; the middle half of the seeds is averaged and a diverged run has "
        "accuracy 0. Holds if all four agree, does not hold if none does, and holds otherwise only "
        "for those that do. The same is said at another rate and after a third of the updates.",
        judge_table,
    ),
    Rule(
        "EVIDENCE 16",
        "The peak is the mean error at widths 36, 47 and 64, around the published 47. In a setting "
        "the error peaks if it exceeds both the error at width 16 and that at the largest width, "
        "paired by seed, with both 95 % intervals above 0; it does not if one of the intervals "
        "ends at or below 0. Settings are with and without noise in the labels, each after all "
        "and after half of the updates. Holds if the error peaks in all, does not hold if in none "
        "it can, and holds otherwise only in those where it does.",
        judge_peak,
    ),
)
