"""A first look, before anything is trained: how the data are read, and what each column becomes."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.lab.data.dataset import Dataset
from experiments.lab.data.encoders import Date, Encoder, Number, as_text
from experiments.lab.data.source import Source
from experiments.lab.data.table import is_numbering

MOST = 40  # rows of a list; the others are counted
# In this order, and what they are called.
PARTS = {"train": "training", "validation": "validation", "test": "test"}
YES_NO = [{"yes", "no"}, {"y", "n"}, {"true", "false"}]
LONGEST = 28  # characters of a name


class Look(NamedTuple):
    """What to show: facts, then two tables, each with a header.

    facts: (name, text) pairs.
    columns: one row per column of the data: its name, type, missing cells, number of different
        values, the first value, as the file has it, and what it becomes; empty for an array.
    targets: one row per class with its count, or per statistic of a numeric target: over all rows,
        then over those of each part.
    """

    facts: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, ...], ...]
    targets: tuple[tuple[str, ...], ...]


def look(source: Source, data: Dataset) -> Look:
    """How the data are read, and what each column becomes.

    Args:
        source: the rows as found.
        data: what ``prepare`` returned for them.

    Returns:
        The facts and tables to show, all as text.

    Example:
        >>> from experiments.lab.data import load, prepare
        >>> source = load("iris")
        >>> dict(look(source, prepare(source)).facts)["rows"]
        '150: 90 training, 30 validation, 30 test'
    """
    rows = {part: len(data.y[part]) for part in PARTS}
    task = (
        f"{len(data.classes)} classes of {data.target}"
        if data.classes
        else f"regression of the number {data.target}"
    )
    counts = ", ".join(f"{count:,} {PARTS[part]}" for part, count in rows.items())
    total = len(source.y) + (len(source.test[1]) if source.test else 0)
    if sum(rows.values()) != total:  # as with groups, or a window of time
        counts += ", in the split of the first seed"
    columns = _columns(source, data) if isinstance(source.x, pd.DataFrame) else ()
    missing = sum(int(frame.isna().to_numpy().sum()) for frame in _frames(source)) if columns else 0
    if data.preprocessing.unit:
        mean, deviation, features = data.preprocessing.unit
        inputs = f"{features:,} numbers of one unit: (x − {mean:.4g}) / {deviation:.4g}"
    else:
        inputs = f"{data.features:,}, from {len(data.preprocessing.columns):,} columns"
    facts = [
        ("data", source.name),
        ("task", task),
        ("rows", f"{total:,}: {counts}"),
        ("inputs", inputs),
        ("missing", f"{missing:,} cells"),
        *(("note", note) for note in data.notes),
    ]
    return Look(tuple(facts), columns, _classes(data) if data.classes else _range(data))


def _frames(source: Source) -> list[pd.DataFrame]:
    return [source.x, *([source.test[0]] if source.test else [])]


def _columns(source: Source, data: Dataset) -> tuple[tuple[str, ...], ...]:
    names = list(source.x)
    table = pd.concat([frame[names[:MOST]] for frame in _frames(source)], ignore_index=True)
    fitted = {column.name: column for column in data.preprocessing.columns}
    found: list[tuple[str, ...]] = [
        (
            short(name),
            _type(table[name]),
            f"{table[name].isna().sum():,}",
            f"{table[name].nunique():,}",
            short(source.written[name]) if name in source.written else _example(table[name]),
            _becomes(fitted.get(name), identifier=is_numbering(table[name])),
        )
        for name in table
    ]
    found += [(name, *[""] * 5) for name in names[MOST:]]  # which are counted only
    found += [(short(name), "", "", "", "", f"left out: {why}") for name, why in source.left_out]
    return (("column", "type", "missing", "different", "such as", "becomes"), *_first(found))


def _type(column: pd.Series) -> str:
    if pd.api.types.is_datetime64_any_dtype(column):
        return "date"
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return "number"
    words = {str(cell).lower() for cell in column.dropna().unique()}
    return "yes-no" if words in YES_NO else "text"


def _example(column: pd.Series) -> str:
    """The first cell that is there."""
    first = column.first_valid_index()
    if first is None:
        return ""
    if _type(column) == "number":
        return f"{column[first]:.6g}"
    return short(as_text(column.loc[[first]]).iloc[0])


def _becomes(fitted: Encoder | None, *, identifier: bool) -> str:
    if fitted is None:
        return "left out: one value"
    gap = ", and whether it is missing" * fitted.gap
    hint = ", an identifier?" * identifier
    if isinstance(fitted, Number):
        return f"(x − {fitted.mean:.4g}) / {fitted.scale:.4g}{gap}{hint}"
    if isinstance(fitted, Date):
        return f"time{''.join(f', place in the {cycle}' for cycle in fitted.cycles)}{gap}"
    gap = ", missing as one" * fitted.gap
    return f"one-hot of {fitted.features}{', rare ones as one' * fitted.rare}{gap}"


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
    parts = [data.preprocessing.decode(data.y[part].ravel()) for part in PARTS]
    columns = [np.concatenate(parts), *parts]
    statistics: dict[str, Callable[[np.ndarray], np.floating]] = {
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
    """A name on one line, cut off after 28 characters.

    Args:
        name: of a column or class.

    Returns:
        The name; where it was cut off, it ends in ….

    Example:
        >>> short("median income of the household, in dollars")
        'median income of the househ…'
    """
    name = " ".join(name.split())
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
