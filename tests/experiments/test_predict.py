"""The saved network: same numbers from disk, stated accuracy, one sentence for other columns."""

import json

import jax
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

from experiments import activations, predict
from experiments.lab.data import load, prepare
from experiments.lab.results.model import Model, flat
from experiments.lab.results.model import load as load_model
from experiments.lab.study.named_activations import find
from experiments.lab.study.study import network
from tests.helpers.commands import exit_code

ROWS = 90
SOURCE = """
import jax.numpy as jnp
from jaxnn import Activation
bent = Activation(lambda x, beta: jnp.tanh(beta * x), learned={"beta": 1.0})
"""
TRAINING = [
    "--learning-rate",
    "0.1",
    "1",
    "--seeds",
    "3",
    "--width",
    "4",
    "--depth",
    "1",
    "--steps",
    "20",
]


@pytest.fixture(scope="module", autouse=True)
def here(tmp_path_factory):
    """The current folder, with a table, the user's module and two runs, "kinds" and "prices"."""
    folder = tmp_path_factory.mktemp("here")
    rng = np.random.default_rng(0)
    size, city = rng.normal(50, 20, ROWS).round(3), rng.choice(["Ulm", "Bonn"], ROWS)
    price = 3 * size + 40 * (city == "Ulm") + rng.normal(0, 5, ROWS)
    table = pd.DataFrame(
        {
            "number": range(ROWS),
            "size": size,
            "city": city,
            "planet": "earth",
            "price": price.round(3),
            "kind": pd.cut(price, 3, labels=["low", "middle", "high"]),
        }
    )
    table.loc[::10, "city"] = None
    table.to_csv(folder / "rows.csv", index=False)
    (folder / "own_saved.py").write_text(SOURCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(str(folder))
        patch.setattr(activations, "refitted", refit_and_remember)
        assert (
            exit_code(
                activations,
                "--data",
                "rows.csv",
                "--target",
                "kind",
                "--drop",
                "number",
                "price",
                "--activation",
                "own_saved:bent",
                *TRAINING,
                "--out",
                "kinds",
            )
            == 0
        )
        assert (
            exit_code(
                activations,
                "--data",
                "rows.csv",
                "--target",
                "price",
                "--drop",
                "number",
                "kind",
                "--activation",
                "tanh",
                *TRAINING,
                "--out",
                "prices",
            )
            == 0
        )
        yield folder


SAVED: list[Model] = []


def refit_and_remember(comparison, refitted=activations.refitted):
    refit = refitted(comparison)
    SAVED.append(refit.model)
    return refit


def training_rows(folder, target, *drop):
    """The rows of the table that the network was trained on, found by their inputs."""
    seed = stated(folder)["seed"]
    table = pd.read_csv("rows.csv")
    data = prepare(load("rows.csv", target=target, drop=drop), split_seed=seed)
    trained = {row.tobytes() for row in data.x["train"]}
    rows = table[[row.tobytes() in trained for row in data.preprocessing.apply(table)]]
    assert len(rows) == len(data.x["train"])
    return rows


def stated(folder):
    return json.loads((folder / "summary.json").read_text())["model"]


@pytest.mark.parametrize("number", [0, 1])
def test_the_round_trip_through_disk_is_bit_equal(number, here):
    saved, loaded = SAVED[number], load_model(here / ["kinds", "prices"][number])
    assert (
        loaded.preprocessing == saved.preprocessing
        and loaded.structure == saved.structure
        and loaded.left_out == saved.left_out
    )
    assert jax.tree.structure(loaded.params) == jax.tree.structure(saved.params)
    for name, leaf in flat(saved.params).items():
        assert (
            flat(loaded.params)[name].dtype == leaf.dtype
            and flat(loaded.params)[name].tobytes() == leaf.tobytes()
        )
    x = saved.preprocessing.apply(pd.read_csv("rows.csv"))
    assert loaded.outputs(x).tobytes() == saved.outputs(x).tobytes()


def test_the_training_rows_have_the_accuracy_that_is_stated(here, capsys):
    rows = training_rows(here / "kinds", "kind", "number", "price")
    rows.to_csv("training.csv", index=False)
    assert exit_code(predict, "kinds", "training.csv") == 0
    accuracy, found = (
        stated(here / "kinds")["train_accuracy"],
        pd.read_csv("kinds/predictions-training.csv"),
    )
    assert np.mean(found["prediction"].to_numpy() == rows["kind"].to_numpy()) == accuracy > 0.6
    assert f"({accuracy:.7g}) on the 54 rows with a kind" in capsys.readouterr().out
    probabilities = found[[f"probability of {name}" for name in ("high", "low", "middle")]]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert (probabilities.idxmax(axis=1) == "probability of " + found["prediction"]).all()


def test_a_number_is_predicted_in_its_own_unit(here, capsys):
    rows = training_rows(here / "prices", "price", "number", "kind")
    rows.to_csv("training.csv", index=False)
    assert exit_code(predict, "prices", "training.csv", "--out", "p.csv") == 0
    found, r2 = pd.read_csv("p.csv"), stated(here / "prices")["train_r2"]
    assert list(found) == ["prediction"]
    assert r2_score(rows["price"], found["prediction"]) == pytest.approx(r2, abs=1e-6) and r2 > 0.5
    assert f"({r2:.7g}) on the 54 rows with a price" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "score"), [("kinds", "accuracy"), ("prices", "r2")])
def test_the_network_is_the_median_run_of_the_chosen_cell_trained_again(name, score, here):
    about, results = stated(here / name), pd.read_csv(here / name / "results.csv")
    cell = results[np.isclose(results["learning_rate"], about["learning_rate"])].set_index("seed")
    assert cell[f"validation_{score}"].median() == pytest.approx(
        cell.loc[about["seed"], f"validation_{score}"]
    )
    for part in ("validation", "test"):
        assert about[f"{part}_{score}"] == pytest.approx(
            cell.loc[about["seed"], f"{part}_{score}"], abs=1e-4
        )
    assert (
        json.loads((here / name / "config.json").read_text())["model"] == about
    )  # which the report shows


def test_rows_without_a_target_and_new_categories_are_predicted(here, capsys):
    pd.DataFrame({"city": ["Ulm", "Köln", None], "size": [50.0, None, 60.0]}).to_parquet(
        "new.parquet"
    )
    assert exit_code(predict, "kinds", "new.parquet") == 0
    said = capsys.readouterr().out
    assert (
        "column city has categories that are not among the 2 of the training rows: Köln; " in said
    )
    assert "missing cells, imputed as in training: 2" in said and "accuracy" not in said
    assert len(pd.read_csv("kinds/predictions-new.csv")) == 3


def test_a_class_that_was_not_trained_on_is_counted_as_wrong(here, capsys):
    rows = pd.read_csv("rows.csv").assign(kind="huge")
    rows.to_csv("huge.csv", index=False)
    assert exit_code(predict, "kinds", "huge.csv") == 0
    assert (
        "counted as wrong: huge" in (said := capsys.readouterr().out)
        and "0.0 % (0) on the 90 rows" in said
    )


@pytest.mark.parametrize(
    ("table", "flags", "message"),
    [
        ("size\n1\n", [], "rows of x.csv"),
        (
            "size,weight,city,height\n1,2,Ulm,3\n",
            [],
            "x.csv: it has the further columns weight, height; leave them out with --drop",
        ),
        (
            "size,weight,city\n1,2,Ulm\n",
            ["--drop", "wheight"],
            "--drop wheight: x.csv has no such column; name one of its columns: size, weight, city",
        ),
        (
            "sise,city\n1,Ulm\n",
            [],
            "x.csv: it lacks the column size and has the further column sise; "
            "give a table with the columns",
        ),
        (
            "size,city\n1,Ulm\nabc,Ulm\n",
            [],
            "x.csv: column size, row 2 holds 'abc', which is not a finite number as in the "
            "training rows",
        ),
        ("size,city\n1,Ulm\n", ["--out", "x.csv"], "--out x.csv: it is the file to predict for"),
        (
            "size,city\n1,Ulm\n",
            ["--out", "nowhere/p.csv"],
            "--out nowhere/p.csv: it cannot be written",
        ),
    ],
)
def test_other_data_are_refused_by_name(table, flags, message, here, capsys):
    (here / "x.csv").write_text(table)
    assert exit_code(predict, "kinds", "x.csv", *flags) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1
    assert (
        message.replace(
            "rows of x.csv", "x.csv: it lacks the column city; give a table with the columns"
        )
        in said
    )


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ["nowhere", "rows.csv"],
            "nowhere: there is no model.json; give the folder of a finished run",
        ),
        (["kinds", "nothing.csv"], "nothing.csv: no such file; give a path or URL"),
        (
            ["kinds", "digits"],
            "digits: it holds arrays of 64 numbers per row, but the model was trained on a table "
            "with the columns size, city",
        ),
        (["kinds"], "required"),
    ],
)
def test_what_is_not_there_is_said(flags, message, capsys):
    assert exit_code(predict, *flags) == 2
    assert message in capsys.readouterr().err


def test_columns_to_drop_may_be_there(here):
    (here / "x.csv").write_text("size,weight,city\n1,2,Ulm\n")
    assert exit_code(predict, "kinds", "x.csv", "--drop", "weight") == 0


def test_an_edited_activation_or_file_is_refused(here, capsys):
    own, parameters = here / "own_saved.py", here / "prices" / "model.safetensors"
    own.write_text(SOURCE.replace("tanh", "sin"))
    assert exit_code(predict, "kinds", "rows.csv") == 2
    own.write_text(SOURCE)
    kept = parameters.read_bytes()
    parameters.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    assert exit_code(predict, "prices", "rows.csv") == 2
    parameters.write_bytes(kept)
    said = capsys.readouterr().err
    assert "the source of own_saved:bent is not the one that the model was trained with" in said
    assert "model.safetensors is not the one that model.json describes" in said


def test_arrays_without_targets_are_read(here):
    data = prepare(load("iris"))
    structure = {"activation": "relu", "depth": 0, "width": 1}
    model = Model(
        structure,
        network(structure, find("relu"), data.preprocessing),
        data.preprocessing,
        ({"weight": np.ones((4, 3), np.float32), "bias": np.zeros(3, np.float32)},),
    )
    np.savez(here / "x.npz", x=np.arange(8, dtype=np.uint8).reshape(2, 2, 2))
    from experiments.lab.data import read_rows

    rows = read_rows(
        str(here / "x.npz"), data.preprocessing._replace(columns=(), unit=(0.0, 1.0, 4))
    )
    assert rows.y is None and rows.x.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert model.outputs(rows.x).tolist() == [[6] * 3, [22] * 3]
