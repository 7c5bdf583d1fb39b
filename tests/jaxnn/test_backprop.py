"""Backpropagation written out against jax.grad of the whole, for every activation in the table."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnn import ACTIVATIONS, Activation, backprop, deep_mlp, losses, mlp
from jaxnn.activations import resolve

WIDTH = 4
DEPTHS = (0, 1, 2, 5)


def made(function, **facts):
    """An activation that is not in the table; its wiring is tested here, not its properties."""
    return resolve("linear")._replace(function=function, **facts)


WIRINGS = {
    "mixes its sums": made(lambda z: jax.nn.softmax(z), elementwise=False),
    "two sums per output": made(
        lambda z: z[:WIDTH] * jax.nn.sigmoid(z[WIDTH:]), elementwise=False, units_in=2
    ),
    "two outputs per sum": made(
        lambda z: jnp.concatenate([jax.nn.relu(z), jax.nn.relu(-z)]),
        elementwise=False,
        units_in=0.5,
    ),
    "learns two numbers per unit": made(
        lambda z, a, b: a * jnp.tanh(b * z), learned={"a": 1.0, "b": 0.5}
    ),
    "mixes and learns": made(
        lambda z, a: a * jax.nn.softmax(a * z), elementwise=False, learned={"a": 1.5}
    ),
    "draws with a key only": made(lambda z, key=None: jnp.tanh(z), stochastic=True),
}


def params_of(net, scale=0.2):
    """Float64 params from NumPy's generator, so that no random number is compiled."""
    draw = np.random.default_rng(0)
    return jax.tree.map(
        lambda leaf: jnp.asarray(draw.normal(size=leaf.shape) * scale),
        jax.eval_shape(net.init, jax.random.key(0)),
    )


def check(activation: str | Activation):
    initializer = jax.nn.initializers.zeros  # only the shapes are used
    with jax.enable_x64(True):
        x, target = jnp.array([0.3, -1.2, 0.7]), jnp.linspace(-1, 1, WIDTH)
        for depth in (
            DEPTHS
        ):  # not jitted: op by op the depths share their small programs, which halves the time
            net = mlp(
                (3, *(WIDTH,) * depth, WIDTH),
                activation=activation,
                output_activation=activation,
                initializer=initializer,
            )
            # A shrinkage passes nothing on where all sums are small.
            params = params_of(net, 2.0 if activation in ("hard_shrink", "soft_shrink") else 0.2)
            value, gradients = backprop.loss_and_slopes(
                params,
                x,
                target,
                loss=losses.squared_error,
                activation=activation,
                output_activation=activation,
            )
            expected = jax.value_and_grad(
                lambda params, net=net: losses.squared_error(net.apply(params, x), target)
            )(params)
            assert {leaf.dtype for leaf in jax.tree.leaves(gradients)} == {np.dtype("float64")}
            assert jax.tree.structure(gradients) == jax.tree.structure(expected[1])
            for one, other in zip(
                jax.tree.leaves((value, gradients)), jax.tree.leaves(expected), strict=True
            ):
                size = float(jnp.abs(other).max())
                assert size < np.inf
                np.testing.assert_allclose(one, other, rtol=0, atol=1e-10 * size)
            assert all(
                np.any(layer["weight"] != 0) for layer in gradients
            )  # equal because right, and not because 0


KINDS = ("relu", "tanh", "gelu", "prelu", "glu", "softmax")  # of each kind one is quick to ask for


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name not in KINDS)) for name in ACTIVATIONS],
)
def test_backpropagation_is_jax_grad_for_the_table(name):
    check(name)


@pytest.mark.parametrize("wiring", WIRINGS)
def test_backpropagation_is_jax_grad_for_an_activation_that(wiring):
    check(WIRINGS[wiring])


@pytest.mark.slow
def test_backpropagation_against_finite_differences():
    # A third route, which shares no derivative of JAX's with the first two.
    with jax.enable_x64(True):
        net = mlp((2, 3, 1), activation="tanh")
        params, x, target = params_of(net), jnp.array([0.5, -0.4]), jnp.array([0.2])
        _, gradients = backprop.loss_and_slopes(
            params, x, target, loss=losses.squared_error, activation="tanh"
        )
        loss = jax.jit(lambda params: losses.squared_error(net.apply(params, x), target))
        leaves, structure = jax.tree.flatten(params)
        for i, (leaf, gradient) in enumerate(zip(leaves, jax.tree.leaves(gradients), strict=True)):
            for place in np.ndindex(leaf.shape):
                up, down = (
                    loss(
                        structure.unflatten([*leaves[:i], leaf.at[place].add(h), *leaves[i + 1 :]])
                    )
                    for h in (1e-5, -1e-5)
                )
                np.testing.assert_allclose(
                    gradient[place], (up - down) / 2e-5, rtol=1e-6, atol=1e-9
                )


@pytest.mark.slow
def test_each_hidden_layer_can_have_its_own_activation_and_no_bias():
    net = mlp((2, 3, 3, 2), activation=("tanh", "relu"), output_activation="sigmoid", bias=False)
    params = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), params_of(net))
    x, target = jnp.array([0.5, -0.4]), jnp.array([1.0, 0.0])
    _, gradients = backprop.loss_and_slopes(
        params,
        x,
        target,
        loss=losses.squared_error,
        activation=("tanh", "relu"),
        output_activation="sigmoid",
    )
    expected = jax.grad(lambda params: losses.squared_error(net.apply(params, x), target))(params)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7), gradients, expected
    )


def test_params_that_backprop_does_not_support_are_refused():
    x, target = jnp.ones(2), jnp.ones(1)
    for net in (mlp((2, 3, 1), normalization="layer"), deep_mlp(2, 3, 3, 1)):
        with pytest.raises(ValueError, match="plain mlp"):
            backprop.loss_and_slopes(params_of(net), x, target, loss=losses.squared_error)
    with pytest.raises(ValueError, match=r"3 inputs got one example of shape \(2,\)"):
        backprop.forward(params_of(mlp((3, 1))), x)


def test_a_bias_that_would_broadcast_is_refused():
    params = ({"weight": jnp.ones((2, 3)), "bias": jnp.ones(1)},)
    with pytest.raises(ValueError, match=r"\(1,\), \(3,\).*one bias per unit"):
        backprop.loss_and_slopes(params, jnp.ones(2), jnp.ones(3), loss=losses.squared_error)
