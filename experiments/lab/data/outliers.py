"""Cells so far from the others of their column that they are named before anything is trained."""

import numpy as np
import pandas as pd

FAR = 100.0  # widths of the middle half, from the median
MARKS = (99.0, 999.0, 9999.0, 99999.0, 999999.0)  # that often stand for a missing cell, either sign
FAR_MARK = 5.0  # widths, for one of them that is the lowest or the highest of several equal ones
FEW = 10  # cells; of fewer, none is far from the others
MOST_FAR = 0.2  # of the cells of a column
MOST = 5  # columns that are named


def outliers(frame: pd.DataFrame, first_line: int | None = None) -> list[str]:
    """What to say of cells that are far from the other cells of their column.

    A cell is far if its distance from the median is over 100 times the width of the middle half of
    the column, or over 5 times if it is a number such as −9999 that several cells have.

    Args:
        frame: columns of any type; numbers are looked at.
        first_line: of the file that holds a row; None where it has no lines.

    Returns:
        One sentence, or none.

    Example:
        >>> column = [*range(20), -9999.0, -9999.0]
        >>> outliers(pd.DataFrame({"a": column}), first_line=2)[0][:61]
        'far from all others in their column: a, line 22 is -9999 (2 c'
    """
    with np.errstate(over="ignore", invalid="ignore"):  # of distances between such as ±1e308
        return _outliers(frame, first_line)


def _outliers(frame: pd.DataFrame, first_line: int | None) -> list[str]:
    numbers = frame.select_dtypes("number")
    values = numbers.to_numpy(np.float64, na_value=np.nan)
    known = ~np.isnan(values)
    found = []
    for place in np.flatnonzero(_may_be_far(values)):
        own = known[:, place]
        column = pd.Series(values[own, place], numbers.index[own])
        if said := _far(str(numbers.columns[place]), column, first_line):
            found.append(said)
    if not found:
        return []
    more = f" and {len(found) - MOST} more columns" * (len(found) > MOST)
    return [
        f"far from all others in their column: {'; '.join(found[:MOST])}{more}; correct such a "
        "cell, or name what stands for a missing one by --missing"
    ]


def _may_be_far(values: np.ndarray) -> np.ndarray:
    """The columns with a cell further than any that is not far may be: bool (columns,)."""
    if len(values) < FEW or not values.shape[1]:
        return np.zeros(values.shape[1], bool)
    missing = np.isnan(values)
    values = np.where(missing.all(axis=0), 0.0, values)
    quartiles = np.nanpercentile if missing.any() else np.percentile  # which is far faster
    low, middle, high = quartiles(values, [25, 50, 75], axis=0)
    return np.nanmax(np.abs(values - middle), axis=0) > FAR_MARK * (high - low)


def _far(name: str, column: pd.Series, first_line: int | None) -> str:
    """What to say of a column without missing cells."""
    values = column.to_numpy()
    if len(values) < FEW or np.ptp(values) == 0:
        return ""
    low, middle, high = np.percentile(values, [25, 50, 75])
    width = high - low or float(np.median(np.abs(values[values != middle] - middle)))
    distance = np.abs(values - middle) / width
    mark = np.isin(np.abs(values), MARKS) & column.duplicated(keep=False).to_numpy()
    ends = (values == values.min()) | (values == values.max())
    far = (distance > FAR) | (mark & ends & (distance > FAR_MARK))
    if not far.any() or far.sum() > MOST_FAR * len(values):
        return ""
    furthest = int(np.argmax(np.where(far, distance, 0)))
    row = int(column.index[furthest])
    place = f"row {row + 1}" if first_line is None else f"line {row + first_line}"
    count = f" ({int(far.sum())} cells)" * bool(far.sum() > 1)
    return f"{name}, {place} is {values[furthest]:.8g}{count}"
