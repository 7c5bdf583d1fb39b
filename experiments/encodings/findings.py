"""What follows: updates to the target, end accuracy, and the rule on N3."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.encodings.measure import (
    LAYERS,
    SETTINGS,
    encodings_of,
    rates,
    updates_to,
)
from experiments.encodings.rules import RULE, word
from experiments.encodings.tasks import TASKS
from experiments.lab.data import load, prepare
from experiments.lab.evidence.effects import effect
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict, Word
from experiments.lab.study.own_rows import own_best
from experiments.lab.study.statistics import interquartile_mean, interval

BINARY, BIPOLAR = "0, 1", "−1, 1"
WORDS: Mapping[str, Word] = {
    "faster": "holds",
    "slower": "does not hold",
    "level": "does not hold",
    "unclear": "undecided",
}


class Own(NamedTuple):
    """An encoding at its own best rates: one for speed, one for the end.

    updates: to the target, (seeds,). reached: share of seeds that reach it. accuracy: at the end,
    in %, (seeds,). rate: the best for speed.
    """

    updates: np.ndarray
    reached: float
    accuracy: np.ndarray
    rate: float


def conclude(configuration: Any, found: Found) -> Conclusion:
    """Every setting's ratio of updates and difference in end accuracy."""
    own = {
        setting: {
            encoding: at_own_rates(setting, encoding, found[setting], configuration)
            for encoding in encodings_of(configuration)
        }
        for setting in configuration.settings
    }
    ratios = {
        setting: ratio(f"updates, binary / bipolar: {setting}", each[BINARY], each[BIPOLAR])
        for setting, each in own.items()
    }
    ends = {
        setting: effect(
            f"end accuracy, bipolar − binary: {setting}",
            each[BIPOLAR].accuracy - each[BINARY].accuracy,
            "points",
        )
        for setting, each in own.items()
    }
    verdict, when = RULE.judge(ratios)
    faster = [setting for setting, each in ratios.items() if word(each) == "faster"]
    best = max(ratios.values(), key=lambda each: each.value)
    scaled = [ratio(setting, each["−½, ½"], each[BIPOLAR]).value for setting, each in own.items()]
    tasks = {SETTINGS[setting].task for setting in configuration.settings}
    return Conclusion(
        f"Bipolar inputs reach the target faster than binary ones in {len(faster)} of "
        f"{len(ratios)} settings, each at its own best rate; most with {best.name}: {best:.2f} "
        "times.",
        (
            Verdict(
                "N3",
                verdict,
                (*ratios.values(), *ends.values()),
                configuration.seeds,
                f"networks of {' × '.join(map(str, LAYERS))} units, {configuration.steps} updates; "
                + ", ".join(f"{name} to {TASKS[name].target:.0%}" for name in sorted(tasks)),
                when=when,
                note="Inputs of −½ and ½, which are centred too but half as large, take between "
                f"{min(scaled):.2f} and {max(scaled):.2f} times the updates of −1 and 1.",
                found=f"Bipolar inputs learn faster in {len(faster)} of {len(ratios)} settings; "
                f"binary ones need {min(each.value for each in ratios.values()):.2f} to "
                f"{best.value:.2f} times as many updates.",
                do="Code bits as −1 and 1, and tune the rate; it costs nothing.",
                tried=tuple(
                    Tried(setting, WORDS[word(each)], each) for setting, each in ratios.items()
                ),
            ),
        ),
        table(own),
        {"digits": prepare(load("digits")).sha256} if "digits" in tasks else {},
    )


def at_own_rates(setting: str, encoding: str, curves: Any, configuration: Any) -> Own:
    """From the curves of one encoding."""
    steps, target = curves["steps"], TASKS[SETTINGS[setting].task].target
    validation, test = (curves[f"{encoding} {part}"] for part in ("validation", "test"))
    fast = own_best(-np.log(updates_to(validation, target, steps)), updates_to(test, target, steps))
    last = (np.nan_to_num(each[-1]) for each in (validation, test))
    return Own(
        fast.test,
        float(np.mean(fast.test <= steps[-1])),
        100 * own_best(*last).test,
        rates(setting, configuration.powers)[fast.index[-1]],
    )


def ratio(name: str, ours: Own, theirs: Own) -> Effect:
    """Geometric mean of updates, ours over theirs, paired by seed."""
    logs = np.log(ours.updates / theirs.updates)
    low, high = interval(logs)
    value, low, high = (float(np.exp(each)) for each in (interquartile_mean(logs), low, high))
    return Effect(name, value, low, high, "times")


def table(own: Mapping[str, Mapping[str, Own]]) -> pd.DataFrame:
    """One row per setting and encoding."""
    rows = []
    for setting, encodings in own.items():
        for encoding, each in encodings.items():
            updates, accuracy = effect("", np.log(each.updates)), effect("", each.accuracy)
            row = {"setting": setting, "encoding": encoding, "rate": each.rate}
            row |= {"reached": each.reached}
            for name, each_effect, back in (
                ("updates", updates, np.exp),
                ("accuracy", accuracy, float),
            ):
                ends = ("value", "low", "high")
                row |= {f"{name}_{end}": float(back(getattr(each_effect, end))) for end in ends}
            rows.append(row)
    return pd.DataFrame(rows)
