"""What follows: what the code gains over its rivals, and the rule on D4."""

from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.data import load, prepare
from experiments.lab.evidence.effects import effect
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict, Word
from experiments.lab.study.statistics import interquartile_mean, interval
from experiments.unlabelled.measure import HIDDEN, INPUTS, data_sets
from experiments.unlabelled.rules import RULE, Case


def conclude(configuration: Any, found: Found) -> Conclusion:
    """The gain of the code over every rival, for every number of labels."""
    gains = {}
    for data in data_sets(configuration):
        for code in configuration.code:
            scores = found[f"{data}-{code}"]
            for rival in INPUTS[1:]:
                gain = scores[INPUTS[0]] - scores[rival]
                for number, labels in enumerate(configuration.labels):
                    name = f"code − {rival}, {data}, {code} numbers, {labels} labels"
                    gains[Case(rival, data, code, labels)] = effect(name, gain[number], "points")
    verdict, when = RULE.judge(gains)
    few = min(configuration.labels)
    shown = [case for case in gains if case.labels in (few, max(configuration.labels))]
    won = {
        rival: sum(gain.low > 0 for case, gain in gains.items() if case.rival == rival)
        for rival in INPUTS[1:]
    }
    each = len(gains) // len(won)
    best = max(gains.values(), key=lambda gain: gain.value)
    worst = min(gains.values(), key=lambda gain: gain.value)
    missing = [name for name in configuration.data if name not in data_sets(configuration)]
    return Conclusion(
        f"An autoencoder's code is better than PCA's in {won['PCA']} of {each} cases, than raw "
        f"inputs in {won['raw']}, and than a random projection in {won['random']}; from "
        f"{worst.value:+.1f} points ({worst.name}) to {best.value:+.1f} ({best.name}).",
        (
            Verdict(
                "D4",
                verdict,
                tuple(gains[case] for case in shown),
                configuration.seeds,
                f"autoencoders with {HIDDEN} ReLU units on either side of a linear code, "
                f"{configuration.steps} updates of Adam; logistic regression on the labels",
                when=when,
                note=errors(configuration, found)
                + (
                    f" Left out, since the files are not there: {', '.join(missing)}."
                    if missing
                    else ""
                ),
                found=f"A code learnt without labels beats PCA in {won['PCA']} of {each} cases, "
                f"raw inputs in {won['raw']}, a random projection in {won['random']}.",
                do="Try PCA first when labels are few; take an autoencoder only if it is better.",
                tried=tuple(Tried(gain.name, word(gain), gain) for gain in gains.values()),
            ),
        ),
        table(configuration, found),
        {name: prepare(load(name)).sha256 for name in data_sets(configuration) if name == "digits"},
    )


def word(gain: Effect) -> Word:
    """The verdict on one comparison."""
    return "holds" if gain.low > 0 else "does not hold" if gain.high < 0 else "undecided"


def errors(configuration: Any, found: Found) -> str:
    """The error of reproduction over PCA's."""
    said = [
        f"{np.mean(scores['error'] / scores['PCA error']):.2f} ({part.replace('-', ', ')} numbers)"
        for part, scores in found.items()
    ]
    return (
        f"The code's error of reproduction over PCA's is {'; '.join(said)}, mean over seeds. "
        "Standardising gives the last principal components as much weight as the first, which "
        "may cost PCA accuracy where there are many of them and few labels."
    )


def table(configuration: Any, found: Found) -> pd.DataFrame:
    """One row per data set, code, inputs and number of labels."""
    rows = []
    for data in data_sets(configuration):
        for code in configuration.code:
            for name in INPUTS:
                for number, labels in enumerate(configuration.labels):
                    scores = found[f"{data}-{code}"][name][number]
                    low, high = interval(scores)
                    row = {"data": data, "code": code, "inputs": name, "labels": labels}
                    mean = float(interquartile_mean(scores))
                    rows.append(row | {"accuracy": mean, "low": low, "high": high})
    return pd.DataFrame(rows)
