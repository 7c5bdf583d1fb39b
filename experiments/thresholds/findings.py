"""What follows: what each threshold costs, and the rule on L1."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.data import load, prepare
from experiments.lab.evidence.effects import effect
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Tried, Verdict
from experiments.lab.study.statistics import interquartile_mean, interval
from experiments.thresholds.choices import HALF, balanced_error, by_cost, chosen, cost
from experiments.thresholds.measure import FEW, HIDDEN
from experiments.thresholds.rules import RULE, Case, word

RATIOS = (0.05, 0.2, 1.0, 5.0)  # cost of a false yes over that of a missed one
WAYS = ("½", "by the costs", "chosen by cost", "chosen by balanced accuracy")


def conclude(configuration: Any, found: Found) -> Conclusion:
    """The cost of every threshold, for every ratio of costs."""
    costs = {Case(data, ratio): costs_of(found[data], ratio) for data in found for ratio in RATIOS}
    excess = {
        case: effect(f"excess of ½, {case.data}, ratio {case.ratio:g}", each["½"] - each[WAYS[1]])
        for case, each in costs.items()
    }
    verdict, when = RULE.judge(excess)
    worst = max(excess.values(), key=lambda each: each.value)
    validated = [
        effect(f"chosen on validation − by the costs, {case.data}, ratio {case.ratio:g}", gap)
        for case, each in costs.items()
        for gap in [each["chosen by cost"] - each[WAYS[1]]]
    ]
    balanced = [
        effect(f"balanced accuracy, chosen − ½, {data}", balance(found[data]), "points")
        for data in found
    ]
    return Conclusion(
        f"The threshold ½ costs most in excess with {worst.name}: {worst:.3f} of the cost of "
        "saying no to all.",
        (
            Verdict(
                "L1",
                verdict,
                (*excess.values(), *validated, *balanced),
                configuration.seeds,
                f"networks with {HIDDEN} ReLU units and a sigmoid output; {', '.join(found)} "
                f"({100 * FEW:g} % yes where generated); ratio: cost of a false yes over that of a "
                "missed one",
                when=when,
                note="At equal costs ½ is the threshold that the costs ask for. One chosen on "
                "validation rows follows their chance; it pays where probabilities are wrong.",
                found=f"½ is right when both mistakes cost the same; else it wastes up to "
                f"{100 * worst.value:.0f} % of the cost of saying no to all.",
                do="Say yes above c / (1 + c), with c the cost of a false yes over a missed one.",
                tried=tuple(Tried(each.name, word(each), each) for each in excess.values()),
            ),
        ),
        table(costs),
        {name: prepare(load(name)).sha256 for name in found if name != "generated"},
    )


def costs_of(arrays: Mapping[str, np.ndarray], ratio: float) -> dict[str, np.ndarray]:
    """Way -> mean cost of a test row, as a share of that of saying no to all, (seeds,)."""
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for known, known_y, new, new_y in _by_seed(arrays):
        thresholds = (
            HALF,
            by_cost(ratio),
            chosen(known, known_y, ratio),
            chosen(known, known_y, None),
        )
        for way, threshold in zip(WAYS, thresholds, strict=True):
            found[way].append(cost(new, new_y, threshold, ratio) / np.mean(new_y))
    return {way: np.array(each) for way, each in found.items()}


def balance(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Balanced accuracy of the threshold chosen by it, minus that of ½, in points, (seeds,)."""
    return np.array(
        [
            100
            * (
                balanced_error(new, new_y, HALF)
                - balanced_error(new, new_y, chosen(known, known_y, None))
            )
            for known, known_y, new, new_y in _by_seed(arrays)
        ]
    )


def _by_seed(arrays: Mapping[str, np.ndarray]):
    names = ("validation", "validation_y", "test", "test_y")
    return zip(*(arrays[name] for name in names), strict=True)


def table(costs: Mapping[Case, Mapping[str, np.ndarray]]) -> pd.DataFrame:
    """One row per case and way."""
    rows = []
    for case, ways in costs.items():
        for way, values in ways.items():
            low, high = interval(values)
            mean = float(interquartile_mean(values))
            rows.append({**case._asdict(), "way": way, "cost": mean, "low": low, "high": high})
    return pd.DataFrame(rows)
