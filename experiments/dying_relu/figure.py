"""The figure of the experiment on dying ReLUs."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.dying_relu.findings import came_back
from experiments.dying_relu.measure import INITS
from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion
from jaxnn.meanfield import dead_network_probability


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """Dead at birth; |x|; dead units against the learning rate; units that came back, by layer."""
    table = conclusion.table
    with drawing.canvas(14, 11) as figure:
        law, narrow, rates, back = figure.subplots(2, 2).ravel()
        _draw_law(law, configuration, table[table["what"] == "born dead"])
        if configuration.narrow:
            _draw_collapsed(narrow, table[table["what"] == "collapsed"])
        _draw_rates(rates, configuration, table[table["what"] == "trained"])
        _draw_back(back, configuration, found)
    return figure


def _draw_law(ax: Axes, configuration: Any, rows: pd.DataFrame) -> None:
    depths = np.unique(np.geomspace(1, max(configuration.depth), 60).round().astype(int))
    for number, width in enumerate(configuration.width):
        here, style = rows[rows["width"] == width], drawing.look(number)
        law = [dead_network_probability(width, int(depth)) for depth in depths]
        ax.plot(depths, law, color=style["color"], linestyle=style["linestyle"])
        ax.plot(
            here["layers"],
            here["share"].where(here["share"] > 0),
            color=style["color"],
            marker=style["marker"],
            linestyle="",
            label=f"{width}",
        )
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="hidden layers",
        ylabel="share of networks dead at birth",
        title=f"Closed form (lines) and {configuration.networks:,} networks per dot",
        ylim=(None, 1.3),
    )
    ax.set_xticks(configuration.depth, [str(depth) for depth in configuration.depth], minor=False)
    ax.set_yticks([0.001, 0.01, 0.1, 1], ["0.1 %", "1 %", "10 %", "100 %"])
    ax.minorticks_off()
    ax.legend(title="width", ncols=2, loc="lower right")


def _draw_collapsed(ax: Axes, rows: pd.DataFrame) -> None:
    places = np.arange(len(rows))[::-1]
    apart = np.abs(np.array([rows["share"] - rows["low"], rows["high"] - rows["share"]]))
    ax.errorbar(
        100 * rows["share"],
        places,
        xerr=100 * apart,
        fmt="o",
        color=drawing.look(0)["color"],
        capsize=5,
        markersize=10,
        label="after training, 95 %",
    )
    ax.plot(
        100 * rows["at_start"],
        places,
        linestyle="",
        marker="|",
        markersize=18,
        markeredgewidth=3,
        color="gray",
        label="at birth",
    )
    ax.plot(
        100 * rows["published"],
        places,
        linestyle="",
        marker="D",
        markersize=11,
        markerfacecolor="none",
        markeredgewidth=2,
        color=drawing.look(3)["color"],
        label="published",
    )
    ax.set(
        xlim=(-3, 103),
        ylim=(-0.6, len(rows) - 0.4),
        xlabel="networks with constant outputs (%)",
        title="Networks of width 2, fitted to |x|",
    )
    ax.set_yticks(places, rows["name"])
    ax.legend(loc="lower right")


def _draw_rates(ax: Axes, configuration: Any, rows: pd.DataFrame) -> None:
    deep, shallow = max(configuration.hidden_layers), min(configuration.hidden_layers)
    others, he = list(configuration.alive), rows[rows["init"] == "He"]
    relu = rows[rows["name"] == "relu"]
    series = {
        f"ReLU, {start}, {deep} layers": _largest(
            relu[(relu["init"] == start) & (relu["layers"] == deep)], "share"
        )
        for start in INITS
    }
    if shallow != deep:
        series[f"ReLU, He, {shallow} layers"] = _largest(
            relu[(relu["init"] == "He") & (relu["layers"] == shallow)], "share"
        )
    if "maxout" in others:
        series["maxout's pieces"] = _largest(he[he["name"] == "maxout"], "pieces")
    series[f"{', '.join(others)} (largest)"] = _largest(he[he["name"].isin(others)], "share")
    for number, (label, here) in enumerate(series.items()):
        ax.plot(here.index, 100 * here, **drawing.look(number), label=label)
    ax.set(
        xscale="log",
        xlabel="learning rate",
        ylabel="dead units at the end (%)",
        title="Networks trained on the digits",
    )
    ax.set_xticks(
        configuration.learning_rate[::3], [f"{rate:g}" for rate in configuration.learning_rate[::3]]
    )
    ax.minorticks_off()
    ax.legend(loc="upper left")


def _largest(rows: pd.DataFrame, column: str) -> pd.Series:
    """The largest value at each learning rate."""
    return rows.groupby("learning_rate")[column].max()


def _draw_back(ax: Axes, configuration: Any, found: Found) -> None:
    for number, layers in enumerate(configuration.hidden_layers):
        every = [
            came_back(configuration, found, slice(layer, layer + 1), (layers,))
            for layer in range(layers)
        ]
        share, low, high = (
            100 * np.array([getattr(each, name) for each in every])
            for name in ("share", "low", "high")
        )
        ax.errorbar(
            np.arange(layers) + 1 + 0.06 * number,
            share,
            yerr=np.abs(np.nan_to_num([share - low, high - share])),
            capsize=5,
            **drawing.look(number),
            label=f"{layers} hidden layer{'s' * (layers > 1)}",
        )
    ax.set(
        xlabel="hidden layer",
        ylabel="alive later, of units once dead (%)",
        title="Dead ReLU units that came back",
        ylim=(-3, None),
        xticks=range(1, max(configuration.hidden_layers) + 1),
    )
    ax.legend(loc="lower right")
