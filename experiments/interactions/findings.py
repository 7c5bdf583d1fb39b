"""What follows: what it costs to leave hand-made features out, and the rule on D2."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from experiments.interactions.measure import NETS, at_own_best
from experiments.interactions.rules import RULE, Case, word
from experiments.interactions.tasks import CONTROL, INPUTS, TARGETS
from experiments.lab.data import load, prepare
from experiments.lab.evidence.effects import effect
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict, Word
from experiments.lab.study.statistics import interquartile_mean, interval

WORDS: Mapping[str, Word] = {
    "not needed": "holds",
    "needed": "does not hold",
    "unclear": "undecided",
}


def conclude(configuration: Any, found: Found) -> Conclusion:
    """The cost of every case, each network at its own best rate and stopping point."""
    costs = {
        case: effect(said(case), scores[made] - scores["network"], "points")
        for case, (made, scores) in cases(configuration, found).items()
    }
    judged = {case: cost for case, cost in costs.items() if case.data != CONTROL}
    verdict, when = RULE.judge(judged)
    usual = next(iter(NETS))
    ends = [min(configuration.rows), max(configuration.rows)]
    shown = [case for case in costs if case.net == usual and (case.rows in (0, *ends))]
    needed = sum(word(cost) == "needed" for cost in judged.values())
    worst = max(judged.values(), key=lambda cost: cost.value)
    return Conclusion(
        f"Leaving the hand-made feature out costs a network more than a point in {needed} of "
        f"{len(judged)} cases; most with {worst.name}: {worst:.1f} points.",
        (
            Verdict(
                "D2",
                verdict,
                tuple(costs[case] for case in shown),
                configuration.seeds,
                f"two of {INPUTS} inputs make the target; {min(ends):,} to {max(ends):,} rows; "
                f"{', '.join(configuration.real)}; networks of 2 × 32 units: {'; '.join(NETS)}; "
                "Adam",
                when=when,
                note=note(configuration, found, judged),
                found=sentence(configuration, costs),
                do="Give a network the features you know, above all with few rows; thousands of "
                "rows nearly replace them.",
                tried=tuple(
                    Tried(said(case), WORDS[word(cost)], cost) for case, cost in judged.items()
                ),
            ),
        ),
        table(configuration, found),
        {name: prepare(load(name)).sha256 for name in configuration.real},
    )


def cases(configuration: Any, found: Found) -> dict[Case, tuple[str, Mapping[str, np.ndarray]]]:
    """Case -> the linear model with hand-made features, and the scores of every model."""
    made: dict[Case, tuple[str, Mapping[str, np.ndarray]]] = {}
    for net, (activation, _) in NETS.items():
        nets = at_own_best(found[f"{activation}-generated"], net)
        for number, target in enumerate(TARGETS):
            for place, rows in enumerate(configuration.rows):
                raw, given = nets[place, number]
                scores = {"network": raw, "network with feature": given}
                linear = found["linear-generated"]
                scores |= {name: each[place, number] for name, each in linear.items()}
                made[Case(target, rows, net)] = "linear with feature", scores
        for name in configuration.real:
            raw = at_own_best(found[f"{activation}-{name}"], net)
            scores = {"network": raw, **found[f"linear-{name}"]}
            made[Case(name, 0, net)] = "linear with made features", scores
    return made


def said(case: Case) -> str:
    """The case in words."""
    rows = f", {case.rows:,} rows" if case.rows else ""
    return f"{case.data}{rows}, {case.net}"


def sentence(configuration: Any, costs: Mapping[Case, Effect]) -> str:
    """What was found, with the cost of the usual network for a product of two inputs."""
    usual, few, many = next(iter(NETS)), min(configuration.rows), max(configuration.rows)
    first, last = (costs[Case("product", rows, usual)].value for rows in (few, many))
    return (
        f"For a product of two inputs, leaving it to the network costs {first:.0f} points of R² "
        f"with {few:,} rows and {last:.1f} with {many:,}."
    )


def note(configuration: Any, found: Found, judged: Mapping[Case, Effect]) -> str:
    """Where features are not needed, what one gives the network itself, and what the sum costs."""
    usual, few = next(iter(NETS)), min(configuration.rows)
    every = cases(configuration, found)
    product, total = (every[Case(name, few, usual)][1] for name in ("product", CONTROL))
    given = effect("", product["network with feature"] - product["network"])
    lost = effect("", total["linear"] - total["network"])
    without = "; ".join(said(case) for case, cost in judged.items() if word(cost) == "not needed")
    return (
        f"Not needed: {without or 'nowhere'}. "
        f"With {few} rows, the feature adds {given:.1f} points to the network on the product; on "
        f"the {CONTROL}, which a linear model can represent, the network loses {lost:.1f} points "
        "against it. The choice of features itself, which takes knowledge of the target, is not "
        "charged to the linear model."
    )


def table(configuration: Any, found: Found) -> pd.DataFrame:
    """One row per case and model."""
    rows = []
    for case, (_, scores) in cases(configuration, found).items():
        for model, each in scores.items():
            low, high = interval(each)
            score = float(interquartile_mean(each))
            rows.append(
                {**case._asdict(), "model": model, "score": score, "low": low, "high": high}
            )
    return pd.DataFrame(rows)
