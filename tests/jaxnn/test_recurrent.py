"""Recurrent cells against NumPy, step by step, and the sequence against its steps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnn import Cell, dense, dropout, elman, gru, jordan, recurrent_network, serial, unroll
from tests.helpers.parameters import filled

XS = np.sin(np.arange(15.0, dtype=np.float32)).reshape(5, 3)
CELLS = {"elman": elman(3, 4), "jordan": jordan(3, 5, 4), "gru": gru(3, 4)}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def elman_step(params, h, x):
    h = np.tanh(x @ params["weight"] + h @ params["context"] + params["bias"])
    return h, h


def jordan_step(params, y, x):
    hidden, output = params
    y = (
        np.tanh(x @ hidden["weight"] + y @ hidden["context"] + hidden["bias"]) @ output["weight"]
        + output["bias"]
    )
    return y, y


def gru_step(params, h, x):
    gates = params["gates"]
    reset, update = np.split(sigmoid(x @ gates["weight"] + h @ gates["context"] + gates["bias"]), 2)
    candidate = np.tanh(x @ params["weight"] + (reset * h) @ params["context"] + params["bias"])
    h = update * h + (1 - update) * candidate
    return h, h


STEPS = {"elman": elman_step, "jordan": jordan_step, "gru": gru_step}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_unrolled_is_its_formula_step_by_step_in_numpy(name):
    cell, params = CELLS[name], filled(CELLS[name])
    state, expected = np.zeros(4, np.float32), []
    for x in XS:
        state, y = STEPS[name](params, state, x)
        expected.append(y)
    last, ys = jax.jit(lambda params, xs: unroll(cell, params, xs))(params, XS)
    np.testing.assert_allclose(ys, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(last, state, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_gives_two_outputs_for_one_input(name):
    cell, params = CELLS[name], filled(CELLS[name])
    state, first = cell.apply(params, cell.initial_state, XS[0])
    _, second = cell.apply(params, state, XS[0])
    assert not np.allclose(first, second, atol=1e-2)
    _, again = cell.apply(params, cell.initial_state, XS[0])
    np.testing.assert_array_equal(first, again)  # all of its memory is the state


def test_a_sequence_cut_in_two_with_the_state_carried_over_is_the_whole():
    cell, params, xs = CELLS["elman"], filled(CELLS["elman"]), jnp.asarray(XS)
    last, ys = unroll(cell, params, xs)
    state, head = unroll(cell, params, xs[:2])
    end, tail = unroll(cell, params, xs[2:], state)
    np.testing.assert_allclose(jnp.concatenate([head, tail]), ys, rtol=1e-6)
    np.testing.assert_allclose(end, last, rtol=1e-6)


def test_an_output_depends_on_past_inputs_and_on_no_later_one():
    net = recurrent_network(CELLS["elman"], dense(4, 2))
    params = filled(net)
    slopes = np.asarray(
        jax.jit(jax.jacobian(lambda xs: net.apply(params, xs)))(jnp.asarray(XS))
    )  # (5, 2, 5, 3)
    size = np.abs(slopes).max(axis=(1, 3))
    assert np.all(size[np.triu_indices(5, 1)] == 0)
    assert np.all(size[np.tril_indices(5)] > 1e-4)


def test_the_irnn_starts_as_a_sum_that_forgets_nothing():
    cell = elman(
        1,
        3,
        activation="relu",
        initializer=lambda key, shape: jnp.ones(shape),
        context_initializer=lambda key, shape: jnp.eye(*shape),
    )
    params = cell.init(jax.random.key(0))
    _, ys = unroll(cell, params, jnp.ones((50, 1)))
    np.testing.assert_allclose(
        ys, np.arange(1, 51, dtype=np.float32)[:, None] * np.ones(3, np.float32)
    )


def test_context_weights_start_orthogonal():
    context = np.asarray(elman(2, 6).init(jax.random.key(0))["context"])
    np.testing.assert_allclose(context.T @ context, np.eye(6), atol=1e-5)


def test_a_recurrent_network_reads_out_every_step_or_the_last():
    every, last = (
        recurrent_network(CELLS["gru"], dense(4, 2), last=last) for last in (False, True)
    )
    params, xs = filled(every), jnp.asarray(XS)
    ys = every.apply(params, xs)
    _, hidden = unroll(CELLS["gru"], params[0], xs)
    weight, bias = np.asarray(params[1]["weight"]), np.asarray(params[1]["bias"])
    np.testing.assert_allclose(ys, np.asarray(hidden) @ weight + bias, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(last.apply(params, xs), ys[-1], rtol=1e-5, atol=1e-6)


def test_a_recurrent_network_drops_with_a_mask_of_its_own_each_step():
    net = recurrent_network(CELLS["elman"], serial(dropout(0.5), dense(4, 1, bias=False)))
    params = (
        {
            "weight": np.zeros((3, 4), np.float32),
            "context": np.zeros((4, 4), np.float32),
            "bias": np.ones(4, np.float32),
        },
        ({}, {"weight": np.float32([[1], [2], [4], [8]])}),
    )
    ys = net.apply(params, jnp.zeros((20, 3)), key=jax.random.key(0))
    assert len(np.unique(np.asarray(ys).round(3))) > 3
    assert len(np.unique(np.asarray(net.apply(params, jnp.zeros((20, 3)))))) == 1


def test_a_recurrent_network_learns_to_remember():
    # The target is the input before, which no network without context can give.
    net = recurrent_network(elman(1, 4), dense(4, 1))
    draw = np.random.default_rng(1)
    xs = jnp.asarray(draw.choice([-1.0, 1.0], size=(64, 8, 1)), jnp.float32)
    targets = jnp.concatenate([jnp.zeros((64, 1, 1)), xs[:, :-1]], axis=1)

    @jax.jit
    def train(params):
        def cost(params):
            return jnp.mean((jax.vmap(net.apply, in_axes=(None, 0))(params, xs) - targets) ** 2)

        def step(params, _):
            value, slopes = jax.value_and_grad(cost)(params)
            return jax.tree.map(lambda p, slope: p - 0.3 * slope, params, slopes), value

        return jax.lax.scan(step, params, length=600)[1]

    values = train(jax.tree.map(jnp.asarray, filled(net)))
    assert values[0] > 0.8
    assert values[-1] < 0.02


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float32])
@pytest.mark.parametrize("name", CELLS)
def test_cells_keep_the_dtype(name, dtype):
    cell = CELLS[name]
    params = jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), filled(cell))
    state, ys = jax.eval_shape(
        lambda xs: unroll(cell, params, xs), jax.ShapeDtypeStruct((5, 3), dtype)
    )
    assert (state.dtype, ys.dtype) == (dtype, dtype)


def test_cells_are_float64_under_x64_wherever_they_were_made():
    with jax.enable_x64(True):
        for cell in CELLS.values():  # made outside, so their initial state is float32
            state, ys = jax.eval_shape(
                lambda params, xs: unroll(cell, params, xs),
                filled(cell, dtype=np.float64),
                jnp.ones((5, 3)),
            )
            assert (state.dtype, ys.dtype) == (np.float64, np.float64)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: elman(0, 4), "in_dim=0"),
        (lambda: jordan(3, 4, 0), "context=0"),
        (lambda: elman(3, 4, activation="tan"), "unknown activation 'tan'.*tanh"),
        (
            lambda: unroll(CELLS["elman"], filled(CELLS["elman"]), jnp.ones((2, 5, 3))),
            r"\(time, in_dim\), got \(2, 5, 3\).*jax\.vmap",
        ),
        (
            lambda: unroll(CELLS["elman"], filled(CELLS["elman"]), jnp.ones((5, 2))),
            r"3 inputs got one time step of shape \(2,\)",
        ),
        (
            lambda: CELLS["gru"].apply(filled(CELLS["gru"]), jnp.zeros(3), jnp.ones(3)),
            r"4 context neurons got a state of shape \(3,\)",
        ),
        (
            lambda: unroll(
                Cell(lambda key: {}, jnp.zeros(4), lambda params, state, x: (state[:2], x)),
                {},
                jnp.ones((5, 3)),
            ),
            r"shapes: \(2,\) != \(4,\).*a cell must return a state of the structure",
        ),
        (
            lambda: recurrent_network(CELLS["elman"], last=True).apply(
                (filled(CELLS["elman"]),), jnp.ones((0, 3))
            ),
            "no last step",
        ),
    ],
)
def test_a_mistake_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
