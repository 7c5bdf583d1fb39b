"""Signals measured before training: against jaxnn.diagnostics, and theory against wide networks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnn
from experiments.lab.study import signals
from experiments.lab.study.theory import gradient_factor
from jaxnn import diagnostics, losses
from jaxnn.activations import resolve


def start(sizes, activation, seeds):
    training = jaxnn.make_training(
        jaxnn.mlp(sizes, activation=activation), losses.squared_error, jaxnn.OPTIMIZERS["sgd"]
    )
    return signals.initial_params(training, seeds)


def data(rows, inputs, outputs):
    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, inputs)).astype(np.float32), rng.normal(
        size=(rows, outputs)
    ).astype(np.float32)


def test_what_is_measured_is_what_the_diagnostics_see():
    names, (x, y) = ("relu", "tanh", "relu"), data(8, 5, 2)
    params = start((5, 7, 9, 6, 2), names, [0, 3])
    found = signals.measure(params, tuple(map(resolve, names)), losses.squared_error, x, y)
    assert found.parameters == 42 + 72 + 60 + 14

    @jax.jit
    def seen(params, x, y):
        def loss(probes, x, y):
            return losses.squared_error(
                diagnostics.forward_trace(params, x, names, probes=probes).activations[-1], y
            )

        z = jax.vmap(lambda x: diagnostics.forward_trace(params, x, names).pre_activations)(x)
        slopes = jax.vmap(jax.grad(loss))(jax.tree.map(jnp.zeros_like, z), x, y)
        signal, gradient = (
            jnp.stack([jnp.mean(each**2) for each in values]) for values in (z, slopes)
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


def test_theory_is_met_by_wide_networks_and_agrees_with_the_summary():
    (x, y), phi = data(32, 50, 10), (resolve("tanh"),) * 3
    params = start((50, 300, 300, 300, 10), "tanh", range(4))
    found = signals.measure(params, phi, losses.squared_error, x, y)
    assert found.signal.mean(axis=0)[:3] == pytest.approx(found.signal_theory[:3], rel=0.05)
    assert found.gradient.mean(axis=0) == pytest.approx(found.gradient_theory, rel=0.15)
    unit = signals.measure(params, phi, losses.squared_error, np.ones_like(x), y)
    assert unit.gradient_theory[0] / unit.gradient_theory[2] == pytest.approx(
        gradient_factor("tanh", 3)
    )


def test_an_activation_that_mixes_its_inputs_is_measured_without_theory():
    x, y = data(8, 5, 2)
    found = signals.measure(
        start((5, 7, 2), "softmax", [0, 3]), (resolve("softmax"),), losses.squared_error, x, y
    )
    assert np.isfinite(found.signal).all() and np.isfinite(found.gradient).all()
    assert np.isnan(found.dead).all() and np.isnan(found.gradient_theory[:1]).all()


def test_a_network_without_hidden_layers_has_its_output_only():
    params = ({"weight": np.ones((1, 5, 2), np.float32), "bias": np.zeros((1, 2), np.float32)},)
    found = signals.measure(params, (), losses.squared_error, *data(8, 5, 2))
    assert found.dead.shape == (1, 0) and found.gradient.tolist() == [[1.0]]
