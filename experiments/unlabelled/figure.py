"""The figure: accuracy against labels, for each kind of input."""

from typing import Any

from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.drawing.ticks import number_log_axis
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion
from experiments.unlabelled.measure import INPUTS, data_sets


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """One panel per data set and code."""
    table, names = conclusion.table, data_sets(configuration)
    places = [(data, code) for data in names for code in configuration.code]
    with drawing.canvas(4.5 * len(places) + 1, 5.5) as figure:
        panels = figure.subplots(1, len(places), squeeze=False, sharey=True)[0]
        for axes, (data, code) in zip(panels, places, strict=True):
            for number, name in enumerate(INPUTS):
                rows = table[(table["data"] == data) & (table["code"] == code)]
                rows = rows[rows["inputs"] == name]
                axes.errorbar(
                    rows["labels"],
                    rows["accuracy"],
                    yerr=[rows["accuracy"] - rows["low"], rows["high"] - rows["accuracy"]],
                    label=name,
                    capsize=3,
                    **drawing.look(number),
                )
            axes.set(
                xscale="log",
                xlim=(min(configuration.labels) / 1.3, max(configuration.labels) * 1.3),
                title=f"{data}, {code} numbers",
                xlabel="labels",
            )
            number_log_axis(axes.xaxis)
        panels[0].set_ylabel("test accuracy, %")
        panels[0].legend()
    return figure
