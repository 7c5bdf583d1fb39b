"""Tables, from CSV, TSV and Parquet files and elsewhere, with types and missing cells as found."""

import difflib
import io
import lzma
import shlex
import zipfile
import zlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiments.lab.data.location import File
from experiments.lab.data.preprocessing import as_text
from experiments.lab.data.source import Source
from experiments.lab.io.cli import UserError

PARQUET = ("parquet", "pq")  # endings of such files
FEW = 10  # rows; if fewer are all different, that says little


def read_frame(file: File, *, text: Sequence[str] = ()) -> pd.DataFrame:
    """The table in a file.

    Args:
        file: Parquet or TSV by its ending, and otherwise CSV; a text table has one header line.
        text: columns to be read as text and not as numbers, as they were in other rows.

    Returns:
        One row per example; the names of the columns are text.

    Raises:
        UserError: the file cannot be read as a table, or has no rows.

    Example:
        >>> file = File("t.csv", "t", "csv", None, b"code,size\\n007,1\\n")
        >>> read_frame(file, text=["code"]).to_dict("list")
        {'code': ['007'], 'size': [1]}
    """
    try:
        if file.kind in PARQUET:
            frame = pd.read_parquet(io.BytesIO(file.content))
            frame = frame.reset_index(drop=frame.index.names == [None])
        else:
            frame = pd.read_csv(
                io.BytesIO(file.content),
                sep="\t" if file.kind in ("tsv", "tab") else ",",
                skipinitialspace=True,
                compression=file.compression,
                dtype=dict.fromkeys(text, "str"),
            )
    except pd.errors.EmptyDataError:
        raise UserError(
            f"{file.where}: the file is empty; give a CSV file with a header and rows"
        ) from None
    except (ValueError, OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"{file.where}: it cannot be read as a table ({reason}); give a CSV file in UTF-8 with "
            "one header line, or a Parquet file"
        ) from None
    frame.columns = [str(name) for name in frame.columns]
    if len(frame) == 0:
        raise UserError(f"{file.where}: it has a header but no rows; give a file with rows")
    for name in [name for name in frame if pd.api.types.is_object_dtype(frame[name])]:
        kind = pd.api.types.infer_dtype(frame[name], skipna=True)
        if kind == "decimal":
            frame[name] = frame[name].astype(np.float64)
        elif kind == "mixed":  # such as lists, which can only be compared as text
            frame[name] = as_text(frame[name])
    return frame


def text_columns(frame: pd.DataFrame) -> list[str]:
    """The columns that hold text, and must be read as text in other rows too.

    Args:
        frame: a table.

    Returns:
        Their names.

    Example:
        >>> text_columns(pd.DataFrame({"code": ["007", "B12"], "size": [1, 2]}))
        ['code']
    """
    return [
        name for name in frame if pd.api.types.infer_dtype(frame[name], skipna=True) == "string"
    ]


def as_source(
    frame: pd.DataFrame,
    *,
    name: str,
    where: str,
    target: str | None,
    task: str = "auto",
    drop: Sequence[str] = (),
    test: pd.DataFrame | None = None,
    first_line: int | None = None,
    group: str | None = None,
    time: str | None = None,
) -> Source:
    """The table with ``target`` as the column to predict.

    Args:
        frame: one row per example.
        name: what to call the table in a report.
        where: what to call it in an error message.
        target: the name of the target's column; None is an error that lists the columns.
        task: "classification", "regression" or "auto": regression if the target is numeric with
            more than two values, else classification.
        drop: columns to leave out.
        test: rows to report on, with the same columns.
        first_line: the line of the first row in a text file, for error messages.
        group: the column that says which rows belong together; it is not an input.
        time: the column with the time of each row, numbers or dates; it is not an input.

    Returns:
        The rows whose target is known, without empty columns.

    Raises:
        UserError: the target is not given, unknown, dropped, the only column, empty or has only one
            value; a dropped, group or time column is unknown; the group or the time is the target
            or dropped, both are given, or one of their cells is empty or no time; a cell is
            infinite; regression is asked for and the target is not numeric; or the test rows lack a
            column, have no target, or targets that are not numeric for a regression.

    Ten arguments, since each is a flag of the user or a fact about where the table comes from.
    """
    columns = list(frame)
    if target is None:
        raise UserError(
            f"{where}: the column to predict is not named; give --target one of "
            f"{', '.join(columns)}"
        )
    special = {"--group": group, "--time": time}
    special = {flag: column for flag, column in special.items() if column is not None}
    for flag, column in (
        ("--target", target),
        *special.items(),
        *(("--drop", column) for column in drop),
    ):
        if column not in columns:
            nearest = difflib.get_close_matches(column, columns, n=len(columns), cutoff=0)
            raise UserError(
                f"{flag} {column}: {where} has no such column; name one of its columns, nearest "
                f"first: {', '.join(nearest)}"
            )
    for flag, column in special.items():
        if column == target or column in drop:
            other = "--target" if column == target else "--drop"
            raise UserError(
                f"{flag} {column}: this column is also given as {other}; name it in only one of "
                "the two"
            )
    if len(special) > 1:
        raise UserError(
            f"--group {group} --time {time}: rows are split by group or by time; give only one of "
            "the two"
        )
    if target in drop:
        raise UserError(
            f"--drop {target}: it is the column to predict; keep it, or choose another --target"
        )
    if len(columns) - len({*drop, *special.values()}) == 1:
        raise UserError(
            f"{where}: {target} is its only column{' left' if drop else ''}; give a table with at "
            "least one more column to predict it from"
        )
    notes, left_out = [], [(column, "--drop") for column in dict.fromkeys(drop)]
    frame = frame.drop(columns=list(drop))
    blocks = {flag: frame.pop(column) for flag, column in special.items()}
    left_out += [(column, flag) for flag, column in special.items()]
    named = [column for column in frame if column != target and is_identifier(frame[column])]
    if named:
        notes.append(
            f"every row has a different value, as in an identifier, in {', '.join(named)}; "
            f"if it is one, leave it out with --drop {shlex.join(named)}"
        )
    frame = _known(frame, target, notes, "rows")
    empty = [column for column in frame if frame[column].isna().all()]
    if target in empty or len(frame) == 0:
        raise UserError(
            f"{where}: column {target} has no value in any row; choose another --target"
        )
    if empty:
        notes.append(f"empty columns are left out: {', '.join(empty)}")
        left_out += [(column, "empty") for column in empty]
        frame = frame.drop(columns=empty)
    _refuse_infinite(where, frame, first_line)
    y = frame[target]
    task = _task(where, y, task)
    if y.nunique() < 2:
        raise UserError(
            f"{where}: column {target} holds only one value, {y.iloc[0]}; choose another --target"
        )
    held_out = None
    if test is not None:
        lacking = [column for column in frame if column not in test]
        if lacking:
            raise UserError(
                f"--test-data: it lacks the column{'s' * (len(lacking) > 1)} {', '.join(lacking)} "
                f"of {where}; give a file with the same columns, or leave "
                f"{'it' if len(lacking) == 1 else 'them'} out with --drop"
            )
        extra = [column for column in test if column not in columns]
        if extra:
            notes.append(f"columns that only the test data have are left out: {', '.join(extra)}")
        test = _known(test[list(frame)], target, notes, "test rows")
        if len(test) == 0:
            raise UserError(
                f"--test-data: column {target} has no value in any row; give test rows with their "
                "targets"
            )
        if task == "regression" and not _is_number(test[target]):
            raise UserError(
                f"--test-data: column {target} holds text, but numbers in {where}; give test rows "
                "with numeric targets"
            )
        _refuse_infinite("--test-data", test, first_line)
        held_out = (test.drop(columns=target).reset_index(drop=True), targets(test[target], task))
    blocks = {flag: column.loc[frame.index] for flag, column in blocks.items()}
    x = frame.drop(columns=target).reset_index(drop=True)
    missing = int(x.isna().to_numpy().sum())
    if missing:
        notes.append(
            "missing cells, imputed with the median (numbers) or the most frequent category: "
            f"{missing:,}"
        )
    return Source(
        name,
        x,
        targets(y, task),
        task,
        target,
        held_out,
        tuple(notes),
        tuple(left_out),
        group=_groups(where, blocks.get("--group"), first_line),
        time=_times(where, blocks.get("--time"), first_line),
    )


def _groups(where: str, column: pd.Series | None, first_line: int | None) -> np.ndarray | None:
    """The group of each row, as text."""
    if column is None:
        return None
    _refuse_gap("--group", where, column, column.isna(), first_line)
    return as_text(column).to_numpy(object)


def _times(where: str, column: pd.Series | None, first_line: int | None) -> np.ndarray | None:
    """The time of each row, as a number."""
    if column is None:
        return None
    number = _is_number(column)
    found = column if number else pd.to_datetime(column, errors="coerce", utc=True, format="mixed")
    _refuse_gap("--time", where, column, found.isna(), first_line)
    return found.to_numpy(np.float64) if number else found.astype("int64").to_numpy(np.float64)


def _refuse_gap(
    flag: str, where: str, column: pd.Series, wrong: pd.Series, first_line: int | None
) -> None:
    if wrong.any():
        row, found = int(column.index[np.argmax(wrong)]), column[wrong].iloc[0]
        place = f"row {row + 1}" if first_line is None else f"line {row + first_line}"
        said = "is empty"
        if not pd.isna(found):
            said = f"holds {str(found)!r}, which is neither a number nor a date"
        raise UserError(
            f"{flag} {column.name}: the cell in {place} of {where} {said}; every row needs a value"
        )


def is_identifier(column: pd.Series) -> bool:
    """Whether the column seems to identify its rows: all text different, or row numbers.

    Args:
        column: cells of any type.

    Returns:
        True if there are at least ten rows whose values all differ, and these are not numbers or
        are the whole numbers from 0 or 1 on, in any order.

    Example:
        >>> is_identifier(pd.Series(range(1, 21))), is_identifier(pd.Series(range(5, 25)))
        (True, False)
    """
    if len(column) < FEW or column.nunique() < len(column):
        return False
    if not _is_number(column):
        return True
    low = column.min()
    return bool(low in (0, 1) and column.max() - low == len(column) - 1 and (column % 1 == 0).all())


def _known(frame: pd.DataFrame, target: str, notes: list[str], what: str) -> pd.DataFrame:
    unknown = frame[target].isna()
    if unknown.any():
        notes.append(f"{what} without a value of {target} are left out: {unknown.sum():,}")
    return frame[~unknown]


def targets(y: pd.Series, task: str) -> np.ndarray:
    """Targets in the form of a Source.

    Args:
        y: a column; numeric for regression.
        task: "classification" or "regression".

    Returns:
        (rows,), float64 for regression and text for classification.

    Example:
        >>> targets(pd.Series([1, 2]), "regression"), targets(pd.Series([1, 2]), "classification")
        (array([1., 2.]), array(['1', '2'], dtype=object))
    """
    return y.to_numpy(np.float64) if task == "regression" else as_text(y).to_numpy(object)


def _refuse_infinite(where: str, frame: pd.DataFrame, first_line: int | None) -> None:
    for name, column in frame.select_dtypes("number").items():
        infinite = np.flatnonzero(np.isinf(column.to_numpy(np.float64, na_value=np.nan)))
        if len(infinite):
            row = int(column.index[infinite[0]])
            place = f"row {row + 1}" if first_line is None else f"line {row + first_line}"
            raise UserError(
                f"{where}: column {name}, {place} holds an infinite number; correct the cell or "
                "leave it empty"
            )


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _task(where: str, y: pd.Series, task: str) -> str:
    number = _is_number(y)
    if task == "auto":
        # A numeric column with only two values (0/1, 1/2) is a category in most tables.
        return "regression" if number and y.nunique() != 2 else "classification"
    if task == "regression" and not number:
        first = next(
            (
                value
                for value in y
                if not isinstance(value, (int, float)) or isinstance(value, bool)
            ),
            y.iloc[0],
        )
        raise UserError(
            f"--task regression: column {y.name} of {where} holds {first!r}, which is not a number"
            "; use --task classification or another --target"
        )
    return task
