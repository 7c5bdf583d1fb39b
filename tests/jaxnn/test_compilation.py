"""What compiles once, and that a function gives the same numbers whether it is compiled or not."""

from functools import partial

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from absl.testing import parameterized

import jaxnn
from jaxnn import HEADS, OPTIMIZERS, backprop, batch_order, losses, make_training, mlp
from tests.helpers.parameters import filled, normal

HEAD = HEADS["multiclass"]
X, Y = np.asarray(normal(12, 4)), np.arange(12) % 3


@pytest.fixture(autouse=True)
def counters():
    """chex counts by where a function is defined, over all tests of a process."""
    chex.clear_trace_counter()


def test_hyperparameters_never_recompile():
    training = make_training(mlp((4, 5, 3)), HEAD.loss, OPTIMIZERS["momentum"])
    segment = jax.jit(chex.assert_max_traces(training.segment, n=1))
    order = batch_order(jax.random.key(1), examples=12, batch_size=4, steps=3)
    for rate, momentum in ((0.1, 0.0), (0.2, 0.9), (3.0, 0.5)):
        h = {"learning_rate": jnp.float32(rate), "momentum": jnp.float32(momentum)}
        state, _ = segment(training.init(jax.random.key(0), h), h, X, Y, order)
        assert int(state.step) == 3


def test_another_batch_size_is_another_program():
    # So that the test above can fail.
    training = make_training(mlp((4, 5, 3)), HEAD.loss, OPTIMIZERS["sgd"])
    segment = jax.jit(chex.assert_max_traces(training.segment, n=1))
    h = {"learning_rate": jnp.float32(0.1)}
    state = training.init(jax.random.key(0), h)
    with pytest.raises(AssertionError, match="traced > 1 times"):
        for size in (4, 6):
            order = batch_order(jax.random.key(1), examples=12, batch_size=size, steps=2)
            segment(state, h, X, Y, order)


@pytest.mark.parametrize("values", [1, 40])
def test_a_grid_traces_the_loss_as_often_for_many_rates_as_for_one(values):
    loss = chex.assert_max_traces(HEAD.loss, n=3)

    def make(activation):
        return make_training(mlp((4, 5, 3), activation=activation), loss, OPTIMIZERS["sgd"])

    axes = {"activation": ("relu",), "learning_rate": tuple(np.geomspace(0.01, 1, values))}
    result = jaxnn.train_grid(make, axes, seeds=2, train=(X, Y), steps=4, batch_size=4, points=2)
    chex.assert_shape(result.train["loss"], (1, values, 2))


@pytest.mark.parametrize("depth", [2, 60])
def test_hidden_layers_are_traced_as_often_at_every_depth(depth):
    phi = chex.assert_max_traces(lambda x: jnp.tanh(x), n=2)  # the first and the scanned
    net = jaxnn.deep_mlp(4, 5, depth, 3, activation=phi, initializer=jax.nn.initializers.normal())
    params = jax.eval_shape(net.init, jax.random.key(0))
    output = jax.eval_shape(net.apply, params, jax.ShapeDtypeStruct((4,), jnp.float32))
    chex.assert_shape(output, (3,))


@pytest.mark.parametrize("steps", [2, 200])
def test_a_cell_is_traced_once_for_every_length(steps):
    cell = jaxnn.gru(4, 5)
    once = cell._replace(apply=chex.assert_max_traces(cell.apply, n=1))
    _, ys = jax.eval_shape(
        lambda params, xs: jaxnn.unroll(once, params, xs),
        filled(cell),
        jax.ShapeDtypeStruct((steps, 4), jnp.float32),
    )
    chex.assert_shape(ys, (steps, 5))


NETWORKS = {
    "mlp": mlp((4, 6, 3), activation="gelu", normalization="layer"),
    "maxout": mlp((4, 6, 3), activation="maxout"),
    "deep_mlp": jaxnn.deep_mlp(4, 6, 5, 3, activation="elu"),
    "autoencoder": jaxnn.autoencoder((4, 2), activation="tanh").network,
}


class Variants(chex.TestCase):
    """Compiled and not."""

    @chex.variants(with_jit=True, without_jit=True)
    @parameterized.named_parameters((name, name) for name in NETWORKS)
    def test_a_network(self, name):
        net = NETWORKS[name]
        params = filled(net)
        found = self.variant(jax.vmap(net.apply, in_axes=(None, 0)))(params, X)
        one_by_one = jnp.stack([net.apply(params, x) for x in X])
        chex.assert_equal_shape([found, one_by_one])
        chex.assert_trees_all_close(found, one_by_one, rtol=1e-5, atol=1e-6)

    @chex.variants(with_jit=True, without_jit=True)
    def test_the_gradient_by_hand(self):
        net = mlp((4, 6, 3), activation="tanh")
        params, x, y = filled(net), X[0], np.asarray(normal(3))
        by_hand = partial(backprop.loss_and_slopes, loss=losses.squared_error, activation="tanh")
        expected = jax.value_and_grad(lambda p: losses.squared_error(net.apply(p, x), y))(params)
        found = self.variant(by_hand)(params, x, y)
        chex.assert_trees_all_close(found, expected, rtol=1e-5, atol=1e-6)

    @chex.variants(with_jit=True, without_jit=True)
    def test_one_update(self):
        training = make_training(mlp((4, 5, 3)), HEAD.loss, OPTIMIZERS["sgd"])
        h = {"learning_rate": jnp.float32(0.5)}
        state = training.init(jax.random.key(0), h)
        order = jnp.arange(12)[None]
        after, _ = self.variant(training.segment)(state, h, X, Y, order)

        def cost(params):
            outputs = jax.vmap(lambda x: mlp((4, 5, 3)).apply(params, x))(X)
            return jnp.mean(jax.vmap(HEAD.loss)(outputs, Y))

        expected = jax.tree.map(
            lambda p, g: p - 0.5 * g, state.params, jax.grad(cost)(state.params)
        )
        chex.assert_trees_all_equal_structs(after.params, expected)
        chex.assert_trees_all_close(after.params, expected, rtol=1e-5, atol=1e-6)
        chex.assert_tree_all_finite(after.params)
