"""Files that stand for far more than they hold are refused before memory goes."""

import gzip
import io
import tracemalloc
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather
from pyarrow import parquet as pq

from experiments.lab.data.location import COMPRESSED, File
from experiments.lab.data.table_file import read_table
from experiments.lab.io import limits
from experiments.lab.io.errors import UserError

MOST = 4_000_000  # bytes of a file, in these tests
ROWS = 100_000
WORD = "x" * 100_000


def read(name, content):
    inner, dot, ending = name.rpartition(".")
    compression = COMPRESSED.get(dot + ending)
    kind = inner.rpartition(".")[2] if compression else ending
    return read_table(File(name, "t", kind, compression, content))


def zipped(content):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("t.csv", content)
    return stream.getvalue()


def parquet(table, **options):
    stream = io.BytesIO()
    pq.write_table(table, stream, **options)
    return stream.getvalue()


def arrow(table, compression="zstd"):
    stream = io.BytesIO()
    feather.write_feather(table, stream, compression=compression)
    return stream.getvalue()


@pytest.mark.parametrize(("name", "compress"), [("t.csv.gz", gzip.compress), ("t.csv.zip", zipped)])
def test_a_bomb_is_not_decompressed_beyond_the_limit(name, compress, monkeypatch):
    content = compress(b"a,b\n" + b"1,2\n" * (10 * MOST // 4))
    assert len(content) < MOST / 10
    monkeypatch.setattr(limits, "file_bytes", lambda: MOST)
    tracemalloc.start()
    with pytest.raises(UserError, match=f"^{name}: decompressed, it has more than 4 MB; give a"):
        read(name, content)
    assert tracemalloc.get_traced_memory()[1] < 4 * MOST
    tracemalloc.stop()


def equal_rows():
    return pa.table({"a": np.ones(10 * ROWS, bool)})


def long_word():
    return pa.table({"a": pa.array([WORD, "y"]).take(pa.array(np.zeros(200, int)))})


def nested():
    return pa.table({"a": pa.array([[1] * 10 * ROWS])})


def prefixes():
    return pa.table({"a": [WORD + str(number) for number in range(200)]})


def compressible():
    return pa.table({"a": np.zeros(10 * ROWS)})


def of_nothing():
    return pa.table({"a": pa.nulls(10 * ROWS)})


def dictionary():
    codes = pa.array(np.zeros(200, np.int32))
    return pa.table({"a": pa.DictionaryArray.from_arrays(codes, pa.array([WORD]))})


def of_lists():
    codes, words = pa.array(np.zeros(200, np.int32)), pa.array([[1] * ROWS])
    return pa.table({"a": pa.DictionaryArray.from_arrays(codes, words)})


BOMBS = {
    "equal_rows.parquet": lambda: parquet(equal_rows()),
    "long_word.parquet": lambda: parquet(long_word()),
    "list_of_words.parquet": lambda: parquet(pa.table({"a": pa.array([[WORD] * 200])})),
    "nested.parquet": lambda: parquet(nested()),
    "prefixes.parquet": lambda: parquet(
        prefixes(), use_dictionary=False, column_encoding="DELTA_BYTE_ARRAY", compression="zstd"
    ),
    "compressible.parquet": lambda: parquet(
        compressible(), use_dictionary=False, compression="zstd"
    ),
    "compressible.arrow": lambda: arrow(compressible()),
    "long_word.feather": lambda: arrow(long_word(), "lz4"),
    "of_nothing.arrow": lambda: arrow(of_nothing(), "uncompressed"),
    "dictionary.arrow": lambda: arrow(dictionary(), "uncompressed"),
    "of_lists.arrow": lambda: arrow(of_lists()),
}


@pytest.mark.parametrize("name", BOMBS)
def test_cells_that_are_written_once_for_many_are_counted_before_they_are_read(name, monkeypatch):
    content = BOMBS[name]()
    assert len(content) < MOST / 2
    monkeypatch.setattr(limits, "file_bytes", lambda: MOST)
    monkeypatch.setattr(pd, "read_parquet", None)
    monkeypatch.setattr(pd, "read_feather", None)
    before = pa.total_allocated_bytes()
    with pytest.raises(UserError, match=f"^{name}: its .* take more than 4 MB; give fewer rows$"):
        read(name, content)
    assert pa.total_allocated_bytes() - before < MOST


@pytest.mark.parametrize("to_bytes", [parquet, arrow])
def test_a_table_within_the_limit_is_read_as_it_is(to_bytes, monkeypatch):
    columns = {
        "n": np.arange(2000),
        "w": ["a" * 600, "b"] * 1000,
        "c": pd.Categorical(["d", None] * 1000),
        "l": [["a" * 500], []] * 1000,
    }
    frame = pd.DataFrame(columns)
    monkeypatch.setattr(limits, "file_bytes", lambda: MOST // 2)
    name = f"t.{to_bytes.__name__}"
    found = read(name, to_bytes(pa.Table.from_pandas(frame))).frame
    assert found["n"].tolist() == columns["n"].tolist() and found["w"].tolist() == columns["w"]
    assert found["c"].notna().sum() == 1000
