"""Each choice against the baseline, paired by seed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from experiments.lab.study.intervals import mean_over_splits_interval
from experiments.lab.study.statistics import (
    differences,
    holm,
    paired_p,
    probability_better,
)

if TYPE_CHECKING:
    from experiments.lab.study.choices import Choice


@dataclass(frozen=True)
class Versus:
    """One choice against the baseline of the same other structure, paired by seed, on test data.

    baseline: its label.
    difference: mean of the differences; difference_interval: of it, Student's t.
    probability: that this choice is better on a seed, ties ½; probability_interval: exact binomial.
    p: of equal means, by sign flips, with Holm's correction for all choices compared so.
    """

    baseline: str
    difference: float
    difference_interval: tuple[float, float]
    probability: float
    probability_interval: tuple[float, float]
    p: float


def against_baseline(choices: Sequence["Choice"], axis: str, baseline: str) -> list["Choice"]:
    """The choices, each with its comparison with the baseline.

    Args:
        choices: with scores of the same seeds.
        axis: of their structure, in which a choice and its baseline differ.
        baseline: its value of that axis.
    """
    versus = {}
    for number, ours in enumerate(choices):
        if ours.structure[axis] == baseline:
            continue
        same = ours.structure | {axis: baseline}
        theirs = next(choice for choice in choices if choice.structure == same)
        scores = np.array(ours.scores), np.array(theirs.scores)
        apart = differences(*scores)
        low, high = mean_over_splits_interval(apart[None])[0]
        probability, probability_interval = probability_better(*scores)
        versus[number] = Versus(
            baseline=theirs.label,
            difference=float(np.mean(apart)),
            difference_interval=(float(low), float(high)),
            probability=probability,
            probability_interval=probability_interval,
            p=paired_p(*scores),
        )
    corrected = holm([each.p for each in versus.values()])
    for number, p in zip(list(versus), corrected, strict=True):
        versus[number] = replace(versus[number], p=float(p))
    return [replace(choice, versus=versus.get(number)) for number, choice in enumerate(choices)]
