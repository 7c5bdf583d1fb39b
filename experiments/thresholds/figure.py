"""The figure: the cost of each way to set the threshold."""

from typing import Any

from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.drawing.ticks import number_log_axis
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion
from experiments.thresholds.findings import RATIOS, WAYS


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """One panel per data set, cost against the ratio of costs."""
    table = conclusion.table
    with drawing.canvas(6 * len(found) + 1, 5.5) as figure:
        panels = figure.subplots(1, len(found), squeeze=False)[0]
        for axes, data in zip(panels, found, strict=True):
            for number, way in enumerate(WAYS):
                rows = table[(table["data"] == data) & (table["way"] == way)]
                axes.errorbar(
                    [ratio * 1.08 ** (number - 1.5) for ratio in RATIOS],
                    rows["cost"],
                    yerr=[rows["cost"] - rows["low"], rows["high"] - rows["cost"]],
                    label=way,
                    capsize=3,
                    **drawing.look(number),
                )
            axes.set(
                xscale="log",
                yscale="log",
                title=data,
                xlabel="cost of a false yes / of a missed one",
            )
            number_log_axis(axes.xaxis)
            number_log_axis(axes.yaxis)
        panels[0].set_ylabel("cost / cost of saying no to all")
        panels[0].legend(title="threshold")
    return figure
