"""The figure of the experiment on trainability."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from scipy import stats

from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion
from experiments.lab.study import named_activations
from experiments.trainability.findings import (
    PUBLISHED,
    by_magnification,
    circle,
    dimension,
    large_map,
    over_seeds,
)
from experiments.trainability.measure import conditions, part_name

SHADES = 32  # of each colour


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """The large map; a zoom per condition; their dimensions."""
    with drawing.canvas(17, 9.2) as figure:
        columns = figure.add_gridspec(1, 2, width_ratios=(1.18, 1))
        _draw_large_map(figure.add_subplot(columns[0]), configuration, found)
        right = columns[1].subgridspec(2, 1, height_ratios=(1.25, 1))
        _draw_zooms(figure, right[0], configuration, found)
        _draw_dimensions(figure.add_subplot(right[1]), configuration, conclusion.table)
    return figure


def _draw_large_map(ax: Axes, configuration: Any, found: Found) -> None:
    name, side = named_activations.canonical(configuration.activation), configuration.resolution
    _show(ax, large_map(configuration, found), configuration.centre, configuration.half_width)
    ax.set(
        xlabel="hidden layer's learning rate, log₁₀",
        ylabel="output layer's learning rate, log₁₀",
        title=f"{name}: {side:,} × {side:,} networks, {configuration.steps} steps\n"
        "blue: converged (pale: early)   orange: did not converge (dark: diverged early)",
    )


def _draw_zooms(figure: Figure, place: SubplotSpec, configuration: Any, found: Found) -> None:
    """The first seed's zoom of each condition."""
    every = conditions(configuration)
    rows = 1 + (len(every) > 2)
    grid = place.subgridspec(rows, -(-len(every) // rows))
    for number, name in enumerate(every):
        ax, zoom = figure.add_subplot(grid[number]), found[part_name(name, 0)]
        _show(ax, zoom["fine"][-1], zoom["centre"], zoom["half_width"][-1])
        ax.set(
            title=f"{name}: {dimension(zoom['fine'][-1]):.2f}",
            xticks=[],
            yticks=[],
            xlabel=f"{2 * zoom['half_width'][-1]:.2g} decades",
        )


def _draw_dimensions(ax: Axes, configuration: Any, table: pd.DataFrame) -> None:
    dimensions = by_magnification(table)
    for row, (name, of_name) in enumerate(dimensions.items()):
        for number, (magnification, values) in enumerate(of_name.items()):
            effect = over_seeds(name, values)
            ax.errorbar(
                effect.value,
                row + 0.22 * (number - (len(of_name) - 1) / 2),
                xerr=[[effect.value - effect.low], [effect.high - effect.value]],
                **drawing.look(number) | {"linestyle": ""},
                capsize=4,
                label=f"{magnification:g} times" if not row else None,
            )
        if name in PUBLISHED:
            ax.plot(
                PUBLISHED[name],
                row,
                color="black",
                marker="P",
                linestyle="",
                markerfacecolor="none",
                markersize=10,
                markeredgewidth=1.5,
                label="published" if not row else None,
            )
    ax.axvline(
        circle(configuration.fine), color="black", linestyle=":", linewidth=1.5, label="a circle"
    )
    ax.set(
        yticks=range(len(dimensions)),
        yticklabels=list(dimensions),
        ylim=(-0.6, len(dimensions) + 0.6),
        xlabel="box-counting dimension, 95 % intervals over seeds",
    )
    ax.legend(loc="upper right", ncols=5, fontsize=11, columnspacing=0.7, handletextpad=0.3)


def _show(ax: Axes, score: np.ndarray, centre, half_width: float | np.ndarray) -> None:
    """A map in colour: blue where training converged, orange where not, shaded by rank.

    In grey print the blue is dark and the orange light.
    """
    image = np.zeros((*score.shape, 4))
    for side, ends in ((score < 0, ("#021d33", "#5fa8d3")), (score > 0, ("#c97a1b", "#fff6df"))):
        shade = stats.rankdata(score[side], method="average") / max(1, side.sum())
        image[side] = LinearSegmentedColormap.from_list("", ends, SHADES)(shade)
    offsets = half_width * np.array([-1, 1])
    ax.imshow(
        image,
        origin="lower",
        interpolation="nearest",
        extent=(*(centre[0] + offsets), *(centre[1] + offsets)),
    )
    ax.grid(False)
