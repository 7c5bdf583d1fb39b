"""Dead and saturated units as a training reports them: known shares through the whole path, and no loss changed by a bit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.lab.study import units
from jaxnn import HEADS, OPTIMIZERS, diagnostics, make_training, mlp
from jaxnn.activations import resolve
from jaxnn.types import Activation

X, H = np.linspace(0.1, 1, 12, dtype=np.float32)[:, None], {"learning_rate": jnp.float32(0.1)}
HEAD = HEADS["regression"]


def training(sizes, phi, counted=True):
    return make_training(
        mlp(sizes, activation=phi),
        HEAD.loss,
        OPTIMIZERS["sgd"],
        inside=units.counter(phi) if counted else None,
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


@pytest.mark.parametrize(
    "names", [("relu", "tanh", "relu"), ("prelu", "gelu", "prelu"), ("rrelu",) * 3]
)
def test_the_shares_are_those_of_the_diagnostics(names):
    phi = tuple(map(resolve, names))
    params = mlp((5, 6, 6, 6, 2), activation=phi).init(jax.random.key(1))
    params = (params[0] | {"weight": 5 * params[0]["weight"]}, *params[1:])
    x = jax.random.normal(jax.random.key(2), (units.ROWS + 9, 5))
    said = units.counter(phi)(params, x)
    for name, fraction in (
        ("dead", diagnostics.dead_fraction),
        ("saturated", diagnostics.saturated_fraction),
    ):
        assert said[name] == pytest.approx(
            float(jnp.mean(fraction(params, x[: units.ROWS], phi))), abs=1e-6
        )


def test_nothing_is_counted_where_there_is_no_unit_with_a_slope_of_its_own():
    assert (
        units.counter(()) is None and units.counter((resolve("relu"), resolve("softmax"))) is None
    )
    assert units.counter((Activation(lambda x: x[:2], elementwise=False, units_in=2),)) is None


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
