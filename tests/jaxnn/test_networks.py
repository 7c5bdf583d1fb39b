"""Networks against NumPy, hand calculation and each other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnn import autoencoder, deep_mlp, describe, elman, gru, jordan, mlp, recurrent_network
from jaxnn.layers import dense, layer_norm, maxout_layer, serial
from tests.helpers.parameters import filled


def test_mlp_is_the_formula_written_in_numpy():
    net = mlp((5, 7, 3), activation="tanh")
    params = net.init(jax.random.key(0))
    x = jnp.linspace(-1, 1, 5)
    (w1, b1), (w2, b2) = (
        (np.asarray(layer["weight"]), np.asarray(layer["bias"])) for layer in params
    )
    np.testing.assert_allclose(
        net.apply(params, x), np.tanh(np.asarray(x) @ w1 + b1) @ w2 + b2, rtol=1e-5
    )


def test_two_sizes_are_linear_regression():
    net = mlp((3, 1))
    params = net.init(jax.random.key(0))
    assert len(params) == 1
    np.testing.assert_allclose(net.apply(params, jnp.zeros(3)), params[0]["bias"])


def test_a_mismatch_names_both_shapes_and_the_fix():
    net = mlp((4, 2))
    with pytest.raises(ValueError, match=r"4 inputs got one example of shape \(8, 4\).*jax\.vmap"):
        net.apply(net.init(jax.random.key(0)), jnp.ones((8, 4)))


# --- mlp's options


def test_dropout_in_an_mlp_acts_on_hidden_values_when_a_key_is_given():
    net, plain = (
        mlp((3, 500, 1), activation="relu", dropout=0.5),
        mlp((3, 500, 1), activation="relu"),
    )
    params, x = filled(plain), jnp.ones(3)
    assert jax.tree.structure(filled(net)) == jax.tree.structure(params)
    np.testing.assert_array_equal(net.apply(params, x), plain.apply(params, x))
    # With output weights and hidden values of 1, the output counts the units that were kept.
    ones = (
        {"weight": jnp.full((3, 500), 1 / 3), "bias": jnp.zeros(500)},
        {"weight": jnp.ones((500, 1)), "bias": jnp.zeros(1)},
    )
    kept = net.apply(ones, x, key=jax.random.key(1)).item() / 2
    assert abs(kept / 500 - 0.5) < 5 * 0.5 / 500**0.5
    assert abs(kept - round(kept)) < 1e-3


def test_a_traced_dropout_rate_does_not_recompile():
    output = jax.jit(
        lambda rate: mlp((3, 8, 2), dropout=rate).apply(params, jnp.ones(3), key=jax.random.key(1))
    )
    params = filled(mlp((3, 8, 2)))
    assert not np.allclose(output(0.2), output(0.8))
    assert output._cache_size() == 1


def test_a_residual_mlp_adds_the_input_of_each_layer_of_its_size():
    net = mlp((3, 4, 4, 2), activation="tanh", residual=True, bias=False)
    params = net.init(jax.random.key(0))
    x = jax.random.normal(jax.random.key(1), (3,))
    first, second, last = (layer["weight"] for layer in params)
    h = jnp.tanh(x @ first)
    expected = (h + jnp.tanh(h @ second)) @ last
    np.testing.assert_allclose(net.apply(params, x), expected, rtol=1e-6)


def test_layer_norm_in_an_mlp_stands_between_the_sums_and_the_activation():
    net = mlp((3, 4, 2), activation="prelu", normalization="layer")
    params, x = filled(net), np.array([1.0, -0.5, 2.0], np.float32)
    (first, norm, phi), output = params
    sums = x @ first["weight"] + first["bias"]
    normal = norm["scale"] * (sums - sums.mean()) / np.sqrt(sums.var() + 1e-5) + norm["offset"]
    hidden = np.where(normal >= 0, normal, phi["slope"] * normal)
    np.testing.assert_allclose(
        net.apply(params, jnp.asarray(x)), hidden @ output["weight"] + output["bias"], rtol=2e-5
    )


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: mlp((3,)), r"sizes=\(3,\)"),
        (lambda: mlp((3, 4, 4, 1), activation=("relu",)), "1 activations for 2 hidden layers"),
        (lambda: mlp((3, 4, 1), dropout=1.0), "fraction dropped"),
        (lambda: mlp((3, 0, 1)), "out_dim=0"),
        (lambda: deep_mlp(3, 4, -1, 1), "got -1"),
        (lambda: deep_mlp(3, 0, 2, 1), "width of at least 1, got 0"),
        (lambda: autoencoder((3,)), r"sizes=\(3,\)"),
    ],
)
def test_a_mistake_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# --- deep_mlp


def unstacked(params):
    """deep_mlp's params as mlp's: the stack in the middle cut into layers."""
    first, stack, output = params
    return (
        first,
        *(jax.tree.map(lambda leaf: leaf[i], stack) for i in range(len(stack["weight"]))),
        output,
    )


@pytest.mark.slow
@pytest.mark.parametrize("depth", [1, 2, 4, 48])
def test_the_scanned_stack_is_the_loop_in_values_and_slopes(depth):
    with jax.enable_x64(True):
        deep, loop = (
            deep_mlp(3, 4, depth, 2, activation="prelu"),
            mlp((3, *(4,) * depth, 2), activation="prelu"),
        )
        params, x = filled(deep), jnp.array([0.3, -1.0, 0.5])
        value, slopes = jax.value_and_grad(lambda params: jnp.sum(deep.apply(params, x) ** 2))(
            params
        )
        expected, loop_slopes = jax.value_and_grad(
            lambda params: jnp.sum(loop.apply(params, x) ** 2)
        )(unstacked(params))
        assert len(loop_slopes) == depth + 1
        assert value > 1e-6
        np.testing.assert_allclose(value, expected, rtol=1e-12)
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12 * float(value)),
            unstacked(slopes),
            loop_slopes,
        )


def test_deep_mlp_of_depth_0_is_a_linear_map():
    net = deep_mlp(3, 8, 0, 2)
    params, x = filled(net), jnp.array([0.3, -1.0, 0.5])
    assert len(params) == 1
    np.testing.assert_allclose(
        net.apply(params, x), x @ params[0]["weight"] + params[0]["bias"], rtol=1e-6
    )


def test_the_layers_of_a_deep_mlp_start_different():
    _, stack, _ = deep_mlp(3, 4, 4, 2).init(jax.random.key(0))
    weights = np.asarray(stack["weight"]).reshape(3, -1)
    assert len(np.unique(weights)) == weights.size


@pytest.mark.parametrize(
    "options", [{}, {"dropout": 0.1, "normalization": "layer", "residual": True}]
)
def test_the_program_of_a_deep_mlp_does_not_grow_with_depth(options):
    def operations(depth):
        net = deep_mlp(3, 4, depth, 2, **options)
        step = jax.grad(lambda params, x, key: net.apply(params, x, key=key).sum())
        params = jax.eval_shape(net.init, jax.random.key(0))
        return len(
            jax.jit(step).lower(params, jnp.ones(3), jax.random.key(1)).as_text().splitlines()
        )

    assert operations(4) == operations(100)


def test_the_stated_options_reach_every_layer_of_a_deep_mlp():
    net = deep_mlp(
        3,
        4,
        3,
        2,
        activation="prelu",
        output_activation="sigmoid",
        bias=False,
        initializer=lambda key, shape: jnp.full(shape, -0.5),
    )
    params = net.init(jax.random.key(0))
    assert [sorted(layer) for layer in params] == [
        ["activation", "weight"],
        ["activation", "weight"],
        ["weight"],
    ]
    assert {float(value) for layer in params for value in np.unique(layer["weight"])} == {-0.5}
    z = (
        -1.5 * 0.25
    )  # three inputs of 1; every sum after them is positive where the one before was negative
    h = -2 * z
    h = -2 * h * 0.25
    np.testing.assert_allclose(net.apply(params, jnp.ones(3)), 1 / (1 + np.exp(2 * h)), rtol=1e-5)


# --- autoencoder


def test_an_autoencoder_is_its_decoder_after_its_encoder():
    net, encoder, decoder = autoencoder((6, 5, 2), activation="tanh", output_activation="sigmoid")
    params, x = filled(net), jnp.linspace(0, 1, 6)
    code = encoder.apply(params[0], x)
    assert code.shape == (2,)
    np.testing.assert_allclose(net.apply(params, x), decoder.apply(params[1], code), rtol=1e-6)
    assert [layer["weight"].shape for part in params for layer in part] == [
        (6, 5),
        (5, 2),
        (2, 5),
        (5, 6),
    ]
    far = encoder.apply(params[0], 100 * x)
    assert float(jnp.abs(far).max()) > 1  # the code is linear, not squashed


# --- descriptions


@pytest.mark.parametrize(
    "make, counts",
    [  # input, hidden, output, context, bias, parameters
        (
            lambda: mlp((784, 128, 64, 10)),
            (784, 192, 10, 0, 3, 784 * 128 + 128 + 128 * 64 + 64 + 640 + 10),
        ),
        (lambda: mlp((3, 1)), (3, 0, 1, 0, 1, 4)),
        (lambda: mlp((3, 4, 2), bias=False, activation="prelu"), (3, 4, 2, 0, 0, 12 + 8 + 4)),
        (lambda: mlp((3, 4, 2), normalization="layer", dropout=0.1), (3, 4, 2, 0, 2, 16 + 10 + 8)),
        (lambda: deep_mlp(2, 16, 50, 1), (2, 800, 1, 0, 51, 48 + 49 * 272 + 17)),
        (lambda: deep_mlp(2, 16, 1, 1), (2, 16, 1, 0, 2, 48 + 17)),
        (lambda: deep_mlp(2, 16, 0, 1), (2, 0, 1, 0, 1, 3)),
        (
            lambda: serial(maxout_layer(3, 4, pieces=5), layer_norm(4), dense(4, 2)),
            (3, 20, 2, 0, 2, 80 + 8 + 10),
        ),
        (lambda: autoencoder((6, 5, 2)).network, (6, 12, 6, 0, 4, 35 + 12 + 15 + 36)),
        (lambda: elman(3, 8), (3, 0, 8, 8, 1, 24 + 64 + 8)),
        (lambda: recurrent_network(elman(3, 8), dense(8, 2)), (3, 8, 2, 8, 2, 96 + 18)),
        (lambda: jordan(3, 8, 2), (3, 8, 2, 2, 2, 24 + 16 + 8 + 18)),
        (
            lambda: recurrent_network(gru(3, 8), dense(8, 2)),
            (3, 24, 2, 8, 3, 3 * (24 + 64 + 8) + 18),
        ),
    ],
)
def test_a_description_counts_each_kind_of_neuron(make, counts):
    assert describe(make())[:6] == counts


def test_a_description_of_params_is_that_of_the_network_after_jax_has_sorted_them():
    net = recurrent_network(jordan(3, 8, 2))
    assert describe(jax.tree.map(lambda leaf: leaf, filled(net))) == describe(net)


def test_a_description_prints_every_kind_and_layer():
    assert str(describe(recurrent_network(elman(1, 4), dense(4, 2)))) == (
        "neurons: 1 input, 4 hidden, 2 output, 4 context, 2 bias; 34 parameters\n"
        "  layer   layers   inputs  neurons  context     bias\n"
        " hidden        1        1        4        4        1\n"
        " output        1        4        2        0        1"
    )


def test_a_description_of_no_layers_raises():
    with pytest.raises(ValueError, match='no layer with a "weight"'):
        describe(layer_norm(3))
