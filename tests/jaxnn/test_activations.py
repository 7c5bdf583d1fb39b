"""Activations against NumPy, SciPy and hand calculation, in float64; measured properties."""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

from jaxnn import ACTIVATIONS, Activation, activations, dense
from jaxnn.activations import measure, resolve
from tests.helpers.activation_references import REFERENCES

ELEMENTWISE = [name for name, entry in ACTIVATIONS.items() if entry.elementwise]
POINTS = np.linspace(-8, 8, 161) + 0.0137  # no corner among them


@pytest.fixture(scope="module")
def curves():
    """name -> (f, f′) at POINTS in float64; all in one program, as compiling is what costs."""

    def f(name, x):
        entry = ACTIVATIONS[name]
        return entry.function(
            x, **{key: jnp.asarray(start, x.dtype) for key, start in entry.learned.items()}
        )

    with jax.enable_x64(True):
        program = jax.jit(
            lambda x: {
                name: jax.jvp(partial(f, name), (x,), (jnp.ones_like(x),)) for name in ELEMENTWISE
            }
        )
        return jax.tree.map(np.asarray, program(POINTS))


def test_every_elementwise_entry_has_a_reference():
    assert set(REFERENCES) == set(ELEMENTWISE)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_values_are_the_formulas(curves, name):
    np.testing.assert_allclose(
        curves[name][0], REFERENCES[name].function(POINTS), rtol=1e-12, atol=1e-13
    )


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_gradients_are_the_difference_quotients(curves, name):
    f, h = REFERENCES[name].function, 1e-5
    np.testing.assert_allclose(
        curves[name][1], (f(POINTS + h) - f(POINTS - h)) / (2 * h), rtol=1e-7, atol=1e-8
    )


def test_swish_dips_to_its_minimum_and_rises_again():
    with jax.enable_x64(True):
        f = jax.jit(activations.swish)
        lowest = minimize_scalar(
            lambda x: float(f(x)), bounds=(-3, 0), method="bounded", options={"xatol": 1e-9}
        )
        slopes = np.asarray(jax.vmap(jax.grad(activations.swish))(jnp.array([-2.0, -1.0])))
    assert lowest.x == pytest.approx(-1.278, abs=5e-4)
    assert lowest.fun == pytest.approx(-0.278, abs=5e-4)
    assert slopes[0] < 0 < slopes[1]


def test_the_two_gelus_differ_by_up_to_4_7e_4(curves):
    x = np.linspace(-6, 6, 12001)
    with jax.enable_x64(True):
        gap = np.max(np.abs(activations.gelu(x) - activations.gelu_tanh(x)))
    assert gap == pytest.approx(4.73e-4, abs=1e-6)


@pytest.mark.parametrize("slope", [0.0, 0.01], ids=["relu", "leaky_relu"])
def test_maxout_with_given_weights_is_relu_and_leaky_relu(slope):
    layer, plain = dense(3, 4, activation="maxout"), dense(3, 4)
    weight = jax.random.normal(jax.random.key(0), (3, 4))
    bias = jnp.linspace(-1, 1, 4)
    x = jnp.array([0.3, -1.2, 0.8])
    z = plain.apply({"weight": weight, "bias": bias}, x)
    assert bool(jnp.any(z < 0)) and bool(jnp.any(z > 0))
    params = {
        "weight": jnp.concatenate([weight, slope * weight], axis=1),
        "bias": jnp.concatenate([bias, slope * bias]),
    }
    np.testing.assert_allclose(layer.apply(params, x), activations.leaky_relu(z, slope), rtol=1e-6)


def test_maxout_takes_the_largest_of_three_pieces():
    x = jnp.array([[1.0, 2.0, 5.0, -1.0, 3.0, 0.0], [0.0, 0.0, -1.0, -1.0, -2.0, -2.0]])
    np.testing.assert_array_equal(activations.maxout(x, pieces=3), [[5, 2], [0, 0]])


def test_gated_units_are_value_times_gate():
    a, b = np.linspace(-2, 2, 6), np.linspace(3, -3, 6)
    with jax.enable_x64(True):
        x = jnp.concatenate([a, b])
        sigma = 1 / (1 + np.exp(-b))
        np.testing.assert_allclose(activations.glu(x), a * sigma, rtol=1e-12)
        np.testing.assert_allclose(activations.swiglu(x), a * b * sigma, rtol=1e-12)
        np.testing.assert_allclose(
            activations.geglu(x), a * REFERENCES["gelu"].function(b), rtol=1e-12
        )


@pytest.mark.parametrize("name", ["glu", "geglu", "swiglu", "maxout"])
def test_an_odd_axis_names_the_shape_and_the_fix(name):
    with pytest.raises(ValueError, match=r"shape \(3,\); give a last axis that is a multiple of 2"):
        ACTIVATIONS[name].function(jnp.ones(3))


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "sparsemax", "crelu", "glu", "maxout"])
def test_a_scalar_is_refused_where_an_axis_is_needed(name):
    with pytest.raises(ValueError, match=f"^{name} "):
        ACTIVATIONS[name].function(jnp.float32(1))


def test_softmax_and_log_softmax_are_the_formulas():
    x = np.array([[1.0, -2.0, 0.5], [700.0, 710.0, 690.0]])
    shifted = np.exp(x - x.max(1, keepdims=True))
    p = shifted / shifted.sum(1, keepdims=True)
    with jax.enable_x64(True):
        np.testing.assert_allclose(activations.softmax(x), p, rtol=1e-12)
        np.testing.assert_allclose(activations.log_softmax(x[:1]), np.log(p[:1]), rtol=1e-12)


def test_sparsemax_is_the_nearest_point_of_the_simplex():
    z = np.array([0.9, 0.4, 0.35, -0.5])
    nearest = minimize(
        lambda p: np.sum((p - z) ** 2),
        np.full(4, 0.25),
        bounds=[(0, 1)] * 4,
        tol=1e-12,
        constraints={"type": "eq", "fun": lambda p: p.sum() - 1},
    )
    with jax.enable_x64(True):
        p, slopes = jax.jit(
            lambda z: (activations.sparsemax(z), jax.jacobian(activations.sparsemax)(z))
        )(z)
    np.testing.assert_allclose(p, nearest.x, atol=1e-6)
    support = (nearest.x > 1e-6).astype(float)
    np.testing.assert_allclose(
        slopes, np.diag(support) - np.outer(support, support) / support.sum(), atol=1e-12
    )


def test_sparsemax_of_two_logits_is_a_clipped_line():
    t = jnp.linspace(-2, 2, 9)
    p = activations.sparsemax(jnp.stack([t, jnp.zeros(9)], axis=1))
    np.testing.assert_allclose(p[:, 0], np.clip((np.asarray(t) + 1) / 2, 0, 1), atol=1e-6)


def test_rrelu_draws_slopes_from_its_interval_only_with_a_key():
    x = -jnp.ones(4000)
    slopes = -activations.rrelu(x, key=jax.random.key(0))
    assert 1 / 8 <= slopes.min() < 0.13 and 0.33 < slopes.max() <= 1 / 3
    assert float(slopes.mean()) == pytest.approx(
        11 / 48, abs=4 * (1 / 3 - 1 / 8) / math.sqrt(12 * 4000)
    )
    np.testing.assert_allclose(-activations.rrelu(x), 11 / 48, rtol=1e-6)
    np.testing.assert_array_equal(activations.rrelu(-x, key=jax.random.key(0)), -x)


def test_learned_functions_follow_their_parameters():
    x = np.linspace(-3, 3, 13)
    with jax.enable_x64(True):
        prelu, swish, snake, still, slope = jax.jit(
            lambda x: (
                activations.prelu(x, 0.4),
                activations.swish_beta(x, 2.0),
                activations.snake(x, 3.0),
                activations.snake(x, jnp.zeros(13)),
                jax.grad(activations.snake, argnums=1)(0.5, 0.0),
            )
        )(x)
    np.testing.assert_allclose(prelu, np.where(x > 0, x, 0.4 * x), rtol=1e-12)
    np.testing.assert_allclose(swish, x / (1 + np.exp(-2 * x)), rtol=1e-12)
    np.testing.assert_allclose(snake, x + np.sin(3 * x) ** 2 / 3, rtol=1e-12)
    np.testing.assert_allclose(still, x, rtol=1e-12)
    assert np.isfinite(slope)


def test_parameters_of_functions_are_those_of_their_formulas():
    x = np.linspace(-3, 3, 12)
    with jax.enable_x64(True):
        elu, celu, squareplus, sine = jax.jit(
            lambda x: (
                activations.elu(x, 2.0),
                activations.celu(x, 2.0),
                activations.squareplus(x, 1.0),
                activations.sine(x, 30.0),
            )
        )(x)
    np.testing.assert_allclose(elu, np.where(x > 0, x, 2 * np.expm1(np.minimum(x, 0))), rtol=1e-12)
    np.testing.assert_allclose(
        celu, np.where(x > 0, x, 2 * np.expm1(np.minimum(x, 0) / 2)), rtol=1e-12
    )
    np.testing.assert_allclose(squareplus, (x + np.sqrt(x**2 + 1)) / 2, rtol=1e-12)
    np.testing.assert_allclose(sine, np.sin(30 * x), rtol=1e-9, atol=1e-12)


def test_squareplus_keeps_its_left_tail_in_float32():
    np.testing.assert_allclose(
        activations.squareplus(jnp.array([-3000.0, -1e6])), [1 / 3000, 1e-6], rtol=1e-6
    )


@pytest.mark.parametrize("name", ["elu", "selu", "celu"])
@pytest.mark.parametrize(
    ("dtype", "z", "rtol"), [(jnp.float32, (-17, -20, -80), 1e-6), (jnp.bfloat16, (-8, -20), 1e-2)]
)
def test_gradients_of_exponential_units_keep_their_digits(name, dtype, z, rtol):
    x = np.float64(z)
    factor = {"selu": 1.0507009873554805 * 1.6732632423543772}.get(name, 1)
    slopes = jax.vmap(jax.grad(ACTIVATIONS[name].function))(jnp.asarray(x, dtype))
    np.testing.assert_allclose(np.float64(slopes), factor * np.exp(x), rtol=rtol)


def test_the_one_exponential_of_elu_is_as_accurate_as_expm1():
    x = np.linspace(-1, -1e-6, 4001).astype(np.float32)
    np.testing.assert_allclose(activations.elu(x), np.expm1(np.float64(x)), rtol=2e-7)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [jnp.float16, jnp.bfloat16, jnp.float32])
def test_mish_and_its_gradient_are_right_to_the_last_bits(dtype):
    x = jnp.linspace(-12, 90, 5001).astype(dtype)
    e = np.exp(np.float64(x))
    gate, slope = 1 - 2 / (e * (e + 2) + 2), 4 * e * (e + 1) / (e * (e + 2) + 2) ** 2
    found = activations.mish(x), jax.vmap(jax.grad(activations.mish))(x)
    for got, value in zip(found, (np.float64(x) * gate, gate + np.float64(x) * slope), strict=True):
        eps = float(jnp.finfo(dtype).eps)
        np.testing.assert_allclose(np.float64(got), value, atol=2 * eps, rtol=3 * eps)


def test_products_do_not_overflow_before_their_value_does():
    far = jnp.array([-300.0, 300.0], jnp.float16)
    slopes = jax.vmap(jax.grad(activations.gelu_tanh))(far)
    assert slopes.tolist() == [0, 1] and activations.gelu_tanh(far).tolist() == [0, 300]
    np.testing.assert_allclose(activations.squareplus(far), [1 / 300, 300], rtol=1e-3)
    assert activations.squareplus(jnp.array([-2.0, 0.0, 3.0]), b=0.0).tolist() == [0, 0, 3]
    assert np.isfinite(jax.grad(activations.squareplus)(0.0, 0.0))


@pytest.mark.slow
def test_gradients_in_the_parameters_of_the_curves_are_the_difference_quotients():
    points, h = np.array([-7.0, -0.4, 0.0, 0.9, 5.0]), 1e-6
    with jax.enable_x64(True):
        for function, at in (
            (activations.snake, 1.3),
            (activations.swish_beta, 0.7),
            (activations.squareplus, 2.5),
            (activations.elu, 1.5),
            (activations.celu, 1.5),
        ):
            found = jax.vmap(jax.grad(function, argnums=1), in_axes=(0, None))(points, at)
            expected = (function(points, at + h) - function(points, at - h)) / (2 * h)
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("frequency", [0.0, 1e-20, 1e-6])
def test_snakes_gradient_in_a_small_frequency_is_the_square_of_its_input(frequency):
    slope = jax.vmap(jax.grad(activations.snake, argnums=1), in_axes=(0, None))
    x = jnp.array([-2.0, 0.0, 1.5])
    np.testing.assert_allclose(slope(x, jnp.float32(frequency)), [4, 0, 2.25], rtol=1e-5)


@pytest.mark.slow
def test_second_derivatives_are_the_difference_quotients_of_the_first():
    points, h = jnp.array([-2.3, -0.4, 0.9, 3.1]), 1e-5
    with jax.enable_x64(True):
        points = points.astype(jnp.float64)
        for name in ELEMENTWISE:
            slope = jax.vmap(jax.grad(ACTIVATIONS[name]))
            expected = (slope(points + h) - slope(points - h)) / (2 * h)
            found = jax.vmap(jax.grad(jax.grad(ACTIVATIONS[name])))(points)
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8, err_msg=name)


def test_rrelu_has_the_same_slopes_in_every_precision():
    with jax.enable_x64(True):
        wide, single, half = (
            activations.rrelu(-jnp.ones(9, dtype), key=jax.random.key(3))
            for dtype in ("f8", "f4", "f2")
        )
    np.testing.assert_allclose(wide, single, rtol=1e-7)
    np.testing.assert_allclose(half, single, rtol=1e-3)


def test_measure_finds_the_facts_of_functions_it_has_not_seen():
    ramp = measure(lambda x: jnp.clip(x, -2.0, 5.0) + 1)
    assert (
        ramp.range == (-1, 6)
        and ramp.saturates == (True, True)
        and not ramp.smooth
        and ramp.monotone
    )
    assert not ramp.zero_centred and ramp.slope_at_0 == 1 and ramp.at_infinity == (-1, 6)
    wave = measure(lambda x: jnp.sin(3 * x))
    assert (
        wave.range == pytest.approx((-1, 1))
        and wave.saturates == (False, False)
        and wave.smooth
        and not wave.monotone
    )
    assert wave.zero_centred and wave.slope_at_0 == pytest.approx(3)
    slow = measure(lambda x: jnp.arcsinh(x))  # unbounded, though its slope goes to 0
    assert (
        slow.range == (-math.inf, math.inf)
        and slow.saturates == (True, True)
        and slow.smooth
        and slow.monotone
    )
    falling = measure(lambda x: -x)
    assert not falling.monotone and falling.slope_at_0 == -1


def test_measure_tells_jumps_and_corners_from_steep_smooth_curves():
    assert measure(lambda x: jnp.tanh(100 * x)).smooth
    assert measure(lambda x: jnp.abs(x) ** 1.5).smooth
    assert not measure(lambda x: jnp.abs(x - 0.33333)).smooth
    assert not measure(
        lambda x: jnp.where(x > 1.23456, 1.0, 0.0).astype(x.dtype)
    ).smooth  # its slope, by AD, is 0 everywhere


def test_measure_takes_learned_parameters_at_their_values():
    facts = measure(lambda x, floor: jnp.maximum(x, floor), learned={"floor": -3.0})
    assert facts.range == (-3, math.inf) and dict(facts.learned) == {"floor": -3.0}


def test_measure_says_when_outputs_depend_on_other_inputs():
    for function in (jax.nn.softmax, lambda x: x - jnp.mean(x), lambda x: jnp.concatenate([x, -x])):
        facts = measure(function)
        assert not facts.elementwise and facts.range is None and facts.smooth is None


def test_measure_leaves_the_callers_precision_alone_and_works_while_tracing():
    @jax.jit
    def f(x):
        assert measure(jnp.tanh).smooth
        return x + 1

    assert f(jnp.float32(1)).dtype == jnp.float32
    assert not jax.config.jax_enable_x64


def test_resolving_a_callable_evaluates_nothing():
    def bomb(x):
        raise AssertionError("called")

    assert resolve(bomb) == Activation(bomb)


def test_resolving_names_aliases_and_nonsense():
    assert resolve("silu") is ACTIVATIONS["swish"]
    entry = ACTIVATIONS["glu"]._replace(reference="mine")
    assert resolve(entry) is entry
    with pytest.raises(
        ValueError, match="unknown activation 'gelu_tan'; known, nearest first: gelu_tanh, "
    ):
        resolve("gelu_tan")
    with pytest.raises(TypeError, match="got int"):
        resolve(3)
