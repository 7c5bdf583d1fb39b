"""Files written whole or not at all."""

import contextlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.lab.io.errors import UserError

MOST_BYTES = 100_000_000  # of a CSV: a larger one is hard to open, and slow to read
SAMPLE, PIECE = 1000, 100_000  # rows from which a size is estimated, and rows written at a time

if TYPE_CHECKING:
    import pandas as pd  # what is not needed to write other files is not imported for them


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file to write to in place of another, which it becomes when it is whole and on the disk.

    Args:
        path: the file; another one there is replaced.

    Yields:
        The path to write to; nothing is left there where that fails.

    Raises:
        UserError: the file cannot be written, such as on a full disk.
    """
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        yield temporary
        # On the disk before its name is, or a crash could leave the name of an empty file.
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise UserError(
            f"{path}: it cannot be written ({reason(error)}); make room or choose another folder, "
            "and the same command goes on from what it has kept"
        ) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def reason(error: OSError) -> str:
    """Why the system refuses, in its words.

    Example:
        >>> reason(OSError(28, "No space left on device"))
        'No space left on device'
    """
    return error.strerror or str(error) or type(error).__name__


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all, also where the process is killed.

    Args:
        path: the file; another one there is replaced.
        text: written as UTF-8.

    Raises:
        UserError: it cannot be written; so do the other functions that write.
    """
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, also where the process is killed.

    Args:
        path: the file; another one there is replaced.
        content: all of it.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file, whole or not at all.

    Args:
        path: the file; another one there is replaced.
        value: made plain by ``plain``.
    """
    write_text(path, json.dumps(plain(value), indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def write_table(path: Path, table: "pd.DataFrame") -> Path:
    """Write a CSV file, whole or not at all; a Parquet file where it would be larger than 100 MB.

    The size is estimated from the first rows. The text is written piece by piece, and is never in
    memory as a whole.

    Args:
        path: the CSV file; another one there is replaced.
        table: written without its index; in CSV numbers have seven digits, which is all float32
            has, and in Parquet all that they have.

    Returns:
        The file, which ends in ``.parquet`` where it is one; there is only one of the two.
    """
    options: dict[str, Any] = {"index": False, "float_format": "%.7g", "lineterminator": "\n"}
    sample = table.head(SAMPLE)
    size = len(sample.to_csv(**options).encode()) * len(table) / max(1, len(sample))
    written, other = path, path.with_suffix(".parquet")
    if size > MOST_BYTES:
        written, other = other, written
    with replacing(written) as temporary:
        if written == path:
            table.to_csv(temporary, **options)
        else:
            _write_parquet(temporary, table)
    other.unlink(missing_ok=True)
    return written


def _write_parquet(path: Path, table: "pd.DataFrame") -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.Schema.from_pandas(table.head(0), preserve_index=False)
    with pq.ParquetWriter(path, schema) as writer:
        for first in range(0, len(table), PIECE):
            rows = table.iloc[first : first + PIECE]
            writer.write_table(pa.Table.from_pandas(rows, schema, preserve_index=False))


def plain(value: Any) -> Any:
    """A value in the types that JSON has.

    Args:
        value: mappings, sequences, arrays, numbers, text, paths, bools and None, nested.

    Returns:
        Mappings as dictionaries by text, sequences and arrays as lists, paths as text; None for a
        number that is not finite, since JSON has none.

    Example:
        >>> plain({1: np.array([0.5, np.nan]), "at": Path("runs")})
        {'1': [0.5, None], 'at': 'runs'}
    """
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value
