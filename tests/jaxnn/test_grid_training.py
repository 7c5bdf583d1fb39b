"""train_grid: named axes, what is structure and what is read, and misuse in one sentence."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxnn
from jaxnn import HEADS, OPTIMIZERS, batch_order, make_training, mlp, train_grid
from jaxnn.sweep import run_key

HEAD = HEADS["multiclass"]
RATES = (0.01, 0.1, 0.3)


@pytest.fixture(scope="module")
def data():
    x = np.random.default_rng(0).normal(size=(90, 4))  # float64, as users have it
    return x, (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)


def make(activation, optimizer="sgd"):
    net = mlp((4, 8, 3), activation=activation)
    return make_training(net, HEAD.loss, OPTIMIZERS[optimizer], correct=HEAD.correct)


AXES = {"learning_rate": RATES, "activation": ("relu", "tanh")}


@pytest.fixture(scope="module")
def result(data):
    x, y = data
    return train_grid(
        make, AXES, seeds=(3, 5), train=(x[:60], y[:60]), validation=(x[60:75], y[60:75]),
        test=(x[75:], y[75:]), steps=30, batch_size=16, points=3, keep_params=True,
    )  # fmt: skip


@pytest.mark.slow
def test_arrays_have_the_axes_of_the_call(result):
    assert list(result.axes) == ["learning_rate", "activation", "seed"]
    assert result.axes["seed"] == (3, 5) and result.steps.tolist() == [10, 20, 30]
    for part in (result.train, result.validation, result.test):
        assert all(values.shape == (3, 2, 2) for values in part.values())
    assert result.curves["validation"]["accuracy"].shape == (3, 3, 2, 2)
    assert set(result.validation) == set(result.test) == {"loss", "accuracy"}
    assert set(result.train) == {"loss"}
    np.testing.assert_array_equal(
        result.curves["validation"]["loss"][-1], result.validation["loss"]
    )


def test_structure_may_be_all_that_varies(result, data):
    def fixed(activation):
        net = mlp((4, 8, 3), activation=activation)
        return make_training(net, HEAD.loss, optax.sgd(RATES[1]))

    x, y = data
    found = train_grid(
        fixed, {"activation": ("relu", "tanh")}, seeds=(3, 5), train=(x[:60], y[:60]),
        steps=30, batch_size=16, points=1,
    )  # fmt: skip
    assert found.train["loss"].shape == (2, 2)
    mean = result.curves["train"]["loss"][:, 1].mean(axis=0)
    np.testing.assert_allclose(found.train["loss"], mean, rtol=1e-5)


def test_a_cell_is_the_single_run(result, data):
    x, y = (jnp.asarray(array) for array in data)
    training, h = make("tanh"), {"learning_rate": jnp.float32(RATES[1])}
    order = batch_order(run_key(5, "order"), examples=60, batch_size=16, steps=30)
    state, _ = jax.jit(training.segment)(
        training.init(run_key(5, "init"), h), h, x[:60], y[:60], order
    )
    alone = training.evaluate(state, h, x[75:], y[75:])
    at = result.at(learning_rate=RATES[1], activation="tanh", seed=5)
    np.testing.assert_allclose(result.test["loss"][at], alone["loss"], rtol=1e-4)
    # params: of each structure, (hyperparameters, seeds) in front
    weight = result.params[1][0]["weight"]
    assert weight.shape == (3, 2, 4, 8)
    np.testing.assert_allclose(weight[1, 1], state.params[0]["weight"], rtol=1e-3, atol=1e-5)


@pytest.mark.slow
def test_one_and_two_devices_agree(result, data):
    x, y = data
    for devices in (jax.local_devices()[:1], jax.local_devices()[:2]):
        found = train_grid(
            make, AXES, seeds=(3, 5), train=(x[:60], y[:60]), validation=(x[60:75], y[60:75]),
            steps=30, batch_size=16, points=3, devices=devices,
        )  # fmt: skip
        np.testing.assert_allclose(found.train["loss"], result.train["loss"], rtol=1e-4)
        np.testing.assert_allclose(found.validation["loss"], result.validation["loss"], rtol=1e-4)


@pytest.mark.slow
def test_a_diverged_run_is_nan_and_says_when(data):
    axes = {"activation": ("relu",), "learning_rate": (0.1, 1e30)}
    found = train_grid(make, axes, seeds=2, train=data, steps=8, points=4)
    assert (found.diverged_step[0, 0] == -1).all() and (found.diverged_step[0, 1] >= 0).all()
    assert np.isfinite(found.train["loss"][0, 0]).all()
    assert np.isnan(found.train["loss"][0, 1]).all()


def test_a_run_that_is_finite_in_training_alone_is_lost_from_there_on(data):
    def linear():
        return make_training(mlp((4, 3)), HEAD.loss, OPTIMIZERS["sgd"], correct=HEAD.correct)

    x, y = data
    far = x[60:].copy()
    far[0, 0] = 1e38  # times a weight above 3.4 it overflows
    found = train_grid(
        linear, {"learning_rate": (0.0, 100.0)}, train=(x[:60], y[:60]), test=(far, y[60:]),
        steps=4, batch_size=60, points=2, keep_params=True,
    )  # fmt: skip
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(found.params))
    assert found.diverged_step[:, 0].tolist() == [-1, 4]
    for part in (found.train, found.test):
        assert np.isfinite(part["loss"][:, 0]).tolist() == [True, False]


@pytest.mark.slow
def test_the_batch_size_may_be_an_axis(data):
    axes = {"batch_size": (8, 90), "activation": ("relu",), "learning_rate": (0.1,)}
    found = train_grid(make, axes, train=data, steps=5)
    apart = [
        train_grid(make, {**axes, "batch_size": (size,)}, train=data, steps=5) for size in (8, 90)
    ]
    ours = found.train["loss"][:, 0, 0, 0]
    theirs = [each.train["loss"].item() for each in apart]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_make_may_take_the_batch_size_too(data):
    seen = []

    def make(batch_size):
        seen.append(batch_size)
        return make_training(mlp((4, 3)), HEAD.loss, OPTIMIZERS["sgd"])

    axes = {"batch_size": (8, 16), "learning_rate": (0.1,)}
    loss = train_grid(make, axes, train=data, steps=3).train["loss"]
    assert seen == [8, 16] and loss[0] != loss[1]


def test_segments_can_be_watched_and_stopped(data):
    seen = []
    arguments = {"train": data, "validation": data, "steps": 40, "batch_size": 8, "points": 4}
    for segment in jaxnn.grid_segments(make, AXES, **arguments):
        accuracy = segment.result.validation["accuracy"]
        seen.append((segment.structure["activation"], segment.step, round(segment.share, 3)))
        if segment.structure["activation"] == "tanh" and segment.step == 20:
            break
    assert seen == [
        ("relu", 10, 0.125), ("relu", 20, 0.25), ("relu", 30, 0.375), ("relu", 40, 0.5),
        ("tanh", 10, 0.625), ("tanh", 20, 0.75),
    ]  # fmt: skip
    assert np.isfinite(accuracy).all()  # of tanh as far as it has come
    assert np.isnan(segment.result.curves["validation"]["loss"][2:, :, 1]).all()


def test_an_axis_that_some_structure_reads_is_taken(data):
    def make(optimizer):
        return make_training(mlp((4, 3)), HEAD.loss, OPTIMIZERS[optimizer])

    axes = {"optimizer": ("sgd", "momentum"), "learning_rate": (0.1,), "momentum": (0.5, 0.9)}
    loss = train_grid(make, axes, train=data, steps=5).train["loss"][:, 0, :, 0]
    assert loss[0, 0] == loss[0, 1] and loss[1, 0] != loss[1, 1]


def plain():
    return make_training(mlp((4, 3)), HEAD.loss, OPTIMIZERS["sgd"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"axes": {"learning_rate": (0.1,), "momentum": (0.5, 0.9)}},
            "the axis 'momentum' is read neither by make nor by the training",
        ),
        ({"axes": {}}, r"OPTIMIZERS\['sgd'\] reads the hyperparameter 'learning_rate'"),
        (
            {"make": make, "axes": {"learning_rate": (0.1,)}},
            "make takes 'activation', which is no axis; add it to the axes",
        ),
        (
            {"axes": {"learning_rate": (0.1,), "activation": ("relu", "tanh")}},
            r"the axis 'activation' has values that are no numbers.*write make\(activation\)",
        ),
        ({"axes": {"learning_rate": ()}}, "the axis 'learning_rate' is empty"),
        ({"axes": {"learning_rate": 0.1}}, "the axis 'learning_rate' is 0.1; give a sequence"),
        ({"axes": {"learning_rate": (0.1, np.inf)}}, "a value that is not finite"),
        ({"axes": {"learning_rate": (0.1,), "seed": (1, 2)}}, "give seeds="),
        ({"axes": ["learning_rate"]}, "axes are a mapping from names to values, got list"),
        ({"seeds": 0}, "seeds is 0; give a count of at least 1"),
        ({"seeds": 2.5}, "seeds is 2.5; give a whole number, or whole numbers"),
        ({"seeds": (1, 1)}, r"seeds is \(1, 1\); give different whole numbers"),
        ({"seeds": (0.5,)}, r"seeds is \(0.5,\); give different whole numbers"),
        (
            {"axes": {"learning_rate": (0.1, 0.2, 0.1)}},
            "the axis 'learning_rate' has 0.1 more than once",
        ),
        ({"axes": {"learning_rate": np.ones((2, 2))}}, "the axis 'learning_rate' is"),
        ({"make": lambda: None}, "make returned NoneType; return a Training"),
        (
            {"train": (np.array([["a"], ["b"]]), np.zeros(2))},
            "train: x has dtype <U1; give numbers, and classes as integers",
        ),
        (
            {"validation": (np.zeros((2, 4)), np.array([0, 3]))},
            "softmax_cross_entropy: the class is 3, and there are 3 classes, 0 to 2",
        ),
        (
            {"train": (np.zeros((2, 4)), np.array([-1, 1]))},
            "softmax_cross_entropy: the class is -1",
        ),
        (
            {"axes": {"learning_rate": (0.1, 0.1 + 1e-12)}},
            "the axis 'learning_rate' has 0.1 more than once, in float32",
        ),
        (
            {"axes": {"learning_rate": (0.1, 1e39)}},
            "'learning_rate' has 1e\\+39, which is infinite",
        ),
        ({"axes": {"learning_rate": (0.1, 1e-50)}}, "'learning_rate' has 1e-50, which is 0"),
        ({"axes": {"learning_rate": (0.1,), "weight_deacy": (0.1,)}}, "'weight_deacy' is read by"),
        ({"seeds": (2**32,)}, r"seeds is \(4294967296,\); give .* at most 4294967295"),
        ({"steps": 0}, "steps is 0; give a whole number of at least 1"),
        ({"points": 1.5}, "points is 1.5; give a whole number of at least 1"),
        ({"batch_size": 91}, "batch_size is 91, and there are 90 training rows; give fewer"),
        (
            {"axes": {"learning_rate": (0.1,), "batch_size": (8,)}, "batch_size": 8},
            "batch_size is an axis and an argument; give one of the two",
        ),
        ({"train": np.zeros((3, 4))}, r"train is a pair \(x, y\) of arrays, got ndarray"),
        (
            {"validation": (np.zeros((3, 4)), np.zeros(2))},
            r"validation: x of shape \(3, 4\) and y of shape \(2,\) need as many rows",
        ),
    ],
)
def test_misuse_is_one_sentence(data, changes, message):
    arguments = {"make": plain, "axes": {"learning_rate": (0.1,)}, "train": data, "steps": 5}
    with pytest.raises(ValueError, match=message) as error:
        train_grid(**arguments | changes)
    assert "\n" not in str(error.value)


def test_an_index_by_values_says_what_there_is(result):
    with pytest.raises(ValueError, match="there is no axis 'rate'; there are learning_rate, act"):
        result.at(rate=1)
    with pytest.raises(ValueError, match="the axis 'activation' has no 'elu'"):
        result.at(activation="elu")
