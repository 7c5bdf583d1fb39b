"""A run in a grid is the run alone, wherever it lies."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxnn import (
    HEADS,
    OPTIMIZERS,
    Grid,
    arrange,
    batch_order,
    dense,
    elman,
    make_sweep,
    make_training,
    mlp,
    recurrent_network,
)
from jaxnn.sweep import initial_states, run_key, runs_at_once
from jaxnn.training import Training

RATES = (
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
)  # stable ones: a chaotic run amplifies the last bit of its sums
HEAD = HEADS["multiclass"]


@pytest.fixture(scope="module")
def data():
    x = np.asarray(jax.random.normal(jax.random.key(9), (60, 4)))
    return x, (x[:, 0] > 0).astype(np.int32) + (x[:, 1] > 0)


def training(activation="tanh"):
    return make_training(
        mlp((4, 8, 3), activation=activation),
        HEAD.loss,
        OPTIMIZERS["momentum"],
        correct=HEAD.correct,
    )


def run(grid, data, *, devices=1, members=None, together=None):
    x, y = data
    layout = arrange(grid, devices=devices, members=members)
    sweep = make_sweep(training(), devices=jax.devices()[:devices], together=together)
    order = sweep.order(layout, examples=60, batch_size=16, steps=30)
    h = {name: sweep.place(values) for name, values in layout.hyperparameters.items()}
    x, y = sweep.place(x, shared=True), sweep.place(y, shared=True)
    state, _ = sweep.segment(sweep.init(layout), h, x, y, order)
    return {name: layout.collect(value) for name, value in sweep.evaluate(state, h, x, y).items()}


@pytest.fixture(scope="module")
def grid():
    return Grid({}, {"learning_rate": RATES}, seeds=2)


@pytest.fixture(scope="module")
def whole(grid, data):
    return run(grid, data)


def test_a_cell_is_the_single_run(whole, data):
    single, h = Training(*map(jax.jit, training())), {"learning_rate": jnp.float32(RATES[3])}
    state = single.init(run_key(1, "init"), h)
    state, _ = single.segment(
        state, h, *data, batch_order(run_key(1, "order"), examples=60, batch_size=16, steps=30)
    )
    found = single.evaluate(state, h, *data)
    np.testing.assert_allclose(whole["loss"][3, 1], found["loss"], rtol=1e-4)
    assert whole["accuracy"][3, 1] == found["accuracy"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "where", [dict(devices=2), dict(together=1), dict(devices=2, members=3, together=1)]
)
def test_a_run_does_not_depend_on_its_place(grid, whole, data, where):
    found = run(grid, data, **where)
    np.testing.assert_allclose(found["loss"], whole["loss"], rtol=1e-4)


def test_a_run_does_not_depend_on_the_other_runs(whole, data):
    alone = run(Grid({}, {"learning_rate": RATES[1:2]}, seeds=(1,)), data)
    np.testing.assert_allclose(alone["loss"], whole["loss"][1:2, 1:2], rtol=1e-4)


def test_the_same_run_twice_is_bit_equal(grid, whole, data):
    np.testing.assert_array_equal(run(grid, data)["loss"], whole["loss"])


def test_runs_of_one_seed_start_alike_and_seeds_differ(grid):
    state = make_sweep(training(), devices=jax.devices()[:1]).init(arrange(grid))
    weights = np.asarray(state.params[0]["weight"])
    np.testing.assert_array_equal(weights[:, 0], weights[:, 4])
    assert not np.array_equal(weights[0], weights[1])


def test_activations_start_from_the_same_draws(grid):
    def weights(activation):
        sweep = make_sweep(training(activation), devices=jax.devices()[:1])
        return np.asarray(sweep.init(arrange(grid)).params[0]["weight"])

    ratio = weights("tanh") / weights("relu")
    np.testing.assert_allclose(ratio, ratio.flat[0], rtol=1e-5)


def test_one_trace_for_any_number_of_rates(data):
    traces = []

    def loss(logits, target):
        traces.append(1)
        return HEAD.loss(logits, target)

    sweep = make_sweep(
        make_training(mlp((4, 3)), loss, OPTIMIZERS["sgd"]), devices=jax.devices()[:1]
    )
    for rates in ((0.1, 0.2, 0.3), (1.0, 2.0, 3.0)):
        layout = arrange(Grid({}, {"learning_rate": rates}, seeds=2))
        order = sweep.order(layout, examples=60, batch_size=16, steps=2)
        sweep.segment(sweep.init(layout), layout.hyperparameters, *data, order)
    assert len(traces) == 1


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), st.integers(1, 9))
def test_every_run_has_one_place_and_devices_have_equal_shares(seeds, cells, devices, members):
    layout = arrange(
        Grid({}, {"learning_rate": tuple(range(1, cells + 1))}, seeds=seeds),
        devices=devices,
        members=members,
    )
    rates = layout.collect(layout.hyperparameters["learning_rate"])
    np.testing.assert_array_equal(
        rates, np.repeat(np.arange(1, cells + 1.0)[:, None], seeds, axis=1)
    )
    np.testing.assert_array_equal(
        layout.collect(np.repeat(layout.seeds[:, None], layout.members, 1)),
        np.tile(np.arange(seeds), (cells, 1)),
    )
    assert (layout.cells >= 0).sum() == seeds * cells and layout.runs.all()
    assert len(layout.seeds) % devices == 0
    assert layout.members <= members


def test_fewer_large_runs_than_small_ones_are_trained_at_once():
    def runs(width):
        net = mlp((8, width, 2))
        return runs_at_once(
            make_training(net, HEAD.loss, OPTIMIZERS["sgd"]),
            {"learning_rate": (1.0,)},
        )

    assert runs(8) > runs(64) > runs(2**16) == 1


def test_fewer_runs_are_trained_at_once_where_loops_keep_more():
    """An Elman layer's states, 64 rows of 32 numbers, are kept at each time step, twice."""

    def runs(length):
        net = recurrent_network(elman(8, 32), readout=dense(32, 2), last=True)
        batch = (
            jax.ShapeDtypeStruct((64, length, 8), np.float32),
            jax.ShapeDtypeStruct((64,), np.int32),
        )
        training = make_training(net, HEAD.loss, OPTIMIZERS["sgd"])
        return runs_at_once(training, {"learning_rate": (1.0,)}, batch)

    assert runs(1) == runs(2) > runs(32) == 2**22 // (2 * 32 * 64 * 32 * 4) > runs(2000) == 1


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        (dict(structure={"activation": ()}), "'activation' is empty"),
        (dict(hyperparameters={"learning_rate": (0.1, float("nan"))}), "not finite"),
        (dict(seeds=0), "seeds is 0"),
    ],
)
def test_a_grid_of_nothing_is_refused(axes, message):
    with pytest.raises(ValueError, match=message):
        Grid(**axes)


@pytest.mark.parametrize("function", ["segment", "evaluate"])
def test_a_state_that_was_used_up_is_one_sentence(grid, data, function):
    layout = arrange(grid)
    sweep = make_sweep(training(), devices=jax.devices()[:1])
    state, h = sweep.init(layout), layout.hyperparameters
    order = sweep.order(layout, examples=60, batch_size=16, steps=1)
    sweep.segment(state, h, *data, order)
    others = (order,) if function == "segment" else ()
    with pytest.raises(ValueError, match="this state was used up by an earlier segment"):
        getattr(sweep, function)(state, h, *data, *others)


@pytest.mark.parametrize("scaled", [False, True])
def test_initial_states_drawn_in_blocks_are_those_of_each_run_alone(scaled):
    def net(h):
        plain = mlp((3, 4, 2))
        return plain._replace(
            init=lambda key: jax.tree.map(
                lambda leaf: leaf * h["scale"] if scaled else leaf, plain.init(key)
            )
        )

    training = make_training(net, HEADS["regression"].loss, optax.sgd(0.1))
    seeds, scales = np.array([4, 0, 4]), np.array([[1, 2], [3, 4], [5, 6]], np.float32)
    found = initial_states(training, seeds, {"scale": scales})
    for group, member in np.ndindex(scales.shape):
        alone = training.init(run_key(int(seeds[group]), "init"), {"scale": scales[group, member]})
        for whole, one in zip(
            jax.tree.leaves(found.params), jax.tree.leaves(alone.params), strict=True
        ):
            np.testing.assert_array_equal(whole[group, member], one)


def test_different_purposes_have_different_keys_and_those_in_use_have_the_published_ones():
    def published(seed, purpose):
        number = int.from_bytes(purpose.encode()[:4], "big")
        return jax.random.fold_in(jax.random.key(seed, impl="threefry2x32"), number)

    for seed in (0, 3, 2**32 - 1):
        for purpose in ("init", "order"):
            np.testing.assert_array_equal(
                *(jax.random.key_data(key(seed, purpose)) for key in (run_key, published))
            )
    words = ("init", "initial", "initials", "orde", "order", "orders", "split", "spli", "i", "n")
    data = {word: jax.random.key_data(run_key(5, word)).tolist() for word in words}
    assert len(set(map(tuple, data.values()))) == len(words)


@pytest.mark.parametrize("seed", [2**32, -1, np.int64(2**40)])
def test_a_seed_that_would_be_anothers_is_refused(seed):
    with pytest.raises(ValueError, match=rf"the seed is {seed}; give .* from 0 to 4294967295"):
        run_key(seed, "init")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"structure": {"activation": "relu"}}, r"'activation' is 'relu'; .* such as \('relu',\)"),
        ({"structure": {"depth": 3}}, r"the axis 'depth' is 3; give a sequence .* such as \(3,\)"),
        ({"hyperparameters": {"rate": 0.1}}, r"'rate' is 0.1; give a sequence"),
        ({"hyperparameters": {"rate": (0.1, 0.1 + 1e-10)}}, "'rate' has 0.1 more than once"),
        (
            {"hyperparameters": {"rate": (1e39,)}},
            r"'rate' has 1e\+39, which is infinite in float32",
        ),
        ({"hyperparameters": {"rate": (0.0, 1e-60)}}, "'rate' has 1e-60, which is 0 in float32"),
        ({"seeds": (1.5,)}, r"seeds is \(1.5,\); give different whole numbers"),
        ({"seeds": (0, 0)}, r"seeds is \(0, 0\); give different whole numbers"),
        ({"seeds": (True, False)}, "give different whole numbers"),
        ({"seeds": True}, "give different whole numbers"),
        ({"seeds": (2**32,)}, "give numbers of at most 4294967295"),
        ({"seeds": 2**33}, "give numbers of at most 4294967295"),
        ({"seeds": ()}, "give a count of at least 1"),
    ],
)
def test_a_grid_refuses_what_it_would_not_train_as_it_is_meant(arguments, message):
    with pytest.raises(ValueError, match=message):
        Grid(**arguments)
