"""The lecture's numbers by row: N3, N6, N8, F1, F2, G6, L3, L4; those of A5 are in test_layers."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxnn
from jaxnn import backprop, losses

F1_WEIGHTS = [
    [(1, 1), (-1, 1)],
    [(2, -1)],
]  # the weights of each neuron, as the lecture writes them
F2_WEIGHTS = [[(3, 3), (1, 5)], [(2, -1)]]


def as_params(layers, dtype=jnp.float32):
    """A layer's weight matrix has one column per neuron."""
    return tuple({"weight": jnp.array(neurons, dtype).T} for neurons in layers)


def test_f1_hidden_values_5_and_1_and_output_9():
    params, x = as_params(F1_WEIGHTS), jnp.array([2.0, 3.0])
    hidden, output = backprop.forward(params, x, activation="linear")
    assert hidden.values.tolist() == [5, 1]
    assert output.values.tolist() == [9]
    assert jaxnn.mlp((2, 2, 1), activation="linear", bias=False).apply(params, x).tolist() == [9]


def test_f2_the_sigmoid_is_on_the_hidden_nodes_and_not_on_the_output():
    # The sums are 3 and 9, so the output is 2 σ(3) − σ(9); a sigmoid of that would be 0.712.
    with jax.enable_x64(True):
        params, x = as_params(F2_WEIGHTS, jnp.float64), jnp.array([-1.0, 2.0])
        hidden, output = backprop.forward(params, x, activation="sigmoid")
        assert hidden.sums.tolist() == [3, 9]
        assert f"{output.values[0]:.15f}" == "0.905271648220853"
        y = jaxnn.mlp((2, 2, 1), activation="sigmoid", bias=False).apply(params, x)
        assert f"{y[0]:.15f}" == "0.905271648220853"


def test_f1_and_f2_neuron_by_neuron():
    for weights, x, phi, result in (
        (F1_WEIGHTS, (2.0, 3.0), "linear", 9),
        (F2_WEIGHTS, (-1.0, 2.0), "sigmoid", 0.9052716),
    ):
        hidden = jnp.array(
            [
                jaxnn.neuron({"weight": jnp.array(w, jnp.float32)}, jnp.array(x), phi)
                for w in weights[0]
            ]
        )
        y = jaxnn.neuron({"weight": jnp.array(weights[1][0], jnp.float32)}, hidden)
        np.testing.assert_allclose(y, result, rtol=1e-6)


@pytest.mark.parametrize("route", ["by hand", "jax.grad"])
def test_g6_one_step_of_gradient_descent(route):
    net = jaxnn.mlp((2, 1), bias=False)
    params, x, target = as_params([[(1, 2)]]), jnp.array([3.0, 4.0]), jnp.array([6.0])
    assert net.apply(params, x)[0] - target[0] == 5
    if route == "by hand":
        _, gradients = backprop.loss_and_slopes(params, x, target, loss=losses.squared_error)
    else:
        gradients = jax.grad(lambda params: losses.squared_error(net.apply(params, x), target))(
            params
        )
    assert gradients[0]["weight"][:, 0].tolist() == [30, 40]
    step = optax.sgd(0.01)
    new = optax.apply_updates(params, step.update(gradients, step.init(params))[0])
    np.testing.assert_allclose(new[0]["weight"][:, 0], [0.7, 1.6], rtol=1e-6)
    np.testing.assert_allclose(net.apply(new, x)[0] - target[0], 2.5, rtol=1e-5)


def test_n8_the_bias_shifts_the_sigmoid_and_can_be_switched_off():
    x = jnp.array([2.0])
    with_bias = {"weight": jnp.array([1.0]), "bias": jnp.array(-5.0)}
    assert f"{jaxnn.neuron(with_bias, x, 'sigmoid'):.4f}" == "0.0474"
    np.testing.assert_allclose(
        jaxnn.neuron(with_bias, x, "sigmoid"), 1 / (1 + math.exp(3)), rtol=1e-6
    )
    np.testing.assert_allclose(
        jaxnn.neuron({"weight": with_bias["weight"]}, x, "sigmoid"),
        1 / (1 + math.exp(-2)),
        rtol=1e-6,
    )
    layer = jaxnn.dense(1, 1, activation="sigmoid", bias=False)
    np.testing.assert_allclose(
        layer.apply({"weight": jnp.array([[1.0]])}, x), [1 / (1 + math.exp(-2))], rtol=1e-6
    )


def test_n8_the_weight_sets_the_steepness_and_the_bias_the_place():
    def output(weight, bias, x):
        return jaxnn.neuron({"weight": weight[None], "bias": bias}, x[None], "sigmoid")

    steepness = jax.vmap(lambda w: jax.grad(output, argnums=2)(w, jnp.float32(0), jnp.float32(0)))(
        jnp.array([0.5, 1.0, 2.0])
    )
    np.testing.assert_allclose(steepness, np.array([0.5, 1.0, 2.0]) / 4, rtol=1e-6)
    biases = jnp.array([-5.0, 0.0, 5.0])
    halfway = jax.vmap(lambda b: output(jnp.float32(1), b, -b))(biases)
    np.testing.assert_allclose(halfway, 0.5, rtol=1e-6)


def test_n6_a_context_neuron_gives_two_outputs_for_one_input():
    cell = jaxnn.elman(1, 1, activation="linear", bias=False)
    params, x = {"weight": jnp.array([[1.0]]), "context": jnp.array([[0.5]])}, jnp.array([2.0])
    state, first = cell.apply(params, cell.initial_state, x)
    _, second = cell.apply(params, state, x)
    assert (first.item(), second.item()) == (2.0, 3.0)


def test_n3_an_encoded_0_gives_its_weight_no_gradient_and_minus_1_does():
    bits, target = jnp.array([True, False]), jnp.array([1.0])
    params = as_params([[(0.5, 0.5)]])
    for encode, silent in ((jaxnn.encode_binary, True), (jaxnn.encode_bipolar, False)):
        _, gradients = backprop.loss_and_slopes(
            params, encode(bits), target, loss=losses.squared_error
        )
        assert (gradients[0]["weight"][1, 0] == 0) == silent


LISTED = [{"weight": [[3, 1], [3, 5]], "bias": [0, 0]}, {"weight": [[2], [-1]]}]
PROMOTED = {
    "a neuron": lambda: jaxnn.neuron({"weight": [2, 3], "bias": -1}, [1, 2], "sigmoid"),
    "a network": lambda: jaxnn.mlp((2, 2, 1), activation="sigmoid").apply(LISTED, [-1, 2]),
    "backpropagation": lambda: backprop.loss_and_slopes(
        LISTED, [-1, 2], [1], loss=losses.squared_error, activation="sigmoid"
    ),
    "an autoencoder": lambda: jaxnn.autoencoder((2, 1)).network.apply(
        (({"weight": [[1], [2]]},), ({"weight": [[3, 4]]},)), [1, 2]
    ),
    "a recurrent network": lambda: jaxnn.recurrent_network(
        jaxnn.elman(1, 1, activation="linear")
    ).apply(({"weight": [[1]], "context": [[0.5]]},), [[2], [2]]),
    "a layer norm": lambda: jaxnn.layer_norm(2).apply({"scale": 1, "offset": 0}, [1, 3]),
    "diagnostics": lambda: jaxnn.diagnostics.dead_fraction(LISTED, np.array([[-1, 2]]), "relu"),
    "a cost": lambda: jaxnn.cost(losses.squared_error, lambda x: 2 * x, [[1], [2]], [[1], [3]]),
}


@pytest.mark.parametrize("name", PROMOTED)
def test_the_lectures_numbers_are_taken_as_they_are_written(name):
    for leaf in jax.tree.leaves(PROMOTED[name]()):
        assert leaf.dtype == jnp.float32 and np.all(np.isfinite(leaf))


def test_numbers_as_they_are_written_give_what_arrays_of_floats_do():
    arrays = jax.tree.map(
        lambda leaf: jnp.asarray(leaf, jnp.float32),
        LISTED,
        is_leaf=lambda x: isinstance(x, list) and not isinstance(x[0], dict),
    )
    net = jaxnn.mlp((2, 2, 1), activation="sigmoid")
    np.testing.assert_array_equal(
        net.apply(LISTED, [-1, 2]), net.apply(arrays, jnp.array([-1.0, 2.0]))
    )
    whole = net.apply(arrays, np.array([-1, 2], np.int8))
    np.testing.assert_array_equal(whole, net.apply(LISTED, [-1, 2]))


@pytest.mark.slow
def test_l3_maximising_the_negative_takes_the_same_path():
    net = jaxnn.mlp((2, 3, 1), activation="tanh")
    start = net.init(jax.random.key(0))
    x, y = jnp.array([[1.0, -2.0], [0.5, 3.0]]), jnp.array([[1.0], [-1.0]])

    def cost(params):
        return jaxnn.cost(losses.squared_error, lambda x: net.apply(params, x), x, y)

    def path(gradient, sign):
        params, points = start, []
        for _ in range(5):
            params = jax.tree.map(lambda p, g: p + sign * 0.1 * g, params, gradient(params))
            points.append(params)
        return points

    down, up = path(jax.grad(cost), -1), path(jax.grad(lambda params: -cost(params)), 1)
    jax.tree.map(np.testing.assert_array_equal, down, up)
    assert cost(down[-1]) < cost(start)


@pytest.mark.parametrize(
    ("head", "perfect", "target"),
    [
        ("regression", [1.5], [1.5]),
        ("binary", [200.0], [1.0]),
        ("binary", [-200.0], [0.0]),
        ("binary", [0.0], [0.5]),  # σ(0) is the target itself
        ("multiclass", [-200.0, 0.0, -200.0], 1),
    ],
)
def test_l4_the_gradient_of_an_output_that_is_exactly_right_is_0(head, perfect, target):
    slope = jax.grad(lambda z: jaxnn.HEADS[head].loss(z, jnp.asarray(target)))
    np.testing.assert_array_equal(slope(jnp.array(perfect)), 0)
    wrong = {"regression": [0.5], "binary": [0.3], "multiclass": [1.0, 0.0, 0.0]}[head]
    assert np.all(np.asarray(slope(jnp.array(wrong))) != 0)
