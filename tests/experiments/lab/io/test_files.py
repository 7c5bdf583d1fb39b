"""Tables as CSV, or as Parquet where a CSV would be too large."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import activations
from experiments.lab import job
from experiments.lab.drawing import style
from experiments.lab.io import files
from experiments.lab.io.errors import UserError
from experiments.lab.results.folder import write_arrays
from tests.helpers.commands import exit_code


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "activation": pd.Categorical.from_codes([0, 1, 1, 0], ["relu", "tanh"]),
            "seed": np.arange(4, dtype=np.int32),
            "loss": np.array([0.1, 0.2, np.inf, 0.4], np.float32),
            "step": pd.array([None, None, 7, None], "Int32"),
        }
    )


def test_a_table_is_a_csv_of_seven_digits(table, tmp_path):
    (tmp_path / "t.parquet").write_text("of an earlier run")
    assert files.write_table(tmp_path / "t.csv", table) == tmp_path / "t.csv"
    assert (tmp_path / "t.csv").read_text() == (
        "activation,seed,loss,step\nrelu,0,0.1,\ntanh,1,0.2,\ntanh,2,inf,7\nrelu,3,0.4,\n"
    )
    assert [file.name for file in tmp_path.iterdir()] == ["t.csv"]


def test_a_large_table_is_parquet_written_piece_by_piece(table, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 70)  # it would be 73
    monkeypatch.setattr(files, "PIECE", 3)
    (tmp_path / "t.csv").write_text("of an earlier run")
    assert files.write_table(tmp_path / "t.csv", table) == tmp_path / "t.parquet"
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), table)
    assert [file.name for file in tmp_path.iterdir()] == ["t.parquet"]


@pytest.fixture
def room():
    """Files may have 1,000 bytes, as where `ulimit -f` is set."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def figure(path):
    with style.canvas() as drawn:
        drawn.subplots().plot([0, 1])
        style.write(drawn, path.parent, path.stem)


LARGE = np.random.default_rng(0).random(1000)
WRITERS = {
    "t.txt": lambda path: files.write_text(path, "x" * 2000),
    "t.json": lambda path: files.write_json(path, LARGE),
    "t.csv": lambda path: files.write_table(path, pd.DataFrame({"a": LARGE})),
    "t.safetensors": lambda path: write_arrays(path, {"a": LARGE}),
    "t.png": figure,
}


@pytest.mark.parametrize("name", WRITERS)
def test_where_there_is_no_room_the_earlier_file_stays_and_it_is_a_sentence(name, tmp_path, room):
    (tmp_path / name).write_text("earlier")
    with pytest.raises(UserError) as stop:
        WRITERS[name](tmp_path / name)
    assert str(stop.value) == (
        f"{tmp_path / name}: it cannot be written (File too large); make room or choose another "
        "folder, and the same command goes on from what it has kept"
    )
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "earlier"


def test_no_room_for_parquet(table, tmp_path, monkeypatch, room):
    monkeypatch.setattr(files, "MOST_BYTES", 70)
    with pytest.raises(UserError, match=r"t\.parquet: it cannot be written \(.*File too large"):
        files.write_table(tmp_path / "t.csv", table)
    assert not list(tmp_path.iterdir())


def test_a_device_is_written_to_and_not_replaced():
    with pytest.raises(UserError, match=r"^/dev/full: it cannot be written \(No space left on dev"):
        files.write_text(Path("/dev/full"), "x")
    files.write_text(Path("/dev/null"), "x")
    assert Path("/dev/full").is_char_device() and Path("/dev/null").is_char_device()
    assert not list(Path("/dev").glob("*.tmp"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": "caf\udce9 noir"}', r"the name 'caf\udce9' cannot be written to a file, since "),
        ("\ud83d", r"the name '\ud83d' cannot be written to a file, since UTF-8 has no '\ud83d'; "),
        ("x" * 10**6 + "\udcff" + "y" * 10**6, f"the name '{'x' * 40}\\udcff{'y' * 39}' cannot"),
    ],
)
def test_text_that_files_cannot_hold_is_named(text, said):
    with pytest.raises(UserError) as stop, files.only_utf8():
        text.encode()
    assert str(stop.value).startswith(said) and str(stop.value).endswith("; rename it")
    assert str(stop.value).isascii()


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--out", "r\udcff"], "r\\udcff"),
        (["--data", "caf\udce9.csv", "--target", "y"], "caf\\udce9"),
        (["--data", "t.json", "--target", "y"], "\\ud800"),
        (["--data", "c.json", "--target", "y"], "\\ud800"),
    ],
)
def test_such_names_fail_before_training(flags, named, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(job, "train", lambda *_: pytest.fail("it trains"))
    rows = pd.DataFrame({"a": np.arange(40.0), "y": np.arange(40.0) % 7})
    rows.to_csv("caf\udce9.csv", index=False)
    records = rows.to_dict("records")
    odd = [{"\ud800": row["a"], "y": row["y"]} for row in records]
    Path("t.json").write_text(json.dumps(odd))
    classes = [{**row, "y": "yes" if row["a"] % 2 else "no\ud800"} for row in records]
    Path("c.json").write_text(json.dumps(classes))
    monkeypatch.setattr("sys.argv", ["activations", *flags])
    assert exit_code(activations, *flags, "--steps", "2") == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1 and named in said, said
    assert not list(tmp_path.glob("runs/*/results.csv"))


@pytest.mark.slow
def test_what_is_printed_has_no_room(tmp_path):
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "experiments.activations", "--data", "wine", "--inspect"]
        found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert found.returncode == 2
    assert found.stderr == (
        "error: what this prints: it cannot be written (No space left on device); make room\n"
    )
