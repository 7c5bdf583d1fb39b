"""Layers against NumPy, hand calculation and each other."""

import math

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnn
from jaxnn import Network, activations, layers
from jaxnn.layers import (
    activation_layer,
    dense,
    dropout,
    layer_norm,
    maxout_layer,
    neuron,
    repeat,
    residual,
    rms_norm,
    serial,
)
from tests.helpers.parameters import filled


def key(seed=0):
    """A key of its own for each use: conftest makes the reuse of one an error."""
    return jax.random.key(seed)


def zeros(key, shape):
    return jnp.zeros(shape)


def trace(layer, *shape):
    """Apply a layer to shapes only, which runs its checks and compiles nothing."""
    return jax.eval_shape(
        layer.apply, jax.eval_shape(layer.init, key()), jax.ShapeDtypeStruct(shape, jnp.float32)
    )


# --- neuron and dense


def test_a_neuron_is_the_activated_weighted_sum():
    params = {"weight": jnp.array([0.5, -1.0, 2.0]), "bias": jnp.array(0.25)}
    x = jnp.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(neuron(params, x), 4.75, rtol=1e-6)
    np.testing.assert_allclose(neuron(params, x, "tanh"), math.tanh(4.75), rtol=1e-6)
    np.testing.assert_allclose(
        neuron({"weight": params["weight"]}, x), 4.5, rtol=1e-6
    )  # no bias, no activation


def test_a_layer_is_as_many_neurons_as_it_has_outputs():
    layer = dense(3, 4, activation="prelu")
    params = {
        "weight": jnp.sin(jnp.arange(12.0)).reshape(3, 4),
        "bias": jnp.arange(4.0),
        "activation": {"slope": jnp.array([0.1, 0.2, 0.3, 0.4])},
    }
    x = jnp.array([1.0, -2.0, 0.5])
    one_by_one = [
        neuron(
            {
                "weight": params["weight"][:, j],
                "bias": params["bias"][j],
                "activation": {"slope": params["activation"]["slope"][j]},
            },
            x,
            "prelu",
        )
        for j in range(4)
    ]
    np.testing.assert_allclose(layer.apply(params, x), one_by_one, rtol=1e-5)


def test_a_neuron_with_another_number_of_weights_than_inputs_names_both():
    with pytest.raises(ValueError, match=r"2 weights.* 3 inputs"):
        neuron({"weight": jnp.ones(2)}, jnp.ones(3))
    with pytest.raises(ValueError, match=r"shape \(2,\).*shape \(5, 2\).*jax\.vmap"):
        neuron({"weight": jnp.ones(2)}, jnp.ones((5, 2)))


def test_a_neuron_refuses_an_activation_of_several_sums():
    softmax = activations.resolve("linear")._replace(function=jax.nn.softmax, elementwise=False)
    with pytest.raises(ValueError, match="function of one sum"):
        neuron({"weight": jnp.ones(2)}, jnp.ones(2), softmax)


def test_a_dense_layer_without_bias_has_none_and_is_odd():
    layer = dense(3, 2, activation="tanh", bias=False)
    params, x = layer.init(key()), jnp.array([1.0, -2.0, 0.5])
    assert set(params) == {"weight"}
    np.testing.assert_allclose(layer.apply(params, -x), -layer.apply(params, x), rtol=1e-6)


def test_an_activation_that_makes_two_of_each_unit_needs_a_multiple():
    crelu = activations.resolve("linear")._replace(
        function=lambda z: jnp.concatenate([jax.nn.relu(z), jax.nn.relu(-z)]),
        elementwise=False,
        units_in=0.5,
    )
    layer = dense(3, 4, activation=crelu, initializer=jax.nn.initializers.ones)
    assert layer.init(key())["weight"].shape == (3, 2)
    assert layer.apply(layer.init(key()), -jnp.ones(3)).tolist() == [0, 0, 3, 3]
    with pytest.raises(ValueError, match="out_dim=3 is not a multiple"):
        dense(3, 3, activation=crelu, initializer=zeros)


def test_a_learned_activation_is_learned():
    layer = activation_layer("prelu", 3)
    x = jnp.array([-2.0, 3.0, -4.0])
    slopes = jax.grad(lambda params: layer.apply(params, x).sum())(layer.init(key()))
    assert slopes["slope"].tolist() == [-2.0, 0.0, -4.0]  # the input where it is negative


# --- maxout_layer

X = jnp.linspace(-2, 2, 12).reshape(4, 3)
W = jnp.array([[1.0, -0.5], [0.25, 2.0], [-1.5, 0.75]])


@pytest.mark.parametrize("second, equal", [(0.0, activations.relu), (0.01, activations.leaky_relu)])
def test_maxout_with_given_weights_is_relu_and_leaky_relu(second, equal):
    layer = maxout_layer(3, 2, pieces=2)
    params = {"weight": jnp.concatenate([W, second * W], axis=1), "bias": jnp.zeros(4)}
    np.testing.assert_allclose(
        jax.vmap(layer.apply, in_axes=(None, 0))(params, X), equal(X @ W), rtol=1e-6
    )


def test_maxout_is_the_largest_of_its_pieces():
    layer = maxout_layer(3, 2, pieces=4)
    params = {"weight": jnp.sin(jnp.arange(24.0)).reshape(3, 8), "bias": jnp.linspace(-1, 1, 8)}
    weight, bias = (
        np.asarray(params["weight"]).reshape(3, 4, 2),
        np.asarray(params["bias"]).reshape(4, 2),
    )
    pieces = [np.asarray(X[0]) @ weight[:, p] + bias[p] for p in range(4)]
    np.testing.assert_allclose(layer.apply(params, X[0]), np.max(pieces, axis=0), rtol=1e-5)


@pytest.mark.parametrize("pieces", [1, 2, 5])
def test_maxout_keeps_the_mean_square(pieces):
    layer = maxout_layer(256, 512, pieces=pieces, bias=False)
    keys = jax.random.split(key(), 2)
    x = jax.random.normal(keys[0], (64, 256))
    y = jax.vmap(layer.apply, in_axes=(None, 0))(layer.init(keys[1]), x)
    # The weights are drawn once; the 512 units are independent, so their spread gives the error.
    by_unit = np.asarray((y**2).mean(axis=0))
    assert abs(by_unit.mean() - 1) < 5 * by_unit.std() / math.sqrt(512)
    assert by_unit.std() / math.sqrt(512) < 0.02


# --- dropout


def test_dropout_drops_the_rate_and_keeps_the_mean():
    n = 200_000
    x = jnp.full(n, 3.0)
    masked = jax.jit(lambda rate: dropout(rate).apply({}, x, key=key(1)))
    for rate in (0.1, 0.5, 0.8):  # one traced program
        y = np.asarray(masked(rate))
        error = math.sqrt(rate * (1 - rate) / n)
        assert abs((y == 0).mean() - rate) < 5 * error
        assert abs(y.mean() / 3 - 1) < 5 * error / (1 - rate)
        np.testing.assert_allclose(y[y != 0], 3 / (1 - rate), rtol=1e-6)
    assert masked._cache_size() == 1


def test_dropout_does_nothing_without_a_key_or_at_rate_0():
    x = jnp.linspace(-1, 1, 9)
    np.testing.assert_array_equal(dropout(0.9).apply({}, x), x)
    np.testing.assert_array_equal(dropout(0.0).apply({}, x, key=key(1)), x)


def test_a_higher_dropout_rate_drops_what_a_lower_one_does():
    low, high = (dropout(rate).apply({}, jnp.ones(1000), key=key(2)) for rate in (0.3, 0.6))
    assert not bool(jnp.any((low == 0) & (high != 0)))


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_a_dropout_rate_outside_its_range_raises(rate):
    with pytest.raises(ValueError, match="fraction dropped"):
        dropout(rate)


# --- layer_norm, residual


def test_layer_norm_is_the_formula_written_in_numpy():
    x = np.array([3.0, -1.0, 4.0, 100.0], np.float32)
    scale, offset = (
        np.array([1.0, 2.0, 3.0, 4.0], np.float32),
        np.array([0.5, 0.0, -0.5, 1.0], np.float32),
    )
    y = layer_norm(4, epsilon=1e-3).apply(
        {"scale": jnp.asarray(scale), "offset": jnp.asarray(offset)}, jnp.asarray(x)
    )
    np.testing.assert_allclose(
        y, scale * (x - x.mean()) / np.sqrt(x.var() + 1e-3) + offset, rtol=1e-5
    )


def test_rms_norm_is_the_formula_and_keeps_the_mean():
    x = np.array([1.0, 2.0, -3.0], np.float32)
    layer = rms_norm(3, epsilon=0.5)
    y = layer.apply({"scale": jnp.array([1.0, 2.0, 1.0])}, x)
    np.testing.assert_allclose(y, np.array([1, 2, 1]) * x / np.sqrt(14 / 3 + 0.5), rtol=1e-6)
    with pytest.raises(ValueError, match=r"rms_norm of 3 values got one example of shape \(2,\)"):
        layer.apply({"scale": jnp.ones(3)}, jnp.ones(2))


def test_layer_norm_of_a_constant_is_finite_and_so_is_its_slope():
    layer = layer_norm(3)
    params = layer.init(key())
    assert layer.apply(params, jnp.full(3, 7.0)).tolist() == [0, 0, 0]
    assert bool(
        jnp.all(jnp.isfinite(jax.jacobian(lambda x: layer.apply(params, x))(jnp.full(3, 7.0))))
    )


def test_residual_adds_its_input():
    layer, x = dense(3, 3, activation="tanh"), X[0]
    params = layer.init(key())
    np.testing.assert_allclose(
        residual(layer).apply(params, x), x + layer.apply(params, x), rtol=1e-6
    )


# --- repeat


def test_repeat_is_serial_in_params_values_and_randomness():
    layer = serial(dense(3, 3, activation="tanh"), dropout(0.5))
    stack, loop = (
        Network(jax.jit(net.init), jax.jit(net.apply))
        for net in (repeat(layer, 3), serial(*[layer] * 3))
    )
    stacked, listed = stack.init(key()), loop.init(key())
    for i in range(3):
        jax.tree.map(
            np.testing.assert_array_equal, jax.tree.map(lambda leaf: leaf[i], stacked), listed[i]
        )
    np.testing.assert_allclose(stack.apply(stacked, X[0]), loop.apply(listed, X[0]), rtol=1e-5)
    y = stack.apply(stacked, X[0], key=key(3))
    np.testing.assert_allclose(y, loop.apply(listed, X[0], key=key(3)), rtol=1e-5)
    assert not np.allclose(y, stack.apply(stacked, X[0]))


@pytest.mark.slow
def test_elsewhere_than_on_a_cpu_rounds_of_a_scan_are_written_out(monkeypatch):
    """With a remainder, and the same numbers and gradients."""
    monkeypatch.setattr(layers, "UNROLLED", 2)
    stack, x = repeat(dense(3, 3, activation="tanh"), 5), X.T
    params = stack.init(key())

    def found():
        loss = jax.grad(lambda params: jnp.sum(stack.columns(params, x) ** 2))
        return stack.apply(params, X[0]), loss(params), str(jax.make_jaxpr(loss)(params))

    *expected, loop = found()
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    *unrolled, written_out = found()
    chex.assert_trees_all_close(unrolled, expected, rtol=1e-5)
    assert "unroll=2" in written_out and "unroll=2" not in loop


def test_repeat_0_times_is_the_identity():
    stack = repeat(dense(3, 3), 0)
    np.testing.assert_array_equal(stack.apply(stack.init(key()), X[0]), X[0])


# --- dtypes and errors

NARROW = serial(
    dense(3, 4, activation="tanh"),
    maxout_layer(4, 4),
    layer_norm(4),
    activation_layer("prelu", 4),
    residual(dense(4, 4)),
    repeat(dense(4, 4, activation="relu"), 2),
    dropout(0.5),
)


def test_layer_norm_takes_bfloat16_statistics_in_float32():
    layer, x = (
        layer_norm(8),
        jnp.arange(64, 68, 0.5, jnp.bfloat16),
    )  # exact, but their mean 65.75 is no bfloat16
    narrow, wide = (
        layer.apply(filled(layer, dtype=dtype), x.astype(dtype))
        for dtype in (jnp.bfloat16, jnp.float32)
    )
    np.testing.assert_allclose(narrow.astype(jnp.float32), wide, atol=0.03)


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float32])
def test_layers_keep_the_dtype_of_params_and_input(dtype):
    params = filled(NARROW, dtype=dtype)
    for random in (None, key()):
        assert (
            jax.eval_shape(lambda x: NARROW.apply(params, x, key=random), jnp.ones(3, dtype)).dtype
            == dtype
        )


def test_layers_start_and_stay_float64_under_x64():
    with jax.enable_x64(True):
        params = jax.eval_shape(NARROW.init, key())
        assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {np.dtype("float64")}
        for random in (None, key()):
            y = jax.eval_shape(
                lambda params, x: NARROW.apply(params, x, key=random), params, jnp.ones(3)
            )
            assert y.dtype == np.float64


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: dense(0, 2), "in_dim=0, out_dim=2"),
        (lambda: maxout_layer(2, 2, pieces=0), "pieces=0"),
        (lambda: layer_norm(0), "dim=0"),
        (lambda: layer_norm(2, epsilon=0.0), r"epsilon=0\.0"),
        (lambda: activation_layer("relu", 0), "out_dim=0"),
        (lambda: repeat(dense(2, 2), -1), "depth=-1"),
        (lambda: dense(2, 2, activation="rulu"), "unknown activation 'rulu'.*relu"),
        (lambda: trace(maxout_layer(3, 2), 2), r"3 inputs got one example of shape \(2,\)"),
        (lambda: trace(layer_norm(3), 5, 3), r"3 values.*\(5, 3\).*jax\.vmap"),
        (lambda: trace(activation_layer("relu", 3), 2), r"3 units.*\(2,\)"),
        (lambda: trace(residual(dense(3, 2)), 3), r"residual.*\(2,\) of \(3,\)"),
        (lambda: trace(repeat(dense(3, 2), 2), 3), r"repeat.*\(2,\) of \(3,\)"),
        (
            lambda: repeat(dense(3, 3), 4).apply({"weight": jnp.ones((2, 3, 3))}, jnp.ones(3)),
            r"4 times got params of shape \(2,",
        ),
        (lambda: serial(dense(2, 2)).apply((), jnp.ones(2)), "1 layers in series got params of 0"),
    ],
)
def test_a_mistake_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# --- encoders


def test_encoders_and_their_inverses():
    bits = jnp.array([True, False, True])
    assert jaxnn.encode_binary(bits).tolist() == [1, 0, 1]
    assert jaxnn.encode_bipolar(bits).tolist() == [1, -1, 1]
    for dtype in (jnp.bfloat16, jnp.float32):
        for encode, decode in (
            (jaxnn.encode_binary, jaxnn.decode_binary),
            (jaxnn.encode_bipolar, jaxnn.decode_bipolar),
        ):
            x = encode(bits, dtype=dtype)
            assert x.dtype == dtype
            np.testing.assert_array_equal(decode(x), bits)


def test_encoders_refuse_numbers():
    with pytest.raises(TypeError, match="booleans, got float32; say what counts as true"):
        jaxnn.encode_bipolar(jnp.array([0.0, 1.0]))
