"""A first look: what was understood of the data and what becomes of it, before anything is trained."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.lab.data.prepare import Dataset
from experiments.lab.data.preprocessing import Category, Number
from experiments.lab.data.source import Source
from experiments.lab.data.table import is_identifier

MOST = 40  # rows of a list; the rest is counted
PARTS = {
    "train": "training",
    "validation": "validation",
    "test": "test",
}  # in this order, and what they are called
LONGEST = 28  # of a name, in characters


class Look(NamedTuple):
    """What to show: facts as (name, text), then two lists with a header each.

    columns: of a table: its name, type, missing cells, different values, and what it becomes; empty for an array.
    targets: a row a class, or a row a statistic of the target's range: all rows', then each part's.
    """

    facts: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, ...], ...]
    targets: tuple[tuple[str, ...], ...]


def look(source: Source, data: Dataset) -> Look:
    """What ``prepare`` made of the rows; ``data`` is what it returned for ``source``."""
    rows = {part: len(data.y[part]) for part in PARTS}
    task = (
        f"{len(data.classes)} classes of {data.target}"
        if data.classes
        else f"regression of the number {data.target}"
    )
    counts = ", ".join(f"{count:,} {PARTS[part]}" for part, count in rows.items())
    columns = _columns(source, data) if isinstance(source.x, pd.DataFrame) else ()
    missing = sum(int(frame.isna().to_numpy().sum()) for frame in _frames(source)) if columns else 0
    inputs = (
        f"{data.features:,}, of {len(data.preprocessing.columns):,} columns"
        if columns
        else f"{data.features:,} numbers of one unit: (x − {data.preprocessing.unit[0]:.4g}) / {data.preprocessing.unit[1]:.4g}"
    )
    facts = [
        ("data", source.name),
        ("task", task),
        ("rows", f"{sum(rows.values()):,}: {counts}"),
        ("inputs", inputs),
        ("missing", f"{missing:,} cells"),
        *(("note", note) for note in data.notes),
    ]
    return Look(tuple(facts), columns, _classes(data) if data.classes else _range(data))


def _frames(source: Source) -> list[pd.DataFrame]:
    return [source.x, *([source.test[0]] if source.test else [])]


def _columns(source: Source, data: Dataset) -> tuple[tuple[str, ...], ...]:
    table = pd.concat(_frames(source), ignore_index=True)
    fitted = {column.name: column for column in data.preprocessing.columns}
    found: list[tuple[str, ...]] = [
        (
            short(name),
            _type(table[name]),
            f"{table[name].isna().sum():,}",
            f"{table[name].nunique():,}",
            _becomes(fitted.get(name), identifier=is_identifier(table[name])),
        )
        for name in table
    ]
    found += [(short(name), "", "", "", f"left out: {why}") for name, why in source.left_out]
    return (("column", "type", "missing", "different", "becomes"), *_first(found))


def _type(column: pd.Series) -> str:
    if pd.api.types.infer_dtype(column, skipna=True) == "boolean":
        return "yes-no"
    if pd.api.types.is_numeric_dtype(column):
        return "number"
    return (
        "yes-no"
        if {*column.dropna().astype(str).str.lower()} in ({"yes", "no"}, {"y", "n"})
        else "text"
    )


def _becomes(fitted: Number | Category | None, *, identifier: bool) -> str:
    if fitted is None:
        return "left out: one value"
    hint = ", an identifier?" * identifier
    if isinstance(fitted, Number):
        return f"(x − {fitted.mean:.4g}) / {fitted.scale:.4g}{hint}"
    return f"one-hot of {fitted.features}{', rare ones as one' * fitted.rare}{hint}"


def _classes(data: Dataset) -> tuple[tuple[str, ...], ...]:
    counts = np.stack(
        [
            np.bincount(data.y[part].astype(int).ravel(), minlength=len(data.classes))
            for part in PARTS
        ],
        axis=1,
    )
    order = np.argsort(-counts.sum(axis=1), kind="stable")
    found = [
        (short(data.classes[k]), *(f"{count:,}" for count in (counts[k].sum(), *counts[k])))
        for k in order
    ]
    return ((short(data.target), "rows", *PARTS.values()), *_first(found))


def _range(data: Dataset) -> tuple[tuple[str, ...], ...]:
    mean, deviation = data.preprocessing.scale
    parts = [data.y[part].astype(np.float64).ravel() * deviation + mean for part in PARTS]
    columns = [np.concatenate(parts), *parts]
    statistics: dict[str, Callable[[np.ndarray], Any]] = {
        "lowest": np.min,
        "median": np.median,
        "mean": np.mean,
        "highest": np.max,
        "standard deviation": np.std,
    }
    return (
        (short(data.target), "rows", *PARTS.values()),
        *(
            (name, *(f"{statistic(values):.4g}" for values in columns))
            for name, statistic in statistics.items()
        ),
    )


def _first(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    more = len(rows) - MOST
    return rows if more <= 0 else [*rows[:MOST], (f"… {more:,} more", *[""] * (len(rows[0]) - 1))]


def short(name: str) -> str:
    """A name that leaves room for what is said of it, on one line.

    Example:
        >>> short("median income of the household, in dollars")
        'median income of the househ…'
    """
    name = " ".join(name.split())
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
