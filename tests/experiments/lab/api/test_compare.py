"""compare: the command as a call, which leaves the program that calls it as it was."""

import os
import re
import signal
import sys
import types
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from rich.text import Text
from sklearn.datasets import load_iris

from experiments import activations
from experiments.lab import job
from experiments.lab.engine import devices, guest
from experiments.lab.study import named_activations, screen
from jaxnn_experiments import compare
from tests.helpers.commands import exit_code

FRAME = load_iris(as_frame=True).frame.rename(columns={"target": "<b>kind</b>"})
FLAGS = {
    "activation": ("relu", "tanh"),
    "learning_rate": (0.1, 1),
    "seeds": 3,
    "depth": 1,
    "width": 8,
    "steps": 20,
    "fixed_grid": True,
    "twins": False,
    "task": "classification",
}


def state():
    """What a call must leave alone."""
    return {
        "jax": {name: getattr(jax.config, name, None) for name in guest.CHANGED},
        "environment": dict(os.environ),
        "handlers": [
            signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
        ],
        "warnings": list(warnings.filters),
        "streams": (sys.stdout, sys.stderr, sys.excepthook),
        "path": list(sys.path),
        "numpy": np.geterr(),
        "quiet": screen.console.quiet,
    }


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder, before = tmp_path_factory.mktemp("empty"), state()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        found = compare(FRAME, target="<b>kind</b>", progress=False, **FLAGS)
    assert state() == before and not list(folder.iterdir())
    return found


def test_it_finds_what_the_command_finds(result, tmp_path):
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    words = [str(each) for each in ("--seeds", 3, "--depth", 1, "--width", 8, "--steps", 20)]
    words += ["--activation", "relu", "tanh", "--learning-rate", "0.1", "1", "--fixed-grid"]
    words += ["--task", "classification"]
    out = tmp_path / "r"
    file = ["--data", str(tmp_path / "t.csv"), "--target", "<b>kind</b>", "--out", str(out)]
    assert exit_code(activations, *file, *words, "--no-twins") == 0
    written = pd.read_csv(out / "results.csv")
    assert list(written) == list(result.results)
    for name, column in written.select_dtypes("number").items():
        np.testing.assert_allclose(result.results[name].astype(float), column, rtol=1e-5)
    assert (out / "report.html").read_text().count(result.verdict[:40])


def test_the_table_says_what_the_runs_say(result):
    first = result.table.iloc[0]
    runs = result.results.query(
        "activation == @first.model and learning_rate == @first.learning_rate"
    )
    assert first["test_accuracy"] == pytest.approx(runs["test_accuracy"].mean())
    assert first["low"] <= first["test_accuracy"] <= first["high"] and first["seeds"] == 3
    assert result.table["model"].tolist()[2:] == [
        "most frequent",
        "logistic regression",
        "gradient boosting",
    ]
    assert f"Use {first['model']}" in result.verdict


def test_it_shows_itself_as_text(result):
    plain, html = repr(result), result._repr_html_()
    assert result.verdict in plain and "gradient boosting" in plain and "gradient boosting" in html
    assert len(html) < 5000
    rates = result.figures["rates"]
    assert {trace.name for trace in rates.data if trace.name} == {"relu", "tanh"}
    assert len(rates.layout.updatemenus[0].buttons) == 4  # of error and loss, test and validation


@pytest.mark.slow
def test_the_model_predicts_new_rows_and_the_report_says_the_call(result, tmp_path):
    rows = FRAME.sample(20, random_state=0)
    found = result.model.predict(rows.drop(columns="<b>kind</b>").assign(other=1))
    assert found.index.equals(rows.index)
    assert (found["prediction"].astype(int) == rows["<b>kind</b>"]).mean() >= 0.8
    with pytest.raises(ValueError, match="lacks the columns? "):
        result.model.predict(rows[["sepal length (cm)"]])
    page = result.report(tmp_path / "r.html").read_text()
    assert "compare(data, target=" in page and "<b>kind</b>" not in page


def _bend(slope):
    def a_bend(x):
        return jnp.where(x > 0, x, slope * x)

    return a_bend


@pytest.mark.slow
def test_a_function_is_known_by_its_name_and_by_what_it_computes():
    assert named_activations.handed_over(_bend(0.1)) == "a_bend"
    (first,) = named_activations.described(["a_bend", "relu"]).values()
    assert named_activations.handed_over(_bend(0.2)) == "a_bend"  # as a cell that is run again
    (second,) = named_activations.described(["a_bend"]).values()
    assert first["source_sha256"] != second["source_sha256"]
    assert named_activations.handed_over(jnp.tanh) == "tanh"
    with pytest.raises(ValueError, match="--network 3: give a name, or a function of"):
        compare("iris", network=3)
    with pytest.raises(ValueError, match="two functions are called a_bend; rename one"):
        compare("iris", activation=[_bend(0.1), _bend(0.3)], progress=False)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"data": "digitz"}, "--data digitz: no such data set"),
        ({"stepz": 3}, "stepz=3: there is no such argument; nearest first: steps, "),
        ({"seeds": "ten"}, "--seeds ten: give a whole number"),
        ({"twins": "yes"}, "--twins yes: give True or False"),
        ({"shard": "1/2"}, "shard='1/2': it is for the command; leave it out"),
        ({"mlflow": True}, "mlflow=True: it sends what is in a folder; give out=FOLDER too"),
        ({"activation": lambda x: x}, "it has no name to be called by"),
        ({"activation": "relo"}, "--activation relo: no such activation"),
        ({"data": FRAME}, "the data frame: the column to predict is not named; give --target"),
        ({"data": np.ones((3, 2))}, "y: there is none; give one target for each row of x"),
        ({"data": np.ones((3, 2)), "y": [1, 2]}, "the arrays: y has the shape"),
        ({"data": "iris", "y": [1]}, "y: iris has its own targets; leave y out"),
        ({"y": [1, 2]}, "y: there are no rows that it belongs to; give data"),
        ({"data": [[1], [2, 3]], "y": [1, 2]}, "x: its rows have different lengths"),
        ({"data": FRAME, "y": [[1], [2, 3]]}, "y: its rows have different lengths"),
        ({"data": FRAME, "y": [1j] * len(FRAME)}, "column y has complex numbers"),
        ({"data": FRAME.assign(z=1j), "target": "a"}, "column z has complex numbers"),
        (
            {"data": pd.concat({"b": FRAME}, axis=1)},
            "its columns have 2 levels; give",
        ),
        (
            {"data": "iris", "test_data": (1, 2, 3)},
            "test_data: a tuple of 3; give rows",
        ),
        ({"data": "iris", "seeds": [1, 2]}, "--seeds [1, 2]: give one value"),
        ({"data": "iris", "residual": True, "depth": 1}, "--residual yes: no hidden layer"),
        ({"config": "none.json"}, "--config none.json: it cannot be read"),
    ],
)
def test_what_is_wrong_is_a_value_error(given, message):
    with pytest.raises(ValueError) as error:
        compare(progress=False, **given)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_an_interruption_and_an_error_leave_the_program_as_it_was(monkeypatch):
    def interrupt(*_):
        assert not jax.config.jax_debug_nans and not screen.console.quiet
        raise KeyboardInterrupt

    monkeypatch.setattr(job, "trained", lambda *_, **__: interrupt())
    with jax.debug_nans(False):
        before = state()
        with pytest.raises(KeyboardInterrupt):
            compare("iris", precision="highest", **FLAGS | {"task": "auto"})
        assert state() == before


def test_a_started_jax_keeps_its_devices(monkeypatch):
    jnp.ones(1)
    monkeypatch.setattr(devices, "cores", lambda: 7)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    devices.use_every_core()  # it was an error
    assert jax.device_count() == 2


def test_a_notebook_has_one_view_that_is_drawn_in_place(monkeypatch):
    drawn, places = [], []

    class Place:
        def update(self, html):
            drawn.append(html)

    def display(html, display_id):
        places.append(html)
        return Place()

    fake = types.SimpleNamespace(HTML=str, display=display)
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    monkeypatch.setattr(screen.console, "is_jupyter", True)
    for progress in (True, False):
        with screen.console.of_call(progress):
            for stage in ("first <b>", "second"):
                if view := screen.console.live(4):
                    view.start()
                    view.update(Text(stage))
                    view.stop()
    first, *later = [re.sub("<pre[^>]*>|</pre>", "", html).strip() for html in [*places, *drawn]]
    assert first == "first &lt;b&gt;" and later == ["", "second", ""]
