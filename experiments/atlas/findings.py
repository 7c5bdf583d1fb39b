"""What follows: ranks over data sets, the most that a choice costs, and the rules on defaults."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

import jaxnn
from experiments.atlas.datasets import source
from experiments.atlas.findings_ranks import OnData, Ranking, on_data, ranking
from experiments.atlas.plan import activations, data_sets, joined, rates
from experiments.atlas.rules import MARGIN, NEWER, RULES, TABULAR, word
from experiments.lab.data import Splits
from experiments.lab.evidence.effects import effect
from experiments.lab.evidence.experiment import Arrays, Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict
from experiments.lab.study.intervals import mean_over_splits_interval
from experiments.lab.study.wording import listed

RELU = "relu"
SHOWN = 12  # activations in a sentence


def conclude(configuration: Any, found: Found) -> Conclusion:
    """Both verdicts, and the table of every activation on every data set."""
    names = activations(configuration)
    each = on_each(configuration, found)
    ranks = ranking(each)
    tabular = {
        f"the target is a {kind}": gain(
            each, names, name, [data for data in each if target(found[data]) == kind]
        )
        for kind, name in TABULAR.items()
    }
    newer = {f"the activation is {name}": gain(each, names, name, list(each)) for name in NEWER}
    return Conclusion(
        sentence(names, each, ranks),
        tuple(
            _verdict(rule, gains, configuration, names)
            for rule, gains in zip(RULES, (tabular, newer), strict=True)
        ),
        table(configuration, each, ranks),
        lambda: {data: Splits(source(data, configuration.mnist)).sha256 for data in each},
    )


def on_each(configuration: Any, found: Found) -> dict[str, OnData]:
    """Data set -> the activations there."""
    return {
        data: on_data(joined(configuration, found, data), rates(configuration))
        for data in data_sets(configuration)
    }


def target(found: Arrays) -> str:
    """Of a data set, what there is to predict: "class" or "number"."""
    return "class" if found["classes"] else "number"


def gain(
    each: Mapping[str, OnData], names: Sequence[str], name: str, sets: Sequence[str]
) -> Effect:
    """Of an activation over ReLU, over data sets; without an interval where there are none."""
    ours, relu = names.index(name), names.index(RELU)
    said = f"{name} − relu over {len(sets)} data sets"
    if not sets:
        return Effect(said, 0.0, unit="points")
    means = [each[data].points.mean(axis=1) for data in sets]
    return effect(said, np.array([of[ours] - of[relu] for of in means]), "points")


def sentence(names: Sequence[str], each: Mapping[str, OnData], ranks: Ranking) -> str:
    """Which hold the best, and what a choice costs at most."""
    inside = [names[number] for number in np.argsort(ranks.mean) if ranks.in_set[number]]
    name = names[ranks.best]
    safest = min(range(len(names)), key=lambda number: worst(each, number)[0])
    low, high = ranks.stability.min(), ranks.stability.max()
    costs = [
        f"{names[number]} {max(most, 0):.1f} points, on {where}"
        for number in dict.fromkeys((ranks.best, safest, names.index(RELU)))
        for most, where in [worst(each, number)]
    ]
    more = [f"{len(inside) - SHOWN} others"] if len(inside) > SHOWN else []
    return (
        f"Of {len(names)} activations on {len(each)} data sets {name} has the best mean rank, "
        f"{ranks.mean.min():.1f}; {len(inside)} hold the best on average, in that they cannot be "
        f"told from it: {listed([*inside[:SHOWN], *more])}. Choosing one costs at most, on any of "
        f"the data sets: {'; '.join(costs)}. Leaving out a data set changes the order of mean "
        f"ranks to one with a Kendall's τ of {low:.2f} to {high:.2f}."
    )


def worst(each: Mapping[str, OnData], number: int) -> tuple[float, str]:
    """The most that an activation costs, in points, and on which data set."""
    return max((float(one.costs[number].mean()), data) for data, one in each.items())


def table(configuration: Any, each: Mapping[str, OnData], ranks: Ranking) -> pd.DataFrame:
    """One row per activation and data set, and one for all data sets, which has the means."""
    names, tried = activations(configuration), np.asarray(rates(configuration))
    rows: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        for data, one in each.items():
            low, high = mean_over_splits_interval(one.points)[number]
            cost_low, cost_high = mean_over_splits_interval(one.costs)[number]
            rows.append(
                {
                    "activation": name,
                    "data": data,
                    "learning_rate": tried[one.best[number]],
                    "score": one.points[number].mean(),
                    "low": low,
                    "high": high,
                    "cost": one.costs[number].mean(),
                    "cost_low": cost_low,
                    "cost_high": cost_high,
                    "rank": one.ranks[number],
                    "sensitivity": one.sensitivity[number],
                    "decades": one.decades[number],
                }
            )
        against_best = effect("", np.array([_behind(one, number, ranks) for one in each.values()]))
        rows.append(
            {
                "activation": name,
                "data": "all",
                "learning_rate": np.nan,
                "score": np.nan,
                "cost": against_best.value,
                "cost_low": against_best.low,
                "cost_high": against_best.high,
                "rank": ranks.mean[number],
                "sensitivity": np.mean([one.sensitivity[number] for one in each.values()]),
                "decades": np.median([one.decades[number] for one in each.values()]),
                "p": ranks.p[number],
                "in_set": bool(ranks.in_set[number]),
                "equivalent": -MARGIN
                < (against_best.low or 0)
                <= (against_best.high or 0)
                < MARGIN,
                "most": worst(each, number)[0],
                "most_on": worst(each, number)[1],
            }
        )
    return pd.DataFrame(rows)


def _behind(one: OnData, number: int, ranks: Ranking) -> float:
    return float((one.points[ranks.best] - one.points[number]).mean())


def _verdict(
    rule: Any, gains: Mapping[str, Effect], configuration: Any, names: Sequence[str]
) -> Verdict:
    verdict, when = rule.judge(gains)
    said = listed(
        [
            f"{each.name.partition(' over')[0]} {round(each.value, 1) + 0.0:.1f}"
            for each in gains.values()
        ]
    )
    better = [each.name.split()[0] for each in gains.values() if word(each) == "holds"]
    do = "Choose by what else matters, such as cost, and tune the learning rate."
    if better:
        do = f"Try {listed(better)} before ReLU."
    elif verdict == "does not hold":
        do = "Start with ReLU."
    return Verdict(
        rule.claim,
        verdict,
        tuple(gains.values()),
        configuration.seeds,
        f"{configuration.depth} × {configuration.width} networks, {configuration.steps} updates of "
        f"{configuration.optimizer} on batches of {configuration.batch_size}; "
        f"{len(names)} activations at {len(rates(configuration))} rates; "
        f"{', '.join(data_sets(configuration))}",
        when=when,
        note="Each seed has its own split; the interval is over data sets.",
        found=f"In points over data sets: {said}.",
        do=do,
        tried=tuple(Tried(when, word(each), each) for when, each in gains.items()),
    )


def facts(name: str) -> str:
    """What kind of function it is, in a few words, for the page; empty where nothing is known."""
    entry = jaxnn.ACTIVATIONS.get(name)
    if entry is None:
        return "your own"
    if not entry.elementwise:
        return "of several inputs"
    low, high = entry.range or (-np.inf, np.inf)
    words = [
        "bounded" if np.isfinite(low) and np.isfinite(high) else "",
        "smooth" if entry.smooth else "with corners",
        "" if entry.monotone else "not monotone",
        "learned" if entry.learned else "",
    ]
    return ", ".join(filter(None, words))
