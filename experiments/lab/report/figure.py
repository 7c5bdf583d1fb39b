"""What a figure shows: page.js draws it with Plotly, figure_files.py with Matplotlib."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from experiments.lab.study.choices import Choice

# Dashes and symbols can be told apart in grey print, colours by the colour-blind.
DASHES = ("solid", "dash", "dot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "star")
MARKS = ("cross", "ring", "hollow")  # kinds of series that are marks on another's points
STRONG = 6  # choices drawn at full strength, the best ones; the others are pale until switched on


@dataclass(frozen=True)
class Axis:
    """One axis.

    title: with the unit.
    log: whether the scale is logarithmic.
    ticks: (place, text) of each, where the numbers are places.
    zero: the axis begins at 0, so that lengths can be compared.
    """

    title: str
    log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()
    zero: bool = False


@dataclass(frozen=True)
class Series:
    """Points of one or several choices.

    label: what to call it, as text.
    style: the number of its colour, dash and symbol.
    choices: the numbers of the choices that it belongs to; it is shown while any of them is, and
        always if it belongs to none.
    x, y: of each point; a gap where not finite.
    kind: line, with low and high as a band; curve, without markers; dots, with low and high as
        vertical bars; row, a dot with low and high as a horizontal bar; theory, a line behind dots;
        cross, ring and hollow, marks on another series' points; cells, squares of a table, shaded.
    hover: a text for each point; none for marks.
    low, high: the ends of bands or bars.
    shades, texts: of each cell, from 0 to 1, and what is written in it.
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
    shades: Sequence[float] = ()
    texts: Sequence[str] = ()


@dataclass(frozen=True)
class View:
    """One pair of axes and what is drawn there; a reader picks it by its title."""

    title: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Figure:
    """One figure: views of which the reader picks one, or which are side by side (together)."""

    name: str
    title: str
    note: str
    views: tuple[View, ...]
    together: bool = False


def series_of(number: int, choice: Choice, x: ArrayLike, y: ArrayLike, **more: Any) -> Series:
    """A series of one choice, in its style; more is Series' kind, hover, low and high."""
    ends = {end: np.asarray(more.pop(end)).tolist() for end in ("low", "high") if end in more}
    points = np.asarray(x).tolist(), np.asarray(y).tolist()
    return Series(choice.label, number, (number,), *points, **more, **ends)


def log_if_positive(title: str, series: Sequence[Series]) -> Axis:
    """A y axis, logarithmic where all numbers are above 0."""
    values = np.array([value for each in series for value in each.y], float)
    values = values[np.isfinite(values)]
    positive = len(values) > 0 and bool(np.all(values > 0))
    return Axis(f"{title}, log scale" if positive else title, log=positive)
