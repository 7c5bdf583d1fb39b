"""NumPy's .npz files: the arrays x and y, and those of test rows where the file has them."""

import io
import zipfile
from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiments.lab.data.location import File
from experiments.lab.data.source import Source
from experiments.lab.data.table import Asked, as_source, targets
from experiments.lab.data.table_file import typed
from experiments.lab.io import limits
from experiments.lab.io.errors import UserError

NAMES = (("x", "y"), ("X", "y"), ("x_train", "y_train"), ("X_train", "y_train"))
TEST_NAMES = (("x_test", "y_test"), ("X_test", "y_test"))
TARGET = "y"


def read_arrays(file: File, *, task: str = "auto", test: File | None = None) -> Source:
    """The rows of a file with the arrays x and y, and with those of test rows where it has them.

    An ``x`` of bytes, or with more than two axes, holds numbers of one unit (pixels, a signal). Any
    other ``x`` is a table with the columns x0, x1, ….

    Args:
        file: its x is numeric, (rows, …); its y is (rows,) or (rows, 1). Other pairs of names that
            are known are X, y; x_train, y_train; X_train, y_train; for test rows x_test, y_test;
            X_test, y_test.
        task: "classification", "regression" or "auto": classification if ``y`` holds whole
            numbers, text or only two values, else regression.
        test: a file with test rows, as arrays under the same names as training rows.

    Returns:
        The rows. For numbers of one unit, x is (rows, features), float32 or, where that would lose
        digits, float64.

    Raises:
        UserError: the file cannot be read or holds pickled objects; its arrays do not fit together,
            hold text as inputs, or numbers that are not finite; both files have test rows; or
            regression is asked for and y is not numeric.
    """
    arrays = _read(file)
    x, y = _pair(file, arrays, NAMES)
    held_out = (
        _pair(file, arrays, TEST_NAMES)
        if any(name in arrays for names in TEST_NAMES for name in names)
        else None
    )
    if test is not None:
        if held_out is not None:
            raise UserError(
                f"--test-data {test.where}: {file.where} has its own test rows; "
                "leave --test-data out"
            )
        held_out = _pair(test, _read(test), NAMES)
    if held_out is not None and held_out[0].shape[1:] != x.shape[1:]:
        raise UserError(
            f"{file.where}: its rows have the shape {x.shape[1:]}, but the test rows have the "
            f"shape {held_out[0].shape[1:]}; use test rows from the same data set"
        )
    if task == "auto":
        task = "regression" if y.dtype.kind == "f" and len(np.unique(y)) != 2 else "classification"
    if task == "regression" and y.dtype.kind not in "iuf":
        raise UserError(
            f"--task regression: {TARGET} of {file.where} holds {str(y[0])!r}, which is not a "
            "number; use --task classification"
        )
    parts = [(x, y), held_out] if held_out is not None else [(x, y)]
    if x.ndim > 2 or x.dtype == np.uint8:
        (x, y), *test_part = [(_one_unit(file, x), targets(pd.Series(y), task)) for x, y in parts]
        return Source(file.name, x, y, task, TARGET, test=test_part[0] if test_part else None)
    table, *test_table = [typed(_table(x).assign(**{TARGET: y})) for x, y in parts]
    return as_source(
        table,
        Asked(TARGET, task),
        name=file.name,
        where=file.where,
        test=test_table[0] if test_table else None,
    )


def read_inputs(
    file: File, *, one_unit: bool
) -> tuple[pd.DataFrame | np.ndarray, np.ndarray | None]:
    """The file's x, and its y where it has one.

    Args:
        file: as for read_arrays; y may be missing.
        one_unit: whether the numbers of x share one unit; otherwise x is a table.

    Returns:
        x as float32 or float64 (rows, features) if ``one_unit``, else as a table with the columns
        x0, x1, …; and y, (rows,), or None.

    Raises:
        UserError: the file cannot be read or has no x; x and y do not fit together or hold numbers
            that are not finite; or a table is asked for and x has more than two axes.
    """
    arrays = _read(file)
    if any(all(name in arrays for name in names) for names in NAMES):
        x, y = _pair(file, arrays, NAMES)
    else:
        name = next((name for name, _ in NAMES if name in arrays), None)
        if name is None:
            raise UserError(
                f"{file.where}: it holds the arrays {', '.join(arrays) or '(none)'}; "
                f"name the inputs {NAMES[0][0]}"
            )
        x, y = arrays[name], None
        _refuse_inputs(file, name, x)
    if not one_unit and x.ndim > 2:
        raise UserError(
            f"{file.where}: its rows have the shape {x.shape[1:]}, but the model takes the columns "
            "x0, x1, …; give an x with one axis of rows and one of columns"
        )
    return (_one_unit(file, x) if one_unit else _table(x)), y


def _table(x: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(x, columns=[f"x{number}" for number in range(x.shape[1])])


def _one_unit(file: File, x: np.ndarray) -> np.ndarray:
    if not np.isfinite(x).all():
        raise UserError(
            f"{file.where}: x holds a number that is not finite; correct it, or leave its row out"
        )
    # float32 where that loses nothing: it is centred later, and 1e9 + 0.5 is not 1e9.
    return x.reshape(len(x), -1).astype(np.result_type(x.dtype, np.float32))


def _read(file: File) -> dict[str, np.ndarray]:
    if file.held is not None:
        return file.held
    try:
        _refuse_bomb(file)
        with np.load(io.BytesIO(file.content), allow_pickle=False) as found:
            return {name: found[name] for name in found.files}
    except ValueError as error:
        if "pickle" in str(error):
            raise UserError(
                f"{file.where}: it holds pickled objects, which could run any program, or is not "
                "an .npz file; save x and y as arrays of numbers or text with numpy.savez"
            ) from None
        raise UserError(
            f"{file.where}: it is damaged ({error}); save it again with numpy.savez"
        ) from None
    except Exception:  # a damaged file makes the library raise whatever it likes
        raise UserError(
            f"{file.where}: it is damaged, or no .npz file; save it again with numpy.savez"
        ) from None


def _refuse_bomb(file: File) -> None:
    """Refuse arrays that decompressed would not fit the memory."""
    most = limits.file_bytes()
    if zipfile.is_zipfile(io.BytesIO(file.content)):
        with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
            size = sum(each.file_size for each in archive.infolist())
        if size > most:
            raise UserError(
                f"{file.where}: decompressed, it has {limits.said(size)}, more than "
                f"{limits.said(most)}; give fewer rows"
            )


def _pair(
    file: File, arrays: dict[str, np.ndarray], known: Sequence[tuple[str, str]]
) -> tuple[np.ndarray, np.ndarray]:
    names = next((names for names in known if all(name in arrays for name in names)), None)
    if names is None:
        raise UserError(
            f"{file.where}: it holds the arrays {', '.join(arrays) or '(none)'}; "
            f"name them {' and '.join(known[0])}"
        )
    x, y = (arrays[name] for name in names)
    _refuse_inputs(file, names[0], x)
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if y.shape != (len(x),):
        raise UserError(
            f"{file.where}: {names[1]} has the shape {y.shape} for the {len(x)} rows of {names[0]}"
            "; give one target per row"
        )
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise UserError(
            f"{file.where}: {names[1]} holds a number that is not finite; correct it, or leave its "
            "row out"
        )
    return x, y


def _refuse_inputs(file: File, name: str, x: np.ndarray) -> None:
    if x.dtype.kind not in "biuf" or x.ndim < 2 or 0 in x.shape:
        raise UserError(
            f"{file.where}: {name} has the type {x.dtype} and the shape {x.shape}; give numbers, "
            "one row per example"
        )
