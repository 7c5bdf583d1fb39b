"""The README's ten lines run as they are printed."""

import re
from pathlib import Path

import jax
import numpy as np
import pandas as pd

README = Path(__file__).parent.parent / "README.md"


def test_the_ten_lines_train_a_grid(capsys):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (lines,) = (block for block in blocks if "jaxnn.train_grid(" in block)
    names: dict = {}
    exec(compile(lines, str(README), "exec"), names)  # noqa: S102
    printed = capsys.readouterr().out
    assert printed.splitlines()[0] == re.search(r"result\.axes.*# (.*)", lines)[1]
    accuracy = names["result"].validation["accuracy"]
    assert accuracy.shape == (2, 3, 10) and np.isfinite(accuracy).all()
    assert 0.85 < accuracy.mean(-1).max() < 1  # at its best rate each has learned the digits
    assert accuracy[0, 0].mean() < accuracy[0, 1].mean() - 0.05  # and too low a rate is slow


def test_the_blocks_of_the_library_page_are_one_program(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (README.parent / "docs" / "library.md").read_text(encoding="utf-8")
    names: dict = {}
    exec("\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)), names)  # noqa: S102
    for saved, read in zip(*map(jax.tree.leaves, (names["params"], names["again"])), strict=True):
        np.testing.assert_array_equal(saved, read)
    loss, *optimizers = capsys.readouterr().out.splitlines()
    assert float(loss) < 0.5
    assert {
        "sgd: learning_rate, weight_decay",
        "adam: learning_rate, weight_decay, eps, b1, b2",
    } <= set(optimizers)


def test_the_table_against_scikit_learn_is_what_was_measured():
    results = pd.read_csv(README.parent / "experiments" / "results" / "trees" / "results.csv")
    rows = re.findall(r"^\| (\w+) \| ([\d.]+) \| (.*\[.*) \|$", README.read_text("utf-8"), re.M)
    assert [name for name, *_ in rows] == list(results["table"].unique())
    for name, ours, others in rows:
        shown = [float(ours), *map(float, re.findall(r"-?[\d.]+", others))]
        network, *rest = results[results["table"] == name].itertuples()
        measured = [network.score, *(x for row in rest for x in (row.score, row.low, row.high))]
        np.testing.assert_allclose(shown, measured, atol=0.0501)
