"""Hessian extremes against dense eigenvalues, Jacobian spectra against NumPy and closed forms."""

from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from jaxnn import curvature, losses, mlp
from tests.helpers.parameters import filled, normal


@lru_cache
def problem():
    """Cost and parameters of a 3-5-1 tanh network on 20 examples, and its Hessian's eigenvalues."""
    net = mlp((3, 5, 1), activation="tanh")
    x = normal(20, 3)
    y = jnp.sin(3 * x[:, :1])

    def cost(params):
        return losses.cost(losses.squared_error, lambda x: net.apply(params, x), x, y)

    params = filled(net)
    flat, unravel = ravel_pytree(params)
    hessian = jax.jit(jax.hessian(lambda v: cost(unravel(v))))(flat)
    return cost, params, np.linalg.eigvalsh(np.asarray(hessian, np.float64))


@lru_cache
def compiled():
    """Extremes of the cost as a function of (params, key), with as many steps as parameters."""
    return jax.jit(partial(curvature.hessian_extremes, problem()[0]))


def test_extremes_of_a_small_network_equal_its_dense_hessians():
    _, params, dense = problem()
    got = compiled()(params, jax.random.key(9))
    assert dense[0] < 0 < dense[-1]
    np.testing.assert_allclose(
        [got.lowest, got.highest], [dense[0], dense[-1]], rtol=1e-4, atol=1e-5 * dense[-1]
    )


def test_sharpness_is_the_largest_eigenvalue_also_where_the_largest_magnitude_is_negative():
    cost, params, dense = problem()
    top = -dense[0]
    assert 0 < top < dense[-1]  # of −J the eigenvalue of largest magnitude is −dense[-1]
    got = jax.jit(partial(curvature.sharpness, lambda params: -cost(params)))(
        params, jax.random.key(9)
    )
    np.testing.assert_allclose(got, top, rtol=1e-3)


def test_a_hessian_that_is_negative_throughout_has_a_negative_sharpness():
    got = jax.jit(partial(curvature.hessian_extremes, lambda v: -0.5 * v @ v - v[0] ** 2))(
        jnp.ones(6), jax.random.key(0)
    )
    np.testing.assert_allclose([got.lowest, got.highest], [-3, -1], rtol=1e-5)


def test_the_error_bound_holds_before_convergence_and_the_estimate_stays_inside_the_spectrum():
    eigenvalues = np.linspace(-1, 2, 300)
    bowl = partial(
        curvature.hessian_extremes,
        lambda v: 0.5 * jnp.sum(jnp.asarray(eigenvalues, jnp.float32) * v**2),
        steps=8,
    )
    got = jax.jit(bowl)(jnp.ones(300), jax.random.key(0))
    assert got.highest_error > 1e-3
    for value, error in ((got.lowest, got.lowest_error), (got.highest, got.highest_error)):
        assert np.abs(eigenvalues - value).min() <= error
        assert -1 <= value <= 2


def test_jit_and_vmap_over_networks_give_each_networks_own_sharpness():
    cost, params, _ = problem()
    stacked = jax.tree.map(lambda p: jnp.stack([p, 2 * p]), params)
    together = jax.jit(jax.vmap(partial(curvature.sharpness, cost), in_axes=(0, None)))(
        stacked, jax.random.key(3)
    )
    alone = [
        compiled()(jax.tree.map(lambda p, s=s: s * p, params), jax.random.key(3)).highest
        for s in (1, 2)
    ]
    assert not np.isclose(*alone, rtol=0.1)
    np.testing.assert_allclose(together, alone, rtol=1e-4)


def test_singular_values_of_a_deep_linear_network_are_those_of_its_weights_product():
    for sizes in ((6, 5, 4, 3), (3, 4, 7)):
        net = mlp(sizes, activation="linear")
        params = filled(net)
        product = np.linalg.multi_dot([np.asarray(layer["weight"], np.float64) for layer in params])
        got = curvature.jacobian_singular_values(net.apply, params, jnp.ones(sizes[0]))
        np.testing.assert_allclose(got, np.linalg.svd(product, compute_uv=False), rtol=1e-4)


def test_singular_values_of_orthogonal_relu_layers_are_0_or_1_and_count_the_active_units():
    net = mlp((8, 8, 8), activation="relu", bias=False)
    params = tuple(
        {"weight": jnp.asarray(np.linalg.qr(layer["weight"])[0])} for layer in filled(net)
    )
    x = jnp.linspace(-1, 1, 8)
    active = int((x @ params[0]["weight"] > 0).sum())
    got = curvature.jacobian_singular_values(net.apply, params, x)
    np.testing.assert_allclose(got, [1.0] * active + [0.0] * (8 - active), atol=1e-6)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: curvature.sharpness(lambda v: v, jnp.ones(2), jax.random.key(0)), "cost of shape"),
        (lambda: curvature.sharpness(jnp.sum, jnp.ones(2), jax.random.key(0), steps=0), "steps=0"),
        (
            lambda: curvature.sharpness(
                lambda p: jnp.sum(p[0]) + jnp.sum(p[1]),
                (jnp.ones(2), jnp.ones(2, jnp.bfloat16)),
                jax.random.key(0),
            ),
            "needs params of one dtype",
        ),
        (
            lambda: curvature.jacobian_singular_values(lambda p, x: x.sum(), (), jnp.ones(2)),
            "use jax.vmap",
        ),
    ],
)
def test_a_wrong_argument_raises_and_names_it(call, message):
    with pytest.raises(ValueError, match=message):
        call()
