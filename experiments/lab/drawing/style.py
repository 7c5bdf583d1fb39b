"""How figures made with Matplotlib look, and how they are written to files.

They can be read at half width, series can be distinguished without colour, and the same numbers
give the same bytes.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from experiments.lab.drawing.colours import LIGHT
from experiments.lab.io.files import replacing

# By Matplotlib's names of settings; Any, since their type depends on Matplotlib's version.
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
    """An empty figure; what is drawn on it inside the ``with`` block has the house's style.

    Args:
        width: in inches.
        height: in inches.
    """
    with mpl.rc_context(STYLE | BIG):
        yield Figure(figsize=(width, height), layout="constrained")


def look(number: int) -> dict[str, Any]:
    """Colour, dash and symbol of a series, by its number; series also differ without colour.

    Args:
        number: from 0.

    Returns:
        Keyword arguments for Axes.plot.

    Example:
        >>> look(0)
        {'color': '#0072B2', 'linestyle': '-', 'marker': 'o'}
    """
    return {
        "color": LIGHT[number % len(LIGHT)],
        "linestyle": DASHES[number // 2 % len(DASHES)],
        "marker": SYMBOLS[number % len(SYMBOLS)],
    }


def write_panel(figure: Figure, panel: int, path: Path, fonts: Mapping[str, Any] = BIG) -> None:
    """Write one panel of a figure that has been written, with its labels, as SVG.

    Args:
        figure: as a whole.
        panel: the number of the panel among the figure's axes.
        path: of the file.
        fonts: the settings that it was drawn with.
    """
    with mpl.rc_context(STYLE | dict(fonts)):
        renderer = figure._get_renderer()  # type: ignore[attr-defined]  # savefig's own
        box = figure.axes[panel].get_tightbbox(renderer) or figure.bbox  # None if not seen
        inches = box.padded(8).transformed(figure.dpi_scale_trans.inverted())
        rounded = Bbox(np.round(inches.get_points(), 2))
        others = [axes for axes in figure.axes if axes is not figure.axes[panel]]
        shown = [axes for axes in others if axes.get_visible()]  # their labels may reach into it
        for axes in shown:
            axes.set_visible(False)
        with replacing(path) as temporary:
            figure.savefig(temporary, format="svg", bbox_inches=rounded, metadata={"Date": None})
        for axes in shown:
            axes.set_visible(True)


def write(
    figure: Figure, folder: Path, name: str, dpi: int = 110, fonts: Mapping[str, Any] = BIG
) -> list[Path]:
    """Write the figure as PNG and SVG; the same numbers give the same bytes.

    Args:
        figure: drawn inside ``canvas``.
        folder: where to write.
        name: of the files, without ending.
        dpi: dots per inch of the PNG.
        fonts: the settings that it was drawn with, which ticks need again when they are written.

    Returns:
        The files.
    """
    paths = [folder / f"{name}.{kind}" for kind in ("png", "svg")]
    with mpl.rc_context(STYLE | dict(fonts)):
        figure.set_dpi(dpi)
        # The layout's last bits differ from run to run, so positions are rounded.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        for axes in figure.axes:
            axes.set_position(np.round(axes.get_position(original=True).bounds, 6))
        for path in paths:
            with replacing(path) as temporary:
                figure.savefig(
                    temporary,
                    format=path.suffix[1:],
                    dpi=dpi,
                    metadata={"Date": None} if path.suffix == ".svg" else {"Software": None},
                )
    return paths
