"""Files with a table: CSV and other text, Parquet, Arrow and JSON."""

import bz2
import csv
import gzip
import io
import json
import lzma
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
from pyarrow import csv as arrow_csv

from experiments.lab.data.cells import is_mark
from experiments.lab.data.columns import Columns, Further, as_arrow, as_columns, without_units
from experiments.lab.data.dialect import AS_FOUND, Dialect, Reading, dialect, long_cells
from experiments.lab.data.encoders import as_text
from experiments.lab.data.expansion import check_arrow, check_parquet
from experiments.lab.data.location import File
from experiments.lab.io import limits
from experiments.lab.io.errors import UserError

PARQUET = ("parquet", "pq")  # endings of such files
ARROW = ("arrow", "feather", "ipc")
SPREADSHEETS = ("xlsx", "xls", "xlsm", "ods")
JSON = ("json", "jsonl", "ndjson")
USUAL = {"tsv": "\t", "tab": "\t"}  # separators by ending; a comma for all others
BLOCK = 1 << 25  # bytes that are read at a time; no row may be longer


class Table(NamedTuple):
    """A table as read from a file.

    frame: one row per example.
    kinds: column -> "number", "category" or "date".
    missing: the words taken as missing in columns of numbers and dates.
    first_line: of the file that holds a row, from 1; None where it has no lines.
    notes: what was not plain.
    written: column -> its first cell that is read as something else than it says, as it is written.
    """

    frame: pd.DataFrame
    kinds: dict[str, str]
    missing: tuple[str, ...] = ()
    first_line: int | None = None
    notes: tuple[str, ...] = ()
    written: Mapping[str, str] = {}


def read_table(file: File, reading: Reading = AS_FOUND, further: Further | None = None) -> Table:
    """The table in a file.

    Args:
        file: of the kind that its ending says, and otherwise text.
        reading: what the user says about it.
        further: how the table was read that these rows belong to.

    Returns:
        One row per example; the names of the columns are text.

    Raises:
        UserError: the file cannot be read as a table, has no rows, a row with another number of
            cells than the header, or two columns of one name that differ; or the user says
            something of it that is not so.

    Example:
        >>> file = File("t.csv", "t", "csv", None, b"code,size\\n007,1\\n010,2\\n")
        >>> read_table(file).frame.to_dict("list")
        {'code': ['007', '010'], 'size': [1, 2]}
    """
    if file.held is not None:
        return _of_frame(file, file.held, reading)
    content = _decompressed(file)
    if content[:4] == b"PAR1" or file.kind in PARQUET:
        return _of_frame(file, _parsed(file, lambda: _of_parquet(file, content)), reading)
    if content[:6] == b"ARROW1" or file.kind in ARROW:
        return _of_frame(file, _parsed(file, lambda: _of_arrow(file, content)), reading)
    if file.kind in SPREADSHEETS:
        raise UserError(
            f"{file.where}: it is a spreadsheet; save the sheet with the table as a CSV file"
        )
    if file.kind in JSON or _is_json(content):
        return _of_frame(file, _parsed(file, lambda: _of_json(content)), reading)
    return _of_text(file, content, reading, further)


def _parsed(file: File, parse: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    try:
        return parse()
    except UserError:
        raise
    except Exception as error:  # a damaged file makes a library raise whatever it likes
        raise _unreadable(file, error) from None


def _unreadable(file: File, error: Exception) -> UserError:
    reason = "".join(filter(str.isprintable, " ".join(str(error).split())))[:200]
    return UserError(
        f"{file.where}: it cannot be read as a table ({reason}); give a CSV file with one header "
        "line, or a Parquet file"
    )


def _decompressed(file: File) -> bytes:
    """The bytes, as many as may be."""
    most = limits.file_bytes()
    known: dict[str, Any] = {"gzip": gzip.open, "bz2": bz2.open, "xz": lzma.open}
    opened = known.get(file.compression or "")
    try:
        if file.compression == "zip":
            with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
                inside = [each for each in archive.infolist() if not each.is_dir()]
                if len(inside) != 1:
                    raise UserError(
                        f"{file.where}: it holds {len(inside)} files; give one with a single table"
                    )
                with archive.open(inside[0]) as stream:
                    content = stream.read(most + 1)
        elif opened:
            with opened(io.BytesIO(file.content)) as stream:
                content = stream.read(most + 1)
        else:
            content = file.content
    except UserError:
        raise
    except Exception as error:  # likewise
        raise _unreadable(file, error) from None
    if len(content) > most:
        raise UserError(
            f"{file.where}: decompressed, it has more than {limits.said(most)}; give a smaller file"
        )
    return content


def _is_json(content: bytes) -> bool:
    """Whether the content is JSON though its name does not say so."""
    if content[:64].lstrip()[:1] not in (b"{", b"["):
        return False
    try:
        return isinstance(json.loads(content), list | dict)
    except (ValueError, RecursionError):
        return False


def _of_parquet(file: File, content: bytes) -> pd.DataFrame:
    check_parquet(file.where, content)
    return pd.read_parquet(io.BytesIO(content))


def _of_arrow(file: File, content: bytes) -> pd.DataFrame:
    if content[:6] == b"ARROW1":
        check_arrow(file.where, content)
    return pd.read_feather(io.BytesIO(content))


def _of_json(content: bytes) -> pd.DataFrame:
    """Records, or a table of columns; also one record per line."""
    try:
        found = json.loads(content)
    except json.JSONDecodeError:
        found = [json.loads(line) for line in content.splitlines() if line.strip()]
    return pd.DataFrame(found)


def _of_frame(file: File, frame: pd.DataFrame, reading: Reading) -> Table:
    """A table whose columns have types already."""
    frame = frame.reset_index(drop=frame.index.names == [None])
    frame.columns = [str(name) for name in frame.columns]
    if len(frame) == 0:
        raise UserError(f"{file.where}: it has no rows; give a file with rows")
    kept, notes = _without_copies(
        file.where, list(frame), lambda i, j: frame.iloc[:, i].equals(frame.iloc[:, j])
    )
    return typed(frame.iloc[:, kept], reading, tuple(notes))


def typed(frame: pd.DataFrame, reading: Reading = AS_FOUND, notes: tuple[str, ...] = ()) -> Table:
    """A table in memory: text stays categories, unless the user says otherwise.

    Args:
        frame: columns of any type.
        reading: what the user says; its kinds and its words for missing cells count.
        notes: what is known already.

    Example:
        >>> typed(pd.DataFrame({"a": [1, 2], "b": ["x", None]})).kinds
        {'a': 'number', 'b': 'category'}
    """
    columns, kinds, words, found = {}, {}, list(reading.missing), list(notes)
    for name in frame:
        column, kind = frame[name], reading.kinds.get(name)
        if pd.api.types.is_object_dtype(column):
            inside = pd.api.types.infer_dtype(column, skipna=True)
            if inside == "decimal":
                column = column.astype(np.float64)
            elif inside == "date":
                column = pd.to_datetime(column)
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            column = column.dt.tz_convert(None)
        if pd.api.types.is_timedelta64_dtype(column):
            found.append(f"durations are numbers of seconds: {name}")
            column = column.dt.total_seconds()
        own = _own_kind(column)
        if kind in (None, own):
            columns[name], kinds[name] = column, own
            if own == "category":
                columns[name] = as_text(column).astype("str")
                if words:
                    columns[name] = columns[name].mask(columns[name].isin(words))
            elif own == "number" and words:
                values = column.to_numpy(np.float64, na_value=np.nan)
                columns[name] = column.mask(is_mark(values, words))
            continue
        again = as_columns({name: as_text(column).fillna("")}, reading)
        columns[name], kinds[name] = again.frame[name].set_axis(frame.index), again.kinds[name]
        found += again.notes
    return Table(pd.DataFrame(columns, index=frame.index), kinds, tuple(words), None, tuple(found))


def _own_kind(column: pd.Series) -> str:
    if pd.api.types.is_datetime64_any_dtype(column):
        return "date"
    number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return "number" if number else "category"


def _of_text(file: File, content: bytes, reading: Reading, further: Further | None) -> Table:
    found = dialect(file.where, content, reading, USUAL.get(file.kind, ","))
    names, cells, notes = _cells(file, content, found)
    if len(cells[0]) == 0:
        raise UserError(f"{file.where}: it has a header but no rows; give a file with rows")
    kept, copies = _without_copies(file.where, names, lambda i, j: cells[i].equals(cells[j]))
    rows, left_out, top = without_units({names[place]: cells[place] for place in kept})
    decimal = "," if found.separator == ";" else "."
    columns: Columns = as_columns(rows, reading, further, decimal)
    return Table(
        columns.frame,
        columns.kinds,
        columns.missing,
        found.first_line + top,
        (*found.notes, *notes, *copies, *left_out, *columns.notes),
        columns.written,
    )


def _cells(
    file: File, content: bytes, found: Dialect
) -> tuple[list[str], list[pa.Array], list[str]]:
    """Names, text without spaces around it, column by column, and what was odd about the rows.

    Raises:
        UserError: a row has another number of cells than the header.
    """
    names, where, notes = list(found.columns), file.where, []
    columns, more = _rows(file, content, found, len(names))
    if more:  # each row has as many more cells
        columns, still = _rows(file, content, found, len(names) + more)
        if still or not all(map(_is_empty, columns[-more:])):
            raise UserError(
                f"{where}: line {found.first_line} has {len(names) + more} cells, but the header "
                f"has {len(names)}; correct the header, or use --no-header if there is none"
            )
        columns, names = columns[:-more], [*names, ""]
    if names[-1] == "" and len(names) > 1 and (more or _is_empty(columns[-1])):
        notes.append("a separator at the end of each row is left out")
        names = names[:-1]
        columns = columns[: len(names)]
    return [name or f"column_{n}" for n, name in enumerate(names, 1)], columns, notes


def _is_empty(column: pa.Array) -> bool:
    return not pa.compute.any(pa.compute.not_equal(column, "")).as_py()


def _without_copies(
    where: str, names: Sequence[str], equal: Callable[[int, int], bool]
) -> tuple[list[int], list[str]]:
    """The places of the columns, each name once, and a note on copies.

    Raises:
        UserError: two columns of one name are not equal.
    """
    first: dict[str, int] = {}
    notes = []
    for place, name in enumerate(names):
        before = first.setdefault(name, place)
        if before == place:
            continue
        if not equal(before, place):
            raise UserError(
                f"{where}: columns {before + 1} and {place + 1} are both called {name!r} and "
                "differ; give each column a name of its own"
            )
        notes.append(f"column {place + 1} is a copy of column {before + 1}, {name}: left out")
    return list(first.values()), notes


def _without_spaces_before_quotes(text: bytes, separator: str) -> bytes:
    """The same cells; a quote counts as one only at the start of a cell."""
    rows = csv.reader(
        io.StringIO(text.decode(), newline=""), delimiter=separator, skipinitialspace=True
    )
    written = io.StringIO(newline="")
    with long_cells():
        csv.writer(written, delimiter=separator, lineterminator="\n").writerows(rows)
    return written.getvalue().encode()


def _rows(file: File, content: bytes, found: Dialect, width: int) -> tuple[list[pa.Array], int]:
    """The columns of so many cells per row; or none, and how many more every row has."""
    wrong: list[tuple[int | None, int]] = []

    def refuse(row) -> str:
        wrong.append((row.number, row.actual_columns))
        return "skip"

    text, encoding = content, found.encoding
    if encoding != "utf-8":
        text, encoding = content.decode(encoding).encode(), "utf-8"
    if re.search(re.escape(found.separator.encode()) + b'[ \t]+"', text[: 1 << 24]):
        text = _without_spaces_before_quotes(text, found.separator)
    names = [str(place) for place in range(width)]
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(text),
            read_options=arrow_csv.ReadOptions(
                column_names=names,
                skip_rows=found.first_line - 1,
                use_threads=False,
                block_size=BLOCK,
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=found.separator, newlines_in_values=True, invalid_row_handler=refuse
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[],
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            return [pa.array([], pa.string())] * width, 0
        raise _unreadable(file, error) from None
    if wrong:
        number, cells = wrong[0]
        extra = {count - width for _, count in wrong}
        if table.num_rows == 0 and len(extra) == 1 and cells > width:
            return [], extra.pop()
        more = len(wrong) - 1
        others = f", and {more:,} further line{'s do' if more > 1 else ' does'} not fit either"
        raise UserError(
            f"{file.where}: line {number} has {cells} cell{'s' * (cells != 1)}, but the header has "
            f"{width}{others * (more > 0)}; correct it, or name the separator by --separator"
        )
    columns = table.columns[::-1]
    del table  # so that of each column only one copy is kept
    return [_trimmed(columns.pop()) for _ in range(len(columns))], 0


def _trimmed(column: pa.ChunkedArray) -> pa.Array:
    return as_arrow(pa.compute.utf8_trim_whitespace(column))
