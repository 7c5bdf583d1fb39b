"""Cells so far from the others of their column that they are named before anything is trained."""

import numpy as np
import pandas as pd

FAR = 100.0  # widths of the middle half, from the median
MARKS = (99.0, 999.0, 9999.0, 99999.0, 999999.0)  # that often stand for a missing cell, either sign
FAR_MARK = 5.0  # widths, for one of them that is the lowest or the highest of several equal ones
FEW = 10  # cells; of fewer, none is far from the others
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
    found = [
        said
        for name, column in frame.select_dtypes("number").items()
        if (said := _far(str(name), column, first_line))
    ]
    if not found:
        return []
    more = f" and {len(found) - MOST} more columns" * (len(found) > MOST)
    return [
        f"far from all others in their column: {'; '.join(found[:MOST])}{more}; correct such a "
        "cell, or name what stands for a missing one by --missing"
    ]


def _far(name: str, column: pd.Series, first_line: int | None) -> str:
    values = column.to_numpy(np.float64, na_value=np.nan)
    known = values[~np.isnan(values)]
    if len(known) < FEW or np.ptp(known) == 0:
        return ""
    low, middle, high = np.percentile(known, [25, 50, 75])
    width = high - low or float(np.median(np.abs(known[known != middle] - middle)))
    distance = np.abs(values - middle) / width
    equal = (np.abs(values)[:, None] == MARKS).any(axis=1)
    ends = (values == known.min()) | (values == known.max())
    several = pd.Series(values).duplicated(keep=False).to_numpy()
    far = (distance > FAR) | (equal & ends & several & (distance > FAR_MARK))
    if not far.any() or far.sum() > 0.2 * len(known):
        return ""
    furthest = int(np.nanargmax(np.where(far, distance, np.nan)))
    row = int(column.index[furthest])
    place = f"row {row + 1}" if first_line is None else f"line {row + first_line}"
    count = f" ({int(far.sum())} cells)" * bool(far.sum() > 1)
    return f"{name}, {place} is {values[furthest]:.8g}{count}"
