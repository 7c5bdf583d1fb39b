"""What follows: the rise of every learner's error, and its end against the linear learner's."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.lab.evidence.effects import effect, ratio
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict
from experiments.plasticity.learners import OPTIMIZERS
from experiments.plasticity.rules import judge, lost, slope, word

DIVERGED = 1e6  # the error that a diverged run counts with


def beside_linear(errors: np.ndarray) -> np.ndarray:
    """The linear learner's errors at its best rate, by the mean over the last tenth and the seeds.

    Args:
        errors: (bins, rates, seeds).

    Returns:
        (bins, seeds).
    """
    last = errors[-max(1, len(errors) // 10) :]
    return errors[:, last.mean(axis=(0, 2)).argmin()]


class Beside(NamedTuple):
    """A learner beside the linear one.

    slopes: of the log of the ratio of their errors, (seeds,). rise: their mean.
    over: that ratio at the end. alone: the slope of the log of its own error.
    lost: whether plasticity is lost.
    """

    slopes: np.ndarray
    rise: Effect
    over: Effect
    alone: Effect
    lost: bool

    @property
    def row(self) -> dict[str, Any]:
        """Of the table."""
        row: dict[str, Any] = {}
        for name, each in (("slope", self.rise), ("own", self.alone), ("ratio", self.over)):
            row |= {name: each.value, f"{name}_low": each.low, f"{name}_high": each.high}
        return row | {"lost": self.lost}

    def tried(self, setting: str) -> Tried:
        """What it says, and the number on which that depends: the ratio, if the slope is sure."""
        sure = (self.rise.low or 0) > 0 or (self.over.high or np.inf) <= 1
        number = replace(self.over, unit="times") if sure else self.rise
        return Tried(setting, word(self.rise, self.over, self.lost), number)


def beside(error: np.ndarray, floor: np.ndarray, name: str) -> Beside:
    """Compare a learner's errors with the linear learner's.

    Args:
        error, floor: both, (bins, seeds).
        name: of what is compared.
    """
    late, end = slice(len(error) // 5, None), slice(-max(1, len(error) // 10), None)
    time = (np.arange(len(error)) + 0.5)[late] / len(error)
    slopes = slope(error[late] / floor[late], time)
    rise = effect(f"slope of log error / linear's, {name}", slopes)
    last = error[end].mean(axis=0)
    over = ratio(f"end error / linear's, {name}", last / floor[end].mean(axis=0))
    gone = bool((last >= DIVERGED / 10).all())
    alone = effect(f"slope of log error, {name}", slope(error[late], time))
    return Beside(slopes, rise, over, alone, lost(rise, over) or gone)


def conclude(configuration: Any, found: Found) -> Conclusion:
    """The verdict."""
    errors = np.nan_to_num(found["learners"]["error"], nan=DIVERGED, posinf=DIVERGED)
    errors = np.clip(errors, 1e-9, DIVERGED)
    linear = configuration.activation.index("linear")
    names = [name for name in configuration.activation if name != "linear"]
    every: dict[str, Beside] = {}
    rows = []
    lost_by: dict[str, list[str]] = {}
    for i, optimizer in enumerate(OPTIMIZERS):
        floor = beside_linear(errors[:, linear, i])
        for j, rate in enumerate(configuration.learning_rate):
            setting = f"{optimizer} at {rate:g}"
            lost_by[setting] = []
            for name in names:
                k = configuration.activation.index(name)
                said = f"{name}, {setting}"
                every[said] = each = beside(errors[:, k, i, j], floor, said)
                rows.append({"activation": name, "optimizer": optimizer, "rate": rate} | each.row)
                lost_by[setting] += [name] if each.lost else []
    table = pd.DataFrame(rows)
    result, when = judge(lost_by, len(names), room=bool((table["slope_high"] > 0).any()))
    rising, by_itself, above = (
        int((table[low] > limit).sum())
        for low, limit in (("slope_low", 0), ("own_low", 0), ("ratio_low", 1))
    )
    found_words = (
        f"Relative to a linear learner's the error rises in {rising} and ends higher in {above} of "
        f"{len(table)} combinations of activation, optimizer and rate."
    )
    mean = np.mean([each.slopes for each in every.values()], axis=0)
    return Conclusion(
        found_words,
        (
            Verdict(
                "EVIDENCE 18",
                result,
                (
                    effect("slope of log error / linear's, mean of all", mean),
                    *(each.rise for each in every.values()),
                ),
                configuration.seeds,
                f"learners 20-5-1, one example at a time, {configuration.steps:,} examples "
                f"(1,000,000 as published), a slow bit flips every {configuration.every:,} "
                f"(10,000), {configuration.seeds} targets (100)",
                when=when,
                note=f"By itself the error rises in {by_itself} of the combinations: the "
                "difficulty of the stream drifts, for the linear learner too. Slopes are per "
                "whole training",
                found=found_words,
                do="In long online training watch the error beside a simple learner's, and lower "
                "the rate.",
                tried=tuple(each.tried(said) for said, each in every.items()),
            ),
        ),
        table,
    )
