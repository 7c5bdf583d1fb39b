"""How a text table is written: its encoding, separator, comment lines and header."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from experiments.lab.data.cells import as_number
from experiments.lab.io.errors import UserError

# Of equally good ones, the first: a comma is also in numbers and in text.
SEPARATORS = ("\t", ";", "|", ",")
NAMES = {"\t": "tab", " ": "space"}  # what a separator is called
COMMENTS = ("#", "%")  # what a comment line starts with
MARKS = (  # at the start of a file
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE, LINES = 1 << 16, 3  # bytes that are looked at; more where they hold fewer lines
CHUNK = 1 << 24
YEARS = range(1000, 3000)
LONGEST = 2**31 - 1  # characters of a cell, as many as csv takes everywhere


class Reading(NamedTuple):
    """What a user says about a table; what is not said is found.

    separator: between the cells of a row: one character, or tab, comma, semicolon or space.
    decimal: the decimal point of numbers, "." or ",".
    encoding: as Python calls it, such as latin-1.
    header: False where the first line is a row and not the names of the columns.
    missing: words that stand for a missing cell, in every column.
    kinds: column -> "number", "category", "date" or "drop".
    """

    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    header: bool | None = None
    missing: tuple[str, ...] = ()
    kinds: Mapping[str, str] = {}


AS_FOUND = Reading()


class Dialect(NamedTuple):
    """How a text table is written.

    encoding, separator: as found, or as the user said.
    columns: the names in the header, or column_1, column_2, …
    first_line: of the file that holds a row, from 1.
    notes: what was found that is not as usual.
    """

    encoding: str
    separator: str
    columns: tuple[str, ...]
    first_line: int
    notes: tuple[str, ...]


def dialect(where: str, content: bytes, reading: Reading, usual: str = ",") -> Dialect:
    """How a table is written.

    Args:
        where: what to call the file in an error.
        content: its bytes.
        reading: what the user says.
        usual: the separator of files with this ending; another one is noted.

    Raises:
        UserError: the encoding is unknown or does not suit; the separator is not a single
            character; or the file has no line that is not blank.

    Example:
        >>> found = dialect("t.csv", b"# by hand\\na;b\\n1,5;2\\n", Reading())
        >>> found.separator, found.columns, found.first_line
        (';', ('a', 'b'), 3)
    """
    encoding, notes = _encoding(where, content, reading.encoding)
    lines = _sample(content, encoding)
    start = next((number for number, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise UserError(f"{where}: the file is empty; give a CSV file with a header and rows")
    separator = _named(reading.separator) if reading.separator else None
    skipped = start
    while skipped < len(lines) - 1 and _is_comment(lines, skipped, separator):
        skipped += 1
    if skipped > start:
        count = skipped - start
        notes.append(f"comment line{'s' * (count > 1)} at the top left out: {count}")
    rows = lines[skipped:]
    if separator is None and (separator := _separator(rows, usual)) != usual:
        said = NAMES.get(separator, separator)
        notes.append(f"cells are separated by {said!r}; --separator changes this")
    first, *following = _split(rows, separator)
    header = reading.header
    if header is None:
        header = _is_header(first, following)
        if not header:
            notes.append(
                "the first line holds numbers where the others do, so it is a row, and columns are "
                "called column_1, column_2, …; give the file a header to name them"
            )
    names = [name.strip() for name in first]
    if not header:
        names = [f"column_{number}" for number in range(1, len(first) + 1)]
    return Dialect(encoding, separator, tuple(names), skipped + 1 + header, tuple(notes))


def _encoding(where: str, content: bytes, said: str | None) -> tuple[str, list[str]]:
    """The encoding, and a note where it is neither UTF-8 nor marked."""
    if said is not None:
        try:
            "a".encode(said)  # some codecs, such as rot13, are not of text
            _check(content, said)
        except LookupError:
            raise UserError(
                f"--encoding {said}: no such encoding; give one such as utf-8, latin-1 or utf-16"
            ) from None
        except UnicodeError:
            raise UserError(
                f"--encoding {said}: {where} is not written so; leave --encoding out, or give "
                "another one"
            ) from None
        return said, []
    marked = [name for mark, name in MARKS if content.startswith(mark)]
    found = [*marked, "utf-8", "cp1252", "latin-1"]
    if not marked and b"\0" in content[:SAMPLE]:
        little = content[1:SAMPLE:2].count(0) > content[:SAMPLE:2].count(0)
        found = ["utf-16-le" if little else "utf-16-be", *found]
    for name in found:
        try:
            _check(content, name)
        except UnicodeError:
            continue
        if name in (*marked, "utf-8"):
            return name, []
        return name, [f"the file is not UTF-8, and read as {name}; --encoding changes this"]
    raise AssertionError  # any bytes are latin-1


def _check(content: bytes, encoding: str) -> None:
    """Decode all, a part at a time, and keep nothing."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(content), CHUNK):
        decoder.decode(content[start : start + CHUNK])
    decoder.decode(b"", final=True)


def _sample(content: bytes, encoding: str) -> list[str]:
    """The first lines, at least a header and a row; the last one only where it is whole."""
    size = SAMPLE
    while True:
        text = codecs.getincrementaldecoder(encoding)().decode(content[:size])
        lines = re.split("\r\n|\n|\r", text)
        if size >= len(content):
            return lines
        if len(lines) > LINES or size >= CHUNK:
            return lines[:-1] or lines
        size *= 4


def _named(separator: str) -> str:
    known = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "space": " ", "pipe": "|"}
    found = known.get(separator, separator)
    if len(found) != 1 or found in '"\n\r':
        raise UserError(
            f"--separator {separator}: give one character, or tab, comma, semicolon or space"
        )
    return found


def _split(lines: Sequence[str], separator: str) -> list[list[str]]:
    """The cells of each line; blank lines are left out."""
    with long_cells():
        return [row for row in csv.reader(lines, delimiter=separator, skipinitialspace=True) if row]


@contextmanager
def long_cells() -> Iterator[None]:
    """Where csv reads cells of any length, and elsewhere in the process of its usual ones.

    By a separator that it lacks, a line is one cell, and that of a wide table is long.
    """
    usual = csv.field_size_limit(LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(usual)


def _is_comment(lines: Sequence[str], number: int, separator: str | None) -> bool:
    """Whether a line is a comment, and not a header that starts with such a sign."""
    line, following = lines[number], lines[number + 1]
    if not line.strip():
        return True
    if not line.startswith(COMMENTS):
        return False
    separators = (separator,) if separator else SEPARATORS
    return not any(
        len(_split([line], each)[0]) == len((_split([following], each) or [[]])[0]) > 1
        for each in separators
    )


def _separator(lines: Sequence[str], usual: str) -> str:
    """The one that cuts most lines into the same number of cells, more than one."""

    def regular(separator: str) -> float:
        counts = Counter(len(row) for row in _split(lines, separator))
        (count, often), *_ = counts.most_common(1)
        return often / counts.total() if count > 1 else 0.0

    best = max((usual, *SEPARATORS), key=regular)
    if best == usual == ",":  # as in numbers: so other separators go first
        best = max(SEPARATORS, key=regular)
    return best if regular(best) else usual


def _is_header(first: Sequence[str], following: Sequence[Sequence[str]]) -> bool:
    """Whether the first line holds names: no number where the other lines hold numbers."""
    if not following or len(set(first)) < len(first):
        return bool(not following or any(_value(cell) is None for cell in first))
    values = []
    for number, cell in enumerate(first):
        below = (row[number] if len(row) > number else "" for row in following[:20])
        if all(_value(each) is not None for each in below):
            if (value := _value(cell)) is None:
                return True
            values.append(value)
    if not values:
        return True
    years = [value for value in values if value in YEARS]
    return len(years) == len(values) > 1 and years == sorted(set(years)) and len(first) > len(years)


def _value(cell: str) -> float | None:
    """A cell as a number, whichever its decimal point."""
    found = as_number(cell, ".")
    return as_number(cell, ",") if found is None else found
