"""Fixed points, critical points and depth scales against SciPy, closed forms and iteration."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, optimize, stats

from jaxnn import criticality, meanfield


def hard_tanh(x):
    return jnp.clip(x, -1, 1)


def test_tanh_at_bias_variance_005_is_critical_at_weight_variance_1761():
    (point,) = criticality.critical_points("tanh", 0.05)
    assert f"{point.weight_variance:.3f}" == "1.761"

    def gaussian(f, q):
        return integrate.quad(
            lambda x: f(math.sqrt(q) * x) * stats.norm.pdf(x), -12, 12, epsrel=1e-12
        )[0]

    def excess(q):  # the same two equations in SciPy alone
        return (
            q
            - gaussian(lambda z: np.tanh(z) ** 2, q) / gaussian(lambda z: np.cosh(z) ** -4.0, q)
            - 0.05
        )

    q = optimize.brentq(excess, 0.1, 2, xtol=1e-13)
    np.testing.assert_allclose(
        [point.q, point.weight_variance],
        [q, 1 / gaussian(lambda z: np.cosh(z) ** -4.0, q)],
        rtol=1e-9,
    )


def test_a_critical_point_is_a_fixed_point_with_gradient_factor_1():
    for activation in ("tanh", "softsign", hard_tanh):
        (point,) = criticality.critical_points(activation, 0.02)
        np.testing.assert_allclose(
            criticality.variance_fixed_point(activation, point.weight_variance, 0.02),
            point.q,
            rtol=1e-10,
        )
        np.testing.assert_allclose(
            meanfield.gradient_factor(activation, point.q, point.weight_variance), 1, rtol=1e-12
        )


def test_without_bias_relu_is_critical_at_2_and_tanh_at_1_and_relu_with_bias_never():
    np.testing.assert_allclose(criticality.critical_points("relu")[0].weight_variance, 2)
    np.testing.assert_allclose(criticality.critical_points("tanh")[0].weight_variance, 1)
    assert criticality.critical_points("relu", 0.1) == ()


def test_variance_fixed_point_is_where_the_trajectory_ends():
    for activation, w, b in (
        ("tanh", 25 / 9, 0.0),
        ("sigmoid", 1.0, 0.3),
        ("selu", 1.0, 0.0),
        (hard_tanh, 3.0, 0.1),
    ):
        end = meanfield.variance_trajectory(activation, 150, w, b, 2.0)[-1]
        np.testing.assert_allclose(
            criticality.variance_fixed_point(activation, w, b, 2.0), end, rtol=1e-9
        )


@pytest.mark.parametrize("weight_variance, fixed", [(1.9, 0.0), (2.0, 0.7), (2.1, math.inf)])
def test_relu_dies_out_stays_or_explodes_around_he(weight_variance, fixed):
    assert criticality.variance_fixed_point("relu", weight_variance, q0=0.7) == fixed


@pytest.mark.parametrize("c", [-1.0, -0.999, -0.5, 0.0, 0.3, 0.99, 0.999999, 1.0])
def test_correlation_map_of_relu_is_the_arc_cosine_kernel(c):
    angle = math.acos(c)
    kernel = (math.sin(angle) + (math.pi - angle) * c) / math.pi
    got = criticality.correlation_map("relu", c, 1.7, 2.0)
    np.testing.assert_allclose(got, [kernel, (math.pi - angle) / math.pi], atol=1e-13)


@pytest.mark.parametrize("c", [-0.8, 0.2, 0.95])
def test_correlation_slope_of_hard_tanh_is_the_probability_that_both_units_are_inside(c):
    q, w = 1.7, 1.4
    both = stats.multivariate_normal(cov=[[q, c * q], [c * q, q]])
    inside = both.cdf([1, 1], lower_limit=[-1, -1], rng=np.random.default_rng(0))
    got = criticality.correlation_map(hard_tanh, c, q, w, 0.1)
    np.testing.assert_allclose(
        got.slope, w * q * inside / meanfield.variance_map(hard_tanh, q, w, 0.1), rtol=1e-6
    )


@pytest.mark.parametrize("activation", ["tanh", "gelu", hard_tanh])
def test_correlation_slope_is_the_derivative_of_the_map(activation):
    h = 1e-5
    up, down = (
        criticality.correlation_map(activation, 0.4 + d, 0.9, 1.5, 0.1).correlation for d in (h, -h)
    )
    np.testing.assert_allclose(
        criticality.correlation_map(activation, 0.4, 0.9, 1.5, 0.1).slope,
        (up - down) / (2 * h),
        rtol=1e-7,
    )


def test_depth_scales_are_the_decay_rates_of_the_iterated_maps():
    w, b = 1.3, 0.05
    scales = criticality.depth_scales("tanh", w, b)
    distance = np.abs(meanfield.variance_trajectory("tanh", 25, w, b, 1.0) - scales.q)
    np.testing.assert_allclose(-1 / np.log(distance[20] / distance[19]), scales.variance, rtol=1e-2)
    c = 1 - 1e-6
    following = criticality.correlation_map("tanh", c, scales.q, w, b).correlation
    np.testing.assert_allclose(
        -1 / np.log((1 - following) / (1 - c)), scales.correlation, rtol=1e-4
    )


def test_depth_scale_is_infinite_on_the_edge_of_chaos_and_negative_beyond_it():
    (point,) = criticality.critical_points("tanh", 0.05)
    assert criticality.depth_scales("tanh", point.weight_variance, 0.05).correlation == math.inf
    assert criticality.depth_scales("tanh", 2.5, 0.05).correlation < 0
    assert criticality.depth_scales("relu", 2.0).correlation == math.inf


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda: criticality.variance_fixed_point("tanh", 1.0, q0=0.0),
            r"q0 is a variance and must be in \[1e-12",
        ),
        (
            lambda: criticality.critical_point("tanh", 0.0),
            "q is a variance and must be above 0, got 0.0",
        ),
        (
            lambda: criticality.critical_point(lambda x: 0 * x, 1.0),
            "derivative of .* is 0 everywhere",
        ),
        (lambda: criticality.correlation_map("tanh", 1.1, 1.0, 1.0), r"\[-1, 1\], got 1.1"),
        (lambda: criticality.correlation_map("tanh", 0.1, 0.0, 1.0), "variances above 0"),
        (lambda: criticality.depth_scales("relu", 3.0), "without bound"),
    ],
)
def test_a_wrong_argument_raises_and_names_it(call, message):
    with pytest.raises(ValueError, match=message):
        call()
