"""What follows: what dropout gives each kind of network, and the rule on A5."""

from typing import Any

import pandas as pd

from experiments.lab.data import load, prepare
from experiments.lab.evidence.effects import effect
from experiments.lab.evidence.measurement import Arrays, Found
from experiments.lab.evidence.verdicts import Conclusion, Tried, Verdict
from experiments.lab.study.statistics import interquartile_mean, interval
from experiments.maxout_dropout.measure import KINDS, PIECES, SETTINGS, settings_there
from experiments.maxout_dropout.rules import RULE, Gains, word


def conclude(configuration: Any, found: Found) -> Conclusion:
    """Gains by dropout, and maxout against ReLU, in every setting."""
    names = settings_there(configuration)
    gains = {setting: gains_of(setting, found) for setting in names}
    verdict, when = RULE.judge(gains)
    effects = []
    for setting in names:
        maxout, relu = (found[f"{setting}, {kind}"] for kind in KINDS)
        without = maxout["without"] - relu["without"]
        effects += [
            gains[setting].more,
            gains[setting].ahead,
            effect(f"maxout − ReLU, no dropout, {setting}", without, "points"),
            *(
                effect(
                    f"dropout's gain, {kind}, {setting}",
                    scores["with"] - scores["without"],
                    "points",
                )
                for kind, scores in zip(KINDS, (maxout, relu), strict=True)
            ),
        ]
    best = max(gains.values(), key=lambda each: each.more.value).more
    held = sum(word(each) == "holds" for each in gains.values())
    lowered = sum(
        all(change(found[f"{setting}, {kind}"]) < 0 for kind in KINDS) for setting in names
    )
    missing = [name for name in configuration.settings if name not in names]
    data = {SETTINGS[setting].data for setting in names}
    return Conclusion(
        f"Dropout lowers the accuracy of both in {lowered} of {len(gains)} settings, and that of "
        f"maxout by less in {held}; the largest difference is {best:.2f} points ({best.name}).",
        (
            Verdict(
                "A5",
                verdict,
                tuple(effects),
                configuration.seeds,
                f"two hidden layers, {PIECES} pieces per maxout unit, ReLU networks with as many "
                f"parameters; {configuration.steps} updates of Adam",
                when=when,
                note="EVIDENCE 12 (1.06 and 0.94 % error on all of MNIST) is not measured: "
                "it takes hours of training and a cap on the weights' norms."
                + (
                    f" Left out, since the files are not there: {'; '.join(missing)}."
                    if missing
                    else ""
                ),
                found=f"Dropout lowers the accuracy of both in {lowered} of {len(gains)} settings, "
                f"that of maxout by less in {held}, by {best.value:.1f} points at most.",
                do="Choose maxout or ReLU by measurement; dropout is no reason for maxout."
                if not held
                else "Use dropout where validation rows gain by it; then compare maxout with ReLU.",
                tried=tuple(
                    Tried(setting, word(each), each.more) for setting, each in gains.items()
                ),
            ),
        ),
        table(names, found),
        {name: prepare(load(name)).sha256 for name in sorted(data) if name == "digits"},
    )


def change(scores: Arrays) -> float:
    """What dropout changes on average."""
    return float(interquartile_mean(scores["with"] - scores["without"]))


def gains_of(setting: str, found: Found) -> Gains:
    """What the rule needs of one setting."""
    maxout, relu = (found[f"{setting}, {kind}"] for kind in KINDS)
    gain = (maxout["with"] - maxout["without"]) - (relu["with"] - relu["without"])
    return Gains(
        effect(f"dropout's gain, maxout − ReLU, {setting}", gain, "points"),
        effect(f"maxout − ReLU, with dropout, {setting}", maxout["with"] - relu["with"], "points"),
    )


def table(names: list[str], found: Found) -> pd.DataFrame:
    """One row per setting, kind and with or without dropout."""
    rows = []
    for setting in names:
        for kind in KINDS:
            scores = found[f"{setting}, {kind}"]
            for number, which in enumerate(("without", "with")):
                low, high = interval(scores[which])
                row: dict[str, Any] = {"setting": setting, "kind": kind, "dropout": which}
                row |= {"rate": float(scores["rate"][number])}
                row |= {"fraction": float(scores["dropout"][number])}
                row |= {"parameters": int(scores["parameters"][0])}
                mean = float(interquartile_mean(scores[which]))
                rows.append(row | {"accuracy": mean, "low": low, "high": high})
    return pd.DataFrame(rows)
