"""How a column of a table becomes inputs: numbers, categories and dates, in plain values."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from experiments.lab.io.errors import UserError

MAX_CATEGORIES = 50  # inputs of one column at most; the rarer categories share the last
CYCLES = {"year": 365.2425, "week": 7.0, "day": 1.0}  # in days
DAY = 86_400_000_000  # in µs
LARGE = 1e150  # a number whose square is about the largest there is
BLOCK = 1 << 22  # cells of numbers that are worked on at a time: many columns of few rows, or one


class Number(NamedTuple):
    """A column of numbers: (cell − mean) / scale, and the median's where a cell is missing.

    gap: whether one more input is 1 where the cell is missing, and 0 elsewhere; it is there if
        cells of the training rows are missing.
    low, high: the ends of the training rows' cells; None as of earlier versions.
    """

    name: str
    median: float
    mean: float
    scale: float
    gap: bool = False
    low: float | None = None
    high: float | None = None

    @property
    def features(self) -> int:
        """Inputs that the column becomes."""
        return 1 + self.gap

    def apply(self, column: pd.Series) -> np.ndarray:
        """The standardised column.

        Args:
            column: numbers, or text that is read as numbers; missing cells are allowed.

        Returns:
            float64 (rows, inputs).

        Raises:
            UserError: a cell is neither missing nor a finite number.
        """
        _refuse(self.name, column, unreadable(column), "finite number")
        return _standardised([self], _as_numbers(column)[:, None])


class Category(NamedTuple):
    """A column of categories, one-hot encoded.

    categories: one input each, 0 or 1.
    rare: whether one more input is 1 for every category that is not listed.
    gap: whether one more input is 1 where the cell is missing.

    Where there is no such input, all inputs are 0.
    """

    name: str
    categories: tuple[str, ...]
    rare: bool
    gap: bool = False

    @property
    def features(self) -> int:
        """Inputs that the column becomes."""
        return len(self.categories) + self.rare + self.gap

    def apply(self, column: pd.Series) -> np.ndarray:
        """The column, one-hot encoded.

        Args:
            column: cells of any type, compared as text; missing cells are allowed.

        Returns:
            float64 (rows, inputs), 0 or 1.
        """
        return np.eye(self.features + 1)[self.places(column)][:, : self.features]

    def places(self, column: pd.Series) -> np.ndarray:
        """Which input of the column is 1 in each row, from 0; their number where none is.

        Args:
            column: as of ``apply``.
        """
        codes, words = _words(column)
        count = len(self.categories)
        numbers = dict(zip(self.categories, range(count), strict=True))
        rare = count if self.rare else self.features
        gap = count + self.rare if self.gap else self.features
        return np.array([*(numbers.get(word, rare) for word in words), gap])[codes]


class Date(NamedTuple):
    """A column of dates: standardised time, and sine and cosine of its place in each cycle.

    A missing cell has the median time and 0 for the cycles.

    median, mean, scale: in days since 1970-01-01, UTC.
    cycles: of "year", "week" and "day", those that the training rows differ in.
    gap: whether one more input is 1 where the cell is missing.
    low, high: as of Number, in such days.
    """

    name: str
    median: float
    mean: float
    scale: float
    cycles: tuple[str, ...]
    gap: bool = False
    low: float | None = None
    high: float | None = None

    @property
    def features(self) -> int:
        """Inputs that the column becomes."""
        return 1 + 2 * len(self.cycles) + self.gap

    def apply(self, column: pd.Series) -> np.ndarray:
        """The column as numbers.

        Args:
            column: dates; missing cells are allowed.

        Returns:
            float64 (rows, inputs).

        Raises:
            UserError: the column does not hold dates.
        """
        _refuse(self.name, column, no_dates(column), "date")
        days = _days(column)
        missing = np.isnan(days)
        inputs = [(np.where(missing, self.median, days) - self.mean) / self.scale]
        for cycle in self.cycles:
            angle = 2 * math.pi * _phase(days, cycle)
            inputs += [np.where(missing, 0.0, part(angle)) for part in (np.sin, np.cos)]
        return np.stack([*inputs, *[missing] * self.gap], axis=1)


Encoder = Number | Category | Date


def fit_columns(rows: pd.DataFrame) -> list[Encoder]:
    """The encoders of a table's columns, fitted to its rows: of numbers, of dates, of categories.

    A column with only one value, or none, has no encoder, since nothing can be learned from it; a
    missing cell is a value too.

    Args:
        rows: the training rows.

    Example:
        >>> fit_columns(pd.DataFrame({"a": [1.0, 3.0, None], "b": 5}))[0][1:]
        (2.0, 2.0, 0.816496580927726, True, 1.0, 3.0)
        >>> [fitted.features for fitted in fit_columns(pd.DataFrame({"b": ["x", None, "y"]}))]
        [3]
    """
    others = rows.drop(columns=(numeric := list(rows.select_dtypes("number"))))
    fitted = [_fit_column(cells) for _, cells in others.items()]
    dates = [each for each in fitted if isinstance(each, Date)]
    categories = [each for each in fitted if isinstance(each, Category)]
    return [*_fit_numbers(rows[numeric]), *dates, *categories]


def encoded(encoders: Sequence[Encoder], rows: pd.DataFrame) -> np.ndarray:
    """The inputs that a table's rows become.

    Args:
        encoders: in the order of the inputs.
        rows: a table with their columns.

    Returns:
        float32 (rows, inputs).

    Raises:
        UserError: a column of numbers or dates holds something else, or an infinite number.
    """
    starts = np.cumsum([0, *(each.features for each in encoders)])
    inputs = np.zeros((len(rows), starts[-1]), np.float32)
    numeric = set(rows.select_dtypes("number"))
    numbers, at = [], []
    for start, end, each in zip(starts, starts[1:], encoders, strict=False):
        if isinstance(each, Number) and each.name in numeric:
            numbers.append(each)
            at.append(range(start, end))
        elif isinstance(each, Category):
            places = each.places(rows[each.name])
            (some,) = np.nonzero(places < each.features)
            inputs[some, start + places[some]] = 1
        else:
            inputs[:, start:end] = float32(each.apply(rows[each.name]))
    for part in _blocks(len(numbers), len(rows)):
        cells = _numbers(rows[[each.name for each in numbers[part]]])
        for place in np.flatnonzero(np.isinf(cells).any(axis=0)):
            numbers[part][place].apply(rows[numbers[part][place].name])  # which refuses it
        inputs[:, np.concatenate(at[part])] = float32(_standardised(numbers[part], cells))
    return inputs


def float32(values: np.ndarray) -> np.ndarray:
    """At most the largest there is, which what follows takes; a sentinel may be larger."""
    most = np.finfo(np.float32).max
    return np.clip(values, -most, most).astype(np.float32)


def _blocks(columns: int, rows: int) -> Iterator[slice]:
    size = max(1, BLOCK // max(rows, 1))
    return (slice(start, start + size) for start in range(0, columns, size))


def _numbers(rows: pd.DataFrame) -> np.ndarray:
    return rows.to_numpy(np.float64, na_value=np.nan)


def _standardised(numbers: Sequence[Number], cells: np.ndarray) -> np.ndarray:
    """Columns (rows, columns) as inputs (rows, inputs), each column's next to each other."""
    median, mean, scale = np.array([each[1:4] for each in numbers]).T
    missing = np.isnan(cells)
    values = (np.where(missing, median, cells) - mean) / scale
    gaps = np.flatnonzero([each.gap for each in numbers])
    return np.insert(values, gaps + 1, missing[:, gaps], axis=1)


def _fit_numbers(rows: pd.DataFrame) -> Iterator[Number]:
    for part in _blocks(rows.shape[1], len(rows)):
        cells = np.ascontiguousarray(_numbers(rows.iloc[:, part]).T)  # summed as one column is
        missing = np.isnan(cells)
        gaps = missing.any(axis=1)
        telling = np.where(gaps, ~missing.all(axis=1), (cells != cells[:, :1]).any(axis=1))
        names, gaps, cells = rows.columns[part][telling], gaps[telling], cells[telling]
        ends = zip(np.nanmin(cells, axis=1), np.nanmax(cells, axis=1), strict=True)
        for name, found, gap, (low, high) in zip(names, scaled(cells), gaps, ends, strict=True):
            median, mean, scale = found
            yield Number(str(name), median, mean, scale, bool(gap), float(low), float(high))


def _fit_column(column: pd.Series) -> Date | Category | None:
    name = str(column.name)
    if pd.api.types.is_datetime64_any_dtype(column):
        if column.nunique(dropna=False) < 2:
            return None
        days = _days(column)
        known = days[~np.isnan(days)]
        cycles = [cycle for cycle in CYCLES if _differs(known, cycle)]
        ((median, mean, scale),) = scaled(days[None])
        gap = bool(column.isna().any())
        return Date(name, median, mean, scale, tuple(cycles), gap, *_ends(days))
    codes, words = _words(column)
    gap = bool((codes < 0).any())
    if len(words) + gap < 2:
        return None
    if rare := len(words) > MAX_CATEGORIES:
        # The most frequent ones; of equally frequent ones, the first in order.
        counts = np.bincount(codes[codes >= 0]).tolist()
        order = sorted(zip(words, counts, strict=True), key=lambda each: (-each[1], each[0]))
        words = [word for word, _ in order[: MAX_CATEGORIES - 1]]
    return Category(name, tuple(sorted(words)), rare, gap)


def _refuse(name: str, column: pd.Series, wrong: np.ndarray, what: str) -> None:
    if wrong.any():
        raise UserError(
            f"column {name} holds {str(column.iloc[np.argmax(wrong)])!r}, which is not a {what} as "
            "in the training rows; correct the cell or leave it empty"
        )


def scaled(values: np.ndarray) -> list[list[float]]:
    """Of columns (columns, rows): their median, then mean and standard deviation with it in gaps.

    The standard deviation is 1 where it would be 0.
    """
    missing = np.isnan(values)
    # Squares and sums of such numbers as 1e300 are infinite; a power of 2 changes no digit.
    unit = np.where(np.nanmax(np.abs(values), axis=1) > LARGE, 2.0**600, 1.0)[:, None]
    values = values / unit
    median = (np.nanmedian if missing.any() else np.median)(values, axis=1, keepdims=True)
    filled = np.where(missing, median, values)
    found = np.stack([median[:, 0], filled.mean(axis=1), filled.std(axis=1)], axis=1) * unit
    found[found[:, 2] == 0, 2] = 1.0
    return found.tolist()


def _ends(values: np.ndarray) -> tuple[float, float]:
    """The lowest and the highest."""
    return float(np.nanmin(values)), float(np.nanmax(values))


def beyond(column: pd.Series, fitted: "Number | Date") -> tuple[int, str] | None:
    """How many cells are outside the range of the training rows, and how far; None for none.

    Args:
        column: as its encoder takes it.
        fitted: its encoder.

    Example:
        >>> year = Number("year", 2008.0, 2008.0, 0.8, low=2007.0, high=2009.0)
        >>> beyond(pd.Series([2008, 2024, 2011]), year)
        (2, '2024 where training rows have 2007 to 2009')
    """
    dates = isinstance(fitted, Date)
    cells = _days(column) if dates else _as_numbers(column)
    if fitted.low is None or fitted.high is None:
        return None
    far = np.maximum(fitted.low - cells, cells - fitted.high)
    outside = far > 1e-9 * fitted.scale
    if not outside.any():
        return None
    said = [
        str(np.datetime64(math.floor(cell), "D")) if dates else f"{cell:.10g}"
        for cell in (cells[int(np.nanargmax(far))], fitted.low, fitted.high)
    ]
    return int(outside.sum()), f"{said[0]} where training rows have {said[1]} to {said[2]}"


def _days(column: pd.Series) -> np.ndarray:
    """Days since 1970-01-01, nan where missing."""
    moments = pd.to_datetime(column, errors="coerce").to_numpy("datetime64[us]")
    return np.where(np.isnat(moments), np.nan, moments.astype(np.int64) / DAY)


def _phase(days: np.ndarray, cycle: str) -> np.ndarray:
    """The place in a cycle, from 0 to 1."""
    start = 4.0 if cycle == "week" else 0.0  # 1970-01-05 was a Monday
    return ((days - start) / CYCLES[cycle]) % 1


def _differs(days: np.ndarray, cycle: str) -> bool:
    """Whether days are in different places of a cycle, of which a shorter one does not count."""
    if cycle == "day":
        return bool(np.any(days % 1 != days[0] % 1))
    whole = np.floor(days)
    if cycle == "week":
        return bool(np.any((whole - whole[0]) % 7 != 0))
    return bool(np.ptp(whole) > 31)


def unreadable(column: pd.Series) -> np.ndarray:
    """Where a column of numbers holds something that is neither a finite number nor missing.

    Args:
        column: cells of any type.

    Returns:
        bool (rows,).

    Example:
        >>> unreadable(pd.Series(["1.5", None, "abc", np.inf])).tolist()
        [False, False, True, True]
    """
    cells = _as_numbers(column)
    if pd.api.types.is_numeric_dtype(column):
        return np.isinf(cells)
    return np.isinf(cells) | (np.isnan(cells) & column.notna().to_numpy())


def no_dates(column: pd.Series) -> np.ndarray:
    """Where a column of dates holds something that is neither a date nor missing.

    Args:
        column: cells of any type.

    Returns:
        bool (rows,).
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        return np.zeros(len(column), bool)
    return column.notna().to_numpy()


def as_text(column: pd.Series) -> pd.Series:
    """Cells as text, missing ones as missing.

    Whole numbers have no decimals, even in a column that is a float because cells are missing.

    Args:
        column: cells of any type.

    Returns:
        A column of type object.

    Example:
        >>> as_text(pd.Series([1.0, 2.0, None])).tolist()
        ['1', '2', nan]
    """
    if _is_text(column):
        return column.astype(object)
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    found = column.astype(object)
    if not pd.api.types.is_string_dtype(column):
        found = found.map(str, na_action="ignore").astype(object)
    return found.where(column.notna(), np.nan)


def _is_text(column: pd.Series) -> bool:
    """Whether its type is that of text, with nan where a cell is missing."""
    return isinstance(column.dtype, pd.StringDtype) and column.dtype.na_value is np.nan


def _words(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """The number of each cell's word, -1 where it is missing, and the words as text."""
    if not _is_text(column):
        codes, words = pd.factorize(as_text(column).to_numpy())
        return codes, words.tolist()
    cells = pa.array(column.array)
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    encoded = cells.dictionary_encode()
    places = encoded.indices.fill_null(-1) if encoded.null_count else encoded.indices
    return places.to_numpy(), encoded.dictionary.to_pylist()


def _as_numbers(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(np.float64, na_value=np.nan)
    return pd.to_numeric(column, errors="coerce").astype(np.float64).to_numpy(np.float64)
