"""What a Parquet or Arrow file takes as a table, before memory is taken for it.

A few bytes may stand for any number of equal cells: by their metadata, by compression, and by
dictionary, run-length and prefix encoding, in which a long text is written once for all rows.
"""

import struct
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute
from pyarrow import parquet as pq

from experiments.lab.io import limits
from experiments.lab.io.errors import UserError

CELL = 8  # bytes that a cell takes at least
ROWS = 1 << 16  # that are looked at at a time
SHARED = {"RLE_DICTIONARY", "PLAIN_DICTIONARY", "DELTA_BYTE_ARRAY"}  # texts written once for many
TEXTS = (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())


def check_parquet(where: str, content: bytes) -> None:
    """Refuse a Parquet file that takes more than a file may have.

    Args:
        where: the file.
        content: of it.

    Raises:
        UserError: it takes more.
    """
    most, about = limits.file_bytes(), pq.ParquetFile(pa.BufferReader(content)).metadata
    size, closer = 0, dict[str, tuple[int, int]]()
    groups = [about.row_group(number) for number in range(about.num_row_groups)]
    for place in range(about.num_columns):
        chunks, leaf = [group.column(place) for group in groups], about.schema.column(place)
        cells = sum(chunk.num_values for chunk in chunks)
        held = sum(chunk.total_uncompressed_size for chunk in chunks)
        size += max(cells * max(CELL, leaf.length), held)
        shared = [chunk for chunk in chunks if SHARED & {*chunk.encodings}]
        # No text of a chunk is longer than all that the chunk holds.
        longest = max((chunk.total_uncompressed_size for chunk in shared), default=0)
        if leaf.physical_type == "BYTE_ARRAY" and cells * longest > most:
            prefixes = any("DELTA_BYTE_ARRAY" in chunk.encodings for chunk in shared)
            # Rows to read at a time, 0 for as a dictionary, and what is counted already.
            closer[leaf.path] = max(1, most // longest) if prefixes else 0, held
    size = max(size, about.num_rows * about.num_columns * CELL)
    shape = f"its {about.num_rows:,} rows of {about.num_columns:,} columns"
    _check(where, shape, size, most)
    for path, (rows, held) in closer.items():
        size -= min(held, size)
        short = pq.ParquetFile(pa.BufferReader(content), read_dictionary=[] if rows else [path])
        for batch in short.iter_batches(batch_size=min(rows or ROWS, ROWS), columns=[path]):
            size += batch.nbytes if rows else sum(map(_text_bytes, batch.columns))
            _check(where, shape, size, most)


def check_arrow(where: str, content: bytes) -> None:
    """Refuse an Arrow file that takes more than a file may have.

    Args:
        where: the file.
        content: of it.

    Raises:
        UserError: it takes more.
    """
    most, size = limits.file_bytes(), 0
    # After its first eight bytes a file is a stream of messages.
    messages = pa.ipc.MessageReader.open_stream(pa.py_buffer(content)[8:])
    for message in _each(messages):
        size += _message_bytes(message)
        _check(where, "its cells", size, most)
    with pa.ipc.open_file(pa.py_buffer(content)) as opened:
        for number in range(opened.num_record_batches):
            size += sum(map(_text_bytes, opened.get_batch(number).columns))
            _check(where, "its cells", size, most)


def _check(where: str, what: str, size: int, most: int) -> None:
    if size > most:
        raise UserError(f"{where}: {what} take more than {limits.said(most)}; give fewer rows")


def _text_bytes(column: pa.Array) -> int:
    """What the texts of a dictionary take, once each cell has its own."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        words = column.dictionary
        if words.type in TEXTS:
            lengths = pa.compute.binary_length(words)
        elif pa.types.is_list(words.type) or pa.types.is_large_list(words.type):
            lengths = pa.compute.multiply(pa.compute.list_value_length(words), CELL)
        else:
            return 0  # as large as a cell, which is counted
        own = lengths.cast(pa.int64()).take(column.indices)
        return pa.compute.sum(own).as_py() or 0
    if pa.types.is_struct(kind):
        return sum(map(_text_bytes, column.flatten()))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_map(kind):
        return _text_bytes(column.flatten())
    return 0


def _each(messages: pa.ipc.MessageReader) -> Iterator[Any]:
    while True:
        try:
            yield messages.read_next_message()
        except StopIteration:
            return


def _message_bytes(message: Any) -> int:
    """What the cells of a message take, decompressed; see Arrow's Message.fbs.

    Its metadata is a FlatBuffer, of whose tables ``_field`` finds the fields by number.
    """
    about = message.metadata.to_pybytes()
    if message.type not in ("record batch", "dictionary"):
        return 0
    batch = _table(about, _field(about, _table(about, 0), 2))
    if message.type == "dictionary":
        batch = _table(about, _field(about, batch, 1))
    nodes = _pairs(about, _field(about, batch, 1))
    buffers = _pairs(about, _field(about, batch, 2))
    sizes = [size for _, size in buffers]
    if _field(about, batch, 3):  # compressed: each begins with its size, -1 where it is as it is
        body = message.body
        starts = [body[at : at + CELL].to_pybytes() for at, size in buffers if size >= CELL]
        sizes += [max(0, *struct.unpack("<q", start)) for start in starts]
    return max(sum(sizes), CELL * sum(cells for cells, _ in nodes))


def _field(about: bytes, table: int, number: int) -> int:
    """Where a field of a table is; 0 where it is left out."""
    names = table - struct.unpack_from("<i", about, table)[0]
    place = 4 + 2 * number
    if place >= struct.unpack_from("<H", about, names)[0]:
        return 0
    offset = struct.unpack_from("<H", about, names + place)[0]
    return table + offset if offset else 0


def _table(about: bytes, place: int) -> int:
    """Where a field refers to."""
    return place + struct.unpack_from("<I", about, place)[0]


def _pairs(about: bytes, place: int) -> list[tuple[int, int]]:
    """A vector of pairs of 64-bit integers; none where it is left out."""
    if not place:
        return []
    start = _table(about, place)
    count = struct.unpack_from("<I", about, start)[0]
    return [struct.unpack_from("<qq", about, start + 4 + 16 * n) for n in range(count)]
