"""Tables as CSV, or as Parquet where a CSV would be too large."""

import numpy as np
import pandas as pd
import pytest

from experiments.lab.io import files


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
