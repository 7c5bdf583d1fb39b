"""The figure: wrong choices against points, and accuracy against training points."""

from typing import Any

from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.drawing.ticks import number_log_axis
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion
from experiments.test_points.findings import CRITERIA
from experiments.test_points.measure import FIXED


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """A panel per criterion, measured and in closed form; and one of more training points."""
    table = conclusion.table
    with drawing.canvas(17, 5.5) as figure:
        panels = figure.subplots(1, 3)
        for axes, (criterion, words) in zip(panels, CRITERIA.items(), strict=False):
            for number, pair in enumerate(configuration.pairs):
                rows = table[(table["pair"] == pair) & (table["what"] == criterion)]
                style = drawing.look(number)
                axes.plot(
                    rows["points"], 100 * rows["mean"], label=pair, **style | {"linestyle": "none"}
                )
                axes.plot(rows["points"], 100 * rows["closed_form"], color=style["color"])
            axes.set(
                xscale="log",
                ylim=(0, 52),
                title=f"by the {words}",
                xlabel="points to choose on",
                ylabel="wrong choices, %",
            )
            number_log_axis(axes.xaxis)
        panels[0].legend(title="which is better:\n(lines: closed form)")
        names = {"trained_on": "points it is trained on", "new": "new points"}
        for number, (name, words) in enumerate(names.items()):
            rows = table[(table["pair"] == "fit") & (table["what"] == name)]
            errors = [rows["value"] - rows["low"], rows["high"] - rows["value"]]
            panels[2].errorbar(
                rows["points"],
                rows["value"],
                yerr=errors,
                label=words,
                capsize=3,
                **drawing.look(number),
            )
        panels[2].set(
            xscale="log",
            title=f"a network of {FIXED} units",
            xlabel="training points",
            ylabel="accuracy, %",
        )
        number_log_axis(panels[2].xaxis)
        panels[2].legend()
    return figure
