"""Data as found, and what is fitted to them."""

import functools
import gzip
import http.server
import io
import json
import struct
import threading
import urllib.error

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from sklearn.utils import Bunch

from experiments.lab.data import Preprocessing, Reading, Source, load, look, prepare
from experiments.lab.data.idx import read_idx
from experiments.lab.data.location import read_file
from experiments.lab.data.table_file import read_table
from experiments.lab.io.cli import UserError, numbers
from experiments.lab.study import screen

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
    return (
        struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
        + array.astype(np.uint8).tobytes()
    )


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for part, count in (("train", 60), ("t10k", 20)):
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(
            gzip.compress(idx(rng.integers(0, 255, (count, 4, 4))))
        )
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(
            gzip.compress(idx(np.arange(count) % 3))
        )
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
    assert "rows without a value of price are left out: 1" in data.notes[0]
    assert sum(len(rows) for rows in data.x.values()) == 7
    train = data.x["train"]
    fitted = data.preprocessing.columns
    assert [type(column).__name__ for column in fitted] == ["Number", "Number", "Category"]
    values = train[:, [0, fitted[0].features]]
    np.testing.assert_allclose(values.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(values.std(0), 1, rtol=1e-5)
    one_hot = train[:, -fitted[2].features :]
    assert set(np.unique(one_hot)) <= {0.0, 1.0} and (one_hot.sum(1) == 1).all()
    np.testing.assert_allclose(data.y["train"].mean(), 0, atol=1e-6)


def test_nothing_is_fitted_on_rows_held_out():
    """The same training rows with other held-out rows are encoded the same."""
    frame = pd.DataFrame({"a": np.arange(40.0), "b": list("xy") * 20})
    y = np.arange(40.0) ** 2
    plain = prepare(Source("t", frame, y, "regression", "y"))
    mean, deviation = plain.preprocessing.scale
    held = [
        index
        for index in range(40)
        if not np.isin(y[index], np.round(plain.y["train"][:, 0] * deviation + mean))
    ]
    changed = frame.copy()
    changed.loc[held, "a"], changed.loc[held, "b"] = 1e6, "z"
    other = prepare(Source("t", changed, y, "regression", "y"))
    np.testing.assert_array_equal(plain.x["train"], other.x["train"])
    assert not np.array_equal(plain.x["test"], other.x["test"])


def frame_of_numbers(rows=40):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(rows, 3)), columns=["x0", "x1", "x2"])
    return frame.assign(y=np.round(frame["x0"] * 3 + rng.normal(size=rows), 3))


def write(frame, path):
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".npz":
        np.savez(path, X=frame.drop(columns="y").to_numpy(), y=frame["y"].to_numpy())
    else:
        frame.to_csv(path, index=False, sep="\t" if ".tsv" in path.name else ",")
    return path


def same(one, other):
    return all(
        np.array_equal(one.x[part], other.x[part]) and np.array_equal(one.y[part], other.y[part])
        for part in one.x
    )


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A table of numbers as CSV, and what is made of it."""
    path = write(frame_of_numbers(), tmp_path_factory.mktemp("plain") / "t.csv")
    return path, prepare(load(str(path), target="y"))


@pytest.mark.parametrize(
    "name", ["t.tsv", "t.csv.gz", "t.tsv.xz", "t.csv.zip", "t.parquet", "t.npz"]
)
def test_every_format_gives_the_same_arrays(plain, tmp_path, name):
    path = write(frame_of_numbers(), tmp_path / name)
    assert same(prepare(load(str(path), target=None if name == "t.npz" else "y")), plain[1])


def test_a_url_is_read_as_the_file_is(plain):
    path, data = plain

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=path.parent)
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        found = load(f"{address}/t.csv?download=1", target="y")
        with pytest.raises(UserError, match=r"no.csv: the server answers 404 .*check the address"):
            load(f"{address}/no.csv", target="y")
        server.shutdown()
    assert found.name == "t" and same(prepare(found), data)
    assert same(prepare(load(path.as_uri(), target="y")), data)
    with pytest.raises(
        UserError, match=r"cannot be fetched \(.+\); check the address and the network"
    ):
        load(f"{address}/t.csv", target="y")


def test_parquet_keeps_its_types_and_odd_cells_become_text(table, tmp_path):
    frame = pd.read_csv(table, skipinitialspace=True)
    frame.convert_dtypes().assign(city=frame["city"].astype("category")).to_parquet(
        tmp_path / "homes.parquet"
    )
    assert same(
        prepare(load(str(tmp_path / "homes.parquet"), target="price")),
        prepare(load(str(table), target="price")),
    )
    frame.assign(tags=[["a", "b"]] * 4 + [["c"]] * 4).to_parquet(tmp_path / "nested.parquet")
    data = prepare(load(str(tmp_path / "nested.parquet"), target="price", drop=["city"]))
    assert data.preprocessing.columns[-1].categories == ("['a' 'b']", "['c']")


def test_images_share_one_unit_and_whole_numbers_are_classes(tmp_path):
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 255, (40, 4, 4), np.uint8), np.arange(40) % 3
    np.savez(
        tmp_path / "i.npz",
        x_train=images[:30],
        y_train=labels[:30],
        x_test=images[30:],
        y_test=labels[30:],
    )
    data = prepare(load(str(tmp_path / "i.npz")))
    assert data.head == "multiclass" and data.preprocessing.unit[2] == 16
    mean, deviation, _ = data.preprocessing.unit
    np.testing.assert_allclose(
        data.x["test"] * deviation + mean, images[30:].reshape(10, 16), atol=1e-4
    )


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": np.ones(3)}, "it holds the arrays a; name them x and y"),
        ({"x": np.ones((3, 2)), "y": np.ones(4)}, r"y has the shape \(4,\) for the 3 rows of x"),
        (
            {"x": np.array([[{}]]), "y": np.ones(1)},
            "it holds pickled objects, which could run any program",
        ),
        ({"x": np.array([["a"]]), "y": np.ones(1)}, "x has the type <U1 .*give numbers"),
        (
            {"x": np.array([[np.inf], [1.0]]), "y": np.arange(2.0)},
            "column x0, row 1 holds an infinite number",
        ),
        ({"x": np.ones((2, 1)), "y": np.array([1, np.nan])}, "y holds a number that is not finite"),
    ],
)
def test_bad_arrays_are_named(tmp_path, arrays, message):
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(UserError, match=message):
        load(str(tmp_path / "t.npz"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.npz", b"PK nothing", "or is not an .npz file"),
        ("t.parquet", b"PAR1 nothing", "it cannot be read as a table"),
        ("t.csv.gz", b"a,y\n1,2\n", "it cannot be read as a table"),
        ("t.csv.xz", b"a,y\n1,2\n", "it cannot be read as a table"),
        ("t.csv.zip", b"a,y\n1,2\n", "it cannot be read as a table"),
    ],
)
def test_a_file_that_is_not_what_it_is_called_is_named(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        load(str(tmp_path / name), target=None if name == "t.npz" else "y")


def test_openml_is_asked_by_name_or_number(plain, monkeypatch):
    asked = []

    def fetch(**options):
        asked.append(options)
        return Bunch(frame=frame_of_numbers(), target_names=["y"], details={"name": "numbers"})

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch)
    assert load("openml:numbers").name == "numbers"
    assert same(prepare(load("openml:31")), prepare(load(str(plain[0]), target="y")))
    assert load("openml:31", target="x1", drop=["y"]).target == "x1"
    assert [("name" in options, options.get("data_id")) for options in asked] == [
        (True, None),
        (False, 31),
        (False, 31),
    ]

    def fail(error):
        def fetch(**_):
            raise error

        monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch)

    fail(urllib.error.URLError("no route to host"))
    with pytest.raises(
        UserError, match=r"--data openml:31: openml.org cannot be reached \(no route to host\)"
    ):
        load("openml:31")
    fail(ValueError("No active dataset credit-h found."))
    with pytest.raises(
        UserError, match=r"OpenML has no such table \(No active dataset credit-h found.\)"
    ):
        load("openml:credit-h")


def test_separate_test_data_are_the_test_part_and_nothing_is_fitted_to_them(table, tmp_path):
    path = tmp_path / "test.csv"
    path.write_text(
        "extra,city,rooms,size,price\n1,Rom,3,1e6,150\n2,Ulm,,70,\n3,,4,80,160\n", encoding="utf-8"
    )
    data = prepare(load(str(table), target="price", test_data=str(path)))
    assert {part: len(rows) for part, rows in data.y.items()} == {
        "train": 5,
        "validation": 2,
        "test": 2,
    }
    mean, deviation = data.preprocessing.scale
    np.testing.assert_allclose(data.y["test"][:, 0] * deviation + mean, [150, 160], rtol=1e-5)
    assert (
        "test rows without a value of price are left out: 1" in data.notes
        and "columns that only the test data have are left out: extra" in data.notes
    )
    path.write_text("city,rooms,size,price\nUlm,9,1,-5\nUlm,9,1,-6\n")
    other = prepare(load(str(table), target="price", test_data=str(path)))
    assert other.preprocessing == data.preprocessing and not np.array_equal(
        other.x["test"], data.x["test"]
    )
    for text, message in (
        ("city,size,price\nRom,1,2\n", "--test-data: it lacks the column rooms of .*homes.csv"),
        (
            "city,size,rooms,price\nRom,x,1,2\n",
            "homes: column size holds 'x', which is not a finite number",
        ),
        ("city,size,rooms,price\nRom,1,1,dear\n", "column price holds text, but numbers in"),
    ):
        path.write_text(text)
        with pytest.raises(UserError, match=message):
            prepare(load(str(table), target="price", test_data=str(path)))


def test_text_that_looks_like_a_number_stays_text_in_further_rows(tmp_path):
    (tmp_path / "a.csv").write_text(
        "zip,y\n" + "\n".join(f"{zip},{i}.5" for i, zip in enumerate(["007", "B12", "008"] * 6))
    )
    (tmp_path / "b.csv").write_text("zip,y\n007,1\n008,2\n007,3\n")
    data = prepare(load(str(tmp_path / "a.csv"), target="y", test_data=str(tmp_path / "b.csv")))
    np.testing.assert_array_equal(data.x["test"], [[1, 0, 0], [0, 1, 0], [1, 0, 0]])
    again = Preprocessing.from_json(json.loads(json.dumps(data.preprocessing.to_json())))
    assert again == data.preprocessing
    np.testing.assert_array_equal(
        again.apply(read_table(read_file(str(tmp_path / "b.csv")), further=again.further).frame),
        data.x["test"],
    )


def test_columns_are_dropped_by_name(table):
    assert list(load(str(table), target="price", drop=["city", "rooms"]).x) == ["size"]
    for drop, message in (
        (["cty"], "--drop cty: .*has no such column; name one of its columns, nearest first: city"),
        (["price"], "--drop price: it is the column to predict"),
        (["size", "city", "rooms"], "price is its only column left"),
    ):
        with pytest.raises(UserError, match=message):
            load(str(table), target="price", drop=drop)


def test_what_is_odd_about_the_rows_is_noted(tmp_path):
    rows = [f"{i + 1},n{i},{i % 3},same,{'ab'[i % 2] if i else 'rare'}" for i in range(30)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["id,name,size,constant,y", *rows]))
    source = load(str(path), target="y")
    data = prepare(source)
    said = " | ".join(data.notes)
    assert "every row has a number of its own, as in an identifier, in id; " in said
    assert "--drop id" in said
    assert "the text differs in nearly every row, as a name or free text does" in said
    assert "left out: name (--as name=category keeps one)" in said and "name" not in source.x
    kept = load(str(path), target="y", reading=Reading(kinds={"name": "category"}))
    assert "name" in kept.x
    assert (
        "the split is not stratified, since classes with fewer than 3 rows cannot be in every "
        "part: rare (1)" in said
    )
    assert "columns with only one value in the training rows are left out: constant" in said
    assert "copies" not in said
    data = prepare(load(str(path), target="y", drop=["id", "name"]))
    count = len(data.y["test"])
    assert data.notes[-1].startswith(
        "test rows with the inputs and the target of a training or validation row: "
        f"{count} of {count}; "
    )


def test_a_look_says_what_becomes_of_each_column(table, tmp_path, monkeypatch):
    frame = pd.read_csv(table, skipinitialspace=True).assign(
        sold=[True, False] * 4, gone=np.nan, fixed=1
    )
    path = write(
        frame.rename(columns={"rooms": "rooms of the house and of the annexe"}), tmp_path / "t.csv"
    )
    source = load(str(path), target="price", drop=["size"])
    data = prepare(source)
    seen = look(source, data)
    assert (
        dict(seen.facts)["rows"] == "7: 5 training, 1 validation, 1 test"
        and dict(seen.facts)["missing"] == "2 cells"
    )
    columns = {name: rest for name, *rest in seen.columns}
    assert columns["city"][:4] == ["text", "1", "2", "Bonn"]
    assert columns["city"][4].startswith("one-hot of 3, ") and columns["sold"][0] == "yes-no"
    assert ["number", "1", "5"] in [
        rest[:3]
        for name, rest in columns.items()
        if name.startswith("rooms of") and name.endswith("…")
    ]
    assert [columns[name][-1] for name in ("fixed", "gone", "size")] == [
        "left out: one value",
        "left out: empty",
        "left out: --drop",
    ]
    assert seen.targets[1][:2] == ("lowest", "100") and seen.targets[4][:2] == ("highest", "240")
    page = io.StringIO()
    monkeypatch.setattr(screen, "console", Console(file=page, width=80, soft_wrap=True))
    screen.show_look(seen, "python -m experiments.activations")
    shown = page.getvalue().rstrip().splitlines()
    assert (
        max(map(len, shown)) <= 110
        and max(len(line) for line in shown if not line.startswith("note")) <= 80
    )
    assert shown[-1] == "python -m experiments.activations"
    data = prepare(load("wine"))
    assert look(load("wine"), data).targets[:2] == (
        ("cultivar", "rows", "training", "validation", "test"),
        ("1", "71", "43", "14", "14"),
    )


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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("breast_cancer", "binary"),
        ("wine", "multiclass"),
        ("iris", "multiclass"),
        ("diabetes", "regression"),
        ("digits", "multiclass"),
        ("mnist1d", "multiclass"),
    ],
)
def test_every_named_set_loads_offline(name, task):
    assert prepare(load(name)).head == task


def break_file(change):
    def apply(folder):
        path = folder / "train-labels-idx1-ubyte.gz"
        path.write_bytes(change(path.read_bytes()))

    return apply


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (
            break_file(lambda content: content[:30]),
            r"train-labels.*cannot be read.*download the file again",
        ),
        (
            break_file(lambda content: gzip.compress(gzip.decompress(content)[:-1])),
            r"promises 60 values in 68 bytes, but the file has 67",
        ),
        (
            break_file(lambda content: gzip.compress(b"")),
            r"it has 0 bytes and an idx header alone has 8",
        ),
        (
            break_file(lambda content: gzip.compress(idx(np.zeros((60, 4, 4))))),
            r"00 00 08 03.*images and labels are not swapped",
        ),
        (
            break_file(lambda content: gzip.compress(idx(np.zeros(59)))),
            r"it has 59 labels for the 60 images",
        ),
        (
            lambda folder: (folder / "t10k-images-idx3-ubyte.gz").unlink(),
            r"has no t10k-images-idx3-ubyte.gz",
        ),
        (
            break_file(lambda content: gzip.compress(idx(np.arange(60) % 2))),
            r"the test rows hold the class 2, which no",
        ),
    ],
)
def test_a_broken_idx_folder_is_named(folder, harm, message):
    harm(folder)
    with pytest.raises(UserError, match=message):
        prepare(load(str(folder)))


def test_plain_idx_files_are_read_too(tmp_path):
    path = tmp_path / "x-idx1-ubyte"
    path.write_bytes(idx(np.arange(5)))
    np.testing.assert_array_equal(read_idx(path, axes=1), np.arange(5))


@pytest.mark.parametrize(
    ("text", "target", "message"),
    [
        ("", "y", "the file is empty"),
        ("a,y\n", "y", "has a header but no rows"),
        ("a,y\n1,2\n", None, "give --target one of a, y"),
        ("a,price\n1,2\n", "prise", "no such column; name one of its columns, .* first: price, a"),
        ("a,y\n1,5\n2,5\n", "y", "column y holds only one value, 5"),
        ("y\n1\n2\n", "y", "its only column"),
        (
            "a,y\n1,2,3\n1\n1,2,3,4\n",
            "y",
            "line 2 has 3 cells, but the header has 2, and 2 further lines do",
        ),
        ("a,y\n1,2\ninf,3\n2,4\n", "y", "column a, line 3 holds an infinite number"),
        (
            "a,y\n" + "\n".join(f"{i},n{i}" for i in range(9)),
            "y",
            "9 rows are too few for the 9 classes of y.*, not a column that identifies rows",
        ),
        ("a,y\n1,2\n2,3\n3,4\n", "y", "3 rows are too few"),
        ("a,y\n1,\n2,\n", "y", "column y has no value"),
    ],
)
def test_a_bad_table_is_named(tmp_path, text, target, message):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        prepare(load(str(path), target=target))


@pytest.mark.parametrize(
    "text", ["0", "-1", "nan", "inf", "abc", "1:0:3", "1e-4:10", "1:2:x", "1e-4:10:13:7"]
)
def test_a_bad_learning_rate_is_named(text):
    with pytest.raises(UserError, match=f"--learning-rate {text}: .*such as"):
        numbers([text], "--learning-rate")
