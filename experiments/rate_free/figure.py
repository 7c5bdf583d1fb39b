"""The figure: the regret of every optimizer."""

from typing import Any

from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.drawing.effects import draw_effects
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """One panel per data set, one row per optimizer, one mark per activation."""
    table, activations = conclusion.table, {name: name for name in configuration.activation}
    with drawing.canvas(13, 6) as figure:
        panels = figure.subplots(1, len(configuration.data), sharey=True, squeeze=False)[0]
        for axes, data in zip(panels, configuration.data, strict=True):
            of = table[table["data"] == data]
            draw_effects(axes, of, "regret", "optimizer", activations, by="activation")
            axes.set(title=data, xlabel="points worse than Adam at its best rate")
        panels[-1].legend()
    return figure
