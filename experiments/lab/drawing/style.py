"""How Matplotlib's figures look, and how they are written: legible at half width, told apart without colour, same bytes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from experiments.lab.drawing.colours import LIGHT

STYLE: dict[Any, Any] = {
    "svg.hashsalt": "jaxnn",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.axisbelow": True,
    "text.parse_math": False,
}
BIG: dict[Any, Any] = {
    "font.size": 14,
    "axes.titlesize": 14,
    "axes.labelsize": 14,
    "legend.fontsize": 12,
    "legend.frameon": False,
    "lines.linewidth": 2.2,
    "lines.markersize": 7,
}
DASHES = ("-", "--", ":", "-.")
SYMBOLS = ("o", "s", "D", "^", "v", "P", "*")


@contextmanager
def canvas(width: float = 12, height: float = 7) -> Iterator[Figure]:
    """An empty figure, inches, to be drawn on inside the block in the house's style."""
    with mpl.rc_context(STYLE | BIG):
        yield Figure(figsize=(width, height), layout="constrained")


def look(number: int) -> dict[str, Any]:
    """Colour, dash and symbol of the n-th series: one of Okabe & Ito's colours, and without colour still apart.

    Example:
        >>> look(0)
        {'color': '#0072B2', 'linestyle': '-', 'marker': 'o'}
    """
    return {
        "color": LIGHT[number % len(LIGHT)],
        "linestyle": DASHES[number // 2 % len(DASHES)],
        "marker": SYMBOLS[number % len(SYMBOLS)],
    }


def write(
    figure: Figure, folder: Path, name: str, dpi: int = 110, fonts: Mapping[str, Any] = BIG
) -> list[Path]:
    """The figure as PNG and SVG; the same numbers give the same bytes.

    fonts: the settings it was drawn with, since ticks take theirs when written.

    Returns:
        The files.
    """
    paths = [folder / f"{name}.{kind}" for kind in ("png", "svg")]
    with mpl.rc_context(STYLE | dict(fonts)):
        figure.set_dpi(dpi)
        figure.draw_without_rendering()  # lays it out, up to last bits that differ from run to run
        figure.set_layout_engine("none")
        for axes in figure.axes:
            axes.set_position(np.round(axes.get_position(original=True).bounds, 6))
        for path in paths:
            figure.savefig(
                path,
                dpi=dpi,
                metadata={"Date": None} if path.suffix == ".svg" else {"Software": None},
            )
    return paths
