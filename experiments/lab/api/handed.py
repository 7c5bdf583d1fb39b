"""Arrays and data frames that a program hands over, as the files that commands read."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.data.location import File
from experiments.lab.io.errors import UserError

TABLE, ARRAYS = "the data frame", "the arrays"
TARGET = "y"


def as_file(x: Any, y: Any = None, target: str | None = None) -> tuple[File, str | None]:
    """Rows with their targets, and the name of the target; none for arrays.

    Args:
        x: a data frame or an array.
        y: the targets; None where they are a column of the frame.
        target: the name of that column.

    Raises:
        UserError: there are no targets, or two.

    Example:
        >>> file, target = as_file(pd.DataFrame({"a": [1, 2]}), [3, 4])
        >>> file.held.to_dict("list"), target
        ({'a': [1, 2], 'y': [3, 4]}, 'y')
    """
    if not isinstance(x, pd.DataFrame):
        if y is None:
            raise UserError("y: there is none; give one target for each row of x")
        arrays = {"x": as_array("x", x), TARGET: as_array(TARGET, y)}
        return File(ARRAYS, "arrays", "npz", None, b"", arrays), target
    if x.columns.nlevels > 1:
        raise UserError(f"{TABLE}: its columns have {x.columns.nlevels} levels; give them one name")
    if y is not None:
        if target is not None:
            raise UserError(f"target={target!r}: y has the targets; leave one of the two out")
        target = str(getattr(y, "name", None) or TARGET)
        if target in x:
            raise UserError(f"y: {TABLE} has a column {target} too; rename one of the two")
        y = as_array(TARGET, y)
        if y.shape[:1] != (len(x),):
            raise UserError(f"y: it has the shape {y.shape} for {len(x)} rows of {TABLE}")
        x = x.assign(**{target: y})
    complex_ones = [
        str(name) for name, kind in x.dtypes.items() if pd.api.types.is_complex_dtype(kind)
    ]
    if complex_ones:
        raise UserError(
            f"{TABLE}: column {complex_ones[0]} has complex numbers; give real and imaginary part "
            "as two columns"
        )
    return File(TABLE, "frame", "table", None, b"", x), target


def as_array(name: str, values: Any) -> np.ndarray:
    """Rows of equal length as an array.

    Raises:
        UserError: they are not.

    Example:
        >>> as_array("x", [[1, 2], [3, 4]]).shape
        (2, 2)
    """
    try:
        return np.asarray(values)
    except ValueError:
        raise UserError(
            f"{name}: its rows have different lengths; give rows of one length"
        ) from None


def as_rows(x: Any, names: Sequence[str]) -> File:
    """Rows to predict for: a frame's columns of these names, or an array."""
    if isinstance(x, pd.DataFrame):
        held = x[[name for name in x if str(name) in names]]
        return File(TABLE, "frame", "table", None, b"", held)
    return File(ARRAYS, "arrays", "npz", None, b"", {"x": as_array("x", x)})


@contextlib.contextmanager
def value_errors() -> Iterator[None]:
    """What a user can put right is a ValueError."""
    try:
        yield
    except UserError as error:
        raise ValueError(str(error)) from None
