"""The figure: what every rung gains over ReLU."""

from typing import Any

from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.drawing.effects import draw_effects
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion
from experiments.ladder.measure import RUNGS


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """One row per task, one mark per rung."""
    rungs = {name: name for name in RUNGS[1:]}
    with drawing.canvas(11, 6) as figure:
        axes = figure.subplots()
        draw_effects(axes, conclusion.table, "gain", "task", rungs, by="activation")
        axes.set(
            xlabel="points better than ReLU (intervals hold together for a task)",
            title="The ladder, each activation at its own best learning rate",
        )
        axes.legend(loc="best")
    return figure
