"""The saved model: same numbers from disk, mean and spread, one sentence for other columns."""

import hashlib
import json
import shutil

import jax
import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
from scipy.special import softmax
from sklearn.metrics import accuracy_score, r2_score

from experiments import activations, predict
from experiments.lab import job
from experiments.lab.data import load, prepare
from experiments.lab.results.model import Model, flat, pooled
from experiments.lab.results.model import load as load_model
from experiments.lab.study.building import network
from experiments.lab.study.named_activations import find
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
        patch.setattr(job, "refitted", refit_and_remember)
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


def refit_and_remember(comparison, *, single, refitted=job.refitted):
    refit = refitted(comparison, single=single)
    SAVED.append(refit.model)
    return refit


def each_by_hand(folder, phi):
    """Each member's outputs for rows.csv, from the numbers in the file; one hidden layer."""
    x = load_model(folder).preprocessing.apply(pd.read_csv("rows.csv")).astype(np.float64)
    found = safetensors.numpy.load_file(folder / "model.safetensors")
    layers = [
        [(found[f"{n}.weight"][m], found[f"{n}.bias"][m]) for n in range(2)] for m in range(3)
    ]
    return np.array(
        [
            phi(x @ hidden[0] + hidden[1], m) @ output[0] + output[1]
            for m, (hidden, output) in enumerate(layers)
        ]
    )


def about(folder):
    return json.loads((folder / "summary.json").read_text())["model"]


@pytest.mark.slow
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


@pytest.mark.slow
def test_classes_are_predicted_by_the_mean_probability(here, capsys):
    assert exit_code(predict, "kinds", "rows.csv", "--drop", "number", "price") == 0
    said, found = capsys.readouterr().out, pd.read_csv("kinds/predictions-rows.csv")
    beta = safetensors.numpy.load_file(here / "kinds/model.safetensors")["0.activation.beta"]
    each = each_by_hand(here / "kinds", lambda a, member: np.tanh(beta[member] * a))
    probabilities, classes = softmax(each, axis=2), np.array(["high", "low", "middle"])
    mean, kinds = probabilities.mean(axis=0), pd.read_csv("rows.csv")["kind"]
    columns = [f"probability of {name}" for name in classes]
    np.testing.assert_allclose(found[columns], mean, atol=1e-6)
    assert (found["prediction"] == classes[mean.argmax(axis=1)]).all()
    predicted = probabilities[:, np.arange(ROWS), mean.argmax(axis=1)]
    np.testing.assert_allclose(found["spread"], predicted.std(axis=0, ddof=1), atol=1e-6)
    assert found["spread"].min() > 0
    accuracy = accuracy_score(kinds, found["prediction"])
    assert f"({accuracy:.7g}) on the 90 rows whose kind is known" in said and accuracy > 0.6
    assert "kind by 3 networks with own_saved:bent" in said
    assert "standard deviation of the probability of the predicted class over the 3 netw" in said


def test_a_number_is_the_mean_in_its_own_unit(here, capsys):
    assert exit_code(predict, "prices", "rows.csv", "--drop", "number", "kind", "--out", "p") == 0
    said, found = capsys.readouterr().out, pd.read_csv("p")
    prices = pd.read_csv("rows.csv")["price"]
    each = each_by_hand(here / "prices", lambda a, _: np.tanh(a))[:, :, 0]
    each = each * prices.std(ddof=0) + prices.mean()
    np.testing.assert_allclose(found["prediction"], each.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found["spread"], each.std(axis=0, ddof=1), rtol=1e-3, atol=1e-4)
    assert list(found) == ["row", "prediction", "spread"]
    r2 = r2_score(prices, found["prediction"])
    shown = float(said.split("R²")[1].split("(")[1].split(")")[0])
    assert shown == pytest.approx(r2, abs=1e-5) and r2 > 0.5
    assert "standard deviation of price over the 3" in said


def test_the_mean_probability_of_two_classes_has_no_0(here):
    each = np.array([[[-200.0], [1.0]], [[-210.0], [3.0]]], np.float32)
    found = pooled(each, "binary")[:, 0]
    mean = (1 / (1 + np.exp(-1.0)) + 1 / (1 + np.exp(-3.0))) / 2
    np.testing.assert_allclose(found, [np.log(np.exp(-200) / 2), np.log(mean / (1 - mean))], 1e-5)
    assert pooled(each[:1], "binary").tobytes() == each[0].tobytes()


@pytest.mark.parametrize(("name", "score"), [("kinds", "accuracy"), ("prices", "r2")])
def test_the_files_say_what_the_model_is(name, score, here, capsys):
    found, results = about(here / name), pd.read_csv(here / name / "results.csv")
    assert found["is"].startswith("the mean prediction of 3 networks, trained on all 90 rows")
    assert np.isclose(results["learning_rate"], found["learning_rate"]).any()
    assert found[f"test_{score}"] == pytest.approx(np.mean(found["splits"][f"test_{score}"]))
    assert len(found["splits"][f"test_{score}"]) == 3
    low, high = found[f"test_{score}_interval"]
    assert low < found[f"test_{score}"] < high
    assert "of such models trained on 80 % of the rows over 3 splits" in found[f"test_{score}_is"]
    for file in ("config.json", "model.json"):  # the report shows the first
        saved = json.loads((here / name / file).read_text())
        assert found.items() <= saved.get("model", saved).items()


def test_a_file_of_an_earlier_version_is_one_network(here, tmp_path):
    model, folder = SAVED[1], tmp_path
    first = jax.tree.map(lambda leaf: leaf[0], model.params)
    content = safetensors.numpy.save({n: np.array(leaf) for n, leaf in flat(first).items()})
    plain = json.loads((here / "prices" / "model.json").read_text())
    del plain["members"], plain["sha256"]
    plain["parameters_sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "model.json").write_text(json.dumps(plain))
    (folder / "model.safetensors").write_bytes(content)
    x = model.preprocessing.apply(pd.read_csv("rows.csv"))
    one = load_model(folder)
    np.testing.assert_allclose(one.outputs(x), model.each(x)[0], atol=1e-6)
    assert (
        one.members == 1 and exit_code(predict, folder, "rows.csv", "--drop", "number", "kind") == 0
    )
    assert list(pd.read_csv(folder / "predictions-rows.csv")) == ["row", "prediction"]


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


def test_rows_keep_their_numbers_and_the_columns_that_are_asked_for(here, capsys):
    rows = pd.read_csv("rows.csv").assign(size=[1e4, *[50.0] * (ROWS - 1)])
    rows["patient"] = [f"0{number}" for number in range(ROWS)]
    rows.drop(columns=["number", "price"]).to_csv("patients.csv", index=False)
    assert exit_code(predict, "kinds", "patients.csv", "--keep", "patient", "--keep", "kind") == 0
    found = pd.read_csv("kinds/predictions-patients.csv", dtype={"patient": str})
    assert list(found)[:4] == ["row", "patient", "kind", "prediction"]
    assert found["row"].tolist() == [*range(1, ROWS + 1)]
    assert found["patient"].tolist() == rows["patient"].tolist()
    low, high = (f"{end:.10g}" for end in pd.read_csv("rows.csv")["size"].agg(["min", "max"]))
    said = capsys.readouterr().out
    assert f"size in 1 row, as far as 10000 where training rows have {low} to {high}" in said
    assert exit_code(predict, "kinds", "patients.csv", "--keep", "pateint") == 2
    assert "--keep pateint: patients.csv has no such column; " in capsys.readouterr().err


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
            "--drop wheight: x.csv has no such column; name one of its columns, nearest first: "
            "weight, ",
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


def edited(change):
    """model.json as someone has edited it, without a checksum, as earlier versions wrote it."""

    def damage(folder):
        said = json.loads((folder / "model.json").read_text())
        del said["sha256"]
        change(said)
        (folder / "model.json").write_text(json.dumps(said))

    return damage


def other_parameters(change):
    """model.safetensors with other arrays, and their hash in model.json."""

    def damage(folder):
        file = folder / "model.safetensors"
        content = safetensors.numpy.save(change(safetensors.numpy.load(file.read_bytes())))
        file.write_bytes(content)
        edited(lambda said: said.update(parameters_sha256=hashlib.sha256(content).hexdigest()))(
            folder
        )

    return damage


def flipped(folder):
    text = (folder / "model.json").read_text()
    (folder / "model.json").write_text(text.replace('"mean": 5', '"mean": 6', 1))
    assert text != (folder / "model.json").read_text()


def described(text):
    return lambda folder: (folder / "model.json").write_text(text)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (flipped, "model.json: it is damaged, has been edited or is of another version of jaxnn"),
        (described("[" * 100_000), "its model cannot be read"),
        (described('{"a": ' * 100_000 + "1" + "}" * 100_000), "its model cannot be read"),
        (described("[1, 2]"), "model.json: it describes no model"),
        (described('{"architectures": ["Bert"]}'), "('structure'); run the experiment again"),
        (described(""), "its model cannot be read"),
        (edited(lambda said: said.update(structure="relu")), "model.json: it is damaged"),
        (edited(lambda said: said.update(preprocessing=[1])), "model.json: it is damaged"),
        (edited(lambda said: said["structure"].update(width=5)), "0.bias is float32 (3, 4), not"),
        (
            edited(lambda said: said["structure"].update(depth=10**9)),
            "1000000000 hidden layers and 4 arrays",
        ),
        (
            other_parameters(lambda found: {n: leaf[:2] for n, leaf in found.items()}),
            "0.bias is float32 (2, 4), not float32 (3, 4)",
        ),
        (
            other_parameters(
                lambda found: {n: leaf.astype(np.float64) for n, leaf in found.items()}
            ),
            "0.bias is float64 (3, 4), not float32 (3, 4)",
        ),
        (other_parameters(lambda found: {"x": found["0.bias"]}), "1 hidden layers and 1 arrays"),
    ],
)
def test_a_damaged_or_foreign_model_is_refused_in_a_sentence(
    damage, message, here, tmp_path, capsys
):
    folder = shutil.copytree(here / "prices", tmp_path / "r")
    damage(folder)
    assert exit_code(predict, folder, "rows.csv", "--drop", "number", "kind") == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {folder}") and said.count("\n") == 1 and len(said) < 500
    assert message in said and said.endswith("; run the experiment again\n")


def test_arrays_without_targets_are_read(here):
    data = prepare(load("iris"))
    structure = {"activation": "relu", "depth": 0, "width": 1}
    model = Model(
        structure,
        network(structure, find("relu"), data.preprocessing),
        data.preprocessing,
        ({"weight": np.ones((1, 4, 3), np.float32), "bias": np.zeros((1, 3), np.float32)},),
    )
    np.savez(here / "x.npz", x=np.arange(8, dtype=np.uint8).reshape(2, 2, 2))
    from experiments.lab.data import read_rows

    rows = read_rows(
        str(here / "x.npz"), data.preprocessing._replace(columns=(), unit=(0.0, 1.0, 4))
    )
    assert rows.y is None and rows.x.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert model.outputs(rows.x).tolist() == [[6] * 3, [22] * 3]
