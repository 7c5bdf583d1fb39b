"""The figures as PNG and SVG files for a paper or a slide, drawn by Matplotlib."""

import re
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure as Canvas

from experiments.lab.drawing import style as drawing
from experiments.lab.drawing.colours import LIGHT
from experiments.lab.drawing.ticks import number_log_axis
from experiments.lab.report.figure import DASHES, MARKS, STRONG, SYMBOLS, Figure, Series, View

_DASHES = dict(zip(("solid", "dash", "dot"), ("-", "--", ":"), strict=True))
_SYMBOLS = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "triangle-up": "^",
    "triangle-down": "v",
    "cross": "P",
    "star": "*",
}


def save(figures: list[Figure], folder: Path) -> list[Path]:
    """Write each figure as PNG and SVG; one of several views becomes one file per view.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for figure in figures:
        pages = [figure.views] if figure.together else [(view,) for view in figure.views]
        for number, views in enumerate(pages):
            name = (
                figure.name
                if len(pages) == 1
                else f"{figure.name}-{number + 1}-{_file_name(views[0].title)}"
            )
            with mpl.rc_context(drawing.STYLE):
                canvas = _draw(figure.title, views)
            written += drawing.write(canvas, folder, name, dpi=150, fonts={})
    return written


def _file_name(title: str) -> str:
    return re.sub("[^a-z0-9]+", "-", title.lower()).strip("-")


def _draw(title: str, views: tuple[View, ...]) -> Canvas:
    rows = max((len(view.y.ticks) for view in views), default=0)
    canvas = Canvas(
        figsize=(
            7 if len(views) == 1 else 5 * len(views),
            max(3, 1.2 + 0.32 * rows) if rows else 4.5,
        ),
        layout="constrained",
    )
    handles = {}
    for axes, view in zip(np.atleast_1d(canvas.subplots(1, len(views))), views, strict=True):
        for series in view.series:
            drawn = _add(axes, series)
            if series.kind not in ("theory", *MARKS):
                handles[series.label] = drawn
        _scale(axes, view)
    canvas.suptitle(title, fontsize=11)
    if not rows:
        canvas.legend(
            handles.values(),
            handles,
            loc="outside lower center",
            ncols=min(5, len(handles)),
            frameon=False,
            fontsize=9,
        )
    return canvas


def _add(axes: Axes, series: Series):
    colour = LIGHT[series.style % len(LIGHT)]
    strong = min(series.choices, default=0) < STRONG
    look: dict[str, Any] = {"color": colour, "alpha": 1 if strong else 0.35}
    x, y = np.array(series.x, float), np.array(series.y, float)
    y = np.where(np.isfinite(y), y, np.nan)
    marker = _SYMBOLS[SYMBOLS[series.style % len(SYMBOLS)]]
    dash = _DASHES[DASHES[series.style // len(LIGHT) % len(DASHES)]]
    if series.kind == "cells":
        return _add_cells(axes, series, colour)
    if series.kind in ("dots", "row"):
        centre = y if series.kind == "dots" else x
        bars = (
            None
            if series.low is None
            else np.abs(np.array([series.low, series.high], float) - centre)
        )
        return axes.errorbar(
            x,
            y,
            **{"yerr" if series.kind == "dots" else "xerr": bars},
            fmt=marker,
            ms=5,
            elinewidth=1.5,
            **look,
        )
    if series.kind in MARKS:
        shapes: dict[str, dict[str, Any]] = {
            "cross": {"marker": "x", "s": 60, "c": colour},
            "ring": {"marker": "o", "s": 110, "facecolors": "none", "edgecolors": colour},
            "hollow": {"marker": marker, "s": 28, "c": "white", "edgecolors": colour, "zorder": 3},
        }
        return axes.scatter(x, y, alpha=look["alpha"], **shapes[series.kind])
    if series.low is not None and strong:
        axes.fill_between(x, series.low, series.high, color=colour, alpha=0.13, linewidth=0)
    markers: dict[str, Any] = {"marker": marker, "ms": 5} if series.kind == "line" else {}
    return axes.plot(
        x, y, linestyle=dash, lw=1 if series.kind == "theory" else 1.7, **markers, **look
    )[0]


def _add_cells(axes: Axes, series: Series, colour: str):
    """Squares shaded by their share, each with its text in black or white, whichever is clearer."""
    shape = len(dict.fromkeys(series.y)), len(dict.fromkeys(series.x))
    xs, ys = (np.reshape(places, shape) for places in (series.x, series.y))
    scale = LinearSegmentedColormap.from_list("share", ["white", colour])
    size = min(10, 120 / shape[0])
    for x, y, text, shade in zip(series.x, series.y, series.texts, series.shades, strict=True):
        ink = "white" if shade > 0.5 else "black"
        axes.text(x, y, text, ha="center", va="center", color=ink, fontsize=size)
    axes.grid(visible=False)
    axes.tick_params(axis="x", labelrotation=90 if shape[1] > 4 else 0)
    return axes.pcolormesh(
        xs, ys, np.reshape(series.shades, shape), cmap=scale, vmin=0, vmax=1, edgecolors="white"
    )


def _scale(axes: Axes, view: View) -> None:
    for axis, side, set_scale, set_limits in (
        (view.x, axes.xaxis, axes.set_xscale, axes.set_xlim),
        (view.y, axes.yaxis, axes.set_yscale, axes.set_ylim),
    ):
        side.set_label_text(axis.title)
        if axis.log:
            set_scale("log")
            number_log_axis(side)
        if axis.ticks:
            side.set_ticks(*zip(*axis.ticks, strict=True))
        elif axis.zero:
            set_limits(0)
