"""Tables, of a CSV, TSV or Parquet file or from elsewhere: types, targets and missing cells as they are found."""

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

PARQUET = ("parquet", "pq")  # endings
FEW = 10  # rows; among fewer, all different says little


def read_frame(file: File, *, text: Sequence[str] = ()) -> pd.DataFrame:
    """The file's table, every column named by text: Parquet by its ending, TSV by its ending, anything else as CSV.

    Args:
        file: a text table has one header line.
        text: columns that are not to be read as numbers, since other rows of theirs were not.

    Raises:
        UserError: the file cannot be read as a table, or has no rows.
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
            f"{file.where}: it cannot be read as a table ({reason}); give a CSV file in UTF-8 with one header, or a "
            "Parquet file"
        ) from None
    frame.columns = [str(name) for name in frame.columns]
    if len(frame) == 0:
        raise UserError(f"{file.where}: it has a header and no rows; give a file with data")
    for name in [name for name in frame if pd.api.types.is_object_dtype(frame[name])]:
        kind = pd.api.types.infer_dtype(frame[name], skipna=True)
        if kind == "decimal":
            frame[name] = frame[name].astype(np.float64)
        elif kind == "mixed":  # such as lists: what can be compared is their text
            frame[name] = as_text(frame[name])
    return frame


def text_columns(frame: pd.DataFrame) -> list[str]:
    """Columns of text, which further rows are to be read as."""
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
) -> Source:
    """The table with ``target`` as the column to predict.

    Args:
        frame: one row an example.
        name: what to call it in a report.
        where: what to call it in a complaint.
        target: a column's name.
        task: "auto", "classification" or "regression".
        drop: columns to leave out.
        test: rows to report on, of the same columns.
        first_line: the number of the first row's line in a text file, for complaints.

    Raises:
        UserError: the target is missing, unknown, dropped or has one value only; a dropped column is unknown; a cell is
            infinite; regression is asked of a target that is not a number; or the test rows lack a column.
    """
    columns = list(frame)
    if target is None:
        raise UserError(
            f"{where}: which column is to be predicted? give --target one of {', '.join(columns)}"
        )
    for flag, column in (("--target", target), *(("--drop", column) for column in drop)):
        if column not in columns:
            nearest = difflib.get_close_matches(column, columns, n=len(columns), cutoff=0)
            raise UserError(
                f"{flag} {column}: {where} has no such column; its columns, nearest first: {', '.join(nearest)}"
            )
    if target in drop:
        raise UserError(
            f"--drop {target}: it is the column to predict; choose another --target or keep it"
        )
    if len(columns) - len(set(drop)) == 1:
        raise UserError(
            f"{where}: {target} is its only column{' left' if drop else ''}; a table needs at least one more to predict it "
            "from"
        )
    notes, left_out = [], [(column, "--drop") for column in dict.fromkeys(drop)]
    frame = frame.drop(columns=list(drop))
    named = [column for column in frame if column != target and is_identifier(frame[column])]
    if named:
        notes.append(
            f"{', '.join(named)}: each row has its own value, as an identifier has; such a column is left out with "
            f"--drop {shlex.join(named)}"
        )
    frame = _known(frame, target, notes, "rows")
    empty = [column for column in frame if frame[column].isna().all()]
    if target in empty or len(frame) == 0:
        raise UserError(
            f"{where}: column {target} has no value in any row; choose another --target"
        )
    if empty:
        notes.append(f"empty columns left out: {', '.join(empty)}")
        left_out += [(column, "empty") for column in empty]
        frame = frame.drop(columns=empty)
    _refuse_infinite(where, frame, first_line)
    y = frame[target]
    task = _task(where, y, task)
    if y.nunique() < 2:
        raise UserError(
            f"{where}: column {target} holds one value only, {y.iloc[0]}; there is nothing to learn, "
            "choose another --target"
        )
    held_out = None
    if test is not None:
        missing = [column for column in frame if column not in test]
        if missing:
            raise UserError(
                f"--test-data: it lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)} of {where}; give a file "
                "of the same columns, or leave them out with --drop"
            )
        extra = [column for column in test if column not in columns]
        if extra:
            notes.append(f"columns of the test data only, left out: {', '.join(extra)}")
        test = _known(test[list(frame)], target, notes, "test rows")
        if len(test) == 0:
            raise UserError(
                f"--test-data: column {target} has no value in any row; give test rows with their targets"
            )
        if task == "regression" and not _is_number(test[target]):
            raise UserError(
                f"--test-data: column {target} holds text, and numbers in {where}; mend the test file"
            )
        _refuse_infinite("--test-data", test, first_line)
        held_out = (test.drop(columns=target).reset_index(drop=True), targets(test[target], task))
    x = frame.drop(columns=target).reset_index(drop=True)
    missing = int(x.isna().to_numpy().sum())
    if missing:
        notes.append(
            f"{missing:,} missing cells imputed: the median of a number, the most frequent category"
        )
    return Source(name, x, targets(y, task), task, target, held_out, tuple(notes), tuple(left_out))


def is_identifier(column: pd.Series) -> bool:
    """Whether the column names its rows: text that differs in each, or the whole numbers from 0 or 1 on."""
    if len(column) < FEW or column.nunique() < len(column):
        return False
    if not _is_number(column):
        return True
    low = column.min()
    return bool(low in (0, 1) and column.max() - low == len(column) - 1 and (column % 1 == 0).all())


def _known(frame: pd.DataFrame, target: str, notes: list[str], what: str) -> pd.DataFrame:
    unknown = frame[target].isna()
    if unknown.any():
        notes.append(f"{unknown.sum():,} {what} without a {target} left out")
    return frame[~unknown]


def targets(y: pd.Series, task: str) -> np.ndarray:
    """A quantity as float64, classes as text."""
    return y.to_numpy(np.float64) if task == "regression" else as_text(y).to_numpy(object)


def _refuse_infinite(where: str, frame: pd.DataFrame, first_line: int | None) -> None:
    for name, column in frame.select_dtypes("number").items():
        infinite = np.flatnonzero(np.isinf(column.to_numpy(np.float64, na_value=np.nan)))
        if len(infinite):
            row = int(column.index[infinite[0]])
            place = f"row {row + 1}" if first_line is None else f"line {row + first_line}"
            raise UserError(
                f"{where}: column {name}, {place} holds an infinite number; mend the cell or leave it empty"
            )


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _task(where: str, y: pd.Series, task: str) -> str:
    number = _is_number(y)
    if task == "auto":
        # A number with two values (0/1, 1/2) is how tables spell a category.
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
            f"--task regression: column {y.name} of {where} holds {first!r}, which is no number; "
            "use --task classification or another --target"
        )
    return task
