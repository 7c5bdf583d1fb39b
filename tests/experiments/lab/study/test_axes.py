"""The main job's axes: each trains what plain Optax or a formula does, and errors name the flag."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from experiments.lab.io import cli
from experiments.lab.io.errors import UserError
from experiments.lab.results import model as saved
from experiments.lab.study import axes, building, diagnostics
from experiments.lab.study.ask import ask
from experiments.lab.study.flags import StudyFlags
from experiments.lab.study.plan import _grid
from jaxnn import ACTIVATIONS, HEADS, losses, mlp
from jaxnn.layers import layer_norm
from jaxnn.sweep import batches, run_key
from tests.helpers.studies import trained

SMALL = {
    "data": "iris",
    "activation": ("relu", "tanh"),
    "learning_rate": ("0.1",),
    "fixed_grid": True,
    "seeds": 1,
    "width": (6,),
    "steps": 8,
    "batch_size": (16,),
    "programs": "one",
}
TOLD = {
    "optimizer": ("momentum",),
    "momentum": (0.5,),
    "weight_decay": (0.0, 0.1),
    "gradient_clip": (0.5,),
    "label_smoothing": (0.2,),
    "schedule": ("cosine", "warm-up"),
    "warmup": None,
}


def asked(**flags):
    return ask(StudyFlags(**(SMALL | flags)), "Which?")


def by_optax(study, structure):
    """The validation loss of a run of seed 0, from its own start, by a plain loop."""
    x, y = (jnp.asarray(each) for each in study.parts()["train"])
    net = mlp((4, 6, 6, 3), activation=structure["activation"])
    smoothing, decay = structure["label_smoothing"], structure["weight_decay"]
    rate = {
        "cosine": optax.cosine_decay_schedule(0.1, 8),
        "warm-up": optax.linear_schedule(0.0, 0.1, 0.8),
    }[structure["schedule"]]
    if structure["schedule"] == "warm-up":  # a tenth of 8 updates, which Optax takes whole
        rate = optax.join_schedules([lambda _: 0.0, lambda _: 0.1], [1])
    optimizer = optax.chain(
        optax.clip_by_global_norm(structure["gradient_clip"]),
        optax.trace(structure["momentum"]),
        optax.add_decayed_weights(decay),
        optax.scale_by_schedule(lambda count: -rate(count)),
    )
    params = study.make(structure).init(run_key(0, "init"), {"learning_rate": 0.1}).params

    def cost(params, rows):
        targets = optax.smooth_labels(jax.nn.one_hot(y[rows], 3), smoothing)
        outputs = jax.vmap(net.apply, in_axes=(None, 0))(params, x[rows])
        return optax.softmax_cross_entropy(outputs, targets).mean()

    @jax.jit
    def step(params, state, rows):
        updates, state = optimizer.update(jax.grad(cost)(params, rows), state, params)
        return optax.apply_updates(params, updates), state

    state = optimizer.init(params)
    with jax.numpy_dtype_promotion("standard"):
        for rows in batches((0,), examples=len(x), batch_size=16, steps=8)[0]:
            params, state = step(params, state, rows)
    x, y = study.parts()["validation"]
    outputs = jax.vmap(net.apply, in_axes=(None, 0))(params, jnp.asarray(x))
    return float(optax.softmax_cross_entropy_with_integer_labels(outputs, y).mean())


@pytest.mark.slow
def test_numbers_and_schedules_train_as_plain_optax_in_one_program():
    study = asked(**TOLD)
    assert len(study.grid.structures) == 8 and study.programs == 1
    found = trained(study)
    for number in (0, 7):
        structure = study.grid.structures[number]
        ours = found[number].curves["validation_loss"][-1].item()
        assert ours == pytest.approx(by_optax(study, structure), rel=1e-5), structure


@pytest.mark.slow
def test_dropout_told_to_a_program_of_two_activations_is_dropout_alone():
    flags = {"normalization": ("rms",), "residual": ("yes",)}
    together = asked(dropout=(0.0, 0.3), **flags)
    alone = asked(dropout=(0.3,), activation=("tanh",), **flags)
    assert together.programs == 1
    (*_, off, on), (own,) = (
        [each.curves["validation_loss"][-1].item() for each in trained(study).values()]
        for study in (together, alone)
    )
    assert on == pytest.approx(own, rel=1e-5) and abs(on - off) > 1e-4


def test_no_value_of_a_told_axis_makes_a_further_program():
    values = {"weight_decay": (0, 1e-3, 1e-2), "b1": (0.8, 0.9), "gradient_clip": (0, 1)}
    many = asked(optimizer=("adam",), dropout=(0, 0.1, 0.2), schedule=("linear",), **values)
    assert len(many.grid.structures) == 2 * 3 * 2 * 2 * 3 and many.programs == 1
    # Of an activation that learns, and of each where they are not to share one.
    assert asked(activation=("relu", "prelu"), dropout=(0, 0.1)).programs == 2
    assert asked(programs="each", dropout=(0, 0.1)).programs == 2


@pytest.mark.parametrize(
    ("structure", "expected"),
    [
        ({"optimizer": "adam", "b1": 0.5, "b2": 0.9}, optax.adam(0.1, 0.5, 0.9)),
        ({"optimizer": "adamw", "weight_decay": 0.3}, optax.adamw(0.1, weight_decay=0.3)),
        ({"optimizer": "lion", "b2": 0.5}, optax.lion(0.1, b2=0.5)),
        ({"optimizer": "nesterov", "momentum": 0.3}, optax.sgd(0.1, 0.3, nesterov=True)),
        (
            {"optimizer": "sgd", "gradient_clip": 0.5, "schedule": "linear"},
            optax.chain(
                optax.clip_by_global_norm(0.5), optax.sgd(optax.linear_schedule(0.1, 0, 4))
            ),
        ),
        ({"optimizer": "sgd", "gradient_clip": 0}, optax.sgd(0.1)),
    ],
)
def test_an_optimizer_with_its_numbers_is_optaxs(structure, expected):
    ours = building.optimizer(structure, building.numbers(structure, 4))({"learning_rate": 0.1})
    ends = []
    with jax.numpy_dtype_promotion("standard"):
        for optimizer in (ours, expected):
            params = jnp.array([1.0, -2.0])
            state = optimizer.init(params)
            for _ in range(3):
                updates, state = optimizer.update(params**3, state, params)
                params = optax.apply_updates(params, updates)
            ends.append(np.asarray(params))
    np.testing.assert_allclose(*ends, rtol=1e-6)


def test_a_loss_is_trained_on_and_the_tasks_own_judges():
    logits, target = jnp.array([1.0, 0.0, -1.0]), jnp.array(2)
    head = HEADS["multiclass"]
    brier = building.loss({"loss": "squared_error"}, head, {})
    expected = np.mean((np.asarray(jax.nn.softmax(logits)) - np.array([0, 0, 1])) ** 2)
    assert float(brier(logits, target)) == pytest.approx(float(expected), rel=1e-6)
    assert building.loss({}, head, {}) is head.loss
    huber = building.loss({"loss": "huber"}, HEADS["regression"], {})
    assert huber is losses.huber


def test_a_schedule_that_is_stopped_early_is_not_made_for_fewer_updates():
    study = asked(schedule=("cosine",))
    structure = study.grid.structures[0]
    whole = study.numbers(structure)["schedule"]
    stopped = dataclasses.replace(study, steps=3, planned=8)
    np.testing.assert_array_equal(stopped.numbers(structure)["schedule"], whole)
    longer = dataclasses.replace(study, limit=100).longer
    assert len(longer.numbers(structure)["schedule"]) == 16


@pytest.mark.slow
def test_a_network_has_what_its_structure_says(tmp_path):
    structure = {"activation": "tanh", "depth": 3, "width": "6/5/5", "bias": "no"}
    structure |= {"normalization": "layer", "residual": "yes", "initializer": "orthogonal"}
    data = asked().data
    phi = (ACTIVATIONS["tanh"],)
    net = building.network(structure, phi, data)
    params = net.init(jax.random.key(0))
    x = jax.random.normal(jax.random.key(1), (4,))
    h, norms = x, []
    for (linear, norm, _), size in zip(params[:-1], (6, 5, 5), strict=True):
        assert "bias" not in linear
        before, h = h, jnp.tanh(layer_norm(size).apply(norm, h @ linear["weight"]))
        h = before + h if before.shape == h.shape else h
        norms.append(float(jnp.linalg.norm(linear["weight"], 2)))
    np.testing.assert_allclose(net.apply(params, x), h @ params[-1]["weight"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(norms, 1, rtol=1e-5)  # an orthogonal matrix's largest singular value
    # And it is the same from the model's files.
    stacked = jax.tree.map(lambda leaf: np.asarray(leaf)[None], params)
    model = saved.Model(structure, net, data.preprocessing, stacked)
    content, description = model.packed({})
    saved.plain(description)
    (tmp_path / saved.PARAMETERS).write_bytes(content)
    (tmp_path / saved.DESCRIPTION).write_text(saved.json.dumps(saved.plain(description)))
    rows = np.asarray(x)[None]
    np.testing.assert_array_equal(saved.load(tmp_path).outputs(rows), model.outputs(rows))


@pytest.mark.slow
def test_units_and_signals_are_the_same_by_both_routes():
    phi = (ACTIVATIONS["relu"],) * 2
    net = mlp((4, 6, 6, 3))
    params = jax.vmap(net.init)(jax.random.split(jax.random.key(0), 2))
    x, y = (each[:20] for each in asked().parts()["train"])
    loss = HEADS["multiclass"].loss
    plain, general = (diagnostics.measure(params, phi, loss, x, y, net=n) for n in (None, net))
    for name in ("signal", "gradient", "dead", "saturated", "parameters"):
        np.testing.assert_allclose(
            getattr(general, name), getattr(plain, name), rtol=1e-5, atol=1e-6
        )
    assert np.isnan(general.signal_theory).all() and np.isfinite(plain.signal_theory).all()
    one = jax.tree.map(lambda leaf: leaf[0], params)
    for inside in (diagnostics.counter(phi), diagnostics.counter(phi, net=net)):
        outputs, seen = inside.forward(one, jnp.asarray(x).T)
        found = inside.measure(one, seen)
        np.testing.assert_allclose(
            outputs.T, jax.vmap(lambda x: net.apply(one, x))(x), rtol=1e-5, atol=1e-6
        )
        assert found["dead"] == pytest.approx(plain.dead[0].mean(), abs=1e-6)


def test_theory_is_left_out_where_it_does_not_hold():
    has = building.has_theory
    assert has({}) and has({"initializer": "gain", "normalization": "none", "bias": "no"})
    assert not any(
        map(has, ({"residual": "yes"}, {"normalization": "rms"}, {"initializer": "critical"}))
    )


def test_screen_and_label_say_what_is_varied():
    study = asked(dropout=(0.0, 0.25), bias=("no",), schedule=("cosine",), width=("6/4", 6))
    assert study.labels[1] == "relu width 6/4 dropout 0.25"
    assert study.grid.structure["width"] == ("6/4", "6/6")
    said = dict(_grid(study))
    assert said["network"].startswith("2 hidden layers of 6/4 or 6/6 neurons; weights normal, var")
    assert not said["network"].endswith("biases 0") and said["also"] == "bias no, dropout 0/0.25"
    assert said["training"].endswith("sgd, on a cosine learning-rate schedule")
    assert "also" not in dict(_grid(asked()))


@pytest.mark.parametrize(
    ("flags", "rates"),
    [
        ({"optimizer": ("prodigy",)}, (1.0,)),
        ({"optimizer": ("prodigy",), "learning_rate": ("0.5",)}, (0.5,)),
        ({"optimizer": ("sgd",)}, cli.numbers(StudyFlags.learning_rate, "")),
    ],
)
def test_an_optimizer_that_sets_its_own_steps_has_one_rate(flags, rates):
    assert axes.rates(StudyFlags(**flags)) == rates


def test_its_usual_rate_is_among_those_of_others():
    found = axes.rates(StudyFlags(optimizer=("prodigy", "adam")))
    assert 1.0 in found and len(found) == 14


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"schedule": ("cosin",)}, "--schedule cosin: no such schedule; known, nearest first: cos"),
        ({"schedule": ()}, "--schedule has no value; known: constant, linear, cosine"),
        ({"dropout": (1.0,)}, "--dropout 1: give a number from 0 to below 1"),
        ({"b1": (1.0,), "optimizer": ("adam",)}, "--b1 1: give a number from 0 to below 1"),
        ({"weight_decay": (-1.0,)}, "--weight-decay -1: give a finite number of at least 0"),
        ({"label_smoothing": (1.5,)}, "--label-smoothing 1.5: give a number from 0 to below 1"),
        ({"gradient_clip": (float("inf"),)}, "--gradient-clip inf: give a finite number"),
        (
            {"momentum": (0.9,), "optimizer": ("adam",)},
            "--momentum 0.9: the optimizer adam does not read it; leave it out, or name no other "
            "optimizer than momentum, nesterov",
        ),
        (
            {"warmup": (0.1,), "schedule": ("cosine",)},
            "--warmup 0.1: the schedule cosine does not read it; leave it out, or name no other "
            "schedule than warm-up, warm-up-cosine, one-cycle",
        ),
        ({"warmup": (0.1,)}, "--warmup 0.1: the schedule constant does not read it"),
        (
            {"optimizer": ("schedule_free",), "schedule": ("cosine",)},
            "--schedule cosine: schedule_free takes the place of a schedule; leave out one of them",
        ),
        ({"loss": ("huber",)}, "--loss huber: species of iris has classes; give cross_entropy or"),
        (
            {"loss": ("cross_entropy",), "data": "diabetes"},
            "is a number; give squared_error or absolute_error or huber",
        ),
        ({"label_smoothing": (0.1,), "data": "diabetes"}, "has no classes to smooth; leave it out"),
        (
            {"dropout": (0.5,), "depth": (0,)},
            "--dropout: there is no hidden layer to drop",
        ),
        ({"residual": ("yes",), "depth": (1,)}, "--residual yes: no hidden layer has the size of"),
        ({"width": ("8/4/2",)}, "--width 8/4/2 names 3 hidden layers and --depth 2 has 2; give on"),
        ({"width": ("8/x",)}, "--width 8/x: give a whole number of neurons, or one for each hidde"),
        ({"initializer": ("he_norml",)}, "--initializer he_norml: no such initializer; known, ne"),
    ],
)
def test_what_cannot_be_is_one_sentence(flags, said):
    with pytest.raises(UserError) as error:
        asked(**flags)
    assert said in str(error.value)


def test_an_axis_may_be_given_twice_and_all_its_values_are_read():
    words = ["--dropout", "0", "--dropout", "0.2", "--width", "8/4", "1e1"]
    found = cli.parse(StudyFlags, words)
    assert found.dropout == (0.0, 0.2) and found.width == ("8/4", 10) and found.momentum is None
    with pytest.raises(UserError, match=r"--dropout abc: give a number, such as 0\.5"):
        cli.parse(StudyFlags, ["--dropout", "0", "abc"])


def test_an_initializer_without_weights_for_an_activation_is_refused():
    study = asked(initializer=("critical",), activation=("maxout",))
    with pytest.raises(UserError, match="--initializer critical --activation maxout: "):
        study.try_out()
