"""What follows: the networks' errors beside those of the rules, and the rule on N7."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.evidence.effects import effect
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict
from experiments.lab.study.statistics import interquartile_mean, interval
from experiments.series.rules import RULE, Gains, word
from experiments.series.signals import LENGTH, SEQUENCES

KINDS = {"speech": "a signal like speech", "walk": "a random walk"}


def conclude(configuration: Any, found: Found) -> Conclusion:
    """Gains over the naive and the linear rule, of the network that validation chooses."""
    every = {
        (name, cell): gains_of(name, cell, found)
        for name in configuration.series
        for cell in configuration.cells
    }
    chosen = {
        name: min(
            configuration.cells, key=lambda cell, name=name: found[f"{name}-{cell}"]["validation"]
        )
        for name in configuration.series
    }
    judged = {KINDS[name]: every[name, cell] for name, cell in chosen.items()}
    verdict, when = RULE.judge(judged)
    said = "; ".join(
        f"on {KINDS[name]} the {cell} network's error is {every[name, cell].naive:.1f} % lower "
        f"than the naive rule's, and AR's {linear_gain(name, found):.1f} %"
        for name, cell in chosen.items()
    )
    short = "; ".join(
        f"{KINDS[name]}: {than(every[name, cell].naive.value, 'the naive rule')}, "
        f"{than(every[name, cell].linear.value, 'AR')}"
        for name, cell in chosen.items()
    )
    orders = ", ".join(f"{found[f'{name}-linear']['order'][0]:g} ({name})" for name in chosen)
    return Conclusion(
        f"{said[0].upper()}{said[1:]}.",
        (
            Verdict(
                "N7",
                verdict,
                tuple(effect for each in judged.values() for effect in each),
                configuration.seeds,
                f"{SEQUENCES['train']} training sequences of {LENGTH} values; "
                f"{configuration.width} context neurons, {configuration.steps} updates of Adam; "
                f"order of AR {orders}",
                when=when,
                note="On the random walk no rule can beat the naive one; what a model gains there "
                "on the rows it was fitted to is chance. The sunspots are in experiments.context.",
                found=f"The network's error on {short}.",
                do="Compare every forecast with the last value, and with AR, before you trust it.",
                tried=tuple(
                    Tried(f"{cell}, {KINDS[name]}", word(each), each.linear)
                    for (name, cell), each in every.items()
                ),
            ),
        ),
        table(configuration, found),
    )


def than(gain: float, rule: str) -> str:
    """How much lower an error is than a rule's, in whole percent of the naive rule's.

    Example:
        >>> than(87.9, "AR"), than(-0.2, "AR"), than(-3.0, "AR")
        ('88 % below AR', 'level with AR', '3 % above AR')
    """
    percent = round(gain)
    if not percent:
        return f"level with {rule}"
    return f"{abs(percent)} % {'below' if percent > 0 else 'above'} {rule}"


def gains_of(name: str, cell: str, found: Found) -> Gains:
    """Of one network on one series; a diverged run counts as an error of 10 times the naive one."""
    network = np.minimum(found[f"{name}-{cell}"]["error"], 10)
    linear = found[f"{name}-linear"]["error"]
    return Gains(
        effect(f"{cell} over the naive rule, {KINDS[name]}", 100 * (1 - network), "%"),
        effect(f"{cell} over AR, {KINDS[name]}", 100 * (linear - network), "%"),
    )


def linear_gain(name: str, found: Found) -> Effect:
    """Of AR over the naive rule."""
    return effect("AR over the naive rule", 100 * (1 - found[f"{name}-linear"]["error"]), "%")


def table(configuration: Any, found: Found) -> pd.DataFrame:
    """One row per series and model."""
    rows: list[Mapping[str, Any]] = []
    for name in configuration.series:
        for model in (*configuration.cells, "linear"):
            error = np.minimum(found[f"{name}-{model}"]["error"], 10)
            low, high = interval(error)
            row = {"series": name, "model": "AR" if model == "linear" else model}
            rows.append(row | {"error": float(interquartile_mean(error)), "low": low, "high": high})
    return pd.DataFrame(rows)
