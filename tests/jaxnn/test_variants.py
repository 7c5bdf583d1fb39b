"""One program for several activations: each trains as it does by itself."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnn import (
    ACTIVATIONS,
    HEADS,
    OPTIMIZERS,
    Grid,
    grid_training,
    make_training,
    mlp,
    train_grid,
)
from jaxnn.activations import is_plain, one_of
from jaxnn.hardware import Hardware
from jaxnn.program import Task, make_program, plan_runs
from jaxnn.segments import program_segments
from jaxnn.variants import share

PLAIN = tuple(name for name in ACTIVATIONS if is_plain(name))
OTHERS = tuple(name for name in ACTIVATIONS if name not in PLAIN)
SEVERAL = ("linear", "relu", "selu", "mish")
HEAD = HEADS["multiclass"]
RATES = (0.01, 0.1)  # stable ones
X = np.asarray(jax.random.normal(jax.random.key(9), (60, 4)))
Y = (X[:, 0] > 0).astype(np.int32) + (X[:, 1] > 0)
SIZES = dict(seeds=2, train=(X, Y), validation=(X, Y), steps=20, batch_size=12, points=2)
TRAINED = dict(seeds=2, train=(X, Y), steps=4, batch_size=12, points=1)


def make(activation):
    net = mlp((4, 8, 8, 3), activation=activation)
    return make_training(net, HEAD.loss, OPTIMIZERS["momentum"], correct=HEAD.correct)


@pytest.fixture
def compiled(monkeypatch):
    """The trainings that programs are compiled for."""
    found = []

    def noting(training, *others, compile_program=grid_training.compile_program, **options):
        found.append(training)
        return compile_program(training, *others, **options)

    monkeypatch.setattr(grid_training, "compile_program", noting)
    return found


def test_what_is_plain():
    assert {"relu", "gelu", "selu", "sine"} <= {*PLAIN} and len(PLAIN) == 32
    assert {"prelu", "swish_beta", "rrelu", "crelu", "glu", "maxout", "softmax"} <= {*OTHERS}


@pytest.fixture(scope="module")
def looked():
    """dtype -> (values, derivatives) of every plain activation: (switched, its own)."""
    x = np.concatenate([np.linspace(-5, 5, 41), [-1e4, 1e4, -30.0, 30.0]])

    def of(function, x):
        y, pull = jax.vjp(function, x)
        return y, pull(jnp.ones_like(y))[0]

    @jax.jit
    def switched(index, x):
        return of(one_of(PLAIN, index).function, x)

    @jax.jit
    def own(x):
        return [of(ACTIVATIONS[name].function, x) for name in PLAIN]

    found = {}
    with jax.enable_x64(True):
        for dtype in (jnp.float16, jnp.bfloat16, jnp.float32, jnp.float64):
            each = [switched(np.int32(i), x.astype(dtype)) for i in range(len(PLAIN))]
            found[dtype.__name__] = list(zip(each, own(x.astype(dtype)), strict=True))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("name", PLAIN)
def test_one_of_them_is_the_activation_itself(looked, name, dtype):
    for found, expected in zip(*looked[dtype][PLAIN.index(name)], strict=True):
        assert found.dtype == expected.dtype == dtype
        rounding = float(jnp.finfo(dtype).eps)  # of which formulas such as Mish's have several
        np.testing.assert_allclose(
            np.asarray(found, float), np.asarray(expected, float), rtol=32 * rounding, atol=rounding
        )


@pytest.mark.slow
def test_derivatives_of_derivatives_are_the_activations_own():
    names = "relu", "tanh", "gelu", "sine"
    for twice in (lambda f: jax.grad(jax.grad(f)), lambda f: jax.jacfwd(jax.grad(f))):
        found, expected = jax.jit(
            lambda x, twice=twice: (
                [twice(one_of(names, index).function)(x) for index in range(len(names))],
                [twice(ACTIVATIONS[name].function)(x) for name in names],
            )
        )(0.7)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_function_with_a_derivative_of_its_own_keeps_it():
    @jax.custom_vjp
    def step(x):
        return jnp.sign(x)

    step.defvjp(lambda x: (jnp.sign(x), None), lambda _, dy: (3 * dy,))
    assert float(jax.grad(one_of(("relu", step), 1).function)(0.5)) == 3


@pytest.mark.parametrize(
    ("activations", "index", "message"),
    [
        ((), 0, "at least one activation, got none"),
        (("relu", "prelu"), 0, "one_of got 'prelu', which mixes its inputs, learns"),
        (("rrelu",), 0, "one_of got 'rrelu'"),
        (("relu", "glu"), 0, "one_of got 'glu'"),
        (("relu", "tanh"), 2, "index=2 for 2 activations; give 0 to 1"),
        (("relo",), 0, "unknown activation 'relo'"),
    ],
)
def test_what_cannot_be_one_of_several_is_refused(activations, index, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        one_of(activations, index)


@pytest.mark.slow
def test_the_branch_stays_a_branch_in_the_loop():
    names = "relu", "tanh", "gelu"
    (variant, *_) = share(
        [make(name) for name in names], range(3), lambda i: make(one_of(names, i))
    )
    grid = Grid({}, {"learning_rate": (0.01, 0.1, 1.0)}, seeds=4)
    plan = plan_runs(grid, variant.training)
    task = Task({"train": (X, Y)}, [5], 12, each=(), last=(), shared=variant.shared)

    def branches(task):
        program = make_program(variant.training, grid, plan).compiled(grid, task)
        return program.segments[5].as_text().count(" conditional(")

    assert branches(task) == 2  # one for each hidden layer
    # And an index that differs from run to run makes none, so that this test can fail.
    with pytest.raises(KeyError, match="choice"):
        branches(task._replace(shared={}))
    varied = Grid({}, {"learning_rate": (0.01, 0.1, 1.0), "choice": (0, 1)}, seeds=4)
    training = variant.training._replace(
        segment=lambda state, h, *data: variant.training.segment(
            state, h | {"choice": h["choice"].astype(jnp.int32)}, *data
        )
    )
    program = make_program(training, varied, plan)
    program = program.compiled(varied, task._replace(shared={}))
    assert " conditional(" not in program.segments[5].as_text()


@pytest.fixture(scope="module")
def each():
    axes = {"activation": (*SEVERAL, "maxout"), "learning_rate": RATES}
    return train_grid(make, axes, **SIZES, one_program=False)


@pytest.mark.slow
def test_one_program_finds_what_a_program_for_each_does(each, compiled):
    found = train_grid(make, axes_of(each), **SIZES)
    assert len(compiled) == 2 and found.axes == each.axes  # theirs, and maxout's
    for part, curves in each.curves.items():
        for name, expected in curves.items():
            np.testing.assert_allclose(
                found.curves[part][name], expected, rtol=1e-5, atol=1e-7, err_msg=f"{part} {name}"
            )
    for part in ("train", "validation"):
        for name, expected in getattr(each, part).items():
            np.testing.assert_allclose(getattr(found, part)[name], expected, rtol=1e-5, atol=1e-7)


def axes_of(result):
    return {name: values for name, values in result.axes.items() if name != "seed"}


@pytest.mark.slow
def test_a_run_of_it_is_the_run_alone(each):
    alone = train_grid(
        make, {"activation": ("mish",), "learning_rate": RATES[1:]}, **SIZES | {"seeds": (1,)}
    )
    at = each.at(activation="mish", learning_rate=RATES[1], seed=1)
    np.testing.assert_allclose(
        alone.validation["loss"].item(), each.validation["loss"][at], rtol=1e-5
    )


def test_initial_draws_are_each_activations_own_to_the_bit():
    names = "relu", "tanh"
    variants = share([make(name) for name in names], range(2), lambda i: make(one_of(names, i)))
    h = {"learning_rate": jnp.float32(0.1)}
    for name, variant in zip(names, variants, strict=True):
        for ours, expected in zip(
            jax.tree.leaves(variant.training.init(jax.random.key(3), h).params),
            jax.tree.leaves(make(name).init(jax.random.key(3), h).params),
            strict=True,
        ):
            np.testing.assert_array_equal(ours, expected)


@pytest.mark.slow
def test_other_axes_of_structure_make_further_programs(compiled):
    def make_deep(depth, activation):
        net = mlp((4, *[8] * depth, 3), activation=activation)
        return make_training(net, HEAD.loss, OPTIMIZERS["sgd"])

    axes = {
        "activation": ("relu", ACTIVATIONS["tanh"].function, ACTIVATIONS["elu"]),
        "depth": (1, 2),
        "learning_rate": RATES,
        "batch_size": (6, 12),
    }
    sizes = {name: value for name, value in TRAINED.items() if name != "batch_size"}
    train_grid(make_deep, axes, **sizes)
    assert len(compiled) == 4


@pytest.mark.slow
def test_a_function_that_may_mix_its_inputs_has_its_own_program(compiled):
    axes = {"activation": ("relu", "tanh", jnp.tanh), "learning_rate": RATES}
    train_grid(make, axes, **TRAINED)
    assert len(compiled) == 2


def by_name(activation):
    return {"relu": make, "tanh": make, "elu": make}[activation](activation)


def by_comparison(activation):
    return make("elu" if activation == "relu" else activation)


def by_fact(activation):
    entry = ACTIVATIONS[activation] if isinstance(activation, str) else activation
    return make("sine" if entry.zero_centred else activation)


@pytest.mark.slow
@pytest.mark.parametrize("looking", [by_name, by_comparison, by_fact])
def test_where_make_looks_at_the_activation_each_has_its_own_program(looking, compiled):
    axes = {"activation": ("relu", "tanh", "elu"), "learning_rate": RATES}
    found = train_grid(looking, axes, **TRAINED)
    assert len(compiled) == 3
    expected = train_grid(looking, axes, **TRAINED, one_program=False)
    np.testing.assert_array_equal(found.train["loss"], expected.train["loss"])


def test_where_a_branch_costs_time_long_runs_have_a_program_for_each():
    hardware = Hardware.of()
    assert hardware.one_program(10**6)
    assert hardware._replace(accelerator=True).one_program(1000)
    assert not hardware._replace(accelerator=True).one_program(10**6)


def test_a_program_of_several_goes_on_from_a_stand():
    names = "relu", "tanh"
    variants = share([make(name) for name in names], range(2), lambda i: make(one_of(names, i)))
    grid = Grid({}, {"learning_rate": RATES}, seeds=2)
    plan = plan_runs(grid, variants[0].training)
    program = make_program(variants[0].training, grid, plan)
    task = Task({"train": (X, Y), "validation": (X, Y)}, [5, 5], 12, last=())
    for variant in variants:
        mine, of = task._replace(shared=variant.shared), program.of(variant.training)
        segments = program_segments(of, grid, mine)
        stand = next(segments).stand()
        (*_, whole) = segments
        (*_, again) = program_segments(of, grid, mine, stand=stand)
        np.testing.assert_array_equal(again.metrics["train_loss"], whole.metrics["train_loss"])
