"""Diagnostics against constructed networks, NumPy written out, and the law of dead networks."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnn import (
    Cell,
    Network,
    activation_layer,
    autoencoder,
    deep_mlp,
    dense,
    diagnostics,
    dropout,
    elman,
    gru,
    jordan,
    layer_norm,
    maxout_layer,
    meanfield,
    mlp,
    recurrent_network,
    repeat,
    residual,
    serial,
)
from jaxnn.activations import resolve
from jaxnn.losses import squared_error
from tests.helpers.parameters import filled, normal


def one_to_one(z):
    """A network with a hidden unit per entry of z; at input 1 the pre-activations are z."""
    return {"weight": jnp.asarray([z], jnp.float32)}, {"weight": jnp.ones((len(z), 1))}


ONE = jnp.ones((1, 1))


@pytest.mark.parametrize(
    "options",
    [
        {"activation": "relu"},
        {"activation": "prelu"},
        {"activation": "tanh", "bias": False},
        {"activation": ("elu", jnp.sin)},
        {"activation": "mish", "output_activation": "sigmoid"},
    ],
)
def test_trace_ends_in_what_the_network_computes(options):
    net = mlp((4, 6, 5, 3), **options)
    params = filled(net)
    x = jnp.linspace(-1, 1, 4)
    trace = diagnostics.forward_trace(
        params,
        x,
        options["activation"],
        output_activation=options.get("output_activation", "linear"),
    )
    np.testing.assert_allclose(trace.activations[-1], net.apply(params, x), rtol=1e-6)
    assert [z.shape for z in trace.pre_activations] == [(6,), (5,), (3,)]


COUNTING = Cell(lambda key: {}, jnp.zeros(4), lambda params, state, x: (state + x, state + x))
# Name -> network, and how many layers of neurons it has; every one takes 4 numbers, or 5 times 4.
NETWORKS = {
    "mlp": (mlp((4, 6, 5, 3), activation=("tanh", "prelu")), 3),
    "mlp without bias": (mlp((4, 6, 3), bias=False), 2),
    "mlp with layer norm": (mlp((4, 6, 5, 3), normalization="layer", activation="elu"), 3),
    "mlp with dropout": (mlp((4, 6, 3), dropout=0.5), 2),
    "mlp with all of it": (
        mlp((4, 6, 6, 3), dropout=0.5, normalization="rms", residual=True, activation="prelu"),
        3,
    ),
    "residual": (serial(residual(dense(4, 4, activation="relu")), dense(4, 3)), 2),
    "residual at the end": (serial(dense(4, 3), residual(dense(3, 3, activation="tanh"))), 2),
    "deep_mlp": (deep_mlp(4, 6, 5, 3, activation="prelu"), 6),
    "deep_mlp of one": (deep_mlp(4, 6, 1, 3), 2),
    "deep_mlp of none": (deep_mlp(4, 6, 0, 3), 1),
    "deep_mlp with all of it": (deep_mlp(4, 6, 3, 3, dropout=0.2, normalization="layer"), 4),
    "repeated series": (serial(repeat(mlp((4, 6, 4)), 3), dense(4, 3)), 7),
    "repeated residual": (serial(repeat(residual(dense(4, 4)), 3), dense(4, 3)), 4),
    "layers by hand": (serial(dense(4, 6), layer_norm(6), activation_layer("prelu", 6)), 2),
    "a dropout of inputs": (serial(dropout(0.3), dense(4, 3)), 1),
    "a network by hand in it": (
        serial(Network(lambda key: {}, lambda params, x, *, key=None: 2 * x), dense(4, 3)),
        1,
    ),
    "autoencoder": (autoencoder((4, 3, 2)).network, 4),
    "maxout": (serial(maxout_layer(4, 5, pieces=3), dense(5, 3)), 2),
    "elman": (recurrent_network(elman(4, 6), dense(6, 3)), 2),
    "elman at the last step": (
        recurrent_network(elman(4, 6, activation="prelu"), dense(6, 3), last=True),
        2,
    ),
    "elman without readout": (recurrent_network(elman(4, 6)), 1),
    "jordan": (recurrent_network(jordan(4, 6, 3), mlp((3, 5, 2))), 4),
    "gru": (recurrent_network(gru(4, 6), residual(dense(6, 6))), 3),
    "a cell by hand": (recurrent_network(COUNTING, dense(4, 3)), 1),
}  # fmt: skip
RECURRENT = {"elman", "elman at the last step", "elman without readout", "jordan", "gru"}
RECURRENT |= {"a cell by hand"}


def example(name, *rows):
    return normal(*rows, *((5, 4) if name in RECURRENT else (4,)))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_trace_of_every_network_ends_in_what_it_computes(name):
    net, layers = NETWORKS[name]
    params, x = filled(net), example(name)

    @jax.jit
    def look(params, x):
        trace = diagnostics.forward_trace(params, x, net)
        values = [
            jax.vmap(lambda z, entry=entry, own=own: entry(z, **own.get("activation", {})))(
                jnp.atleast_2d(z)
            )
            for entry, own, z in zip(
                net.inside.activations, net.inside.own(params), trace.pre_activations, strict=True
            )
        ]
        return trace, values, net.apply(params, x)

    trace, values, output = look(params, x)
    np.testing.assert_allclose(trace.output, output, rtol=1e-5, atol=1e-6)
    assert len(trace.pre_activations) == layers
    for expected, h in zip(values, trace.activations, strict=True):
        np.testing.assert_allclose(expected, np.atleast_2d(h), rtol=1e-5)


FEW = ("mlp with all of it", "deep_mlp", "residual", "autoencoder", "elman at the last step", "gru")


@pytest.mark.parametrize("name", FEW)
def test_a_gradient_of_pre_activations_is_that_of_the_bias_summed_over_time(name):
    net, layers = NETWORKS[name]
    params, x = filled(net), example(name)

    @jax.jit
    def gradients(params, x):
        def probed(probes):
            trace = diagnostics.forward_trace(params, x, net, probes=probes)
            return jnp.sum(trace.output**2)

        z = diagnostics.forward_trace(params, x, net).pre_activations
        by_probe = jax.grad(probed)(jax.tree.map(jnp.zeros_like, z))
        by_bias = jax.grad(lambda params: jnp.sum(net.apply(params, x) ** 2))(params)
        return by_probe, net.inside.own(by_bias)

    by_probe, by_bias = gradients(params, x)
    normalised = "all of it" in name or name == "mlp with layer norm"
    compared = 0
    for own, gradient in list(zip(by_bias, by_probe, strict=True))[
        layers - 1 if normalised else 0 :
    ]:
        if "bias" in own:
            compared += 1
            expected = np.atleast_2d(gradient).sum(axis=0)
            np.testing.assert_allclose(own["bias"], expected, rtol=1e-4, atol=1e-5)
    assert compared or name == "mlp without bias"


@pytest.mark.parametrize("name", FEW)
def test_every_diagnostic_works_on_every_network(name):
    net, layers = NETWORKS[name]
    params, x = filled(net), example(name, 3)

    @jax.jit
    def look(params, x):
        y = jax.vmap(lambda x: net.apply(params, x))(x)
        found = [diagnostics.exact_sparsity(params, x, net)]
        if all(entry.elementwise for entry in net.inside.activations[:-1]):
            found += [diagnostics.dead_fraction(params, x, net)]
            found += [diagnostics.saturated_fraction(params, x, net)]
        return found, (
            *diagnostics.activation_variance(params, x, net),
            *diagnostics.gradient_variance(params, x, y + 1, squared_error, net),
        )

    shares, variances = look(params, x)
    for share in shares:
        assert share.shape == (layers - 1,) and np.all((share >= 0) & (share <= 1))
    for variance in variances:
        assert variance.shape == (layers,)
    assert np.all(variances[0] > 0) and np.all(variances[2] >= 0)


def test_a_residual_network_is_not_taken_for_an_mlp():
    net = serial(residual(dense(4, 4, activation="relu")), dense(4, 1))
    params, x = filled(net), example("residual")
    output = diagnostics.forward_trace(params, x, net).output
    np.testing.assert_allclose(output, net.apply(params, x), rtol=1e-6)
    plain = diagnostics.forward_trace(params, x, "relu").output  # of an mlp with these parameters
    assert abs(float(plain[0] - output[0])) > 1e-3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("elman", "layer 0 has 'context'; give the network in place of the activation"),
        ("autoencoder", "layer 0 has no 'weight'; give the network in place of the activation"),
        ("gru", "layer 0 has '(gates|context)'; give the network"),
    ],
)
def test_parameters_that_are_not_an_mlps_ask_for_the_network(name, message):
    with pytest.raises(ValueError, match=message):
        diagnostics.dead_fraction(filled(NETWORKS[name][0]), example(name, 2), "relu")


def test_a_network_by_hand_has_nothing_to_look_at():
    net = Network(lambda key: {}, lambda params, x, *, key=None: x)
    with pytest.raises(ValueError, match="no layer of neurons that diagnostics know; make it of"):
        diagnostics.dead_fraction({}, ONE, net)


def test_a_unit_is_dead_only_if_no_example_wakes_it():
    params = one_to_one([1.0, -1.0, 0.0, -2.0])
    assert diagnostics.dead_fraction(params, ONE, "relu").tolist() == [0.75]
    assert diagnostics.dead_fraction(params, jnp.array([[1.0], [-1.0]]), "relu").tolist() == [0.25]


def test_dead_units_of_a_random_network_are_those_whose_weights_get_no_gradient():
    net = mlp((6, 40, 40, 1), activation="relu")
    params = tuple({**layer, "bias": layer["bias"] - 1.0} for layer in filled(net))
    x = normal(5, 6)
    fraction = jax.jit(partial(diagnostics.dead_fraction, activation="relu"))(params, x)

    def first_layer(weight):
        return jnp.sum(jax.nn.relu(x @ weight + params[0]["bias"][None, :]))

    without_gradient = (
        (np.asarray(jax.grad(first_layer)(params[0]["weight"])) == 0).all(axis=0).mean()
    )
    assert 0 < fraction[0] < 1
    np.testing.assert_allclose(fraction[0], without_gradient, rtol=1e-6)


@pytest.mark.parametrize(
    "activation, dead",
    [
        ("leaky_relu", 0),
        ("elu", 0),
        ("gelu", 0),
        ("swish", 0),
        (jnp.sin, 0),
        ("relu", 1),
        (lambda x: jnp.maximum(x, 0) ** 2, 1),
    ],
)
def test_at_a_moderate_negative_input_only_flat_activations_die(activation, dead):
    assert diagnostics.dead_fraction(one_to_one([-3.0, -2.0]), ONE, activation).tolist() == [dead]


def test_dead_fraction_counts_slopes_up_to_the_tolerance_and_learned_slopes_as_they_are():
    assert diagnostics.dead_fraction(one_to_one([-1.0, 3.0, 5.0, 50.0]), ONE, "tanh").tolist() == [
        0.25
    ]
    assert diagnostics.dead_fraction(
        one_to_one([-1.0, 3.0, 5.0, 50.0]), ONE, "tanh", tolerance=0.01
    ).tolist() == [0.75]
    hidden, output = one_to_one([-1.0, -1.0])
    hidden["activation"] = {"slope": jnp.array([0.0, 0.3])}
    assert diagnostics.dead_fraction((hidden, output), ONE, "prelu").tolist() == [0.5]


def test_a_unit_with_nan_is_not_called_dead():
    assert diagnostics.dead_fraction(
        one_to_one([jnp.nan, -1.0]), ONE, "tanh", tolerance=1.0
    ).tolist() == [0.5]


@pytest.mark.parametrize("activation, dies", [("relu", True), ("leaky_relu", False)])
def test_dead_networks_of_10_layers_of_width_2_follow_the_law_in_relu_and_not_in_leaky_relu(
    activation, dies
):
    networks, rng = 4000, np.random.default_rng(0)
    shapes = [(1, 2)] + [(2, 2)] * 9 + [(2, 1)]
    params = tuple(
        {"weight": jnp.asarray(rng.standard_normal((networks, *shape), np.float32))}
        for shape in shapes
    )
    fractions = jax.jit(jax.vmap(lambda p: diagnostics.dead_fraction(p, ONE, activation)))(params)
    dead = float(np.mean((np.asarray(fractions) == 1).any(axis=1)))
    law = meanfield.dead_network_probability(2, 10) if dies else 0.0
    assert abs(dead - law) <= 3 * np.sqrt(law * (1 - law) / networks)


@pytest.mark.parametrize(
    "activation, below, above",
    [("sigmoid", 4.35, 4.37), ("tanh", 2.17, 2.19), (lambda x: 7 * jnp.tanh(x), 2.17, 2.19)],
)
def test_saturation_begins_where_the_slope_is_5_percent_of_its_maximum(activation, below, above):
    assert diagnostics.saturated_fraction(
        one_to_one([below, -below, above, -above]), ONE, activation
    ).tolist() == [0.5]


@pytest.mark.slow
def test_saturation_of_relu_is_its_flat_side_and_of_prelu_each_units_own():
    assert diagnostics.saturated_fraction(
        one_to_one([-1.0, -2.0, 0.1, 9.0]), ONE, "relu"
    ).tolist() == [0.5]
    hidden, output = one_to_one([-1.0, -1.0, -1.0, 1.0])
    hidden["activation"] = {
        "slope": jnp.array([0.04, 0.06, 40.0, 40.0])
    }  # max |φ′| is 1, 1, 40, 40
    assert diagnostics.saturated_fraction((hidden, output), ONE, "prelu").tolist() == [0.5]
    assert diagnostics.saturated_fraction(
        (hidden, output), ONE, "prelu", fraction=0.02
    ).tolist() == [0.0]


def test_exact_sparsity_counts_zeros_and_not_small_numbers():
    assert diagnostics.exact_sparsity(
        one_to_one([-1.0, 0.0, 1e-30, 2.0]), ONE, "relu"
    ).tolist() == [0.5]
    assert diagnostics.exact_sparsity(
        one_to_one([-1.0, 0.0, 1e-30, 2.0]), ONE, "leaky_relu"
    ).tolist() == [0.25]


def test_variances_equal_the_network_and_its_backpropagation_written_in_numpy():
    net = mlp((3, 6, 2), activation="tanh")
    params, x, y = filled(net), normal(5, 3), normal(5, 2, seed=2)
    params = tuple({"weight": layer["weight"]} for layer in params)
    (w1, w2), (xs, ys) = (
        (np.asarray(layer["weight"]) for layer in params),
        (np.asarray(x), np.asarray(y)),
    )
    z1 = xs @ w1
    h1 = np.tanh(z1)
    z2 = h1 @ w2
    v = jax.jit(partial(diagnostics.activation_variance, activation="tanh"))(params, x)
    np.testing.assert_allclose(v.pre_activations, [z1.var(), z2.var()], rtol=1e-5)
    np.testing.assert_allclose(v.activations, [h1.var(), z2.var()], rtol=1e-5)
    d2 = 2 * (z2 - ys) / 2
    d1 = (d2 @ w2.T) * (1 - h1**2)
    g = jax.jit(partial(diagnostics.gradient_variance, loss=squared_error, activation="tanh"))(
        params, x, y
    )
    np.testing.assert_allclose(g.pre_activations, [d1.var(), d2.var()], rtol=1e-5)
    np.testing.assert_allclose(g.weights, [(xs.T @ d1 / 5).var(), (h1.T @ d2 / 5).var()], rtol=1e-5)


def test_pre_activation_variance_of_one_wide_network_follows_the_theory():
    width, depth = 1000, 6
    params = filled(
        mlp((width,) * (depth + 1), activation="tanh", bias=False), scale=1.5 / width**0.5
    )
    x = normal(1, width) / 1.5  # so that the first layer has q = 1
    got = jax.jit(partial(diagnostics.activation_variance, activation="tanh"))(
        params, x
    ).pre_activations
    np.testing.assert_allclose(got, meanfield.variance_trajectory("tanh", depth, 2.25), rtol=0.15)


@pytest.mark.slow
@pytest.mark.parametrize(
    "diagnostic",
    [
        diagnostics.dead_fraction,
        diagnostics.saturated_fraction,
        diagnostics.exact_sparsity,
        diagnostics.activation_variance,
        diagnostics.activation_slopes,
    ],
)
def test_jit_and_vmap_over_networks_change_nothing(diagnostic):
    net = mlp((4, 7, 6, 3), activation="relu")
    several, x = [filled(net, seed) for seed in range(3)], normal(5, 4)
    params = jax.tree.map(lambda *leaves: jnp.stack(leaves), *several)
    together = jax.jit(jax.vmap(partial(diagnostic, x=x, activation="relu")))(params)
    for i, one in enumerate(several):
        alone = diagnostic(one, x, "relu")
        jax.tree.map(
            lambda a, b, i=i: np.testing.assert_allclose(a, b[i], rtol=1e-5, atol=1e-6),
            alone,
            together,
        )


def test_a_network_without_hidden_layers_has_no_fractions_and_one_variance():
    params = filled(mlp((3, 2)))
    x = jnp.ones((4, 3))
    assert diagnostics.dead_fraction(params, x, "relu").shape == (0,)
    assert diagnostics.saturated_fraction(params, x, "relu").shape == (0,)
    assert diagnostics.activation_variance(params, x, "relu").activations.shape == (1,)


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda p: diagnostics.forward_trace(p, jnp.ones((2, 1)), "relu"),
            r"1 inputs got one example of shape \(2, 1\); give shape \(1,\)",
        ),
        (
            lambda p: diagnostics.dead_fraction(p, jnp.ones(1), "relu"),
            r"one example per row.*shape \(1,\): for ONE example give x\[None\]",
        ),
        (
            lambda p: diagnostics.dead_fraction(p, ONE, ("relu", "relu")),
            "2 activations for 1 hidden",
        ),
        (
            lambda p: diagnostics.forward_trace(({"scale": 1}, *p), jnp.ones(1), "relu"),
            "layer 0 has no 'weight'",
        ),
        (
            lambda p: diagnostics.forward_trace(p, jnp.ones(1), "relu", probes=()),
            "0 probes for 2 layers",
        ),
        (
            lambda p: diagnostics.forward_trace(
                p, jnp.ones(1), "relu", probes=(jnp.zeros(1), jnp.zeros(1))
            ),
            r"\(1,\), \(2,\).*probe the shape of its pre-activations",
        ),
        (
            lambda p: diagnostics.dead_fraction(filled(deep_mlp(1, 2, 3, 1)), ONE, "relu"),
            "not of a deep_mlp",
        ),
        (
            lambda p: diagnostics.dead_fraction(
                filled(mlp((1, 2, 1), normalization="layer")), ONE, "relu"
            ),
            "without layer_norm; layer 0 has no 'weight'",
        ),
        (
            lambda p: diagnostics.largest_slopes(lambda z: z.sum(keepdims=True), {}),
            r"\(4097,\), \(1,\).*must keep the shape of its input",
        ),
        (
            lambda p: diagnostics.dead_fraction(
                p, ONE, resolve("tanh")._replace(elementwise=False)
            ),
            "elementwise",
        ),
    ],
)
def test_a_wrong_argument_raises_and_names_it(call, message):
    with pytest.raises(ValueError, match=message):
        call(one_to_one([1.0, 2.0]))
