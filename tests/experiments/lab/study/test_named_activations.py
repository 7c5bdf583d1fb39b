"""The user's own activations in the main job: by name, learned, one per layer; and their errors."""

import json
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import jaxnn
from experiments import activations
from experiments.lab.data import Source, Splits
from experiments.lab.study import named_activations, own_code
from experiments.lab.study.study import Study
from jaxnn import initializers
from tests.helpers.commands import exit_code

SOURCE = """
import math
import jax
import jax.numpy as jnp
import numpy as np
from jaxnn import Activation

def relu_copy(x):
    return jax.nn.relu(x)

def wave(x, *, height=0.1):
    return jnp.where(x > 0, x, height * jnp.sin(x))

bent = Activation(lambda x, beta: jnp.tanh(beta * x), learned={"beta": 1})
halved = Activation(lambda x: x[:len(x) // 2] * x[len(x) // 2:], elementwise=False, units_in=2)
noisy = Activation(
    lambda x, key=None: x if key is None else x + jax.random.normal(key, x.shape), stochastic=True
)

number = 3
worded = Activation(lambda x, beta: x, learned={"beta": "one"})
branch = lambda x: x if x > 0 else 0.1 * x
from_numpy = lambda x: np.tanh(x)
from_math = lambda x: math.tanh(x)
two_arrays = lambda x, y: x + y
pair = lambda x: (x, x)
nothing = lambda x: None
total = lambda x: jnp.sum(x)
half = lambda x: x.astype(jnp.bfloat16)
log = lambda x: jnp.log(x)
root = lambda x: jnp.sqrt(jnp.abs(x))
called_back = lambda x: jax.pure_callback(np.tanh, jax.ShapeDtypeStruct(x.shape, x.dtype), x)
zero = lambda x: 0 * x
narrow = lambda x: jax.lax.max(x, np.float32(0))
"""
SMALL = [
    "--data",
    "rows.csv",
    "--target",
    "kind",
    "--learning-rate",
    "0.1",
    "--seeds",
    "2",
    "--width",
    "3",
    "--depth",
    "2",
    "--steps",
    "2",
]
SPLITS = Splits(
    Source(
        "t",
        np.eye(3, dtype=np.float32)[[0, 1, 2] * 5],
        np.array(list("abc") * 5),
        "classification",
        "kind",
    )
)


def make(label, depth):
    """The training of a network with these activations, as a study makes it."""
    structure = {"activation": label, "width": 4, "depth": depth, "optimizer": "sgd"}
    axes = {name: (value,) for name, value in structure.items()}
    grid = jaxnn.Grid(axes, {"learning_rate": (0.1,)})
    named = {label: named_activations.find(label)}
    return Study("Which?", {}, SPLITS, grid, named, steps=1).make(structure)


@pytest.fixture(scope="module", autouse=True)
def here(tmp_path_factory):
    """A folder that holds the user's modules and is the current one."""
    folder = tmp_path_factory.mktemp("here")
    (folder / "own_functions.py").write_text(SOURCE)
    # Three inputs and three classes: with three neurons, all weights have one shape, so that one
    # program draws them.
    (folder / "rows.csv").write_text(
        "\n".join(["a,b,c,kind", *(f"{i % 7},{i % 5},{i % 11},{'xyz'[i % 3]}" for i in range(60))])
    )
    (folder / "own_syntax.py").write_text("def f(x) return x")
    (folder / "own_import.py").write_text("import no_such_package")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(str(folder))
        yield folder


run = partial(exit_code, activations, *SMALL)


@pytest.mark.slow
def test_own_activations_stand_beside_the_others_in_the_main_job(here, capsys):
    labels = ["relu", "own_functions:relu_copy", "tanh/own_functions:bent"]
    assert run("--activation", *labels, "--out", here / "r") == 0
    results = pd.read_csv(here / "r" / "results.csv")
    by_label = {
        name: rows.drop(columns="activation").reset_index(drop=True)
        for name, rows in results.groupby("activation")
    }
    assert sorted(by_label) == sorted(labels)
    relu, copy, mixture = (by_label[name] for name in labels)
    pd.testing.assert_frame_equal(copy, relu, check_exact=True)
    assert not mixture.equals(relu)
    config = json.loads((here / "r" / "config.json").read_text())
    assert list(config["configuration"]["own_activations"]) == [
        "own_functions:relu_copy",
        "own_functions:bent",
    ]
    said = capsys.readouterr().out
    assert (
        "your own own_functions:relu_copy: range 0 to inf, saturates left, monotone, "
        "not zero-centred, not smooth, " in said
    )
    assert said.index("gain 1.41421") < said.index(" done: ")
    assert "learns beta from 1\n" in said


def test_an_edited_function_is_another_one(here):
    named = "own_edited:f"
    (here / "own_edited.py").write_text("def f(x):\n    return x")
    before = named_activations.described([named])
    (here / "own_edited.py").write_text("def f(x):\n    return 2 * x")
    assert (
        named_activations.described([named])[named]["source_sha256"]
        != before[named]["source_sha256"]
    )


def test_what_a_function_that_is_imported_from_elsewhere_depends_on_is_its_own_file_too(here):
    (here / "own_elsewhere.py").write_text("def f(x):\n    return x")
    (here / "own_borrowed.py").write_text("from own_elsewhere import f")
    before = named_activations.described(["own_borrowed:f"])
    (here / "own_elsewhere.py").write_text("def f(x):\n    return x  # edited")
    assert named_activations.described(["own_borrowed:f"]) != before


def test_a_mixture_is_each_layers_own_function_and_gain(monkeypatch):
    told, draw = [], np.random.default_rng(0)
    monkeypatch.setattr(
        initializers,
        "scaled_normal",
        lambda scale: (
            told.append(scale)
            or (lambda key, shape: jnp.asarray(draw.normal(size=shape), jnp.float32))
        ),
    )
    label = "tanh/own_functions:halved/own_functions:bent"
    training = make(label, depth=3)
    first, second, third, last = params = training.init(
        jax.random.key(0), {"learning_rate": jnp.float32(0.1)}
    ).params
    # E[tanh²] by SciPy's adaptive quadrature; E[(z₁z₂)²] = 1.
    np.testing.assert_allclose(told, [0.394294490**-0.5, 1, 0.394294490**-0.5, 1], rtol=1e-6)
    third["activation"]["beta"] = jnp.full(4, 0.5)
    x = np.array([0.3, -1.0, 0.5], np.float32)
    h = np.tanh(x @ np.asarray(first["weight"]))
    h = h @ np.asarray(second["weight"])
    h = np.tanh(0.5 * ((h[:4] * h[4:]) @ np.asarray(third["weight"])))
    net = jaxnn.mlp((3, 4, 4, 4, 3), activation=named_activations.find(label))
    np.testing.assert_allclose(
        net.apply(params, jnp.asarray(x)), h @ np.asarray(last["weight"]), rtol=1e-5
    )


def test_randomness_of_an_own_activation_reaches_the_training(monkeypatch):
    told = []
    monkeypatch.setattr(jaxnn, "make_training", lambda net, *_, **__: told.append(net.stochastic))
    for label in ("relu", "relu/rrelu", "own_functions:noisy"):
        make(label, depth=2)
    assert told == [False, True, True]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ["no_such_module:f"],
            "no_such_module:f: there is no module no_such_module in the current folder",
        ),
        (
            ["own_functions.inner:f"],
            "own_functions.inner:f: there is no module own_functions.inner",
        ),
        (["own_import:f"], "own_import imports no_such_package, which is not installed"),
        (["own_syntax:f"], "importing own_syntax fails (SyntaxError: "),
        (["own_functions.wave"], "write your own activation as my_module:my_function"),
        (["folder/own_functions.py:wave"], "name the module as Python imports it"),
        (["own_functions:waves"], "own_functions has no waves; it has, nearest first: wave, "),
        (["own_functions:number"], "own_functions:number is of type int; give a function"),
        (["own_functions:Activation"], "is of type type; give a function"),
        (["own_functions:worded"], "learns {'beta': 'one'}; give starting values as numbers"),
        (
            ["own_functions:branch"],
            "cannot be traced by JAX: it uses NumPy, or Python's if or math on an array; "
            "use jax.numpy, and jnp.where",
        ),
        (["own_functions:from_numpy"], "use jax.numpy, and jnp.where instead of if"),
        (["own_functions:from_math"], "use jax.numpy, and jnp.where instead of if"),
        (
            ["own_functions:two_arrays"],
            "missing 1 required positional argument: 'y'); "
            "an activation is a function of one array",
        ),
        (["own_functions:pair"], "own_functions:pair returns a tuple; return one array"),
        (["own_functions:nothing"], "own_functions:nothing returns nothing; return one array"),
        (["own_functions:total"], "makes shape () of shape (2001,); return the shape of x"),
        (["own_functions:half"], "makes bfloat16 of float32; return the dtype of x"),
        (["own_functions:log"], "its value at x = -10 is nan"),
        (["own_functions:root"], "its derivative at x = 0 is "),
        (["own_functions:called_back"], "cannot be differentiated by JAX (ValueError: "),
        (["own_functions:zero"], "has no gain to scale its weights by"),
        (["own_functions:narrow"], "fails on float64, in which it is measured"),
        (["relu/relo"], "--activation relo: no such activation; known, nearest first: relu, "),
        (
            ["relu/tanh/relu"],
            "relu/tanh/relu names 3 hidden layers and --depth 2 has 2; "
            "give one name, or one for each",
        ),
        (["relu/tanh", "--depth", "2", "3"], "relu/tanh names 2 hidden layers and --depth 3 has 3"),
        (["relu/tanh", "--depth", "0", "2"], "relu/tanh names 2 hidden layers and --depth 0 has 0"),
    ],
)
def test_what_is_wrong_with_an_activation_is_one_sentence(flags, message, here, capsys):
    assert run("--activation", *flags, "--out", here / "wrong") == 2
    said = capsys.readouterr().err
    assert said.startswith("error: --activation ") and message in said
    assert said.count("\n") == 1 and "Traceback" not in said
    assert not (here / "wrong").exists()


def test_what_a_module_imports_is_part_of_its_hash(here):
    folder = here / "own_parts"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "inner.py").write_text("def scale():\n    from own_lazy import factor\n    return 1")
    (here / "own_lazy.py").write_text("factor = 2")
    (here / "own_whole.py").write_text(
        "import numpy\nfrom own_parts import inner\ndef f(x):\n    return inner.scale() * x"
    )
    hashes = [named_activations.described(["own_whole:f"])["own_whole:f"]["source_sha256"]]
    for file, text in (
        (folder / "inner.py", "scale = lambda: 1"),
        (folder / "__init__.py", "# else"),
        (folder / "inner.py", "from . import __init__, other\nscale = lambda: 1"),
        (folder / "other.py", "# new"),
    ):
        file.write_text(text)
        hashes.append(named_activations.described(["own_whole:f"])["own_whole:f"]["source_sha256"])
    assert len(set(hashes)) == len(hashes)
    (here / "own_lazy.py").write_text("factor = 3  # nothing imports it any more")
    assert (
        hashes[-1] == (named_activations.described(["own_whole:f"])["own_whole:f"]["source_sha256"])
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("raise SystemExit(0)", "importing {0} ends the program (SystemExit); leave out the call"),
        ("while True: pass", "importing {0} takes more than 0.5 seconds, as an endless loop does"),
        ("def f(x):\n    exit()", "calling it ends the program (SystemExit); leave out the call"),
        (
            "def f(x):\n    while True:\n        try: 1 / 0\n        except Exception: pass",
            "calling it takes more than 0.5 seconds, as an endless loop does",
        ),
        (
            "import jax.numpy as jnp\nf = lambda x: jnp.where(abs(x) > 12, jnp.nan, x)",
            "is nan at x = -12.1, and pre-activations grow so far where training is fast",
        ),
    ],
)
def test_what_does_not_end_or_ends_everything_is_one_sentence(
    source, message, here, capsys, monkeypatch
):
    name = f"own_{abs(hash(source))}"
    (here / f"{name}.py").write_text(source)
    if "jnp" not in source:
        monkeypatch.setattr(own_code, "SECONDS", 0.5)
    assert run("--activation", f"{name}:f", "--out", here / "wrong") == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: --activation {name}:f") and message.format(name) in said
    assert said.count("\n") == 1
