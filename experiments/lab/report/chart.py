"""What a figure shows, told once: the page's script draws it with Plotly (page.js), picture.py with Matplotlib."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Dashes and symbols survive grey print, as the colours survive colour blindness.
DASHES = ("solid", "dash", "dot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "star")
STRONG = 6  # so many choices are drawn at full strength, the best ones; the others wait, pale, to be switched on


@dataclass(frozen=True)
class Axis:
    """A title with its unit, the scale, and ticks where the numbers are places: (place, text) of each.

    zero: the axis begins at 0, so that lengths can be compared.
    """

    title: str
    log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()
    zero: bool = False


@dataclass(frozen=True)
class Series:
    """Points of one or several choices; a number that is not finite leaves a gap.

    label: what to call it, as text.
    style: the number of its colour, dash and symbol.
    choices: the numbers of the choices that it belongs to; it is shown while any of them is.
    kind: line, with low and high as a band; curve, without markers; dots, with low and high as vertical bars; row, a dot with
        low and high as a horizontal bar; theory, a line behind dots; cross, ring, marks on another series' points.
    hover: a text for each point; none for marks.
    """

    label: str
    style: int
    choices: tuple[int, ...]
    x: Sequence[float]
    y: Sequence[float]
    kind: str = "line"
    hover: Sequence[str] = ()
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


@dataclass(frozen=True)
class View:
    """One pair of axes and what is drawn there; the title is what a reader picks it by."""

    title: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Figure:
    """One picture: views of which the reader picks one, or that are shown side by side (together)."""

    name: str
    title: str
    note: str
    views: tuple[View, ...]
    together: bool = False


def log_if_positive(title: str, series: Sequence[Series]) -> Axis:
    """A log axis for y where all numbers allow one."""
    values = np.array([value for each in series for value in each.y], float)
    values = values[np.isfinite(values)]
    positive = len(values) > 0 and bool(np.all(values > 0))
    return Axis(f"{title}, log scale" if positive else title, log=positive)
