"""What follows: the rise of every learner's error, and its end against the linear learner's."""

from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.evidence.effects import effect, ratio
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict
from experiments.plasticity.learners import OPTIMIZERS
from experiments.plasticity.rules import judge, lost, slope

DIVERGED = 1e6  # the error that a diverged run counts with


def conclude(configuration: Any, found: Found) -> Conclusion:
    """The verdict."""
    errors = np.nan_to_num(found["learners"]["error"], nan=DIVERGED, posinf=DIVERGED)
    errors = np.clip(errors, 1e-9, DIVERGED)
    bins = len(errors)
    late, end = slice(bins // 5, None), slice(-max(1, bins // 10), None)
    time = (np.arange(bins) + 0.5)[late] / bins
    linear = configuration.activation.index("linear")
    rows, counts, tried, effects = [], {}, [], []
    for i, optimizer in enumerate(OPTIMIZERS):
        ends = errors[end, linear, i].mean(axis=0)
        floor = ends[ends.mean(axis=1).argmin()]
        for j, rate in enumerate(configuration.learning_rate):
            setting = f"{optimizer} at {rate:g}"
            passed: list[Effect] = []
            for k, name in enumerate(configuration.activation):
                error = errors[:, k, i, j]
                rise = effect(f"slope of log error, {name}, {setting}", slope(error[late], time))
                over = ratio(f"end error / linear, {name}, {setting}", error[end].mean(0) / floor)
                row = {"activation": name, "optimizer": optimizer, "rate": rate}
                row |= {"slope": rise.value, "slope_low": rise.low, "slope_high": rise.high}
                row |= {"ratio": over.value, "ratio_low": over.low, "ratio_high": over.high}
                diverged = error[end].mean(0) >= DIVERGED / 10
                row |= {"end_error": float(np.median(error[end]))}
                rows.append(row | {"lost": lost(rise, over) or bool(diverged.all())})
                if name != "linear":
                    passed += [rise] if rows[-1]["lost"] else []
                    effects.append(rise)
            counts[setting] = len(passed), len(configuration.activation) - 1
            of = [each for each in effects if each.name.endswith(setting)]
            least = min(of, key=lambda each: each.value)
            tried.append(
                Tried(
                    setting,
                    judge(
                        {setting: counts[setting]}, room=any((each.high or 0) > 0 for each in of)
                    )[0],
                    least,
                )
            )
    table = pd.DataFrame(rows)
    nonlinear = table[table["activation"] != "linear"]
    word, when = judge(counts, room=bool((nonlinear["slope_high"] > 0).any()))
    rising = int((nonlinear["slope_low"] > 0).sum())
    above = int((nonlinear["ratio_low"] > 1).sum())
    tried = [
        each if each.word != "holds only when" else Tried(each.setting, "undecided", each.effect)
        for each in tried
    ]
    said = "; ".join(f"{setting}: {at} of {every}" for setting, (at, every) in counts.items())
    found_words = (
        f"The error rises in {rising} and ends above the linear learner's in {above} of "
        f"{len(nonlinear)} combinations of activation, optimizer and rate."
    )
    return Conclusion(
        found_words,
        (
            Verdict(
                "EVIDENCE 18",
                word,
                tuple(effects),
                configuration.seeds,
                f"learners 20-5-1, one example at a time, {configuration.steps:,} examples "
                f"(1,000,000 as published), a slow bit flips every {configuration.every:,} "
                f"(10,000), {configuration.seeds} targets (100)",
                when=when,
                note=f"Plasticity is lost with so many activations: {said}",
                found=found_words,
                do="In long online training watch the error over time, and lower Adam's rate.",
                tried=tuple(tried),
            ),
        ),
        table,
    )
