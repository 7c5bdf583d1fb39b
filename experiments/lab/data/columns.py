"""What the columns of a text table are: numbers, dates or categories, and what is missing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute

from experiments.lab.data.cells import as_number, dates, decimal_points, is_mark, numbers
from experiments.lab.data.dialect import AS_FOUND, Reading
from experiments.lab.data.plain import Plain, plain_numbers

# Words that stand for no value in a column of numbers or dates, in lower case; in other columns
# they are categories.
MISSING = frozenset(
    (
        *(
            "?",
            "na",
            "n/a",
            "nan",
            "-nan",
            "null",
            "(null)",
            "[null]",
            "none",
            "nil",
            "nat",
            "<na>",
        ),
        *("-", "--", "---", "–", "—", ".", "..", "*", "missing", "unknown", "undefined"),
        *("#n/a", "#na", "#value!", "#div/0!", "#ref!", "#name?"),
        *("1.#ind", "-1.#ind", "1.#qnan", "1.#inf"),
    )
)
LIKE_MISSING = MISSING - {".", "*", "-"}  # also where they are categories
NUMBERS = 0.95  # at least this share of the other cells, and the rest counts as missing
WORDS = 10  # different ones at most, for that
TOTALS = ("total", "totals", "grand total", "sum", "mean", "average", "count")
CELLS = 1 << 20  # of text that are made at a time
Cells = Mapping[str, Any]  # column -> text of its cells, as pyarrow.array takes it


class Further(NamedTuple):
    """How further rows of the same table are read: as those that came first.

    kinds: column -> "number", "category" or "date".
    missing: words that stand for no number or date.
    """

    kinds: Mapping[str, str]
    missing: tuple[str, ...] = ()


class Columns(NamedTuple):
    """A table with types.

    frame: numbers as float64 or int64, dates as datetime64 in UTC, categories as text; missing
        cells as missing.
    kinds: column -> "number", "category" or "date".
    missing: the words taken as missing in columns of numbers and dates.
    notes: what was not plain.
    written: column -> its first cell that is read as something else than it says, as it is written.
    """

    frame: pd.DataFrame
    kinds: dict[str, str]
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    written: Mapping[str, str] = {}


def as_arrow(cells: Any) -> pa.Array:
    """Text as one Arrow array.

    Args:
        cells: what pyarrow.array takes, or a chunked array.
    """
    if isinstance(cells, pa.StringArray):
        return cells
    if isinstance(cells, pa.ChunkedArray):
        found = cells.combine_chunks()
        return pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found
    return pa.array(cells, pa.string())


class _Column:
    """The different cells of a column, and how often each occurs."""

    def __init__(self, name: str, cells: Any, missing: frozenset[str]):
        self.name = name
        encoded = as_arrow(cells).dictionary_encode()
        self.codes = encoded.indices.to_numpy(zero_copy_only=False)
        self.cells = np.array(encoded.dictionary.to_pylist(), object)
        self.counts = np.bincount(self.codes, minlength=len(self.cells))
        self.empty = np.array([cell == "" or cell.lower() in missing for cell in self.cells], bool)

    @property
    def full(self) -> np.ndarray:
        return self.cells[~self.empty]

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Values of the different cells, at all places."""
        return values[self.codes]

    def some(self, where: np.ndarray, most: int = 3) -> str:
        """The first of some different cells, and how many cells have one of them."""
        named = ", ".join(f"{_short(cell)!r}" for cell in self.cells[where][:most])
        count = int(self.counts[where].sum())
        return f"{named}{' …' * int(where.sum() > most)} ({count:,} cell{'s' * (count != 1)})"


def as_columns(
    cells: Cells, reading: Reading = AS_FOUND, further: Further | None = None, usual: str = "."
) -> Columns:
    """The types of columns of text, and their cells as such.

    A column is of numbers if at least 19 in 20 of its cells are, apart from those that are empty or
    hold a word such as NA, and the other cells, of at most ten different words, then count as
    missing; of dates likewise; and otherwise of categories, of which no word is missing. Numbers
    with leading zeros, such as 00501, are categories.

    Args:
        cells: column -> text of its cells, without spaces around them.
        reading: what the user says.
        further: how the table was read that these rows belong to; what does not suit is left as it
            is, for whoever uses it to refuse.
        usual: the decimal point where no cell tells.

    Returns:
        The columns, in the same order.

    Example:
        >>> found = as_columns({"a": ["1", "2,5", "?"], "b": ["x", "", "NA"]})
        >>> found.frame["a"].tolist(), found.frame["b"].tolist(), found.kinds["b"]
        ([1.0, 2.5, nan], ['x', nan, 'NA'], 'category')
    """
    kinds_said = further.kinds if further else reading.kinds
    marks = further.missing if further else reading.missing
    words = MISSING | {word.lower() for word in further.missing} if further else MISSING
    said = frozenset(word.lower() for word in reading.missing)
    texts = {name: as_arrow(column) for name, column in cells.items()}
    plain = _plain(texts, kinds_said, (*marks, *reading.missing), reading.decimal)
    others = {name: _Column(name, texts[name], said) for name in texts if name not in plain}
    points = {name: decimal_points(column.full.tolist()) for name, column in others.items()}
    point, comma = np.sum([*points.values(), (0, 0)], axis=0)
    if comma:  # else it does not matter how many there are
        point += sum(column.points for column in plain.values() if column.decimal)
    else:
        point += any(column.decimal for column in plain.values())
    usual = reading.decimal or ("," if comma > point else "." if point else usual)
    frame, kinds, notes = {}, {}, _Notes()
    for name in texts:
        if name in plain:
            frame[name], kinds[name] = plain[name].values, "number"
            continue
        point, comma = points[name]
        decimal = reading.decimal or ("," if comma > point else "." if point > comma else usual)
        kind, values = _typed(
            others[name],
            kinds_said.get(name),
            decimal,
            words,
            marks,
            notes,
            keep=further is not None,
        )
        frame[name], kinds[name] = values, kind
    _as_strings(frame, [name for name, kind in kinds.items() if kind == "category"])
    missing = tuple(dict.fromkeys(notes.missing))
    sentences = tuple(notes.sentences())
    return Columns(pd.DataFrame(frame), kinds, missing, sentences, notes.written)


def _plain(
    texts: Mapping[str, pa.Array],
    kinds: Mapping[str, str],
    words: Sequence[str],
    decimal: str | None,
) -> dict[str, Plain]:
    """The columns of plain numbers, of which nothing is to be said, whatever the others hold."""
    if any(as_number(word) is not None for word in words):  # some number stands for a missing one
        return {}
    may = {name: text for name, text in texts.items() if kinds.get(name, "number") == "number"}
    return {
        name: column
        for name, column in plain_numbers(may).items()
        if not column.dotted or decimal == "." or (decimal is None and column.decimal)
    }


def _as_strings(frame: dict[str, Any], names: Sequence[str]) -> None:
    """Columns of objects as columns of text, in place: many short ones at once."""
    size = max(1, CELLS // max(1, len(frame[names[0]]))) if names else 1
    for start in range(0, len(names), size):
        some = names[start : start + size]
        text = pd.Series(np.concatenate([frame[name] for name in some]), dtype="str").array
        rows = len(text) // len(some)
        for number, name in enumerate(some):
            frame[name] = text[number * rows : (number + 1) * rows]


class _Notes:
    """What was not plain, column by column, so that a sentence names all columns."""

    def __init__(self) -> None:
        self.missing: list[str] = []
        self.written: dict[str, str] = {}
        self._said: dict[str, list[str]] = {}

    def add(self, sentence: str, column: str) -> None:
        self._said.setdefault(sentence, []).append(column)

    def sentences(self) -> list[str]:
        parts = [(*sentence.partition("{}"), names) for sentence, names in self._said.items()]
        return [f"{before}{_listed(names)}{after}" for before, _, after, names in parts]


def _typed(
    column: _Column,
    kind: str | None,
    decimal: str,
    words: frozenset[str],
    said: Sequence[str],
    notes: _Notes,
    *,
    keep: bool,
) -> tuple[str, Any]:
    """The kind of a column, and its cells as such; keep: leave cells that do not suit as found.

    Seven arguments: the column, what is known of the table, and where to put what is noted.
    """
    known = column.empty | np.array([cell.lower() in words for cell in column.cells], bool)
    if kind == "category" or not len(column.full):
        return kind or "category", _categories(column, notes, plain=kind is None)
    if kind != "date":
        values, plain = numbers(column.cells.tolist(), decimal)
        known |= is_mark(values, said)
        values[known] = np.nan
        other = np.isnan(values) & ~known
        codes = np.array([_is_code(cell) for cell in column.cells], bool)
        if kind == "number" or (not codes.any() and _nearly_all(column, ~known & ~other, other)):
            if not keep:
                _note_numbers(column, values, plain, known | other, notes)
            return "number", _numbers(column, values, other if keep else None)
        if codes.any() and not other.any():
            notes.add(
                "numbers with leading zeros are codes, and so categories, in {} (--as "
                f"{column.name}=number takes them as numbers)",
                f"{column.name} such as {column.cells[codes][0]}",
            )
            return "category", _categories(column, notes, plain=False)
    found = dates(column.cells[~known], column.counts[~known]) if (~known).any() else None
    if kind == "date" and found is None:
        texts = pd.to_datetime(pd.Series(column.cells), errors="coerce", format="mixed", utc=True)
        found = texts.dt.tz_localize(None).to_numpy("datetime64[us]")[~known], "dates"
    if found is not None:
        moments = np.full(len(known), np.datetime64("NaT", "us"))
        moments[~known] = found[0]
        if not keep:
            if known[~column.empty].any() or np.isnat(found[0]).any():
                _note_missing(column, np.isnat(moments) & ~column.empty, notes)
            notes.add("dates: {}", f"{column.name} ({found[1]})")
            notes.written[column.name] = column.cells[~known][0]
        elif np.isnat(found[0]).any():  # left as they are, to be refused
            return "date", column.spread(np.where(np.isnat(moments), column.cells, None))
        return "date", column.spread(moments)
    count = column.counts[~known].sum()
    if not keep and count and (share := 1 - column.counts[other].sum() / count) >= 0.5:
        notes.add(
            "some cells are numbers and others are not, so these are categories: {} (--as "
            f"{column.name}=number takes all others as missing)",
            f"{column.name}, {share:.0%} numbers, others such as {column.some(other)}",
        )
    return "category", _categories(column, notes, plain=not keep)


def _nearly_all(column: _Column, right: np.ndarray, other: np.ndarray) -> bool:
    count, rest = column.counts[right].sum(), column.counts[other].sum()
    return bool(count and count >= NUMBERS * (count + rest) and other.sum() <= WORDS)


def _is_code(cell: str) -> bool:
    digits = cell.lstrip("+-")
    return len(digits) > 1 and digits[0] == "0" and digits.isdecimal()


def _numbers(column: _Column, values: np.ndarray, kept: np.ndarray | None) -> np.ndarray:
    """As float64, or int64 where no digit would be lost otherwise; kept: cells left as found."""
    if kept is not None and kept.any():
        return column.spread(np.where(kept, column.cells, values.astype(object)))
    if np.all(values == np.floor(values)):  # not so where one is missing
        try:
            return column.spread(np.array([int(cell) for cell in column.cells], np.int64))
        except (ValueError, OverflowError):
            pass
    return column.spread(values)


def _note_numbers(
    column: _Column, values: np.ndarray, plain: np.ndarray, missing: np.ndarray, notes: _Notes
) -> None:
    odd = ~missing & ~plain
    if odd.any():
        cell, value = column.cells[odd][0], values[odd][0]
        notes.written[column.name] = cell
        notes.add("written as text and read as numbers: {}", f"{column.name} ({cell} is {value:g})")
    if (missing & ~column.empty).any():
        _note_missing(column, missing & ~column.empty, notes)


def _note_missing(column: _Column, where: np.ndarray, notes: _Notes) -> None:
    notes.missing += column.cells[where].tolist()
    notes.add("taken as missing: {}", f"{column.some(where)} in {column.name}")


def _categories(column: _Column, notes: _Notes, *, plain: bool) -> np.ndarray:
    if plain and len(column.full):
        each = zip(column.cells, column.empty, strict=True)
        lower = ["" if empty else cell.lower() for cell, empty in each]
        words = np.array([cell in LIKE_MISSING for cell in lower])
        if words.any():
            word = column.cells[words][0]
            notes.add(
                "words that can mean a missing cell are categories here: {} (--missing "
                f"{_quoted(word)} takes them as missing)",
                f"{column.some(words)} in {column.name}",
            )
        often = Counter(lower)
        alike = np.array([cell != "" and often[cell] > 1 for cell in lower])
        if alike.any() and max(map(len, column.cells[alike])) > 1:
            order = np.argsort(np.array(lower, object)[alike], kind="stable")
            named = ", ".join(repr(_short(cell)) for cell in column.cells[alike][order][:4])
            notes.add(
                "categories that differ in upper and lower case only are different ones; if they "
                "are not, write them alike: {}",
                f"{named} in {column.name}",
            )
    return column.spread(np.where(column.empty, None, column.cells))


def without_units(cells: Cells) -> tuple[Cells, list[str], int]:
    """The rows without one of units at the top and one of totals at the bottom.

    Args:
        cells: column -> text of its cells.

    Returns:
        The cells, what was left out, and how many rows at the top.

    Example:
        >>> kept, notes, top = without_units({"a": ["cm", "1", "2"], "b": ["kg", "3", "4"]})
        >>> kept["a"].to_pylist(), top
        (['1', '2'], 1)
    """
    cells = {name: as_arrow(column) for name, column in cells.items()}
    rows = len(next(iter(cells.values())))
    notes: list[str] = []
    top = bottom = 0
    if rows > 2 and _are_units(cells):
        top, said = 1, ", ".join(dict.fromkeys(column[0].as_py() for column in cells.values()))
        notes.append(f"the first row holds units and is left out: {_short(said)}")
    last = [column[-1].as_py() for column in cells.values()]
    label = next((cell for cell in last if cell), "").lower().rstrip(":")
    if rows > 2 and label in TOTALS and not _is_common(cells, label):
        bottom = 1
        said = _short(", ".join(filter(None, last)))
        notes.append(f"the last row holds totals and is left out: {said}")
    kept = {name: column.slice(top, rows - bottom - top) for name, column in cells.items()}
    return kept, notes, top


def _are_units(cells: Cells) -> bool:
    """Whether the first row holds words in all columns that hold numbers below it."""
    found = []
    for column in cells.values():
        first, *below = column.slice(0, 50).to_pylist()
        below = [cell for cell in below if cell]
        if below and all(_any_number(cell) for cell in below):
            if _any_number(first) or first.lower() in MISSING:
                return False
            found.append(first != "")
    return any(found)


def _any_number(cell: str) -> bool:
    return as_number(cell, ".") is not None or as_number(cell, ",") is not None


def _is_common(cells: Cells, label: str) -> bool:
    return any(
        pa.compute.any(pa.compute.equal(pa.compute.utf8_lower(column[:-1]), label)).as_py()
        for column in cells.values()
    )


def _listed(words: Sequence[str], most: int = 5) -> str:
    return "; ".join(words[:most]) + f" and {len(words) - most} more" * (len(words) > most)


def _short(text: str, most: int = 40) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _quoted(word: str) -> str:
    return word if word.isalnum() else f"'{word}'"
