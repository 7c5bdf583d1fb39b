"""Networks of columns: what they compute, and that training with them is that of autodiff."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnn
from jaxnn import OPTIMIZERS, batch_order, dense, losses, make_training
from jaxnn.layers import of_columns
from jaxnn.types import Activation

HIDDEN = jaxnn.serial(dense(6, 6, activation="tanh"), jaxnn.layer_norm(6))
NETWORKS = {
    "mlp": jaxnn.mlp((6, 7, 5, 3)),
    "one hidden neuron": jaxnn.mlp((6, 1, 3), activation="tanh"),
    "no bias": jaxnn.mlp((6, 7, 3), bias=False),
    "learned": jaxnn.mlp((6, 7, 3), activation="prelu"),
    "gated": jaxnn.mlp((6, 8, 4, 3), activation=("glu", "crelu")),
    "softmax": jaxnn.mlp((6, 7, 3), activation="softmax"),
    "layer norm": jaxnn.mlp((6, 7, 7, 3), activation="gelu", normalization="layer"),
    "dropout": jaxnn.mlp((6, 7, 3), dropout=0.5),
    "residual": jaxnn.serial(jaxnn.residual(HIDDEN), dense(6, 3)),
    "deep": jaxnn.deep_mlp(6, 5, 4, 3, activation="tanh"),
    "autoencoder": jaxnn.autoencoder((6, 2)).network,
    "maxout": jaxnn.serial(jaxnn.maxout_layer(6, 4, pieces=3), dense(4, 3)),
    "elman": jaxnn.recurrent_network(jaxnn.elman(6, 5, activation="prelu")),
    "elman's last": jaxnn.recurrent_network(jaxnn.elman(6, 5), dense(5, 3), last=True),
    "jordan": jaxnn.recurrent_network(jaxnn.jordan(6, 5, 3, activation="glu"), dense(3, 3)),
    "gru": jaxnn.recurrent_network(jaxnn.gru(6, 5, bias=False), dense(5, 3)),
}
SCALAR = jaxnn.Network(lambda key: jnp.ones(5), lambda params, x, key=None: x @ params)
NETWORKS["a number a step"] = jaxnn.recurrent_network(jaxnn.elman(6, 5), SCALAR)
TIME = dict.fromkeys(
    ("elman", "elman's last", "jordan", "gru", "a number a step"), (4,)
)  # steps of an example


def plain(net: jaxnn.Network) -> jaxnn.Network:
    """The network that trains by vmap of apply alone."""
    return net._replace(columns=None)


def data(name: str, dtype=jnp.float32) -> tuple[jax.Array, jax.Array]:
    x = jax.random.normal(jax.random.key(1), (40, *TIME.get(name, ()), 6), dtype)
    return x, x[..., :3]


def columns(net: jaxnn.Network, params, x: jax.Array) -> jax.Array:
    """The outputs of examples in rows, by way of columns."""
    return jnp.moveaxis(of_columns(net)(params, jnp.moveaxis(x, 0, -1)), -1, 0)


def close(a, b, rtol: float) -> None:
    """Within rtol of each leaf's largest number."""
    for one, other in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        one, other = (np.asarray(each, np.float64) for each in (one, other))
        np.testing.assert_allclose(one, other, rtol=0, atol=rtol * max(1e-3, np.abs(other).max()))


@pytest.mark.parametrize("name", NETWORKS)
def test_columns_are_apply_of_each_example(name):
    net, (x, _) = NETWORKS[name], data(name)
    params = net.init(jax.random.key(0))
    found, expected = jax.jit(
        lambda params, x: (
            columns(net, params, x),
            jax.vmap(net.apply, in_axes=(None, 0))(params, x),
        )
    )(params, x)
    close(found, expected, 1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_those_of_autodiff(name):
    net, (x, _) = NETWORKS[name], data(name)
    params = net.init(jax.random.key(0))

    def by_columns(params, x):
        return jnp.sum(jnp.sin(columns(net, params, x)))

    def by_examples(params, x):
        return jnp.sum(jnp.sin(jax.vmap(net.apply, in_axes=(None, 0))(params, x)))

    got, expected = (
        jax.jit(jax.grad(f, argnums=(0, 1)))(params, x) for f in (by_columns, by_examples)
    )
    close(got, expected, 2e-6)


def test_large_matrices_are_computed_as_well(monkeypatch):
    net, (x, _) = NETWORKS["mlp"], data("mlp")
    params = net.init(jax.random.key(0))

    def gradients():
        return jax.jit(jax.grad(lambda params: jnp.sum(jnp.sin(columns(net, params, x)))))(params)

    small = gradients()
    monkeypatch.setattr(jaxnn.layers, "TRANSPOSED", 20)  # numbers; the first matrix has 42
    close(gradients(), small, 2e-6)


@pytest.mark.parametrize("dtype, rtol", [("float64", 1e-14), ("bfloat16", 0.05)])
def test_gradients_in_other_dtypes(dtype, rtol):
    with jax.enable_x64():
        net, (x, y) = NETWORKS["mlp"], data("mlp", dtype)
        params = jax.tree.map(lambda leaf: leaf.astype(dtype), net.init(jax.random.key(0)))
        by_columns = jax.grad(lambda params: jnp.sum(columns(net, params, x) * y))
        by_examples = jax.grad(
            lambda params: jnp.sum(jax.vmap(net.apply, in_axes=(None, 0))(params, x) * y)
        )
        got, expected = jax.jit(lambda params: (by_columns(params), by_examples(params)))(params)
        assert {leaf.dtype for leaf in jax.tree.leaves(got)} == {jnp.dtype(dtype)}
        close(got, expected, rtol)


def trained(net, name: str, optimizer: str, runs: int):
    """The final parameters and losses of runs with different rates, trained side by side."""
    training = make_training(net, losses.squared_error, OPTIMIZERS[optimizer])
    x, y = data(name)
    y = y[:, -1] if name == "elman's last" else y
    h = {"learning_rate": jnp.linspace(0.001, 0.01, runs), "slope": jnp.linspace(0.1, 0.3, runs)}
    order = batch_order(jax.random.key(2), examples=40, batch_size=8, steps=20)
    state = jax.vmap(training.init, in_axes=(None, 0))(jax.random.key(0), h)
    segment = jax.jit(jax.vmap(training.segment, in_axes=(0, 0, None, None, None)))
    state, metrics = segment(state, h, x, y, order)
    return state.params, metrics


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "optimizer"),
    [(name, "sgd") for name in ("mlp", "learned", "residual", "deep", "elman's last", "gru")]
    + [("mlp", "adamw")],
)
def test_training_is_that_of_autodiff(name, optimizer):
    net = NETWORKS[name]
    assert net.columns
    # Adam divides by the root of a gradient's square, and so enlarges the rounding of small ones.
    rtol = 1e-4 if optimizer == "adamw" else 1e-6
    close(trained(net, name, optimizer, 3), trained(plain(net), name, optimizer, 3), rtol)


def test_an_activation_with_a_slope_per_run():
    def net(h):
        bent = Activation(lambda x: jnp.where(x > 0, x, h["slope"] * x))
        return jaxnn.mlp((6, 7, 3), activation=bent)

    got, expected = (trained(each, "mlp", "sgd", 3) for each in (net, lambda h: plain(net(h))))
    close(got, expected, 1e-6)


def test_an_example_of_a_wrong_size_is_named():
    training = make_training(jaxnn.mlp((5, 3)), losses.squared_error, OPTIMIZERS["sgd"])
    h, (x, y) = {"learning_rate": jnp.float32(0.1)}, data("mlp")
    state = training.init(jax.random.key(0), h)
    with pytest.raises(ValueError, match=r"a dense layer with 5 inputs got one example of shape"):
        training.segment(state, h, x, y, jnp.zeros((1, 4), jnp.int32))


def test_a_dropped_unit_stays_dropped_in_training():
    training = make_training(
        jaxnn.mlp((6, 7, 3), dropout=0.9), losses.squared_error, OPTIMIZERS["sgd"], stochastic=True
    )
    h, (x, y) = {"learning_rate": jnp.float32(1.0)}, data("mlp")
    state = training.init(jax.random.key(0), h)
    after, _ = training.segment(state, h, x, y, jnp.zeros((1, 1), jnp.int32))
    moved = np.any(np.asarray(after.params[0]["weight"] != state.params[0]["weight"]), axis=0)
    assert moved.sum() < 7


def test_half_precision_sequences_train_with_parameters_of_more():
    net = NETWORKS["gru"]
    training = make_training(net, losses.squared_error, OPTIMIZERS["sgd"])
    h, (x, y) = {"learning_rate": jnp.float32(0.1)}, data("gru", jnp.float16)
    with jax.numpy_dtype_promotion("standard"):
        state = training.init(jax.random.key(0), h)
        state, metrics = training.segment(state, h, x, y, jnp.zeros((2, 4), jnp.int32))
        ours, theirs = (
            columns(net, state.params, x),
            jax.vmap(net.apply, (None, 0))(state.params, x),
        )
    assert ours.dtype == theirs.dtype == jnp.float32 and np.isfinite(metrics["train_loss"])
    close(ours, theirs, 1e-5)


def test_a_sequence_without_a_step_has_no_outputs():
    net = NETWORKS["elman"]
    params = net.init(jax.random.key(0))
    assert columns(net, params, jnp.ones((3, 0, 6))).shape == (3, 0, 5)
