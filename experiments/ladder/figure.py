"""The figure: what every rung gains over ReLU."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion
from experiments.ladder.measure import RUNGS


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """One row per task, one mark per rung."""
    table = conclusion.table
    with drawing.canvas(11, 6) as figure:
        axes = figure.subplots()
        for number, name in enumerate(RUNGS[1:]):
            rows = table[table["activation"] == name]
            axes.errorbar(
                rows["gain"],
                np.arange(len(rows)) + 0.2 * (number - 1),
                xerr=[rows["gain"] - rows["low"], rows["high"] - rows["gain"]],
                **drawing.look(number) | {"linestyle": ""},
                capsize=4,
                label=name,
            )
        axes.axvline(0, color="black", linewidth=1)
        axes.set_yticks(range(len(configuration.task)), configuration.task)
        axes.set(
            ylim=(len(configuration.task) - 0.5, -0.5),
            xlabel="points better than ReLU (intervals hold together for a task)",
            title="The ladder, each activation at its own best learning rate",
        )
        axes.legend(loc="best")
    return figure
