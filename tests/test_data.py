"""Data as found, and what is fitted to them."""

import gzip
import struct

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.lab.cli import UserError, numbers
from experiments.lab.data import Source, load, prepare
from experiments.lab.data.idx import read_idx

CSV = """size,city,rooms,price
50,Bonn,2,100
60,,3,120.5
70,Köln,,140
80,Bonn,4,155
90,Ulm,5,
100,Köln,5,210
110,Bonn,6,205
120,Köln,6,240
"""


def idx(array, code=0x08):
    return struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for part, count in (("train", 60), ("t10k", 20)):
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(rng.integers(0, 255, (count, 4, 4)))))
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.arange(count) % 3)))
    return tmp_path


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "homes.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


def test_a_table_is_imputed_encoded_and_standardised_on_training_rows(table):
    source = load(str(table), target="price")
    data = prepare(source)
    assert (data.head, source.task) == ("regression", "regression")
    assert "1 rows without a price left out" in data.notes[0]
    assert sum(len(rows) for rows in data.x.values()) == 7
    train = data.x["train"]
    np.testing.assert_allclose(train[:, :2].mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(train[:, :2].std(0), 1, rtol=1e-5)
    assert set(np.unique(train[:, 2:])) <= {0.0, 1.0} and (train[:, 2:].sum(1) == 1).all()
    np.testing.assert_allclose(data.y["train"].mean(), 0, atol=1e-6)


def test_nothing_is_fitted_on_rows_held_out():
    """The same training rows with other held-out rows are encoded the same."""
    frame = pd.DataFrame({"a": np.arange(40.0), "b": list("xy") * 20})
    y = np.arange(40.0) ** 2
    plain = prepare(Source("t", frame, y, "regression", "y"))
    mean, deviation = plain.preprocessing.scale
    held = [index for index in range(40) if not np.isin(y[index], np.round(plain.y["train"][:, 0] * deviation + mean))]
    changed = frame.copy()
    changed.loc[held, "a"], changed.loc[held, "b"] = 1e6, "z"
    other = prepare(Source("t", changed, y, "regression", "y"))
    np.testing.assert_array_equal(plain.x["train"], other.x["train"])
    assert not np.array_equal(plain.x["test"], other.x["test"])


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 6), st.integers(3, 30), st.integers(0, 5))
def test_a_split_takes_each_row_once_and_validates_on_as_many_as_it_tests(classes, each, extra):
    y = np.concatenate([np.repeat(np.arange(classes), each), np.zeros(extra, int)])
    x = np.arange(len(y), dtype=np.float32)[:, None]
    data = prepare(Source("t", x, y, "classification", "y"))
    seen = np.concatenate([rows[:, 0] for rows in data.x.values()])
    assert len(np.unique(seen)) == len(y) == len(seen)
    assert len(data.x["validation"]) == len(data.x["test"])
    assert len(np.unique(data.y["train"])) == classes


def test_two_numbers_are_a_category_and_many_are_a_quantity(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b,c\n" + "\n".join(f"{i},{i % 2},{i % 5}" for i in range(30)))
    assert load(str(path), target="b").task == "classification"
    assert load(str(path), target="c").task == "regression"
    assert load(str(path), target="c", task="classification").task == "classification"


def test_idx_files_are_read_and_their_test_set_is_kept(folder):
    data = prepare(load(str(folder)))
    assert (data.head, data.features) == ("multiclass", 16)
    assert len(data.x["test"]) == 20 == len(data.x["validation"])
    np.testing.assert_allclose(data.x["train"].std(), 1, rtol=1e-3)


@pytest.mark.parametrize(("name", "task"), [("breast_cancer", "binary"), ("wine", "multiclass"), ("iris", "multiclass"),
                                            ("diabetes", "regression"), ("digits", "multiclass"), ("mnist1d", "multiclass")])
def test_every_named_set_loads_offline(name, task):
    assert prepare(load(name)).head == task


def break_file(change):
    def apply(folder):
        path = folder / "train-labels-idx1-ubyte.gz"
        path.write_bytes(change(path.read_bytes()))
    return apply


@pytest.mark.parametrize(("harm", "message"), [
    (break_file(lambda content: content[:30]), r"train-labels.*cannot be read.*fetch the file again"),
    (break_file(lambda content: gzip.compress(gzip.decompress(content)[:-1])), r"promises 60 values in 68 bytes, it has 67"),
    (break_file(lambda content: gzip.compress(b"")), r"0 bytes are less than an idx header of 8"),
    (break_file(lambda content: gzip.compress(idx(np.zeros((60, 4, 4))))), r"00 00 08 03.*images and labels are not swapped"),
    (break_file(lambda content: gzip.compress(idx(np.zeros(59)))), r"59 labels for the 60 images"),
    (lambda folder: (folder / "t10k-images-idx3-ubyte.gz").unlink(), r"has no t10k-images-idx3-ubyte.gz"),
    (break_file(lambda content: gzip.compress(idx(np.arange(60) % 2))), r"the test rows hold the class 2, which no"),
])
def test_a_broken_idx_folder_is_named(folder, harm, message):
    harm(folder)
    with pytest.raises(UserError, match=message):
        prepare(load(str(folder)))


def test_plain_idx_files_are_read_too(tmp_path):
    path = tmp_path / "x-idx1-ubyte"
    path.write_bytes(idx(np.arange(5)))
    np.testing.assert_array_equal(read_idx(path, axes=1), np.arange(5))


@pytest.mark.parametrize(("text", "target", "message"), [
    ("", "y", "the file is empty"),
    ("a,y\n", "y", "has a header and no rows"),
    ("a,y\n1,2\n", None, "give --target one of a, y"),
    ("a,price\n1,2\n", "prise", "has no such column; its columns, nearest first: price, a"),
    ("a,y\n1,5\n2,5\n", "y", "column y holds one value only, 5"),
    ("y\n1\n2\n", "y", "its only column"),
    ("a,y\n1,2,3\n1\n1,2,3,4\n", "y", "cannot be read as a table"),
    ("a,y\n1,2\ninf,3\n2,4\n", "y", "column a, line 3 holds an infinite number"),
    ("a,y\n" + "\n".join(f"{i},n{i}" for i in range(9)), "y", "9 rows are too few for the 9 classes of y"),
    ("a,y\n1,2\n2,3\n3,4\n", "y", "3 rows are too few"),
    ("a,y\n1,\n2,\n", "y", "column y has no value"),
])
def test_a_bad_table_is_named(tmp_path, text, target, message):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        prepare(load(str(path), target=target))


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "abc", "1:0:3", "1e-4:10", "1:2:x", "1e-4:10:13:7"])
def test_a_bad_learning_rate_is_named(text):
    with pytest.raises(UserError, match=f"--learning-rate {text}: .*such as"):
        numbers([text], "--learning-rate")
