"""What follows: the rise of every learner's error, and its end against the linear learner's."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.evidence.effects import effect, ratio
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Tried, Verdict
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


def conclude(configuration: Any, found: Found) -> Conclusion:
    """The verdict."""
    errors = np.nan_to_num(found["learners"]["error"], nan=DIVERGED, posinf=DIVERGED)
    errors = np.clip(errors, 1e-9, DIVERGED)
    bins = len(errors)
    late, end = slice(bins // 5, None), slice(-max(1, bins // 10), None)
    time = (np.arange(bins) + 0.5)[late] / bins
    linear = configuration.activation.index("linear")
    rows, tried, effects = [], [], []
    names = [name for name in configuration.activation if name != "linear"]
    lost_by: dict[str, list[str]] = {}
    slopes = []
    for i, optimizer in enumerate(OPTIMIZERS):
        floor = beside_linear(errors[:, linear, i])
        for j, rate in enumerate(configuration.learning_rate):
            setting = f"{optimizer} at {rate:g}"
            lost_by[setting] = []
            for k, name in enumerate(configuration.activation):
                error = errors[:, k, i, j]
                beside = slope(error[late] / floor[late], time)
                rise = effect(f"slope of log error / linear's, {name}, {setting}", beside)
                over = ratio(
                    f"end error / linear's, {name}, {setting}",
                    error[end].mean(axis=0) / floor[end].mean(axis=0),
                )
                alone = effect("", slope(error[late], time))
                gone = (error[end].mean(axis=0) >= DIVERGED / 10).all()
                row = {"activation": name, "optimizer": optimizer, "rate": rate}
                row |= {"slope": rise.value, "slope_low": rise.low, "slope_high": rise.high}
                row |= {"own_slope": alone.value, "own_low": alone.low, "own_high": alone.high}
                row |= {"ratio": over.value, "ratio_low": over.low, "ratio_high": over.high}
                row |= {"end_error": float(np.median(error[end]))}
                rows.append(row | {"lost": lost(rise, over) or bool(gone)})
                if name != "linear":
                    slopes.append(beside)
                    effects.append(rise)
                    lost_by[setting] += [name] if rows[-1]["lost"] else []
                    said = word(rise, over, rows[-1]["lost"])
                    # The number on which it depends: the ratio, unless the slope is not sure.
                    sure = (rise.low or 0) > 0 or (over.high or np.inf) <= 1
                    number = replace(over, unit="times") if sure else rise
                    tried.append(Tried(f"{name}, {setting}", said, number))
    table = pd.DataFrame(rows)
    nonlinear = table[table["activation"] != "linear"]
    result, when = judge(lost_by, len(names), room=bool((nonlinear["slope_high"] > 0).any()))
    rising, by_itself, above = (
        int((nonlinear[low] > limit).sum())
        for low, limit in (("slope_low", 0), ("own_low", 0), ("ratio_low", 1))
    )
    found_words = (
        f"Relative to a linear learner's the error rises in {rising} and ends higher in {above} of "
        f"{len(nonlinear)} combinations of activation, optimizer and rate."
    )
    every = effect("slope of log error / linear's, mean of all", np.mean(slopes, axis=0))
    return Conclusion(
        found_words,
        (
            Verdict(
                "EVIDENCE 18",
                result,
                (every, *effects),
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
                tried=tuple(tried),
            ),
        ),
        table,
    )
