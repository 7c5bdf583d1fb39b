"""Tables from a CSV file: types, targets and missing cells as they are found."""

import difflib
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.lab.cli import UserError
from experiments.lab.data.source import Source


def read_table(path: Path, *, target: str | None, task: str = "auto") -> Source:
    """A CSV or TSV file with one header line; ``target`` is the column to predict.

    Raises:
        UserError: the file cannot be read as a table or has no rows; the target is missing, unknown or has one value
            only; a cell is infinite; or regression is asked of a target that is not a number.
    """
    frame = _read(path)
    columns = [str(name) for name in frame.columns]
    frame.columns = columns
    if len(frame) == 0:
        raise UserError(f"{path}: it has a header and no rows; give a file with data")
    if target is None:
        raise UserError(f"{path}: which column is to be predicted? give --target one of {', '.join(columns)}")
    if target not in columns:
        nearest = difflib.get_close_matches(target, columns, n=len(columns), cutoff=0)
        raise UserError(f"--target {target}: {path} has no such column; its columns, nearest first: {', '.join(nearest)}")
    if len(columns) == 1:
        raise UserError(f"{path}: {target} is its only column; a table needs at least one more to predict it from")
    notes = []
    unknown = frame[target].isna()
    if unknown.any():
        notes.append(f"{unknown.sum():,} rows without a {target} left out")
        frame = frame[~unknown]
    empty = [name for name in columns if frame[name].isna().all()]
    if target in empty or len(frame) == 0:
        raise UserError(f"{path}: column {target} has no value in any row; choose another --target")
    if empty:
        notes.append(f"empty columns left out: {', '.join(empty)}")
        frame = frame.drop(columns=empty)
    x, y = frame.drop(columns=target), frame[target]
    _refuse_infinite(path, frame)
    task = _task(path, y, task)
    if y.nunique() < 2:
        raise UserError(f"{path}: column {target} holds one value only, {y.iloc[0]}; there is nothing to learn, "
                        "choose another --target")
    missing = int(x.isna().to_numpy().sum())
    if missing:
        notes.append(f"{missing:,} missing cells imputed: the median of a number, the most frequent category")
    if task == "classification" and pd.api.types.is_float_dtype(y) and (y % 1 == 0).all():
        y = y.astype(np.int64)  # 1 and not 1.0, which a missing cell elsewhere had made of it
    values = y.to_numpy(np.float64) if task == "regression" else y.astype(str).to_numpy(object)
    return Source(path.stem, x.reset_index(drop=True), values, task, target, notes=tuple(notes))


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, sep="\t" if path.suffix.lower() == ".tsv" else ",", skipinitialspace=True)
    except pd.errors.EmptyDataError:
        raise UserError(f"{path}: the file is empty; give a CSV file with a header and rows") from None
    except (pd.errors.ParserError, UnicodeDecodeError, OSError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: it cannot be read as a table ({reason}); give a CSV file in UTF-8 with one header") from None


def _refuse_infinite(path: Path, frame: pd.DataFrame) -> None:
    for name, column in frame.select_dtypes("number").items():
        infinite = np.flatnonzero(np.isinf(column.to_numpy(np.float64, na_value=np.nan)))
        if len(infinite):
            line = int(column.index[infinite[0]]) + 2  # the header is line 1
            raise UserError(f"{path}: column {name}, line {line} holds an infinite number; mend the cell or leave it empty")


def _task(path: Path, y: pd.Series, task: str) -> str:
    number = pd.api.types.is_numeric_dtype(y) and not pd.api.types.is_bool_dtype(y)
    if task == "auto":
        # A number with two values (0/1, 1/2) is how tables spell a category.
        return "regression" if number and y.nunique() != 2 else "classification"
    if task == "regression" and not number:
        first = next(value for value in y if not isinstance(value, (int, float)) or isinstance(value, bool))
        raise UserError(f"--task regression: column {y.name} of {path} holds {first!r}, which is no number; "
                        "use --task classification or another --target")
    return task
