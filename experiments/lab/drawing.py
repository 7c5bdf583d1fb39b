"""How Matplotlib's figures look, and how they are written: legible at half width, told apart without colour, same bytes."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from experiments.lab.colours import LIGHT

STYLE = {"svg.hashsalt": "jaxnn", "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.3,
         "axes.axisbelow": True, "text.parse_math": False}
BIG = {"font.size": 14, "axes.titlesize": 14, "axes.labelsize": 14, "legend.fontsize": 12, "legend.frameon": False, "lines.linewidth": 2.2,
       "lines.markersize": 7}
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
    return {"color": LIGHT[number % len(LIGHT)], "linestyle": DASHES[number // 2 % len(DASHES)], "marker": SYMBOLS[number % len(SYMBOLS)]}


def write(figure: Figure, folder: Path, name: str, dpi: int = 110, fonts: Mapping[str, Any] = BIG) -> list[Path]:
    """The figure as PNG and SVG; the same numbers give the same bytes.

    fonts: the settings it was drawn with, since ticks take theirs when written.

    Returns:
        The files.
    """
    paths = [folder / f"{name}.{kind}" for kind in ("png", "svg")]
    with mpl.rc_context(STYLE | dict(fonts)):
        for path in paths:
            figure.savefig(path, dpi=dpi, metadata={"Date": None} if path.suffix == ".svg" else {"Software": None})
            figure.set_layout_engine("none")  # once is enough
    svg = paths[1]
    svg.write_text(settled(svg.read_text(encoding="utf-8")), encoding="utf-8")
    return paths


def settled(svg: str) -> str:
    """Matplotlib's SVG without what the last bits of its layout decide, which differ from one process to the next.

    These are the sign of a zero, and the names of clip paths and markers (hashes of unrounded numbers), here counted instead.

    Example:
        >>> settled('<path id="p0123456789" d="M -0 1"/><use href="#p0123456789"/>')
        '<path id="n1" d="M 0 1"/><use href="#n1"/>'
    """
    names: dict[str, str] = {}
    svg = re.sub(r"(?<![\w.-])-0(?![\w.])", "0", svg)
    return re.sub(r"(?<=[\"#])[pmCh][0-9a-f]{10}(?=[\")_])", lambda found: names.setdefault(found[0], f"n{len(names) + 1}"), svg)
