"""The user's own networks, optimizers and schedules: the page's code trains as its library does."""

import importlib
import json
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from experiments.lab.io.errors import UserError
from experiments.lab.io.files import plain
from experiments.lab.results import model as saved
from experiments.lab.study import own_functions
from experiments.lab.study.ask import ask
from experiments.lab.study.flags import StudyFlags
from jaxnn import Network, mlp
from jaxnn.sweep import batches, run_key
from tests.helpers.studies import trained

PAGE = Path(__file__).parents[4] / "docs" / "your_network.md"
STEPS, RATE, TOLERANCE, KEY = 8, 0.3, 1e-5, jax.random.key(0)
SMALL = {
    "data": "iris",
    "activation": ("tanh",),
    "learning_rate": (str(RATE),),
    "fixed_grid": True,
    "seeds": 1,
    "width": (6,),
    "steps": STEPS,
    "batch_size": (16,),
}
WRONG = """
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxnn import Network, mlp

number = 3
def make(structure, inputs, outputs):
    return mlp((inputs, *structure["width"], outputs), activation=structure["activation"])
def deaf(structure, inputs, outputs):
    return mlp((inputs, 5, outputs))
def one_argument(structure):
    pass
def nothing(structure, inputs, outputs):
    pass
def _with(init=None, apply=None):
    right = mlp((4, 3))
    return lambda structure, inputs, outputs: Network(init or right.init, apply or right.apply)
whole = _with(lambda key: {"steps": jnp.int32(3)})
text = _with(lambda key: {"name": "dense"})
empty = _with(lambda key: {})
rows = _with(apply=lambda params, x: x[0] @ params[0]["weight"])
wide = _with(apply=lambda params, x: x)
pair = _with(apply=lambda params, x: (x, x))
by_numpy = _with(apply=lambda params, x: np.tanh(x[:3]) * params[0]["bias"])
infinite = _with(apply=lambda params, x: jnp.log(params[0]["bias"]))
constant = _with(lambda key: mlp((4, 3)).init(jax.random.key(7)))
def plain(h):
    return optax.sgd(h["learning_rate"])
def momentum(h):
    return optax.sgd(h["learning_rate"], h["momentum"])
def branched(h):
    return optax.sgd(0.1 if h["learning_rate"] > 1 else 0.2)
def no_optimizer(h):
    return 3
def growing(h):
    return optax.GradientTransformation(
        lambda params: jnp.ones(1), lambda g, s, p=None: (g, jnp.concatenate([s, s]))
    )
def floor(rate, steps):
    return lambda count: rate + 1e-3
def no_schedule(rate, steps):
    return rate
def hole(rate, steps):
    return lambda count: rate / count
"""


def asked(**flags):
    return ask(StudyFlags(**(SMALL | flags)), "Which?")


@pytest.fixture(scope="module", autouse=True)
def here(tmp_path_factory):
    """The current folder, with the page's files and one of mistakes."""
    folder = tmp_path_factory.mktemp("network")
    (folder / "my_wrong.py").write_text(WRONG)
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S):
        (folder / re.match(r"# (\w+\.py)", block)[1]).write_text(block)
    with pytest.MonkeyPatch.context() as patch, jax.numpy_dtype_promotion("standard"):
        patch.chdir(folder)
        patch.syspath_prepend(str(folder))
        yield folder


def nnx_loop(key):
    from flax import nnx

    module = importlib.import_module("my_nnx")
    net = module.MLP((4, 6, 6, 3), (jnp.tanh, jnp.tanh), nnx.Rngs(key))
    optimizer = nnx.Optimizer(net, optax.sgd(RATE), wrt=nnx.Param)

    def step(x, y):
        optimizer.update(net, nnx.grad(lambda net: cost(net(x), y))(net))

    return step, lambda x: net(x)


def linen_loop(key):
    from flax.training.train_state import TrainState

    module = importlib.import_module("my_linen").MLP((6, 6), (jnp.tanh, jnp.tanh), 3)
    params = module.init(key, jnp.zeros((1, 4)))
    state = [TrainState.create(apply_fn=module.apply, params=params, tx=optax.sgd(RATE))]

    def step(x, y):
        grads = jax.grad(lambda params: cost(module.apply(params, x), y))(state[0].params)
        state[0] = state[0].apply_gradients(grads=grads)

    return step, lambda x: module.apply(state[0].params, x)


def equinox_loop(key):
    import equinox as eqx

    net, optimizer = [eqx.nn.MLP(4, 3, 6, 2, jnp.tanh, key=key)], optax.sgd(RATE)
    state = [optimizer.init(eqx.filter(net[0], eqx.is_inexact_array))]

    def step(x, y):
        grads = eqx.filter_grad(lambda net: cost(jax.vmap(net)(x), y))(net[0])
        updates, state[0] = optimizer.update(grads, state[0])
        net[0] = eqx.apply_updates(net[0], updates)

    return step, lambda x: jax.vmap(net[0])(x)


def cost(outputs, y):
    return optax.softmax_cross_entropy_with_integer_labels(outputs, y).mean()


@pytest.mark.parametrize(
    ("library", "name", "loop"),
    [
        ("flax", "my_nnx", nnx_loop),
        ("flax", "my_linen", linen_loop),
        ("equinox", "my_equinox", equinox_loop),
    ],
)
def test_a_module_trains_as_in_its_own_library(library, name, loop):
    pytest.importorskip(library)
    study = asked(network=(f"{name}:make",))
    found = trained(study)[0]
    step, outputs = loop(jax.random.fold_in(run_key(0, "init"), 0))  # which init is given
    (x, y), (held, targets) = (study.parts()[part] for part in ("train", "validation"))
    curve = []
    for rows in batches((0,), examples=len(x), batch_size=16, steps=STEPS)[0]:
        step(x[rows], y[rows])
        curve.append(float(cost(outputs(held), targets)))
    ours = found.curves["validation_loss"][:, 0, 0]
    assert len(ours) > 2
    np.testing.assert_allclose(ours, np.array(curve)[found.steps - 1], rtol=TOLERANCE)


@pytest.mark.slow
def test_the_usual_network_optimizer_and_schedule_as_ones_own_train_the_same():
    own = asked(
        network=("my_network:make",),
        optimizer=("my_training:make_optimizer",),
        schedule=("my_training:my_schedule",),
    )
    usual = asked(optimizer=("adam",), schedule=("cosine",), b1=(0.8,))
    found, expected = trained(own)[0], trained(usual)[0]
    np.testing.assert_allclose(
        found.curves["validation_loss"], expected.curves["validation_loss"], rtol=1e-6
    )
    assert {"validation_dead"} <= expected.curves.keys() - found.curves.keys()
    layers = own.initial_layers(own.grid.structures[0])
    assert layers.parameters == 4 * 6 + 6 + 6 * 6 + 6 + 6 * 3 + 3 and np.isnan(layers.signal).all()
    (note,) = [note for note in own.data.notes if "my_network:make" in note]
    assert note.startswith("nothing looks inside")
    settings = own.settings["own_functions"]
    assert {kind: list(found) for kind, found in settings.items()} == {
        "network": ["my_network:make"],
        "optimizer": ["my_training:make_optimizer"],
        "schedule": ["my_training:my_schedule"],
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"network": "my_wrong:absent"}, "has no absent; it has, nearest first: "),
        ({"network": "no_such:make"}, "there is no module no_such"),
        ({"network": "my_wrong:number"}, "is of type int; give a function of the structure"),
        ({"network": "cnn"}, "no such network; known, nearest first: mlp"),
        ({"network": "my_wrong:one_argument"}, "it is called as make(structure, 4, 3)"),
        ({"network": "my_wrong:nothing"}, "returns nothing; return jaxnn.Network(init, apply)"),
        ({"network": "my_wrong:whole"}, "the parameter steps is of dtype int32"),
        ({"network": "my_wrong:text"}, "the parameter name is a str"),
        ({"network": "my_wrong:empty"}, "init returns no parameters"),
        ({"network": "my_wrong:rows"}, "apply fails on one example of shape (4,)"),
        ({"network": "my_wrong:wide"}, "makes float32 (4,) of one example of shape (4,); return"),
        ({"network": "my_wrong:pair"}, "apply returns a tuple"),
        ({"network": "my_wrong:by_numpy"}, "cannot be traced by JAX"),
        ({"network": "my_wrong:infinite"}, "its output is not finite"),
        ({"network": "my_wrong:deaf", "width": (4, 6)}, "--width 4 6: the network my_wrong:deaf"),
        ({"network": "my_network:make", "bias": ("no",)}, "--bias no: the network my_network:make"),
        ({"optimizer": "my_wrong:no_optimizer"}, "returns a int; return a transformation"),
        ({"optimizer": "my_wrong:momentum"}, "fails (KeyError: 'momentum'); it is called with"),
        ({"optimizer": "my_wrong:plain", "momentum": (0.5,)}, "my_wrong:plain does not read it"),
        ({"optimizer": "my_wrong:branched"}, "which are traced numbers"),
        ({"optimizer": "my_wrong:growing"}, "changes the shape or dtype of its state"),
        ({"schedule": "my_wrong:floor"}, "is not proportional to its rate"),
        ({"schedule": "my_wrong:no_schedule"}, "returns a float; return a schedule of Optax"),
        ({"schedule": "my_wrong:hole"}, "is not finite at update 0 of 100"),
        ({"schedule": "my_training:my_schedule", "warmup": (0.1,)}, "does not read it"),
    ],
)
def test_what_is_wrong_is_one_sentence_that_names_the_flag(flags, message):
    flags = {name: (value,) if isinstance(value, str) else value for name, value in flags.items()}
    with pytest.raises(UserError) as error:
        asked(**flags)
    said = str(error.value)
    assert message in said and said.startswith("--") and "\n" not in said


def test_a_saved_model_finds_its_network_and_refuses_another(here, tmp_path):
    (here / "my_own.py").write_text((here / "my_network.py").read_text())
    study = asked(network=("my_own:make",))
    (structure,) = study.grid.structures
    params = jax.tree.map(lambda leaf: np.asarray(leaf)[None], study.network(structure).init(KEY))
    own = study.settings["own_functions"]
    kept = saved.Model(
        structure, study.network(structure), study.data.preprocessing, params, own_functions=own
    )
    content, description = kept.packed({})
    (tmp_path / saved.PARAMETERS).write_bytes(content)
    (tmp_path / saved.DESCRIPTION).write_text(json.dumps(plain(description)))
    x = study.parts()["test"][0]
    np.testing.assert_array_equal(saved.load(tmp_path).outputs(x), kept.outputs(x))
    with (here / "my_own.py").open("a") as file:
        file.write("# edited\n")
    assert asked(network=("my_own:make",)).settings["own_functions"] != own
    with pytest.raises(UserError, match="the source of my_own:make is not the one"):
        saved.load(tmp_path)


def test_a_function_that_is_handed_over_stands_for_what_it_computes():
    hashes = []
    for factor in (2.0, 2.0, 3.0):  # as a cell that is run again

        def again(structure, inputs, outputs, factor=factor):
            net = mlp((inputs, outputs))
            return Network(net.init, lambda params, x, key=None: factor * net.apply(params, x))

        name = own_functions.handed_over("network", again)
        found = asked(network=(name,)).settings["own_functions"]["network"]["again"]
        hashes.append(found["source_sha256"])
    assert hashes[0] == hashes[1] != hashes[2]
    assert own_functions.handed_over("network", importlib.import_module("my_network").make) == (
        "my_network:make"
    )


def test_a_start_that_is_the_same_for_every_seed_is_said():
    facts = asked(network=("my_wrong:constant",)).settings["own_functions"]["network"]
    assert facts["my_wrong:constant"]["facts"].endswith("the same at the start for every seed")
