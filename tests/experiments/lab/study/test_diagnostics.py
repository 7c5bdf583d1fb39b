"""Inside networks: signals against jaxnn.diagnostics and theory, units counted in training."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnn
from experiments.lab.study import diagnostics as inside
from experiments.lab.study.theory import gradient_factor
from jaxnn import diagnostics, losses
from jaxnn.activations import resolve
from jaxnn.types import Activation

X, H = np.linspace(0.1, 1, 12, dtype=np.float32)[:, None], {"learning_rate": jnp.float32(0.1)}
HEAD = jaxnn.HEADS["regression"]


def start(sizes, activation, seeds):
    training = jaxnn.make_training(
        jaxnn.mlp(sizes, activation=activation), losses.squared_error, jaxnn.OPTIMIZERS["sgd"]
    )
    return inside.initial_params(training, seeds)


def data(rows, inputs, outputs):
    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, inputs)).astype(np.float32), rng.normal(
        size=(rows, outputs)
    ).astype(np.float32)


@pytest.mark.slow
def test_what_is_measured_is_what_the_diagnostics_see():
    names, (x, y) = ("relu", "tanh", "relu"), data(8, 5, 2)
    params = start((5, 7, 9, 6, 2), names, [0, 3])
    found = inside.measure(params, tuple(map(resolve, names)), losses.squared_error, x, y)
    assert found.parameters == 42 + 72 + 60 + 14

    @jax.jit
    def seen(params, x, y):
        def loss(probes, x, y):
            return losses.squared_error(
                diagnostics.forward_trace(params, x, names, probes=probes).activations[-1], y
            )

        z = jax.vmap(lambda x: diagnostics.forward_trace(params, x, names).pre_activations)(x)
        gradients = jax.vmap(jax.grad(loss))(jax.tree.map(jnp.zeros_like, z), x, y)
        signal, gradient = (
            jnp.stack([jnp.mean(each**2) for each in values]) for values in (z, gradients)
        )
        return (
            signal,
            gradient / gradient[-1],
            diagnostics.dead_fraction(params, x, names),
            diagnostics.saturated_fraction(params, x, names),
        )

    for seed in range(2):
        for ours, theirs in zip(
            found,
            seen(jax.tree.map(lambda leaf, seed=seed: leaf[seed], params), x, y),
            strict=False,
        ):
            np.testing.assert_allclose(ours[seed], theirs, rtol=1e-4, atol=1e-6)
    assert found.dead.max() > 0  # the comparison has something to compare


@pytest.mark.slow
def test_theory_is_met_by_wide_networks_and_agrees_with_the_summary():
    (x, y), phi = data(32, 50, 10), (resolve("tanh"),) * 3
    params = start((50, 300, 300, 300, 10), "tanh", range(4))
    found = inside.measure(params, phi, losses.squared_error, x, y)
    assert found.signal.mean(axis=0)[:3] == pytest.approx(found.signal_theory[:3], rel=0.05)
    assert found.gradient.mean(axis=0) == pytest.approx(found.gradient_theory, rel=0.15)
    unit = inside.measure(params, phi, losses.squared_error, np.ones_like(x), y)
    assert unit.gradient_theory[0] / unit.gradient_theory[2] == pytest.approx(
        gradient_factor(["tanh"], 3)
    )


def test_an_activation_that_mixes_its_inputs_is_measured_without_theory():
    x, y = data(8, 5, 2)
    found = inside.measure(
        start((5, 7, 2), "softmax", [0, 3]), (resolve("softmax"),), losses.squared_error, x, y
    )
    assert np.isfinite(found.signal).all() and np.isfinite(found.gradient).all()
    assert np.isnan(found.dead).all() and np.isnan(found.gradient_theory[:1]).all()


def test_a_network_without_hidden_layers_has_its_output_only():
    params = ({"weight": np.ones((1, 5, 2), np.float32), "bias": np.zeros((1, 2), np.float32)},)
    found = inside.measure(params, (), losses.squared_error, *data(8, 5, 2))
    assert found.dead.shape == (1, 0) and found.gradient.tolist() == [[1.0]]


def training(sizes, phi, counted=True):
    return jaxnn.make_training(
        jaxnn.mlp(sizes, activation=phi),
        HEAD.loss,
        jaxnn.OPTIMIZERS["sgd"],
        inside=inside.counter(phi) if counted else None,
    )


def found(phi, weights):
    """What evaluate says of a network with these hidden weights and one output."""
    run = training((1, *(len(weight[0]) for weight in weights), 1), phi)
    state = run.init(jax.random.key(0), H)
    hidden = tuple(
        layer | {"weight": jnp.array(weight, jnp.float32)}
        for layer, weight in zip(state.params, weights, strict=False)
    )
    return {
        name: float(value)
        for name, value in run.evaluate(
            state._replace(params=(*hidden, state.params[-1])), H, X, X
        ).items()
    }


@pytest.mark.slow
def test_dead_relus_are_counted_over_all_layers():
    said = found((resolve("relu"),) * 2, [[[1, -1, -2, 3]], np.array([[1, 1, 1, -1]] * 4)])
    assert said["dead"] == 3 / 8 and said["saturated"] == 3 / 8 and np.isfinite(said["loss"])


def test_sigmoids_of_huge_weights_are_saturated_and_those_of_small_ones_are_not():
    phi = (resolve("sigmoid"),)
    assert found(phi, [[[60, -60, 80, -90]]])["saturated"] == 1
    assert (
        found(phi, [[[0.1, -0.1, 1, 2]]])["saturated"]
        == found(phi, [[[0.1, -0.1, 1, 2]]])["dead"]
        == 0
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "names", [("relu", "tanh", "relu"), ("prelu", "gelu", "prelu"), ("rrelu",) * 3]
)
def test_the_shares_are_those_of_the_diagnostics(names):
    phi = tuple(map(resolve, names))
    params = jaxnn.mlp((5, 6, 6, 6, 2), activation=phi).init(jax.random.key(1))
    params = (params[0] | {"weight": 5 * params[0]["weight"]}, *params[1:])
    x = jax.random.normal(jax.random.key(2), (inside.COUNTED_ROWS + 9, 5))
    look = inside.counter(phi)
    outputs, seen = look.forward(params, x.T)
    np.testing.assert_allclose(
        outputs.T,
        jax.vmap(jaxnn.mlp((5, 6, 6, 6, 2), activation=phi).apply, (None, 0))(params, x),
        rtol=1e-5,
        atol=1e-5,
    )
    said = look.measure(params, [each[:, : look.rows] for each in seen])
    for name, fraction in (
        ("dead", diagnostics.dead_fraction),
        ("saturated", diagnostics.saturated_fraction),
    ):
        assert said[name] == pytest.approx(
            float(jnp.mean(fraction(params, x[: inside.COUNTED_ROWS], phi))), abs=1e-6
        )


def test_nothing_is_counted_where_there_is_no_unit_with_a_derivative_of_its_own():
    assert (
        inside.counter(()) is None and inside.counter((resolve("relu"), resolve("softmax"))) is None
    )
    assert inside.counter((Activation(lambda x: x[:2], elementwise=False, units_in=2),)) is None


@pytest.mark.slow
def test_counting_changes_no_bit_of_training_and_a_diverged_run_has_no_shares():
    def train(counted, rate):
        run, h = (
            training((1, 8, 8, 1), (resolve("tanh"),) * 2, counted),
            {"learning_rate": jnp.asarray(rate, jnp.float32)},
        )

        @jax.jit
        @jax.vmap
        def go(h):
            state, _ = run.segment(
                run.init(jax.random.key(0), h), h, X, X, jnp.arange(60).reshape(15, 4) % 12
            )
            return run.evaluate(state, h, X, X) | {"params": state.params}

        return jax.device_get(go(h))

    plain, counted = (train(each, [0.01, 0.1, 1e30]) for each in (False, True))
    dead, saturated = counted.pop("dead"), counted.pop("saturated")
    jax.tree.map(np.testing.assert_array_equal, plain, counted)
    assert np.isfinite([dead[:2], saturated[:2]]).all() and np.isnan([dead[2], saturated[2]]).all()
