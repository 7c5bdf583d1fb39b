"""What a loader returns: rows as they were found, before any preprocessing is fitted to them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd


class Source(NamedTuple):
    """Rows and their targets.

    name: what to call the data in a report.
    x: a table with columns of any type, or an array (rows, features) of numbers that share one unit
        (pixels, a signal).
    y: one target per row; numbers for regression, values of any type for classification.
    task: "classification" or "regression".
    target: the target's name.
    test: rows to report on, as (x, y), where the data come with them.
    notes: what was decided while loading, for the screen and the report.
    left_out: columns of the file that are not in x, as (name, reason).
    group: of each row, (rows,); rows of the same group are kept together in a split.
    missing: words that stand for no number or date in further rows; and everywhere: for nothing in
        any column.
    time: of each row, (rows,), numbers; a split trains on earlier rows than it tests on.
    written: column -> its first cell that is read as something else than it says, as it is written.
    transform: of the target of a regression, "none" or "log"; see ``preprocessing.transformed``.
    """

    name: str
    x: pd.DataFrame | np.ndarray
    y: np.ndarray
    task: str
    target: str
    test: tuple[pd.DataFrame | np.ndarray, np.ndarray] | None = None
    notes: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    group: np.ndarray | None = None
    time: np.ndarray | None = None
    transform: str = "none"
    missing: tuple[str, ...] = ()
    everywhere: tuple[str, ...] = ()
    written: Mapping[str, str] = {}
