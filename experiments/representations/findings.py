"""What follows: how much each layer adds to the probe's accuracy, and the rule on D1."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.data import load, prepare
from experiments.lab.evidence.effects import effect
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Tried, Verdict
from experiments.lab.study.statistics import interquartile_mean, interval
from experiments.representations.rules import RULE, Layers, word

KINDS = ("trained", "untrained")
POINTS = "points"


def conclude(configuration: Any, found: Found) -> Conclusion:
    """The differences between layers, and between trained and untrained, of every setting."""
    layers = {said(part): differences(said(part), found[part]) for part in found}
    verdict, when = RULE.judge(layers)
    missing = [name for name in configuration.data if not any(name in part for part in found)]
    most = max(layers.values(), key=lambda each: each.whole.value)
    least = min(layers.values(), key=lambda each: each.whole.value)
    named = [name for name in configuration.data if name in ("digits", "breast_cancer")]
    rising = sum(word(each) == "holds" for each in layers.values())
    return Conclusion(
        f"From the inputs to the last hidden layer a linear probe gains {most.whole.value:.1f} "
        f"points at most ({most.whole.name}) and {least.whole.value:.1f} at least "
        f"({least.whole.name}).",
        (
            Verdict(
                "D1",
                verdict,
                tuple(each for found in layers.values() for each in (found.whole, found.training)),
                configuration.seeds,
                f"{configuration.layers} hidden layers of {configuration.width} units, "
                f"{configuration.steps} updates of Adam; ridge classification as the probe",
                when=when,
                note=f"Left out, since the files are not there: {', '.join(missing)}."
                if missing
                else "",
                found=f"Each layer is at least as easy to separate as the one before in {rising} of"
                f" {len(layers)} settings; the gain over the inputs goes up to "
                f"{most.whole.value:.0f} points.",
                do="Expect hidden layers to help where a linear model fails; elsewhere use the "
                "linear model.",
                tried=tuple(
                    Tried(setting, word(each), each.whole) for setting, each in layers.items()
                ),
            ),
        ),
        table(found),
        {name: prepare(load(name)).sha256 for name in named},
    )


def said(part: str) -> str:
    """The setting in words.

    Example:
        >>> said("digits-relu")
        'relu on digits'
    """
    data, _, activation = part.rpartition("-")
    return f"{activation} on {data}"


def differences(setting: str, scores: Mapping[str, np.ndarray]) -> Layers:
    """Of one setting; scores as `measure.probe` returns them."""
    trained, untrained = scores["trained"], scores["untrained"]
    return Layers(
        effect(f"last layer − inputs, {setting}", trained[-1] - trained[0], POINTS),
        [
            effect(f"layer {number + 1} − {number}", step, POINTS)
            for number, step in enumerate(np.diff(trained, axis=0))
        ],
        effect(f"last layer, trained − untrained, {setting}", trained[-1] - untrained[-1], POINTS),
    )


def table(found: Found) -> pd.DataFrame:
    """One row per setting, layer and kind."""
    rows = []
    for part, scores in found.items():
        for kind in KINDS:
            for layer, accuracy in enumerate(scores[kind]):
                low, high = interval(accuracy)
                row = {"setting": said(part), "layer": layer, "kind": kind}
                row |= {"accuracy": float(interquartile_mean(accuracy)), "low": low, "high": high}
                rows.append(row | {"learning_rate": float(scores["rate"][0])})
    return pd.DataFrame(rows)
