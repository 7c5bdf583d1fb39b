"""docs/notebook.ipynb runs: its cells in order, as a notebook runs them."""

import ast
import json
from pathlib import Path

import matplotlib as mpl
import pytest

pytestmark = pytest.mark.slow

NOTEBOOK = Path(__file__).parent.parent / "docs" / "notebook.ipynb"
CELLS = [
    cell
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    if cell["cell_type"] == "code"
]


def test_the_cells_run_in_order(monkeypatch):
    monkeypatch.setattr(mpl, "rcParams", mpl.rcParams.copy())
    mpl.use("Agg")
    names: dict = {"__name__": "__main__"}
    for cell in CELLS:
        *lines, last = ast.parse("".join(cell["source"])).body
        exec(compile(ast.Module(lines, []), str(NOTEBOOK), "exec"), names)  # noqa: S102
        kind, shown = (
            ("eval", ast.Expression(last.value))
            if isinstance(last, ast.Expr)
            else (
                "exec",
                ast.Module([last], []),
            )
        )
        found = eval(compile(shown, str(NOTEBOOK), kind), names)  # noqa: S307
        if hasattr(found, "_repr_html_"):
            assert "<table" in found._repr_html_()
    assert names["result"].verdict.startswith("Use ")
    assert names["grid"].validation["accuracy"].mean(-1).max() > 0.9
    with pytest.raises(ValueError, match="lacks the columns"):
        names["result"].model.predict(names["new"][["mean radius"]])


def test_it_was_executed_in_order_and_is_small():
    counts = [cell["execution_count"] for cell in CELLS]
    assert counts == list(range(1, len(CELLS) + 1))
    outputs = [output for cell in CELLS for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} <= {
        "display_data",
        "execute_result",
        "stream",
    }
    assert NOTEBOOK.stat().st_size < 200_000
