"""The figure: every figure that has a target, with its interval and its target."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """One panel per claim, one row per figure; the bar is its target."""
    table = conclusion.table[conclusion.table["met"] != ""]
    claims = list(dict.fromkeys(table["claim"]))
    counts = [int((table["claim"] == claim).sum()) for claim in claims]
    style = drawing.look(0) | {"linestyle": "none"}
    with drawing.canvas(14, 2 + 0.34 * sum(counts)) as figure:
        panels = figure.subplots(max(len(claims), 1), 1, squeeze=False, height_ratios=counts or [1])
        for axes, claim in zip(panels[:, 0], claims, strict=False):
            rows = table[table["claim"] == claim].reset_index(drop=True)
            end = 1.05 * max(rows["high"].max(), rows["target_high"].min(), 1e-6)
            start = min(0.0, rows["low"].min())
            for place, row in rows.iterrows():
                low, high = max(row["target_low"], start), min(row["target_high"], end)
                axes.barh(place, high - low, left=low, height=0.8, color="#d9ead3", zorder=0)
            axes.errorbar(
                rows["value"],
                np.arange(len(rows)),
                xerr=[rows["value"] - rows["low"], rows["high"] - rows["value"]],
                capsize=4,
                **style,
            )
            axes.set_yticks(np.arange(len(rows)), rows["check"] + ", " + rows["where"])
            axes.set(ylim=(len(rows) - 0.5, -0.5), title=claim)
            axes.tick_params(axis="y", labelsize=10)
    return figure
