"""The figure: test error against training rows."""

from typing import Any

from matplotlib.figure import Figure

from experiments.data_scaling.measure import METHODS
from experiments.data_scaling.tasks import data_sets
from experiments.lab.drawing import style as drawing
from experiments.lab.drawing.ticks import number_log_axis
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """One panel per data set, one line per method, with 95 % intervals."""
    names, table = data_sets(configuration), conclusion.table
    with drawing.canvas(6.5 * len(names) + 1, 6) as figure:
        panels = figure.subplots(1, len(names), squeeze=False)[0]
        for axes, data in zip(panels, names, strict=True):
            for number, method in enumerate(("network", *METHODS)):
                rows = table[(table["data"] == data) & (table["method"] == method)]
                axes.errorbar(
                    rows["rows"],
                    rows["error"],
                    yerr=[rows["error"] - rows["low"], rows["high"] - rows["error"]],
                    label=method,
                    capsize=3,
                    **drawing.look(number),
                )
            axes.set(xscale="log", yscale="log", title=data, xlabel="training rows")
            axes.axvspan(
                configuration.rows[-1] / 10, configuration.rows[-1], color="0.93", zorder=0
            )
            number_log_axis(axes.xaxis)
            number_log_axis(axes.yaxis)
        panels[0].set_ylabel("test error, %")
        panels[0].legend()
    return figure
