"""The figure: sharpness at the end against the rate, and the largest rate of every activation."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.edge_of_stability.rules import EDGE
from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """Two panels."""
    table = conclusion.table
    with drawing.canvas(14, 9) as figure:
        left, right = figure.subplots(1, 2)
        edges = table[table["measure"] != "largest rate × λ₀"]
        for number, (setting, rows) in enumerate(edges.groupby("setting", sort=False)):
            look = drawing.look(number) | {"linestyle": "none", "alpha": 0.7}
            values = np.clip(rows["value"], 0, 1.6)
            left.plot(rows["share"] + 0.02 * (number - 1), values, label=setting, **look)
        left.axhspan(*EDGE, color="0.85", zorder=0)
        left.set(
            title="Where sharpness ends (band: the claim)",
            xlabel="rate as a share of the first unstable one",
            ylabel="sharpness · rate / 2",
            ylim=(0, 1.65),
        )
        left.legend(loc="lower right")
        rates = table[table["measure"] == "largest rate × λ₀"]
        main = rates[rates["setting"] == configuration.setting[0]].sort_values("value")
        places = np.arange(len(main))
        right.errorbar(
            main["value"],
            places,
            xerr=[main["value"] - main["low"], main["high"] - main["value"]],
            capsize=3,
            **(drawing.look(0) | {"linestyle": "none"}),
        )
        right.set_yticks(places, list(main["activation"]), fontsize=11)
        for value in (4, 12):
            right.axvline(value, color="black", linewidth=1, linestyle=":")
        right.set(
            title=f"Largest converging rate × λ₀\n({main['setting'].iloc[0]}; dotted: 4 and 12)",
            xlabel="multiple of 1 / λ₀",
        )
    return figure
