"""The figure of find_rate: loss against rate while it rises, and what the rules suggest."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.drawing.ticks import number_log_axis
from experiments.lab.finder.measure import shown
from experiments.lab.finder.rules import RULES

BAND = 0.2  # opacity
ROOM = 1.9  # times the loss at the start, above which nothing is shown


def draw(curve: pd.DataFrame, table: pd.DataFrame) -> Figure:
    """A row of panels per activation: the range test, the suggestions, and the grid, if any.

    Args:
        curve: as ``job.curves`` gives it.
        table: as ``job.suggestions`` gives it.
    """
    labels = list(dict.fromkeys(curve["activation"]))
    heights = [3, 2] * len(labels)
    with drawing.canvas(9, 6.4 * len(labels)) as figure:
        every = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)
        for number, label in enumerate(labels):
            upper, lower = every[2 * number : 2 * number + 2, 0]
            _curves(upper, curve[curve["activation"] == label])
            upper.set_title(label, loc="left")
            _suggestions(lower, table[table["activation"] == label])
        for axes in every[:, 0]:
            axes.tick_params(labelbottom=True)
            number_log_axis(axes.xaxis)
    return figure


def _curves(axes, curve: pd.DataFrame) -> None:
    ends = []
    for number, (what, rows) in enumerate(curve.groupby("loss", sort=False)):
        name = "grid, after a whole training" if what == "grid" else f"{what}, range test"
        style = drawing.look(number) | ({} if what == "grid" else {"marker": ""})
        if what == "grid":
            style["linestyle"] = ""
        finite = rows.replace(np.inf, np.nan)
        axes.plot(finite["learning_rate"], finite["median"], label=name, **style)
        if what == "grid":
            axes.vlines(
                finite["learning_rate"], finite["low"], finite["high"], color=style["color"]
            )
        else:
            axes.fill_between(
                rows["learning_rate"],
                rows["low"].clip(upper=1e9),
                rows["high"].clip(upper=1e9),
                color=style["color"],
                alpha=BAND,
                linewidth=0,
            )
        ends.append(finite["median"].iloc[0])
    axes.set(xscale="log", ylabel="loss", ylim=(0, ROOM * max(ends)))
    axes.legend(loc="upper left", title="median over seeds, middle half", alignment="left")


def _suggestions(axes, table: pd.DataFrame) -> None:
    names = list(RULES)
    for number, (part, rows) in enumerate(table.groupby("loss", sort=False)):
        style = drawing.look(number) | {"linestyle": ""}
        for place, rule in enumerate(names):
            suggested = rows.loc[rows["rule"] == rule, "suggestion"].to_numpy()
            middle, low, high = shown(suggested)
            height = place + 0.15 - 0.3 * number
            axes.plot([middle], [height], **style, label=part if not place else None)
            axes.hlines(height, low, high, color=style["color"])
    axes.set(
        yticks=range(len(names)),
        yticklabels=names,
        ylim=(len(names) - 0.5, -0.5),
        xlabel="learning rate suggested: median over seeds, middle half",
    )
    axes.legend(loc="upper left", title="by the loss in", alignment="left")
