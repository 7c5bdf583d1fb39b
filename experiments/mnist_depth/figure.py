"""The figure: accuracy against depth, and the error of five layers."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion
from experiments.mnist_depth.findings import OWN, UNTUNED
from experiments.mnist_depth.measure import DEEP, FIVE, NEW, OLD

PANELS = {
    "own init, untuned rate": ("own init", UNTUNED),
    "own init, own best rate": ("own init", OWN),
    "critical init, own best rate": ("critical init", OWN),
}


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """Three panels over depth and one of five layers."""
    table = conclusion.table
    with drawing.canvas(13, 9) as figure:
        panels = figure.subplots(2, 2).flat
        for axes, (title, (init, rate)) in zip(panels, PANELS.items(), strict=False):
            rows = table[(table["init"] == init) & (table["rate"] == rate)]
            for number, name in enumerate(DEEP):
                of = rows[(rows["activation"] == name) & (rows["measure"] == "accuracy")]
                axes.errorbar(
                    of["depth"],
                    of["value"],
                    yerr=[of["value"] - of["low"], of["high"] - of["value"]],
                    capsize=4,
                    label=name,
                    **drawing.look(number),
                )
            axes.set(
                title=title, xlabel="hidden layers", ylabel="test rows right, %", ylim=(0, 100)
            )
            axes.set_xticks(configuration.depth)
        figure.axes[0].legend()
        axes = figure.axes[-1]
        rows = table[table["measure"] == "error"]
        for number, init in enumerate((OLD, NEW)):
            of = rows[rows["init"] == init].set_index("activation").loc[list(FIVE)]
            axes.errorbar(
                np.arange(len(FIVE)) + 0.1 * (2 * number - 1),
                of["value"],
                yerr=[of["value"] - of["low"], of["high"] - of["value"]],
                capsize=4,
                label=init,
                **(drawing.look(number) | {"linestyle": "none"}),
            )
        axes.set_xticks(np.arange(len(FIVE)), FIVE)
        axes.set(title="five layers, own best rate", ylabel="test error, %")
        axes.set_ylim(bottom=0)
        axes.legend()
    return figure
