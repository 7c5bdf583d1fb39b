"""Cells of text as numbers and as dates."""

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " ") | {"\u2212": "-"})
SWAPPED = str.maketrans({".": ",", ",": "."})
_MONEY = "(?:[$€£¥]|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD)"
_NUMBER = re.compile(
    rf"(?P<sign>[+-]?) ?(?P<before>{_MONEY}?) ?(?P<inner>[+-]?)"
    r"(?P<digits>[0-9][0-9.,' ]*|\.[0-9]+|,[0-9]+)(?P<power>[eE][+-]?[0-9]{1,4})? ?"
    rf"(?P<after>(?:%|{_MONEY})?)"
)
_DIGITS = re.compile(
    r"[1-9][0-9]{0,2}(?:(?P<group>[,' ])[0-9]{3})(?:(?P=group)[0-9]{3})*(?:\.[0-9]*)?"
    r"|[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
)
_POINT = re.compile(r"[+-]?[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?")  # that is no comma's group
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_LIKE = re.compile(r"[0-9]{1,4}[./-][0-9]{1,2}[./-]")
DATES = ("%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y")
TIMES = ("", " %H:%M", " %H:%M:%S")
MOST = 0.95  # of the cells, at least
MOST_CELLS = 1000  # by which a form of dates is chosen


def as_number(cell: str, decimal: str = ".") -> float | None:
    """The number that a cell holds, also with a currency, a percent sign or groups of thousands.

    Args:
        cell: its text.
        decimal: the decimal point, "." or ",".

    Returns:
        The number, of which a percent is a hundredth; None where the cell holds no number.

    Example:
        >>> [as_number(cell) for cell in ("$1,234.5", "45.0%", "−2", "9,5", "abc")]
        [1234.5, 0.45, -2.0, None, None]
        >>> as_number("9,5", ","), as_number("1.234,5", ",")
        (9.5, 1234.5)
    """
    found = _NUMBER.fullmatch(cell.strip().translate(SPACES))
    if not found or (found["sign"] and found["inner"]) or (found["before"] and found["after"]):
        return None
    digits = found["digits"].translate(SWAPPED) if decimal == "," else found["digits"]
    digits = digits.rstrip()
    if not _DIGITS.fullmatch(digits):
        return None
    digits = re.sub("[,' ]", "", digits)
    value = float(f"{found['sign']}{found['inner']}{digits}{found['power'] or ''}")
    return value / 100 if found["after"] == "%" else value


def numbers(cells: Sequence[str], decimal: str = ".") -> tuple[np.ndarray, np.ndarray]:
    """Cells as numbers.

    Args:
        cells: text, (n,).
        decimal: the decimal point.

    Returns:
        float64 (n,), nan where a cell holds no number; and bool (n,), whether it is a plain number,
        without a currency, groups or another decimal point.

    Example:
        >>> [each.tolist() for each in numbers(["1.5", "?", "1,234", "inf"])]
        [[1.5, nan, 1234.0, inf], [True, False, False, True]]
    """
    values, plain = np.full(len(cells), np.nan), np.zeros(len(cells), bool)
    for place, cell in enumerate(cells):
        if "_" not in cell and not (decimal == "," and "." in cell):  # 1_000 is a number in Python
            try:
                values[place] = float(cell)
                plain[place] = values[place] == values[place]
                continue
            except ValueError:
                pass
        value = as_number(cell, decimal)
        if value is not None:
            values[place] = value
    return values, plain


def is_mark(values: np.ndarray, words: Iterable[str]) -> np.ndarray:
    """Which numbers are one of the words that stand for a missing cell, however it is written.

    Args:
        values: float64 (n,).
        words: of which those that are numbers count.

    Returns:
        bool (n,).

    Example:
        >>> is_mark(np.array([-9999.0, 1.0]), ["-9999.00", "NA"]).tolist()
        [True, False]
    """
    marks = [as_number(word) for word in words]
    found = [np.isclose(values, mark, rtol=1e-6, atol=0) for mark in marks if mark is not None]
    return np.any(found, axis=0) if found else np.zeros(len(values), bool)


def decimal_points(cells: Sequence[str]) -> tuple[int, int]:
    """How many cells hold a number only if the decimal point is ".", and only if it is ",".

    Example:
        >>> decimal_points(["1.5", "2", "9,5", "1,234", "$0.500"])
        (2, 1)
    """
    point = comma = 0
    for cell in cells:
        if _POINT.fullmatch(cell):  # as nearly all are
            point += not _THOUSANDS.fullmatch(cell)
        elif "," in cell or "." in cell:
            one, other = as_number(cell, ".") is not None, as_number(cell, ",") is not None
            point, comma = point + (one and not other), comma + (other and not one)
    return point, comma


def dates(
    cells: Sequence[str], counts: Sequence[int] | np.ndarray | None = None
) -> tuple[np.ndarray, str] | None:
    """Cells as dates, where nearly all of them are dates of one form.

    Args:
        cells: text, (n,), all different.
        counts: how often each occurs, (n,); once when absent.

    Returns:
        datetime64[us] (n,) in UTC, with NaT where a cell is no such date, and the form; None where
        fewer than 19 in 20 are, or where day and month cannot be told apart.

    Example:
        >>> dates(["2024-02-01", "2024-03-31"])[1], dates(["1/2/2024", "3/4/2024"])
        ('ISO 8601', None)
    """
    weights = np.ones(len(cells)) if counts is None else np.asarray(counts, float)

    def share(right: np.ndarray) -> float:
        return float(np.average(right, weights=weights[: len(right)])) if right.any() else 0.0

    sample = cells[:MOST_CELLS]
    iso = share(np.array([bool(_ISO.fullmatch(cell)) for cell in sample])) >= MOST
    if not iso and share(np.array([bool(_LIKE.match(cell)) for cell in sample])) < MOST:
        return None
    texts = pd.Series(np.asarray(cells, object), dtype=object)
    if iso:
        right = texts.where([bool(_ISO.fullmatch(cell)) for cell in texts])
        return _dates(right, "ISO8601"), "ISO 8601"
    forms = [date + time for time in TIMES for date in DATES]
    shares = {form: share(~np.isnat(_dates(texts, form))) for form in forms}
    best = max(shares.values())
    good = [form for form in forms if shares[form] == best]
    return (_dates(texts, good[0]), good[0]) if best >= MOST and len(good) == 1 else None


def _dates(texts: pd.Series, form: str) -> np.ndarray:
    found = pd.to_datetime(texts, format=form, errors="coerce", utc=True)
    return found.dt.tz_localize(None).to_numpy("datetime64[us]")
