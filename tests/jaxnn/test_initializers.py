"""Initializers by mean, variance and bounds; gains against SciPy's quadrature and closed forms."""

import itertools
import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from jaxnn import ACTIVATIONS, Activation, activations, dense, elman, initializers, mlp
from jaxnn.initializers import INITIALIZERS, gain, orthogonal, scaled_normal, siren
from tests.helpers.activation_references import REFERENCES

SHAPE = FAN_IN, FAN_OUT = 300, 200
VARIANCES = {
    "lecun_normal": 1 / FAN_IN,
    "lecun_uniform": 1 / FAN_IN,
    "he_normal": 2 / FAN_IN,
    "he_uniform": 2 / FAN_IN,
    "glorot_normal": 2 / (FAN_IN + FAN_OUT),
    "glorot_uniform": 2 / (FAN_IN + FAN_OUT),
    "pytorch_default": 1 / (3 * FAN_IN),
    "orthogonal": 1 / FAN_IN,
    "siren": 2 / (30**2 * FAN_IN),
    "critical": 2 / FAN_IN,
}
OTHERS = {
    "siren first": (siren(first=True), 1 / (3 * FAN_IN**2)),
    "siren of frequency 5": (siren(frequency=5.0), 2 / (5**2 * FAN_IN)),
    "scaled normal": (scaled_normal(1.7), 1.7**2 / FAN_IN),
}
CASES = {
    **{name: (INITIALIZERS[name](), variance) for name, variance in VARIANCES.items()},
    **OTHERS,
}


def mean_square(f, corners=()):
    """E[f(z)²] by adaptive quadrature between the corners."""
    edges = [-12, *sorted(corners), 12]
    return sum(
        quad(lambda z: float(f(z)) ** 2 * norm.pdf(z), a, b, epsabs=1e-11, epsrel=1e-10, limit=200)[
            0
        ]
        for a, b in itertools.pairwise(edges)
    )


def test_every_named_initializer_has_a_stated_variance():
    assert set(VARIANCES) == set(INITIALIZERS)


@pytest.mark.parametrize("name", CASES)
def test_weights_have_the_stated_mean_and_variance(name):
    draw, variance = CASES[name]
    w = np.asarray(draw(jax.random.key(0), SHAPE), np.float64)
    assert w.shape == SHAPE
    assert abs(w.mean()) < 4 * math.sqrt(variance / w.size)
    assert w.var() == pytest.approx(variance, rel=4 * math.sqrt(2 / w.size))


@pytest.mark.parametrize(
    "name, bound",
    [
        ("lecun_uniform", math.sqrt(3 / FAN_IN)),
        ("he_uniform", math.sqrt(6 / FAN_IN)),
        ("pytorch_default", 1 / math.sqrt(FAN_IN)),
        ("glorot_uniform", math.sqrt(6 / (FAN_IN + FAN_OUT))),
        ("siren", math.sqrt(6 / FAN_IN) / 30),
        ("siren first", 1 / FAN_IN),
        ("he_normal", 2 * math.sqrt(2 / FAN_IN) / 0.87962566),
    ],
)
def test_bounded_weights_reach_their_bounds_and_stay_within(name, bound):
    largest = float(jnp.max(jnp.abs(CASES[name][0](jax.random.key(0), SHAPE))))
    assert 0.99 * bound < largest <= bound * (1 + 1e-6)


def test_scaled_normal_is_not_truncated():
    w = scaled_normal(1.0)(jax.random.key(0), SHAPE) * math.sqrt(FAN_IN)
    assert 3.5 < float(jnp.max(jnp.abs(w))) < 6


@pytest.mark.parametrize("shape", [(7, 4), (4, 7)])
def test_orthogonal_weights_times_their_transpose_are_the_identity(shape):
    w = np.asarray(orthogonal(3.0)(jax.random.key(1), shape))
    product = w.T @ w if shape[0] >= shape[1] else w @ w.T
    np.testing.assert_allclose(product, 9 * np.eye(min(shape)), atol=1e-5)


def test_weights_depend_on_the_key_and_keep_the_dtype():
    draw = INITIALIZERS["he_normal"]()
    a, b = (draw(jax.random.key(seed), (3, 4), jnp.bfloat16) for seed in (0, 1))
    assert a.dtype == jnp.bfloat16 and bool(jnp.any(a != b))


@pytest.mark.parametrize("name", CASES)
def test_every_precision_starts_from_the_same_draws(name):
    draw = CASES[name][0]
    single = np.asarray(draw(jax.random.key(3), (12, 8)))
    assert single.dtype == np.float32
    for dtype, rtol in (("bfloat16", 2**-8), ("float16", 2**-11)):
        half = draw(jax.random.key(3), (12, 8), dtype)
        assert half.dtype == dtype
        np.testing.assert_allclose(half.astype(jnp.float32), single, rtol=rtol, atol=1e-6)
    with jax.enable_x64(True):
        double, default = (draw(jax.random.key(3), (12, 8), *each) for each in ((float,), ()))
        again = draw(jax.random.key(3), (12, 8), jnp.float32)
        assert double.dtype == default.dtype == np.float64
    np.testing.assert_array_equal(double, np.float64(single))
    np.testing.assert_array_equal(default, double)
    np.testing.assert_array_equal(again, single)


def test_a_network_of_a_seed_starts_from_the_same_weights_in_both_precisions():
    net = mlp((4, 8, 3), activation="gelu")
    single = net.init(jax.random.key(0))
    with jax.enable_x64(True):
        double = net.init(jax.random.key(0))
    jax.tree.map(lambda a, b: np.testing.assert_array_equal(np.float64(a), b), single, double)


@pytest.mark.parametrize(
    ("given", "name"),
    [("he", "he_normal"), ("xavier_uniform", "glorot_uniform"), ("orthogonal", "orthogonal")]
    + [(make, name) for name, make in INITIALIZERS.items()]
    + [(make(), name) for name, make in INITIALIZERS.items()],
)
def test_an_initializer_is_taken_by_name_uncalled_or_as_it_is(given, name):
    expected = INITIALIZERS[name]()(jax.random.key(0), (3, 4))
    layer = dense(3, 4, activation="relu", initializer=given)
    np.testing.assert_array_equal(layer.init(jax.random.key(0))["weight"], expected)


@pytest.mark.parametrize(
    "make",
    [
        lambda **options: dense(3, 4, **options),
        lambda **options: mlp((3, 4), **options),
        lambda **options: elman(3, 4, **options),
    ],
)
def test_what_is_no_initializer_is_refused_at_once(make):
    with pytest.raises(ValueError, match="unknown initializer 'he_norm'; known, .*: he_normal, "):
        make(initializer="he_norm")
    with pytest.raises(TypeError, match="an initializer is a name or a function .* got float"):
        make(initializer=0.1)


def test_names_after_xavier_are_glorots():
    assert initializers.xavier_normal is initializers.glorot_normal
    assert initializers.xavier_uniform is initializers.glorot_uniform


def test_a_siren_keeps_its_signal_through_depth():
    """For ωz ~ N(0, v) the variance of the next layer is 1 − exp(−2v), so v = 0.797 is fixed."""

    @jax.jit
    def standard_deviation_of_the_sixth_layer(h):
        for layer in range(6):
            w = siren(first=layer == 0)(jax.random.key(layer), (h.shape[1], 256))
            z, h = 30 * h @ w, activations.sine(h @ w, frequency=30.0)
        return jnp.std(z)

    x = np.float32(np.random.default_rng(0).uniform(-1, 1, (500, 2)))
    assert float(standard_deviation_of_the_sixth_layer(x)) == pytest.approx(
        math.sqrt(0.797), rel=0.05
    )


def test_a_siren_of_no_frequency_is_refused():
    with pytest.raises(ValueError, match="positive frequency, got 0"):
        siren(frequency=0)


@pytest.mark.parametrize("name", REFERENCES)
def test_the_forward_gain_is_that_of_adaptive_quadrature(name):
    f, corners = REFERENCES[name]
    assert gain(name) == pytest.approx(mean_square(f, corners) ** -0.5, rel=1e-9)


@pytest.mark.parametrize("name", REFERENCES)
def test_the_backward_gain_is_that_of_adaptive_quadrature(name):
    f, corners = REFERENCES[name]
    h = 1e-4  # fourth-order difference: error h⁴ f⁗′/30

    def slope(x):
        return (8 * (f(x + h) - f(x - h)) - f(x + 2 * h) + f(x - 2 * h)) / (12 * h)

    # The stencil stays on one side of each corner; for the rest, of width 4h, its ends are enough.
    around = [(c - 2.001 * h, c + 2.001 * h) for c in corners]
    edges = [-12, *(edge for pair in around for edge in pair), 12]
    total = sum(
        quad(
            lambda z: float(slope(z)) ** 2 * norm.pdf(z),
            a,
            b,
            epsabs=1e-11,
            epsrel=1e-10,
            limit=200,
        )[0]
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    )
    total += sum(
        (norm.cdf(c) - norm.cdf(a)) * float(slope(a)) ** 2
        + (norm.cdf(b) - norm.cdf(c)) * float(slope(b)) ** 2
        for c, (a, b) in zip(corners, around, strict=True)
    )
    # softsign, ELU and squared ReLU have a corner in f′, which the differences see as a curve.
    assert gain(name, backward=True) == pytest.approx(total**-0.5, rel=1e-7)


@pytest.mark.parametrize(
    "activation, expected",
    [
        ("linear", 1),
        ("relu", math.sqrt(2)),
        ("leaky_relu", math.sqrt(2 / (1 + 0.01**2))),
        ("prelu", math.sqrt(2 / (1 + 0.25**2))),
        ("selu", 1),
        ("tanh", 1.592537),
        ("relu_squared", math.sqrt(2 / 3)),
        ("exponential", math.exp(-1)),
        ("sine", math.sqrt(2 / (1 - math.exp(-2)))),
        ("gaussian", 5**0.25),
        ("crelu", math.sqrt(2)),
        ("maxout", 1),
        (lambda x: 2 * x, 0.5),
        (partial(activations.leaky_relu, slope=0.3), math.sqrt(2 / 1.09)),
        (Activation(jnp.abs), 1),
    ],
)
def test_forward_gains_with_a_closed_form(activation, expected):
    assert gain(activation) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "activation, expected",
    [
        ("relu", math.sqrt(2)),
        ("leaky_relu", math.sqrt(2 / (1 + 0.01**2))),
        ("hard_tanh", (norm.cdf(1) - norm.cdf(-1)) ** -0.5),
        ("hard_sigmoid", 6 * (norm.cdf(3) - norm.cdf(-3)) ** -0.5),
        ("sine", math.sqrt(2 / (1 + math.exp(-2)))),
        ("crelu", math.sqrt(2)),
    ],
)
def test_backward_gains_with_a_closed_form(activation, expected):
    assert gain(activation, backward=True) == pytest.approx(expected, rel=1e-9)


def test_gains_of_gated_units_are_those_of_value_and_gate():
    """For a·g(b): E[(a·g)²] = E[g²], and the squared derivatives are E[g²] + E[a²]·E[g′²]."""
    for gated, gate in (("glu", "sigmoid"), ("geglu", "gelu"), ("swiglu", "swish")):
        assert gain(gated) == pytest.approx(gain(gate), rel=1e-8)
        backward = (gain(gate) ** -2 + gain(gate, backward=True) ** -2) ** -0.5
        assert gain(gated, backward=True) == pytest.approx(backward, rel=1e-8)


def test_gains_of_maxout_of_five_are_those_of_order_statistics():
    five = ACTIVATIONS["maxout"]._replace(
        function=partial(activations.maxout, pieces=5), units_in=5
    )
    second = quad(lambda z: z**2 * 5 * norm.pdf(z) * norm.cdf(z) ** 4, -12, 12)[0]
    assert gain(five) == pytest.approx(second**-0.5, rel=1e-3)
    assert gain(five, backward=True) == pytest.approx(
        1, rel=1e-6
    )  # one piece of each unit has slope 1


def test_a_function_that_mixes_units_is_averaged_over_whole_layers():
    z = np.exp(np.random.default_rng(0).normal(size=(100_000, 16)))
    p = z / z.sum(1, keepdims=True)
    expected = np.mean(p**2) ** -0.5
    assert gain("softmax") == pytest.approx(expected, rel=1e-2)
    assert gain(lambda x: jax.nn.softmax(x)) == pytest.approx(
        expected, rel=1e-2
    )  # found out, not declared


@pytest.mark.parametrize("name", ["tanh", "mish", "hard_tanh", "exponential"])
def test_weights_of_this_gain_keep_the_mean_square_of_a_wide_layers_inputs(name):
    """A second route to the same number: a layer with random weights of that gain."""
    rng = np.random.default_rng(0)
    h = REFERENCES[name].function(rng.normal(size=(500, 400)))
    w = np.asarray(scaled_normal(gain(name))(jax.random.key(0), (400, 400)))
    assert np.mean((h @ w) ** 2) == pytest.approx(1, rel=0.05)


def test_a_gain_is_evaluated_once_and_again_for_another_direction():
    calls = []

    def f(x):
        calls.append(x)
        return jnp.tanh(x)

    assert gain(f) == gain(f) == gain(Activation(f))
    forward = len(calls)
    gain(f)
    assert len(calls) == forward
    gain(f, backward=True)
    assert len(calls) > forward


def test_a_gain_inside_a_compiled_function_is_the_same_and_leaves_precision_alone():
    @jax.jit
    def f(x):
        constant = gain("softsign")
        assert isinstance(constant, float)
        return x * constant

    y = f(jnp.float32(1))
    assert y.dtype == jnp.float32 and float(y) == pytest.approx(gain("softsign"), rel=1e-6)
    assert not jax.config.jax_enable_x64


def test_the_gain_of_a_swept_slope_is_traced_and_right_for_each():
    slopes = np.float32([0.0, 0.1, 1.0])
    with jax.checking_leaks():
        gains = jax.jit(jax.vmap(lambda a: gain(lambda x: activations.leaky_relu(x, a))))(slopes)
    np.testing.assert_allclose(gains, np.sqrt(2 / (1 + slopes**2)), rtol=1e-5)


def test_a_function_that_holds_float32_arrays_has_a_gain():
    three = jnp.float32(3)
    assert gain(lambda x: three * x) == pytest.approx(1 / 3, rel=1e-5)


@pytest.mark.parametrize(
    "activation, backward, message",
    [
        (lambda x: 0 * x, False, r"is 0\.0; a gain needs it positive and finite"),
        (lambda x: x / 0, False, r"is inf; a gain"),
        (jnp.log, False, r"is nan; a gain"),
        (jnp.sign, True, r"mean square of the derivative of .* under N\(0, 1\) is 0\.0"),
        (lambda x: jnp.concatenate([x, x]), False, r"units_in=1 must give \d+ outputs"),
        ("rely", False, "nearest first: relu, "),
    ],
)
def test_what_has_no_gain_says_why(activation, backward, message):
    with pytest.raises(ValueError, match=message):
        gain(activation, backward=backward)


@pytest.mark.parametrize(
    "name, weights, biases",
    [("relu", 2, 0), ("tanh", 1, 0), ("gelu", 1.983, 0.173), ("swish", 1.988, 0.555)],
)
def test_critical_by_name_has_the_published_variances_of_the_layers_own_activation(
    name, weights, biases
):
    layer = dense(2000, 2000, activation=name, initializer="critical").init(jax.random.key(1))
    assert np.var(layer["weight"]) * 2000 == pytest.approx(weights, rel=0.01)
    assert np.var(layer["bias"]) == pytest.approx(biases, rel=0.1, abs=1e-9)


def test_critical_refuses_an_activation_without_such_a_point():
    draw = initializers.critical("softplus")
    with pytest.raises(ValueError, match="'softplus' has no critical point that keeps its varian"):
        draw(jax.random.key(0), (3, 3))
