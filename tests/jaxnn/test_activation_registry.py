"""Every entry of ACTIVATIONS × every invariant: a new entry is tested without a new test."""

import inspect
import math
from fractions import Fraction
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnn import ACTIVATIONS, activations, dense, initializers
from jaxnn.activations import measure
from tests.helpers.activation_references import REFERENCES

UNITS = 4
ALL = list(ACTIVATIONS)
ELEMENTWISE = [name for name in ALL if ACTIVATIONS[name].elementwise]
OTHERS = [name for name in ALL if not ACTIVATIONS[name].elementwise]
LEARNED = [name for name in ALL if ACTIVATIONS[name].learned]
STOCHASTIC = [name for name in ALL if ACTIVATIONS[name].stochastic]
PRECISIONS = [jnp.float32, jnp.bfloat16, jnp.float16, jnp.float64]


def f(name, x, **options):
    entry = ACTIVATIONS[name]
    return entry.function(
        x, **{key: jnp.asarray(start, x.dtype) for key, start in entry.learned.items()}, **options
    )


def inputs(name, rows=None):
    """Pre-activations of a layer of UNITS units, none at a corner."""
    size = int(UNITS * Fraction(ACTIVATIONS[name].units_in))
    return np.float32(
        np.random.default_rng(0).normal(0, 2, (size,) if rows is None else (rows, size))
    )


@lru_cache
def together():
    """name -> (compiled, compiled and mapped over rows), one program for all."""
    return jax.jit(
        lambda batch: {
            name: (f(name, batch[name][0]), jax.vmap(lambda x: f(name, x))(batch[name]))
            for name in ALL
        }
    )({name: inputs(name, rows=3) for name in ALL})


@pytest.mark.parametrize("name", ALL)
def test_compiled_and_mapped_equal_eager_row_by_row(name):
    compiled, mapped = together()[name]
    rows = np.stack([f(name, jnp.asarray(row)) for row in inputs(name, rows=3)])
    assert np.ptp(rows) > 0
    np.testing.assert_allclose(compiled, rows[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(mapped, rows, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", PRECISIONS, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("name", ALL)
def test_dtype_is_kept_and_units_in_gives_the_shape(name, dtype):
    with jax.enable_x64(True):
        out = jax.eval_shape(lambda x: f(name, x), jax.ShapeDtypeStruct(inputs(name).shape, dtype))
    assert out.dtype == dtype and out.shape == (UNITS,) and not out.weak_type


@lru_cache
def edges(dtype):
    """name -> (values, gradients) at ±1e4, at ±inf and with one nan, in one program for all.

    The gradient is that of the outputs' sum, weighted unequally, or softmax's would be 0.
    """

    def look(name, x):
        y, pull_back = jax.vjp(lambda x: f(name, x), x)
        return y, pull_back(jnp.arange(1, y.shape[0] + 1).astype(y.dtype))[0]

    def rows(name):
        half = np.arange(len(inputs(name))) < len(inputs(name)) / 2
        one_nan = np.where(np.arange(len(half)) == 0, np.nan, inputs(name))
        return np.stack([np.where(half, -1e4, 1e4), np.where(half, -np.inf, np.inf), one_nan])

    with jax.enable_x64(True):
        # Compiled once and run once, on few numbers: optimizing would take longer than it saves.
        program = jax.jit(
            lambda batch: {
                name: jax.vmap(lambda x: look(name, x))(x.astype(dtype))
                for name, x in batch.items()
            },
            compiler_options={"xla_backend_optimization_level": 0},
        )
        return jax.tree.map(
            lambda a: np.asarray(a, np.float64), program({name: rows(name) for name in ALL})
        )


@pytest.mark.parametrize("dtype", PRECISIONS, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("name", ALL)
def test_gradients_are_finite_far_out(name, dtype):
    value, gradient = (rows[0] for rows in edges(dtype)[name])
    assert not np.any(np.isnan(value))
    if dtype == jnp.float16 and name in ("relu_squared", "xielu", "geglu", "swiglu"):
        assert np.any(np.isinf(value))  # 1e8 is beyond this format
    elif name == "exponential":  # e¹⁰⁰⁰⁰ is beyond every one of these formats
        assert np.all(gradient[:2] == 0) and np.all(np.isinf(gradient[2:]))
    else:
        assert np.all(np.isfinite(value)) and np.all(np.isfinite(gradient))


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_values_at_infinity_are_those_stated(name):
    np.testing.assert_allclose(
        edges(jnp.float32)[name][0][1, [0, -1]], ACTIVATIONS[name].at_infinity, rtol=1e-6
    )


@pytest.mark.parametrize("dtype", PRECISIONS, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_gradients_at_infinity_are_the_limit_where_the_value_is(name, dtype):
    far, at_infinity = edges(dtype)[name][1][:2]
    sides = np.repeat(ACTIVATIONS[name].at_infinity, UNITS // 2)
    expected = np.where(np.isnan(sides), np.nan, far)
    if name in ("relu_squared", "xielu"):  # whose derivatives grow on the right
        expected = np.where(far > 2, np.inf, expected)
    known = ~np.isnan(sides)
    np.testing.assert_allclose(at_infinity[known], expected[known], rtol=1e-2, atol=1e-6)


@pytest.mark.parametrize("name", ALL)
def test_lists_integers_and_numpy_are_taken_as_floats(name):
    entry, whole = ACTIVATIONS[name], np.round(inputs(name)).astype(int)
    expected = f(name, jnp.asarray(whole, jnp.float32))
    assert expected.dtype == jnp.float32
    for x in (whole, whole.tolist(), whole.astype(np.float64)):
        found = entry(x)
        assert found.dtype == jnp.float32
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", LEARNED)
def test_learned_parameters_are_taken_from_numpy_and_lists_in_the_inputs_dtype(name):
    entry, x = ACTIVATIONS[name], jnp.asarray(inputs(name), jnp.bfloat16)
    for many in (np.full(UNITS, 0.5), [0.5] * UNITS, np.float64(0.5)):
        learned = dict.fromkeys(entry.learned, many)
        expected = entry(x, **{key: jnp.full(UNITS, 0.5, x.dtype) for key in learned})
        found = entry(x, **learned)
        assert found.dtype == x.dtype
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ALL)
def test_nan_in_gives_nan_out(name):
    y = edges(jnp.float32)[name][0][2]
    if not ACTIVATIONS[name].elementwise and ACTIVATIONS[name].units_in == 1:
        assert np.all(np.isnan(y))
    else:
        assert np.isnan(y[0]) and np.isfinite(y[1])


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_every_fact_is_what_is_measured(name):
    entry, found = ACTIVATIONS[name], measure(name)
    np.testing.assert_allclose(found.range, entry.range, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(found.slope_at_0, entry.slope_at_0, rtol=1e-12)
    np.testing.assert_allclose(found.at_infinity, entry.at_infinity, rtol=1e-12)
    for fact in ("zero_centred", "saturates", "smooth", "monotone", "elementwise"):
        assert getattr(found, fact) == getattr(entry, fact), fact


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_zero_centred_functions_have_mean_zero_over_random_draws_and_others_do_not(name):
    z = np.random.default_rng(1).normal(size=1_000_000)
    y = REFERENCES[name].function(z)
    error = y.std() / 1000
    assert (
        abs(y.mean()) < 4 * error if ACTIVATIONS[name].zero_centred else abs(y.mean()) > 40 * error
    )


@pytest.mark.parametrize("name", OTHERS)
def test_facts_of_a_curve_are_none_where_there_is_no_curve(name):
    entry = ACTIVATIONS[name]
    for fact in ("zero_centred", "saturates", "smooth", "monotone", "slope_at_0", "at_infinity"):
        assert getattr(entry, fact) is None, fact


@pytest.mark.parametrize("name", OTHERS)
def test_outputs_of_functions_of_several_inputs_fill_their_range(name):
    low, high = ACTIVATIONS[name].range
    draws = np.random.default_rng(0).normal(size=(2000, *inputs(name).shape))
    scaled = np.float32(np.concatenate([draws, 100 * draws]))
    y = np.asarray(jax.jit(jax.vmap(lambda x: f(name, x)))(scaled), np.float64)
    assert low - 1e-6 <= y.min() and y.max() <= high + 1e-6
    assert y.min() < (-100 if low == -math.inf else low + 1e-6)
    assert y.max() > (100 if high == math.inf else high - 1e-6)


@pytest.mark.parametrize("name", OTHERS)
def test_some_output_depends_on_an_input_of_another_place(name):
    slopes = np.asarray(jax.jit(jax.jacobian(lambda x: f(name, x)))(inputs(name) / 8))
    rows, columns = np.nonzero(slopes)
    assert np.any(rows != columns)


@pytest.mark.parametrize("name", LEARNED)
def test_learned_parameters_receive_gradients(name):
    entry = ACTIVATIONS[name]
    x = jnp.linspace(-2, 2, UNITS)
    start = {key: jnp.full(UNITS, value) for key, value in entry.learned.items()}
    slopes = jax.jit(jax.grad(lambda learned: entry.function(x, **learned).sum()))(start)
    for key in entry.learned:
        assert (
            slopes[key].shape == (UNITS,)
            and bool(jnp.any(slopes[key] != 0))
            and bool(jnp.all(jnp.isfinite(slopes[key])))
        )


@pytest.mark.parametrize("name", ALL)
def test_the_signature_is_what_the_entry_says(name):
    entry = ACTIVATIONS[name]
    parameters = inspect.signature(entry.function).parameters
    required = {
        key for key, parameter in parameters.items() if parameter.default is inspect.Parameter.empty
    }
    assert required == {"x", *entry.learned}
    assert ("key" in parameters) == entry.stochastic


@pytest.mark.parametrize("name", ALL)
def test_a_dense_layer_of_it_has_the_asked_number_of_outputs(name):
    layer = dense(3, UNITS, activation=name, initializer=initializers.he_normal())
    keys = jax.random.split(jax.random.key(0))
    out = jax.eval_shape(
        lambda keys, x: layer.apply(layer.init(keys[0]), x, key=keys[1]), keys, jnp.ones(3)
    )
    assert out.shape == (UNITS,)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_randomness_acts_only_with_a_key_and_differs_between_keys(name):
    x = -jnp.ones(UNITS)
    plain, first, again, second = (
        f(name, x),
        *(f(name, x, key=jax.random.key(seed)) for seed in (0, 0, 1)),
    )
    np.testing.assert_array_equal(first, again)
    assert len(np.unique(plain)) == 1 and len(np.unique(first)) == UNITS and np.all(first != second)


@pytest.mark.parametrize("name", ALL)
def test_the_functions_docstring_has_every_part(name):
    function = ACTIVATIONS[name].function
    assert getattr(activations, name) is function
    text = inspect.getdoc(function)
    assert "f(" in text.splitlines()[0] and "=" in text.splitlines()[0]
    for part in ("Args:\n", "Returns:\n", "Example:\n", "Reference:\n"):
        assert part in text, part
    assert ACTIVATIONS[name].reference
