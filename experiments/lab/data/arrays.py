"""NumPy's .npz files: arrays x and y, and test rows where they come along."""

import io
import zipfile
from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiments.lab.data.location import File
from experiments.lab.data.source import Source
from experiments.lab.data.table import as_source, targets
from experiments.lab.io.cli import UserError

NAMES = (("x", "y"), ("X", "y"), ("x_train", "y_train"), ("X_train", "y_train"))
TEST_NAMES = (("x_test", "y_test"), ("X_test", "y_test"))
TARGET = "y"


def read_arrays(file: File, *, task: str = "auto", test: File | None = None) -> Source:
    """The file's rows; ``y`` of whole numbers, text or two values is classes, any other number a quantity.

    Bytes, and an ``x`` of more than two axes, are numbers of one unit (pixels, a signal); any other ``x`` is a table of
    columns x0, x1, ….

    Raises:
        UserError: the file cannot be read, holds pickled objects, or its arrays do not fit together.
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
                f"--test-data {test.where}: {file.where} has its own test rows; leave --test-data out"
            )
        held_out = _pair(test, _read(test), NAMES)
    if held_out is not None and held_out[0].shape[1:] != x.shape[1:]:
        raise UserError(
            f"{file.where}: its rows have the shape {x.shape[1:]} and the test rows {held_out[0].shape[1:]}; "
            "use rows of one set"
        )
    if task == "auto":
        task = "regression" if y.dtype.kind == "f" and len(np.unique(y)) != 2 else "classification"
    if task == "regression" and y.dtype.kind not in "iuf":
        raise UserError(
            f"--task regression: {TARGET} of {file.where} holds {str(y[0])!r}, which is no number; use --task "
            "classification"
        )
    parts = [(x, y), held_out] if held_out is not None else [(x, y)]
    if x.ndim > 2 or x.dtype == np.uint8:
        (x, y), *test_part = [(_one_unit(file, x), targets(pd.Series(y), task)) for x, y in parts]
        return Source(file.name, x, y, task, TARGET, test=test_part[0] if test_part else None)
    frame, *test_frame = [_table(x).assign(**{TARGET: y}) for x, y in parts]
    return as_source(
        frame,
        name=file.name,
        where=file.where,
        target=TARGET,
        task=task,
        test=test_frame[0] if test_frame else None,
    )


def read_inputs(
    file: File, *, one_unit: bool
) -> tuple[pd.DataFrame | np.ndarray, np.ndarray | None]:
    """The file's x, and its y where it has one.

    Args:
        file: as for read_arrays.
        one_unit: whether the numbers of x share one unit; else x is a table.

    Raises:
        UserError: the file cannot be read, holds no x, or x and y do not fit together.
    """
    arrays = _read(file)
    if any(all(name in arrays for name in names) for names in NAMES):
        x, y = _pair(file, arrays, NAMES)
    else:
        name = next((name for name, _ in NAMES if name in arrays), None)
        if name is None:
            raise UserError(
                f"{file.where}: it holds the arrays {', '.join(arrays) or 'none'}; name the inputs {NAMES[0][0]}"
            )
        x, y = arrays[name], None
        _refuse_inputs(file, name, x)
    if not one_unit and x.ndim > 2:
        raise UserError(
            f"{file.where}: its rows have the shape {x.shape[1:]}, and the columns x0, x1, … are asked for; give one "
            "axis of rows and one of columns"
        )
    return (_one_unit(file, x) if one_unit else _table(x)), y


def _table(x: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(x, columns=[f"x{number}" for number in range(x.shape[1])])


def _one_unit(file: File, x: np.ndarray) -> np.ndarray:
    if not np.isfinite(x).all():
        raise UserError(f"{file.where}: x holds a number that is not finite; mend it")
    return x.reshape(len(x), -1).astype(np.float32)


def _read(file: File) -> dict[str, np.ndarray]:
    try:
        with np.load(io.BytesIO(file.content), allow_pickle=False) as found:
            return {name: found[name] for name in found.files}
    except ValueError as error:
        if "pickle" in str(error):
            raise UserError(
                f"{file.where}: it holds pickled objects, which could run any program, or is no .npz file; save x and y "
                "as arrays of numbers or text"
            ) from None
        raise UserError(
            f"{file.where}: it cannot be read ({error}); save it with numpy.savez"
        ) from None
    except (OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{file.where}: it cannot be read ({error}); save it with numpy.savez"
        ) from None


def _pair(
    file: File, arrays: dict[str, np.ndarray], known: Sequence[tuple[str, str]]
) -> tuple[np.ndarray, np.ndarray]:
    names = next((names for names in known if all(name in arrays for name in names)), None)
    if names is None:
        raise UserError(
            f"{file.where}: it holds the arrays {', '.join(arrays) or 'none'}; name them {' and '.join(known[0])}"
        )
    x, y = (arrays[name] for name in names)
    _refuse_inputs(file, names[0], x)
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if y.shape != (len(x),):
        raise UserError(
            f"{file.where}: {names[1]} has the shape {y.shape} for the {len(x)} rows of {names[0]}; give one target a row"
        )
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise UserError(f"{file.where}: {names[1]} holds a number that is not finite; mend it")
    return x, y


def _refuse_inputs(file: File, name: str, x: np.ndarray) -> None:
    if x.dtype.kind not in "biuf" or x.ndim < 2 or 0 in x.shape:
        raise UserError(
            f"{file.where}: {name} has the type {x.dtype} and the shape {x.shape}; give numbers, one row an example"
        )
