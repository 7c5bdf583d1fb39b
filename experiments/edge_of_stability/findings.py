"""What follows for the edge of stability and for the largest rate that converges."""

from typing import Any

import numpy as np
import pandas as pd

from experiments.edge_of_stability.measure import LAST
from experiments.edge_of_stability.rules import (
    EDGE,
    PUBLISHED,
    at_edge,
    judge_catapult,
    judge_edge,
    largest,
)
from experiments.edge_of_stability.tasks import DEGREES
from experiments.lab.data import load, prepare
from experiments.lab.evidence.effects import effect, ratio
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict


def conclude(configuration: Any, found: Found) -> Conclusion:
    """Both verdicts."""
    edge, edges = _edge(configuration, found)
    catapult, largest_rates = _catapult(configuration, found)
    return Conclusion(
        f"{edge.found} {catapult.found}",
        (edge, catapult),
        pd.DataFrame(edges + largest_rates),
        {"digits": prepare(load("digits")).sha256},
    )


def _edge(configuration: Any, found: Found) -> tuple[Verdict, list[dict]]:
    rows: list[dict[str, Any]] = []
    ends: dict[tuple[str, float], list[np.ndarray]] = {}
    for part, arrays in found.items():
        kind, *case = part.split("; ")
        if kind != "edge":
            continue
        # A run that diverged has no sharpness: it counts as far above the edge.
        stability = np.nan_to_num(arrays["stability"][-LAST:], nan=np.inf)
        for task in range(stability.shape[1]):
            for number, share in enumerate(configuration.share):
                of_seeds = np.median(stability[:, task, number], axis=0)
                name = "deep linear" if case[0] == "deep linear" else f"degree {DEGREES[task]}"
                median = float(np.median(of_seeds))
                ends.setdefault((case[0], share), []).append(of_seeds)
                row: dict[str, Any] = {
                    "measure": "sharpness · rate / 2",
                    "setting": case[0],
                    "task": name,
                }
                row |= {"activation": case[-1], "share": share, "value": median}
                rows.append(row | {"as_claimed": at_edge(median)})
    table = pd.DataFrame(rows)
    cells = table.groupby(["setting", "share"], sort=False)["as_claimed"]
    passed = {case: (int(at.sum()), len(at)) for case, at in cells}
    word, when = judge_edge(passed)
    effects, tried = [], []
    for (setting, share), of_seeds in ends.items():
        # The middle combination of each seed, so that one that diverged keeps its weight.
        name = f"sharpness · rate / 2, {setting}, {share:g} of the first unstable rate"
        effects.append(_finite(effect(name, np.median(of_seeds, axis=0))))
        one = judge_edge({(setting, share): passed[setting, share]})[0]
        tried.append(
            Tried(f"{setting}, rate {share:g} of the first unstable one", one, effects[-1])
        )
    at, every = int(table["as_claimed"].sum()), len(table)
    below = int((table["value"] < EDGE[0]).sum())
    counts = "; ".join(
        f"{some} of {all_} at {share:g} ({setting})"
        for (setting, share), (some, all_) in passed.items()
    )
    return (
        Verdict(
            "EVIDENCE 4",
            word,
            tuple(effects),
            configuration.seeds,
            "full-batch gradient descent: Chebyshev polynomials of degree 3, 4 and 5 on 20 points, "
            f"1-100-1 networks, {configuration.steps:,} updates, the published initialisation and "
            "ours; a linear network of 20 layers of 50 neurons, "
            f"{configuration.linear_steps:,} updates; the rate as a share of 2 / λ₀, at which "
            "descent on the linearised network is unstable",
            when=when,
            note=f"{at} of {every} combinations are at the edge; {below} stay below it, since the "
            "sharpness has not risen that far within these updates. By the rate's share of the "
            f"first unstable one: {counts}",
            found=f"Sharpness ends just above 2 / rate in {at} of {every} combinations; in {below} "
            "it has not risen that far.",
            do="Expect the sharpness to follow the rate, once training is long enough.",
            tried=tuple(tried),
        ),
        rows,
    )


def _finite(found: Effect) -> Effect:
    """Without an interval, where a diverged run leaves none."""
    return found if np.isfinite([found.low, found.high]).all() else Effect(found.name, found.value)


def _catapult(configuration: Any, found: Found) -> tuple[Verdict, list[dict]]:
    multiples, effects, rows = np.asarray(configuration.multiple), {}, []
    for part, arrays in found.items():
        kind, *case = part.split("; ")
        if kind != "catapult":
            continue
        setting, name = case
        rates = largest(arrays["loss"], multiples)
        effects[setting, name] = ratio(f"largest rate × λ₀, {name}, {setting}", rates)
        row = {"measure": "largest rate × λ₀", "setting": setting, "activation": name}
        of = effects[setting, name]
        rows.append(row | {"value": of.value, "low": of.low, "high": of.high})
    published = {
        (setting, name): effects[setting, name].value
        for setting in configuration.setting
        for name in PUBLISHED
    }
    word, when = judge_catapult(published)
    tried = []
    for setting in configuration.setting:
        both = {(setting, name): published[setting, name] for name in PUBLISHED}
        one = judge_catapult(both)[0]
        one = "does not hold" if one == "holds only when" else one
        tried.append(Tried(setting, one, effects[setting, "relu"]))
    main = configuration.setting[0]
    least, most = (
        pick((each.value, name) for (setting, name), each in effects.items() if setting == main)
        for pick in (min, max)
    )
    last = [name for (s, name), each in effects.items() if each.high == multiples[-1]]
    ends = f"at least that, the end of the grid, for {', '.join(last)}; " if last else ""
    linear, relu = (
        [published[setting, name] for setting in configuration.setting]
        for name in ("linear", "relu")
    )
    return (
        Verdict(
            "EVIDENCE 20",
            word,
            tuple(effects.values()),
            configuration.seeds,
            "full-batch gradient descent on the mean squared error, odd against even on 64 digits, "
            "weights N(0, 1) scaled in the forward pass, "
            f"{configuration.catapult_steps} updates; λ₀ is the largest eigenvalue of the "
            "Gauss–Newton matrix at the start",
            when=when,
            note=f"{main}: from {least[0]:.3g} ({least[1]}) to {most[0]:.3g} ({most[1]}); "
            f"{ends}the first two settings have inputs that are not centred; activations that "
            "learn, are random or mix units are not measured; published numbers as remembered, not "
            "read",
            found=f"The largest converging rate × λ₀ is {min(linear):.1f} to {max(linear):.1f} for "
            f"linear and {min(relu):.1f} to {max(relu):.1f} for ReLU networks.",
            do="Try rates up to 4 / λ₀; ReLU on inputs not centred may take three times that.",
            tried=tuple(tried),
        ),
        rows,
    )
