"""The decay of each optimizer, what it reads, and where a schedule-free one is evaluated."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from optax import contrib

from jaxnn import HEADS, OPTIMIZERS, make_training, mlp
from jaxnn.optimizers import evaluated_at, hyperparameters_of


def steps(optimizer, count=3):
    """Where some updates on θ²/2 from θ = 1, 2 end."""
    params = jnp.array([1.0, 2.0])
    with jax.numpy_dtype_promotion("standard"):
        state = optimizer.init(params)
        for _ in range(count):
            updates, state = optimizer.update(params, state, params)
            params = optax.apply_updates(params, updates)
    return np.asarray(params), state


@pytest.mark.parametrize("rate", [0.1, optax.linear_schedule(0.1, 0, 4)])
def test_the_decay_of_the_others_is_adamws(rate):
    given = {"learning_rate": rate, "weight_decay": 0.3}
    ours, theirs = (steps(OPTIMIZERS[name](given))[0] for name in ("adam", "adamw"))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    # θ ← θ − η g − η λ θ, with g = θ: an L2 penalty.
    sgd, _ = steps(OPTIMIZERS["sgd"]({"learning_rate": 0.1, "weight_decay": 0.3}))
    np.testing.assert_allclose(sgd, np.array([1, 2]) * (1 - 0.1 * 1.3) ** 3, rtol=1e-6)
    undecayed, state = steps(OPTIMIZERS["sgd"]({"learning_rate": 0.1}))
    assert state == optax.sgd(0.1).init(jnp.ones(2)) and undecayed[0] == pytest.approx(0.9**3)


def test_what_an_optimizer_reads():
    assert hyperparameters_of("adam") == ("learning_rate", "b1", "b2", "eps", "weight_decay")
    with pytest.raises(ValueError, match="unknown optimizer 'adma'; known, nearest first: adam"):
        hyperparameters_of("adma")


@pytest.mark.slow
def test_a_schedule_free_run_is_evaluated_at_its_average():
    head = HEADS["multiclass"]
    # Behind another transformation, as behind a clipped gradient.
    free = optax.chain(optax.identity(), contrib.schedule_free_adamw(0.1, b1=0.5))
    training = make_training(mlp((1, 2), bias=False), head.loss, free)
    state = training.init(jax.random.key(0), {})
    # y = (params − (1 − b1) z) / b1; with params 1 and z = 3 that is −1.
    ones = jax.tree.map(jnp.ones_like, state.params)
    first, inside = state.optimizer
    inside = inside._replace(z=jax.tree.map(lambda p: 3 * p, ones))
    state, x, y = state._replace(params=ones, optimizer=(first, inside)), jnp.ones((1, 1)), [0]
    found = training.evaluate(state, {}, x, jnp.array(y))["loss"]
    expected = head.loss(jnp.array([-1.0, -1.0]), jnp.array(0))
    assert found == pytest.approx(float(expected), abs=1e-6)
    # And so with runs in front, as where a grid's parameters are taken over.
    many = jax.tree.map(lambda leaf: jnp.stack([leaf] * 2), (state.optimizer, state.params))
    np.testing.assert_allclose(evaluated_at(*many)[0]["weight"], -1, atol=1e-6)
