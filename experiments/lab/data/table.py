"""Tables: the column to predict, and the rows and columns to predict it from."""

import shlex
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.lab.data.dataset import shortened
from experiments.lab.data.dialect import AS_FOUND, Reading
from experiments.lab.data.encoders import as_text
from experiments.lab.data.outliers import outliers
from experiments.lab.data.source import Source
from experiments.lab.data.table_file import Table
from experiments.lab.io.errors import UserError
from experiments.lab.io.text import nearest

FEW = 10  # rows; if fewer are all different, that says little
DIFFERENT = 0.9  # of the cells of a column: too many to learn anything of one


class Asked(NamedTuple):
    """What a user asks of a table.

    target: the column to predict; None is an error that lists the columns.
    task: "classification", "regression" or "auto": regression if the target is numeric with more
        than two values, else classification.
    drop: columns to leave out.
    group: the column that says which rows belong together; it is not an input.
    time: the column with the time of each row, numbers or dates; it is not an input.
    reading: how the table is written, and what its columns hold.
    """

    target: str | None = None
    task: str = "auto"
    drop: Sequence[str] = ()
    group: str | None = None
    time: str | None = None
    reading: Reading = AS_FOUND


def as_source(
    table: Table, asked: Asked, *, name: str, where: str, test: Table | None = None
) -> Source:
    """The table with one column as the target.

    Args:
        table: one row per example.
        asked: the target, and what to do with the other columns.
        name: what to call the table in a report.
        where: what to call it in an error message.
        test: rows to report on, with the same columns.

    Returns:
        The rows whose target is known, without empty columns, and without columns of text that is
        different in nearly every row.

    Raises:
        UserError: the target is not given, unknown, dropped, the only column, empty or has only one
            value; a dropped, group or time column is unknown; the group or the time is the target
            or dropped, both are given, or one of their cells is empty or no time; a cell is
            infinite; regression is asked for and the target is not numeric; or the test rows lack a
            column, have no target, or targets that are not numeric for a regression.
    """
    target, task, drop, group, time, reading = asked
    frame, first_line = table.frame, table.first_line
    columns = list(frame)
    drop = (*drop, *(column for column, kind in reading.kinds.items() if kind == "drop"))
    if target is None:
        raise UserError(
            f"{where}: the column to predict is not named; give --target one of "
            f"{shortened(columns)}"
        )
    special = {"--group": group, "--time": time}
    special = {flag: column for flag, column in special.items() if column is not None}
    for flag, column in (
        ("--target", target),
        *special.items(),
        *(("--drop", column) for column in drop),
        *(("--as", column) for column in reading.kinds),
    ):
        if column not in columns:
            raise UserError(
                f"{flag} {column}: {where} has no such column; name one of its columns, nearest "
                f"first: {nearest(column, columns)}"
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
    notes, left_out = list(table.notes), [(column, "--drop") for column in dict.fromkeys(drop)]
    frame = frame.drop(columns=list(drop))
    blocks = {flag: frame.pop(column) for flag, column in special.items()}
    left_out += [(column, flag) for flag, column in special.items()]
    frame = _known(frame, target, notes, "rows")
    inputs = [column for column in frame if column != target and column not in reading.kinds]
    if unlike := _unlike(frame[inputs]):
        notes.append(
            "the text differs in nearly every row, as a name or free text does, so these columns "
            f"are left out: {', '.join(unlike)} (--as {shlex.quote(unlike[0])}=category keeps one)"
        )
        left_out += [(column, "text that differs in nearly every row") for column in unlike]
        frame, inputs = frame.drop(columns=unlike), [each for each in inputs if each not in unlike]
    if numbered := _numberings(frame[inputs]):
        notes.append(
            "every row has a number of its own, as in an identifier, in "
            f"{', '.join(numbered)}; if it is one, leave it out with --drop {shlex.join(numbered)}"
        )
    empty = list(frame.columns[frame.isna().all()])
    if target in empty or len(frame) == 0:
        raise UserError(
            f"{where}: column {target} has no value in any row; choose another --target"
        )
    if empty:
        notes.append(f"empty columns are left out: {', '.join(empty)}")
        left_out += [(column, "empty") for column in empty]
        frame = frame.drop(columns=empty)
    _refuse_infinite(where, frame, first_line)
    notes += outliers(frame, first_line)
    y = frame[target]
    different = y.nunique()
    task = _task(where, y, task, different)
    if different < 2:
        raise UserError(
            f"{where}: column {target} holds only one value, {y.iloc[0]}; choose another --target"
        )
    held_out = None
    if test is not None:
        lacking = [column for column in frame if column not in test.frame]
        if lacking:
            raise UserError(
                f"--test-data: it lacks the column{'s' * (len(lacking) > 1)} {', '.join(lacking)} "
                f"of {where}; give a file with the same columns, or leave "
                f"{'it' if len(lacking) == 1 else 'them'} out with --drop"
            )
        extra = [column for column in test.frame if column not in columns]
        if extra:
            notes.append(f"columns that only the test data have are left out: {', '.join(extra)}")
        notes += [f"test data: {note}" for note in test.notes if note not in table.notes]
        rows = _known(test.frame[list(frame)], target, notes, "test rows")
        if len(rows) == 0:
            raise UserError(
                f"--test-data: column {target} has no value in any row; give test rows with their "
                "targets"
            )
        if task == "regression" and not _is_number(rows[target]):
            raise UserError(
                f"--test-data: column {target} holds text, but numbers in {where}; give test rows "
                "with numeric targets"
            )
        _refuse_infinite("--test-data", rows, test.first_line)
        held_out = (rows.drop(columns=target).reset_index(drop=True), targets(rows[target], task))
    blocks = {flag: column.loc[frame.index] for flag, column in blocks.items()}
    x = frame.drop(columns=target).reset_index(drop=True)
    missing = int(x.isna().to_numpy().sum())
    if missing:
        notes.append(
            f"missing cells: {missing:,} (an extra input marks them; numbers become the median)"
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
        missing=tuple(dict.fromkeys((*table.missing, *reading.missing))),
        everywhere=reading.missing,
        written=table.written,
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
        said = "is empty" if flag == "--group" else "is empty, or neither a number nor a date"
        if not pd.isna(found):
            said = f"holds {str(found)!r}, which is neither a number nor a date"
        raise UserError(
            f"{flag} {column.name}: the cell in {place} of {where} {said}; every row needs a value"
        )


def is_numbering(column: pd.Series) -> bool:
    """Whether the column numbers its rows: the whole numbers from 0 or 1 on, in any order.

    Args:
        column: cells of any type.

    Example:
        >>> is_numbering(pd.Series(range(1, 21))), is_numbering(pd.Series(range(5, 25)))
        (True, False)
    """
    if len(column) < FEW or not _is_number(column):
        return False
    values = column.to_numpy(np.float64, na_value=np.nan)
    low = values.min()
    return bool(low in (0, 1) and np.array_equal(np.sort(values), low + np.arange(len(values))))


def _numberings(frame: pd.DataFrame) -> list[str]:
    """The columns that number their rows."""
    numbers = frame.select_dtypes("number")
    values = numbers.to_numpy(np.float64, na_value=np.nan)
    low, high = values.min(axis=0, initial=np.inf), values.max(axis=0, initial=-np.inf)
    may = np.isin(low, (0, 1)) & (high == low + len(values) - 1)
    return [name for name in numbers.columns[may] if is_numbering(numbers[name])]


def _unlike(frame: pd.DataFrame) -> list[str]:
    """The columns of text that is different in nearly every row."""
    texts = frame.select_dtypes(exclude=["number", "datetime"])
    return [name for name, column in texts.items() if is_unlike(column)]


def is_unlike(column: pd.Series) -> bool:
    """Whether a column holds text that is different in at least nine of ten rows.

    Args:
        column: cells of any type.

    Example:
        >>> names = pd.Series([f"name {number}" for number in range(20)])
        >>> is_unlike(names), is_unlike(names.where(names.index < 10, "other"))
        (True, False)
    """
    if _is_number(column) or pd.api.types.is_datetime64_any_dtype(column):
        return False
    known = int(column.count())
    return known >= FEW and column.nunique() >= DIFFERENT * known


def _known(frame: pd.DataFrame, target: str, notes: list[str], what: str) -> pd.DataFrame:
    unknown = frame[target].isna()
    if not unknown.any():
        return frame
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
    numbers = frame.select_dtypes("number")
    infinite = np.argwhere(np.isinf(numbers.to_numpy(np.float64, na_value=np.nan)))
    if len(infinite):
        row, column = infinite[0]
        number = int(numbers.index[row])
        place = f"row {number + 1}" if first_line is None else f"line {number + first_line}"
        raise UserError(
            f"{where}: column {numbers.columns[column]}, {place} holds an infinite number; correct "
            "the cell or leave it empty"
        )


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _task(where: str, y: pd.Series, task: str, different: int) -> str:
    number = _is_number(y)
    if task == "auto":
        # A numeric column with only two values (0/1, 1/2) is a category in most tables.
        return "regression" if number and different != 2 else "classification"
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
