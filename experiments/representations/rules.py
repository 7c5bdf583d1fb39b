"""The rule on D1."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.settings import over_settings, where_it_holds
from experiments.lab.evidence.verdicts import Effect, Word


class Layers(NamedTuple):
    """What was found in one setting, in points of the probe's accuracy.

    whole: last hidden layer minus inputs. steps: each layer minus the one before.
    training: last hidden layer, trained minus untrained.
    """

    whole: Effect
    steps: Sequence[Effect]
    training: Effect


def word(found: Layers) -> Word:
    """The verdict in one setting."""
    if any(each.high < 0 for each in (found.whole, found.training)):
        return "does not hold"
    worse = any(step.high < 0 for step in found.steps)
    if found.whole.low > 0 and found.training.low > 0:
        return "does not hold" if worse else "holds"
    return "does not hold" if worse else "undecided"


def judge(found: Mapping[str, Layers]) -> tuple[Word, str]:
    """The verdict on D1 and its condition, from each setting."""
    words = {setting: word(each) for setting, each in found.items()}
    return over_settings(words, lambda _: where_it_holds("the network and data", words))


RULE = Rule(
    "D1",
    "In one setting, D1 holds if a linear probe is more accurate on the trained network's last "
    "hidden layer than on the inputs, and than on the same layer before training (paired by seed, "
    "95 % intervals above 0), and on no layer less accurate than on the one before (no interval "
    "below 0). It does not hold there if any of these differences is the other way round with its "
    "interval, and is undecided otherwise. D1 holds if it holds in every setting (data and "
    "activation), and only in those in which it holds if there are others; it does not hold if it "
    "holds nowhere and does not in some setting, and is undecided otherwise.",
    judge,
)
