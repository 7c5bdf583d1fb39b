"""What a loader returns: rows as they were found, before anything is fitted to them."""

from typing import NamedTuple

import numpy as np
import pandas as pd


class Source(NamedTuple):
    """Rows and their targets.

    name: what to call it in a report.
    x: a table of columns of any type, or an array of numbers (rows, features) that share one unit (pixels, a signal).
    y: one target a row; numbers for regression, anything for classes.
    task: "classification" or "regression".
    target: the target's name.
    test: rows to report on, (x, y), where the data come with them.
    notes: what was decided on the way, for the screen and the report.
    left_out: columns of the file that are not in x, and why.
    """

    name: str
    x: pd.DataFrame | np.ndarray
    y: np.ndarray
    task: str
    target: str
    test: tuple[pd.DataFrame | np.ndarray, np.ndarray] | None = None
    notes: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
