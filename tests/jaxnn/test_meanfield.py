"""Mean-field theory against published products, SciPy's quadrature, closed forms, Monte Carlo."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, special, stats

from jaxnn import expectations, meanfield
from jaxnn.activations import ACTIVATIONS, resolve


def hard_tanh(x):
    return jnp.clip(x, -1, 1)


LAMBDA, ALPHA = 1.0507009873554805, 1.6732632423543772
NUMPY = {  # φ, φ′, kinks: written again, so that the library is not compared with itself
    "sigmoid": (special.expit, lambda z: special.expit(z) * special.expit(-z), []),
    "tanh": (np.tanh, lambda z: np.cosh(z) ** -2.0, []),
    "relu": (lambda z: max(z, 0), lambda z: float(z > 0), [0]),
    "leaky_relu": (lambda z: max(z, 0.01 * z), lambda z: 1.0 if z > 0 else 0.01, [0]),
    "prelu": (lambda z: max(z, 0.25 * z), lambda z: 1.0 if z > 0 else 0.25, [0]),
    "elu": (lambda z: z if z > 0 else np.expm1(z), lambda z: 1.0 if z > 0 else np.exp(z), [0]),
    "selu": (
        lambda z: LAMBDA * (z if z > 0 else ALPHA * np.expm1(z)),
        lambda z: LAMBDA * (1.0 if z > 0 else ALPHA * np.exp(z)),
        [0],
    ),
    "gelu": (
        lambda z: z * special.ndtr(z),
        lambda z: special.ndtr(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi),
        [],
    ),
    "swish": (
        lambda z: z * special.expit(z),
        lambda z: special.expit(z) * (1 + z * special.expit(-z)),
        [],
    ),
    "mish": (
        lambda z: z * np.tanh(np.logaddexp(0, z)),
        lambda z: (
            np.tanh(np.logaddexp(0, z)) + z * special.expit(z) / np.cosh(np.logaddexp(0, z)) ** 2
        ),
        [],
    ),
    hard_tanh: (lambda z: min(max(z, -1), 1), lambda z: float(abs(z) < 1), [-1, 1]),
}


def by_quad(f, q, kinks=()):
    """E[f(z)], z ~ N(0, q), by adaptive quadrature between the corners and a few other points."""
    root = np.sqrt(q)
    points = np.unique([k / root for k in kinks] + [-12, -6, -3, -1, 0, 1, 3, 6, 12])
    points = points[np.abs(points) <= 12]
    return sum(
        integrate.quad(
            lambda x: f(root * x) * np.exp(-x * x / 2) / np.sqrt(2 * np.pi),
            a,
            b,
            epsabs=1e-15,
            epsrel=1e-12,
        )[0]
        for a, b in itertools.pairwise(points)
    )


@pytest.mark.parametrize(
    "activation, weight_variance, digits",
    [
        ("sigmoid", 1, "5.513e-51"),
        ("tanh", 1 / 3, "2.826e-20"),
        ("tanh", 1, "1.794e-02"),
        ("tanh", 25 / 9, "2.286e+03"),
        ("elu", 1, "5.262e-03"),
        ("selu", 1, "1.588e+01"),
        ("gelu", 2, "5.743e-11"),
        ("swish", 2, "4.491e-12"),
        ("mish", 2, "4.304e-05"),
    ],
)
def test_gradient_product_over_40_layers_to_four_digits(activation, weight_variance, digits):
    assert f"{meanfield.gradient_product(activation, 40, weight_variance):.3e}" == digits


@pytest.mark.parametrize("weight_variance", [1, 2, 1 / 3])
def test_relu_gradient_product_over_40_layers_is_exact(weight_variance):
    np.testing.assert_allclose(
        meanfield.gradient_product("relu", 40, weight_variance),
        (weight_variance / 2) ** 40,
        rtol=1e-13,
    )


@pytest.mark.parametrize("activation", NUMPY, ids=lambda a: a if isinstance(a, str) else a.__name__)
def test_moments_equal_scipy_quad_of_a_numpy_activation(activation):
    phi, slope, kinks = NUMPY[activation]
    for q in (1e-3, 0.7, 50.0):
        m = expectations.moments(activation, q)
        expected = [
            by_quad(phi, q, kinks),
            by_quad(lambda z: phi(z) ** 2, q, kinks),
            by_quad(lambda z: slope(z) ** 2, q, kinks),
            by_quad(lambda z: z * phi(z) * slope(z), q, kinks) / q,
            by_quad(lambda z: (phi(z) * slope(z)) ** 2, q, kinks),
        ]
        np.testing.assert_allclose(m, expected, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(
    "activation",
    # Not of one that jumps, where φ′ does not say how φ rises.
    [name for name, entry in ACTIVATIONS.items() if entry.elementwise and name != "hard_shrink"],
)
def test_mean_square_slope_is_the_slope_of_the_mean_square(activation):
    q, h = 1.3, 1e-4
    difference = (
        expectations.moments(activation, q + h).mean_square
        - expectations.moments(activation, q - h).mean_square
    ) / (2 * h)
    m = expectations.moments(activation, q)
    assert np.isfinite(m).all()
    np.testing.assert_allclose(m.mean_square_slope, difference, rtol=1e-6)


def test_kinks_of_hard_tanh_do_not_cost_digits():
    for q in (1e-4, 0.3, 1.0, 77.0, 1e4):
        inside = special.erf(1 / np.sqrt(2 * q))
        np.testing.assert_allclose(
            expectations.moments(hard_tanh, q).slope_mean_square, inside, rtol=1e-13
        )


def test_selu_keeps_mean_0_and_variance_1_over_40_layers():
    m = expectations.moments("selu", 1.0)
    np.testing.assert_allclose([m.mean, m.mean_square], [0, 1], atol=1e-14)
    np.testing.assert_allclose(meanfield.variance_trajectory("selu", 40, 1.0), 1, atol=1e-12)


def test_he_initialisation_keeps_the_variance_of_relu_over_40_layers():
    np.testing.assert_allclose(
        meanfield.variance_trajectory("relu", 40, 2.0, q0=0.3), 0.3, rtol=1e-13
    )


def test_trajectory_iterates_the_two_maps():
    t = meanfield.trajectory("tanh", 4, 1.5, 0.1, 0.7)
    assert t.variance[0] == 0.7
    for layer in range(3):
        np.testing.assert_allclose(
            t.variance[layer + 1], meanfield.variance_map("tanh", t.variance[layer], 1.5, 0.1)
        )
    np.testing.assert_allclose(
        t.gradient_factor, [meanfield.gradient_factor("tanh", q, 1.5) for q in t.variance]
    )


def test_a_variance_that_overflows_is_inf_and_no_error():
    t = meanfield.trajectory("relu", 40, 1e10)
    assert t.variance[-1] == np.inf and np.isnan(t.gradient_factor[-1])
    assert np.isfinite(t.variance[:30]).all()


def test_theory_inside_a_jit_is_a_constant_and_float64_stays_inside():
    product = jax.jit(lambda x: x * meanfield.gradient_product(hard_tanh, 5, 1.0))(jnp.ones(()))
    np.testing.assert_allclose(product, meanfield.gradient_product(hard_tanh, 5, 1.0), rtol=1e-6)
    assert product.dtype == jnp.float32 and jnp.ones(2).dtype == jnp.float32


def test_a_quadrature_compiles_its_activation_once():
    traces = []

    def counted(x):
        traces.append(x)
        return jnp.tanh(x)

    for q in (1e-9, 0.5, 1.0, 1e5):
        expectations.moments(counted, q)
    assert len(traces) == 1


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: expectations.moments("relu", -1.0), "q is a variance"),
        (lambda: meanfield.variance_map("relu", 1.0, -1.0), "weight_variance is a variance"),
        (lambda: meanfield.trajectory("relu", 0, 1.0), "depth=0"),
        (
            lambda: expectations.moments(resolve("tanh")._replace(elementwise=False), 1.0),
            "elementwise",
        ),
        (lambda: expectations.moments("tanhh", 1.0), "nearest first: tanh"),
        (lambda: meanfield.dead_network_probability(0, 3), "width=0"),
    ],
)
def test_a_wrong_argument_raises_and_names_it(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "width, listed", [(2, 0.944), (3, 0.737), (4, 0.476), (5, 0.272), (8, 0.038), (10, 0.0097)]
)
def test_dead_network_law_at_10_layers_has_the_listed_values_and_agrees_with_4000_networks(
    width, listed
):
    law = meanfield.dead_network_probability(width, 10)
    assert round(law, len(str(listed)) - 2) == listed
    rng, networks = np.random.default_rng(width), 4000
    h = np.ones((networks, width), np.float32)
    for _ in range(10):
        h = np.maximum(
            np.einsum("mi,mij->mj", h, rng.standard_normal((networks, width, width), np.float32)), 0
        )
    dead = np.mean(~h.any(axis=1))
    assert abs(dead - law) < 3 * np.sqrt(law * (1 - law) / networks)


def test_dead_network_law_keeps_its_digits_where_it_is_tiny():
    np.testing.assert_allclose(meanfield.dead_network_probability(60, 7), 7 * 2.0**-60, rtol=1e-12)
    assert meanfield.dead_network_probability(3, 0) == 0
    np.testing.assert_allclose(meanfield.dead_network_probability(1, 10), stats.geom.cdf(10, 0.5))
