"""Networks against NumPy and hand calculation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnn import mlp


def test_mlp_is_the_formula_written_in_numpy():
    net = mlp((5, 7, 3), activation="tanh")
    params = net.init(jax.random.key(0))
    x = jnp.linspace(-1, 1, 5)
    (w1, b1), (w2, b2) = ((np.asarray(layer["weight"]), np.asarray(layer["bias"])) for layer in params)
    np.testing.assert_allclose(net.apply(params, x), np.tanh(np.asarray(x) @ w1 + b1) @ w2 + b2, rtol=1e-5)


def test_two_sizes_are_linear_regression():
    net = mlp((3, 1))
    params = net.init(jax.random.key(0))
    assert len(params) == 1
    np.testing.assert_allclose(net.apply(params, jnp.zeros(3)), params[0]["bias"])


def test_a_mismatch_names_both_shapes_and_the_fix():
    net = mlp((4, 2))
    with pytest.raises(ValueError, match=r"4 inputs got one example of shape \(8, 4\).*jax\.vmap"):
        net.apply(net.init(jax.random.key(0)), jnp.ones((8, 4)))
