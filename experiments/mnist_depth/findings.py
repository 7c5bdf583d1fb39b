"""What follows for deep networks and for five layers."""

from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.data import load, prepare
from experiments.lab.evidence.effects import at_best, effect
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict
from experiments.mnist_depth.measure import DEEP, FIVE, NEW, OLD
from experiments.mnist_depth.rules import ahead, judge_five, judge_settings

OWN, UNTUNED = "own best rate", "untuned rate"


def conclude(configuration: Any, found: Found) -> Conclusion:
    """Both verdicts."""
    deep, accuracies = _deep(configuration, found)
    five, errors = _five(configuration, found)
    return Conclusion(
        f"{deep.found} {five.found}",
        (deep, five),
        pd.DataFrame(accuracies + errors),
        {configuration.data: prepare(load(configuration.data)).sha256},
    )


def _deep(configuration: Any, found: Found) -> tuple[Verdict, list[dict]]:
    number = configuration.learning_rate.index(configuration.untuned)
    rows, scores, deepest = [], {}, max(configuration.depth)
    for depth in configuration.depth:
        for init in configuration.init:
            for name in DEEP:
                arrays = found.get(f"{name}; {init}; {depth} layers")
                if arrays is None:  # layer normalisation, at the greatest depth only
                    continue
                test = arrays["test"]
                of = {
                    OWN: 100 * at_best(arrays["validation"][-1], test, 0),
                    UNTUNED: 100 * np.nan_to_num(test[number]),
                }
                for rate, values in of.items():
                    scores[depth, init, rate, name] = values
                    one = effect("", values)
                    row = {"measure": "accuracy", "depth": depth, "init": init, "rate": rate}
                    row |= {"activation": name, "value": one.value}
                    rows.append(row | {"low": one.low, "high": one.high})
    words, tried = {}, []
    effects: list[Effect] = []
    for rate in (OWN, UNTUNED):
        for init in configuration.init:
            of = {name: scores[deepest, init, rate, name] for name in DEEP}
            gaps = {
                other: effect(f"Mish − {other}, {init}, {rate}", of["mish"] - of[other], "points")
                for other in DEEP[1:]
            }
            setting = f"{init}, {rate}"
            words[setting] = ahead(gaps)
            effects += gaps.values()
            tried.append(Tried(setting, words[setting], min(gaps.values(), key=lambda g: g.value)))
    word, when = judge_settings(words)
    untuned = {row["activation"]: row["value"] for row in rows if _is(row, deepest, UNTUNED)}
    own = {row["activation"]: row["value"] for row in rows if _is(row, deepest, OWN)}
    critical = {
        row["activation"]: row["value"] for row in rows if _is(row, deepest, OWN, "critical init")
    }
    return (
        Verdict(
            "EVIDENCE 10",
            word,
            tuple(effects),
            configuration.seeds,
            f"{', '.join(map(str, configuration.depth))} hidden layers of {configuration.width} "
            f"(500 as published), no dropout, SGD with momentum 0.9, {configuration.steps} updates "
            "on batches of 64; 2,000 of MNIST's training images at 14 × 14 pixels",
            when=when,
            note=f"{deepest} layers: {_listed(own)} at own best rates, {_listed(untuned)} at "
            f"{configuration.untuned:g}, {_listed(critical)} with the critical initialisation. "
            "Published, one seed: Mish 85.2, swish 39.7, ReLU 23, with batch normalisation and "
            "dropout",
            found=f"{deepest} layers: {_listed(own)} % right with own init, {_listed(critical)} "
            "with critical init, each at its best rate.",
            do="In deep plain networks set the initialisation and the rate before the activation.",
            tried=tuple(tried),
        ),
        rows,
    )


def _is(row: dict, depth: int, rate: str, init: str = "own init") -> bool:
    return (row["depth"], row["rate"], row["init"]) == (depth, rate, init)


def _listed(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.0f}" for name, value in values.items())


def _five(configuration: Any, found: Found) -> tuple[Verdict, list[dict]]:
    rows, errors, half = [], {}, {}
    for name in FIVE:
        for init in (OLD, NEW):
            arrays = found[f"{name}; {init}"]
            errors[name, init] = 100 * (1 - at_best(arrays["validation"][-1], arrays["test"], 0))
            middle = np.nan_to_num(arrays["validation"][0])
            half[name, init] = 100 * (1 - middle.max(axis=0))
            one = effect("", errors[name, init])
            row = {"measure": "error", "depth": 5, "init": init, "rate": OWN, "activation": name}
            rows.append(row | {"value": one.value, "low": one.low, "high": one.high})
    gaps = {
        when: {
            said: effect(f"{said}{when}", of[worse] - of[better], "points")
            for said, (worse, better) in _CLAIMED.items()
        }
        for when, of in (("", errors), (", after half of the updates", half))
    }
    word, when = judge_five(gaps[""])
    effects: tuple[Effect, ...] = tuple(gap for of in gaps.values() for gap in of.values())
    tried = tuple(Tried(gap.name, _one(gap), gap) for of in gaps.values() for gap in of.values())
    said = ", ".join(
        f"{row['activation']} {row['value']:.1f}" for row in rows if row["init"] == OLD
    )
    new = ", ".join(f"{row['activation']} {row['value']:.1f}" for row in rows if row["init"] == NEW)
    return (
        Verdict(
            "EVIDENCE 11",
            word,
            effects,
            configuration.seeds,
            f"five hidden layers of {configuration.width} (1,000 as published), SGD with momentum "
            f"0.9, {configuration.five_steps} updates on batches of 64; 2,000 of MNIST's training "
            "images at 14 × 14 pixels",
            when=when,
            note=f"Test error with the standard initialisation of then: {said} %; with Glorot's: "
            f"{new} %. Published: sigmoid 2.21, tanh 1.76 and 1.64 with Glorot's, softsign 1.64",
            found=f"Five layers, small MNIST: {said} % error with the old init, {new} with "
            "Glorot's.",
            do="Do not use sigmoid in hidden layers; tanh wants an initialisation that keeps it.",
            tried=tried,
        ),
        rows,
    )


_CLAIMED = {
    "sigmoid is worse than tanh": (("sigmoid", OLD), ("tanh", OLD)),
    "tanh is worse with the old initialisation": (("tanh", OLD), ("tanh", NEW)),
    "tanh is worse than softsign": (("tanh", OLD), ("softsign", OLD)),
}


def _one(gap: Effect) -> Any:
    word = judge_five({"": gap})[0]
    return word if word != "holds only when" else "holds"
