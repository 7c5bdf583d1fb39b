"""What follows: the lead of each model over the network, and the rule on trees."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from experiments.lab.data import load, prepare
from experiments.lab.evidence.measurement import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict
from experiments.lab.study.intervals import widening
from experiments.lab.study.wording import listed
from experiments.trees.measure import MODELS, NETWORK, SMOOTHING, TEST, TREES
from experiments.trees.rules import judge, word

LEVEL = 1 - 0.05 / len(TREES)  # of one interval, so that a table's two hold together


def lead(name: str, gains: np.ndarray) -> Effect:
    """The mean over splits of one table, with its interval, widened for what they share.

    Example:
        >>> str(lead("forest", np.array([1.0, 2.0, 3.0])))
        'forest 2 [-1.76, 5.76] points'
    """
    seeds = len(gains)
    error = np.std(gains, ddof=1) / np.sqrt(seeds) * widening(seeds, TEST / (1 - TEST))
    half = stats.t.ppf((1 + LEVEL) / 2, seeds - 1) * error
    mean = float(gains.mean())
    return Effect(name, mean, mean - half, mean + half, "points")


def best(of_table: pd.DataFrame) -> str:
    """The model of the highest mean score on a table, or several of the same, and the score.

    Example:
        >>> best(pd.DataFrame({"model": ["MLP", "forest"], "score": [95.04, 95.01]}))
        'MLP and forest 95.0'
    """
    shown = of_table["score"].round(1)
    return f"{listed(list(of_table['model'][shown == shown.max()]))} {shown.max():.1f}"


def conclude(configuration: Any, found: Found) -> Conclusion:
    """Each model against the network, by table."""
    c, rows = configuration, []
    leads: dict[str, dict[str, Effect]] = {}
    for data in c.data:
        scores = dict(zip(MODELS, 100 * found[data]["test"], strict=True))
        for name, values in scores.items():
            effect = lead(f"{name} minus network, {data}", values - scores[NETWORK])
            if name in TREES:
                leads.setdefault(data, {})[name] = effect
            rows.append(
                {
                    "table": data,
                    "model": name,
                    "score": float(values.mean()),
                    "lead": effect.value,
                    "low": effect.low,
                    "high": effect.high,
                }
            )
    table = pd.DataFrame(rows)
    won = ", ".join(
        f"{data} {best(of_table)}" for data, of_table in table.groupby("table", sort=False)
    )
    gains = [effect for of_table in leads.values() for effect in of_table.values()]
    result, when = judge(leads)
    verdict = Verdict(
        "EVIDENCE 24",
        result,
        tuple(gains),
        c.seeds,
        "tables that come with scikit-learn, 150 to 1,797 rows; networks of 2 × 64 units by Adam "
        f"on a cosine schedule, label smoothing {SMOOTHING}, the best of 3 activations × 4 rates "
        f"on held-out rows, the mean of 5; the others at scikit-learn's defaults; {c.seeds} "
        "splits of the rows",
        when=when,
        note="The digits are images, and all five tables are small and clean. scikit-learn's MLP "
        "has standardised inputs and, for numbers, a standardised target.",
        found=f"Best by mean score, in points: {won}.",
        do="On a small table try a tuned network beside trees and a linear model.",
        tried=tuple(
            Tried(f"{data}, {name}", word({name: effect}), effect)
            for data, of_table in leads.items()
            for name, effect in of_table.items()
        ),
        level=LEVEL,
    )
    return Conclusion(
        f"Best by mean test score, in points: {won}.",
        (verdict,),
        table,
        {data: prepare(load(data)).sha256 for data in c.data},
    )
