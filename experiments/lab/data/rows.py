"""Rows to predict for, with the columns that a model was trained on, with or without its target."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.lab.data.arrays import read_inputs
from experiments.lab.data.dataset import shortened
from experiments.lab.data.dialect import Reading
from experiments.lab.data.encoders import (
    Category,
    Date,
    Number,
    as_text,
    beyond,
    no_dates,
    unreadable,
)
from experiments.lab.data.load import NAMED, load
from experiments.lab.data.location import File, is_file, is_folder, is_url, public, read_file
from experiments.lab.data.openml import PREFIX
from experiments.lab.data.preprocessing import Preprocessing
from experiments.lab.data.table_file import read_table
from experiments.lab.io.errors import UserError
from experiments.lab.io.text import nearest

# What the cells of an encoder's column must be, and where they are not.
WHAT = {Number: (unreadable, "finite number"), Date: (no_dates, "date")}


class Rows(NamedTuple):
    """Rows as found, in the file's order.

    name: the name of the data, from which the name of the file of predictions is made.
    x: as Preprocessing.apply takes it.
    y: targets as found, missing ones as missing; None where the target is not among the columns.
    notes: what is unusual about the rows, for the screen.
    kept: columns to show beside the predictions, as found.
    """

    name: str
    x: pd.DataFrame | np.ndarray
    y: pd.Series | None
    notes: tuple[str, ...] = ()
    kept: pd.DataFrame | None = None


def read_rows(
    data: str | File,
    preprocessing: Preprocessing,
    *,
    left_out: Sequence[str] = (),
    drop: Sequence[str] = (),
    keep: Sequence[str] = (),
) -> Rows:
    """The rows at a path, URL or name, with the columns that the model was trained on, no others.

    Args:
        data: as for load.
        preprocessing: the model's.
        left_out: columns of the training data that the model does not use; the data may have them.
        drop: other columns that the data may have, and that are left out.
        keep: columns, of the training data or others, to return as they are.

    Returns:
        The rows.

    Raises:
        UserError: the data cannot be read, lack a column or have a further one; ``drop`` or
            ``keep`` names a column that they do not have; a table is given for a model of arrays
            or the reverse; or a column of numbers holds something else or an infinite number.
    """
    name, found, y = _found(data, preprocessing)
    data = data.where if isinstance(data, File) else public(data)
    if preprocessing.unit:
        for flag, columns in (("--drop", drop), ("--keep", keep)):
            if columns:
                raise UserError(
                    f"{flag} {' '.join(columns)}: the model was trained on arrays, which have no "
                    f"named columns; leave {flag} out"
                )
        if isinstance(found, pd.DataFrame):
            raise UserError(
                f"{data}: it is a table, but the model was trained on arrays of "
                f"{preprocessing.features} numbers per row; give an .npz file with such an array x"
            )
        return Rows(name, found, y)
    if not isinstance(found, pd.DataFrame):
        raise UserError(
            f"{data}: it holds arrays of {found.shape[1]} numbers per row, but the model was "
            f"trained on a table with the columns {shortened(preprocessing.names)}; "
            "give such a table"
        )
    if y is None and preprocessing.target in found:
        y = found[preprocessing.target]
    _refuse_columns(
        data,
        list(found),
        preprocessing.names,
        {*preprocessing.names, preprocessing.target, *left_out},
        drop,
        keep,
    )
    x = found[list(preprocessing.names)]
    for column in preprocessing.columns:
        if not isinstance(column, Category):
            look, what = WHAT[type(column)]
            _refuse_cells(
                data,
                x[column.name],
                look(x[column.name]),
                f"{what} as in the training rows; correct the cell or leave it empty",
            )
    if y is not None and not preprocessing.classes:
        _refuse_cells(
            data,
            y,
            unreadable(y),
            "finite number as the model predicts; correct the cell, or give the table without this "
            "column",
        )
    return Rows(name, x, y, tuple(_unseen(x, preprocessing)), found[list(dict.fromkeys(keep))])


def _found(
    data: str | File, preprocessing: Preprocessing
) -> tuple[str, pd.DataFrame | np.ndarray, pd.Series | None]:
    if isinstance(data, str) and (data in NAMED or is_folder(data) or data.startswith(PREFIX)):
        source = load(data, target=preprocessing.target if data.startswith(PREFIX) else None)
        parts = [(source.x, source.y), *([source.test] if source.test else [])]
        xs, ys = zip(*parts, strict=True)
        join = (
            np.concatenate
            if isinstance(source.x, np.ndarray)
            else lambda frames: pd.concat(frames, ignore_index=True)
        )
        return source.name, join(xs), pd.Series(np.concatenate(ys), name=preprocessing.target)
    if not (isinstance(data, File) or is_url(data) or is_file(data)):
        raise UserError(
            f"{data}: no such file; give a path or URL of a CSV, TSV, Parquet or .npz file, or a "
            "name that experiments.activations takes as --data"
        )
    file = read_file(data)
    if file.kind != "npz":
        reading = Reading(missing=preprocessing.everywhere)
        return file.name, read_table(file, reading, preprocessing.further).frame, None
    x, y = read_inputs(file, one_unit=bool(preprocessing.unit))
    return file.name, x, None if y is None else pd.Series(y, name=preprocessing.target)


def _refuse_columns(
    where: str,
    columns: Sequence[str],
    needed: Sequence[str],
    known: Collection[str],
    drop: Sequence[str],
    keep: Sequence[str],
) -> None:
    for flag, named in (("--drop", drop), ("--keep", keep)):
        unknown = [column for column in named if column not in columns]
        if unknown:
            raise UserError(
                f"{flag} {unknown[0]}: {where} has no such column; name one of its columns, "
                f"nearest first: {nearest(unknown[0], columns)}"
            )
    missing = [column for column in needed if column not in columns]
    extra = [column for column in columns if column not in {*known, *drop, *keep}]
    said = []
    if missing:
        said.append(f"lacks the column{'s' * (len(missing) > 1)} {shortened(missing)}")
    if extra:
        said.append(f"has the further column{'s' * (len(extra) > 1)} {shortened(extra)}")
    if said:
        remedy = (
            "give a table with the columns that the model was trained on"
            if missing
            else f"leave {'it' if len(extra) == 1 else 'them'} out with --drop"
        )
        raise UserError(f"{where}: it {' and '.join(said)}; {remedy}")


def _refuse_cells(where: str, column: pd.Series, wrong: np.ndarray, remedy: str) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        raise UserError(
            f"{where}: column {column.name}, row {row + 1} holds {str(column.iloc[row])!r}, which "
            f"is not a {remedy}"
        )


def _unseen(x: pd.DataFrame, preprocessing: Preprocessing) -> list[str]:
    notes, outside = [], []
    for column in preprocessing.columns:
        if not isinstance(column, Category):
            far = beyond(x[column.name], column)
            if far:
                rows = f"{far[0]:,} row{'s' * (far[0] > 1)}"
                outside.append(f"{column.name} in {rows}, as far as {far[1]}")
        else:
            known = set(column.categories)
            cells = as_text(x[column.name]).dropna().unique()
            new = [cell for cell in cells if cell not in known]
            if new:
                effect = (
                    "they count as its rare categories"
                    if column.rare
                    else "all inputs of the column are 0 for them"
                )
                notes.append(
                    f"column {column.name} has categories that are not among the "
                    f"{len(column.categories)} of the training rows: {shortened(new)}; {effect}"
                )
    if outside:
        notes.append(
            "outside the range of the training rows, where nothing shows how good a prediction is: "
            f"{shortened(outside, 5)}"
        )
    missing = int(x.isna().to_numpy().sum())
    if missing:
        notes.append(f"missing cells, imputed as in training: {missing:,}")
    return notes
