"""The average that a schedule-free optimizer is evaluated at, and the rule for every outcome."""

import jax
import jax.numpy as jnp
import pytest

import jaxnn
from experiments.lab.evidence.verdicts import Effect
from experiments.rate_free.measure import HEAD, averaged
from experiments.rate_free.rules import judge

GOOD, BAD, UNCLEAR = (Effect("", 0, *ends) for ends in ((-0.5, 0.5), (2, 3), (-1, 2)))


def test_a_schedule_free_run_is_evaluated_at_its_average():
    from optax.contrib import schedule_free_adamw

    net = jaxnn.mlp((1, 2), bias=False)
    training = jaxnn.make_training(net, HEAD.loss, schedule_free_adamw(0.1, b1=0.5))
    state = training.init(jax.random.key(0), {})
    # y = (params − (1 − b1) z) / b1; with params 1 and z = 3 that is −1.
    ones = jax.tree.map(jnp.ones_like, state.params)
    inside = state.optimizer._replace(z=jax.tree.map(lambda p: 3 * p, ones))
    state, x, y = state._replace(params=ones, optimizer=inside), jnp.ones((1, 1)), jnp.zeros(1, int)
    found = averaged(training).evaluate(state, {}, x, y)["loss"]
    at = state._replace(params=jax.tree.map(jnp.negative, ones))
    assert found == pytest.approx(float(training.evaluate(at, {}, x, y)["loss"]), abs=1e-6)


@pytest.mark.parametrize(
    ("prodigy", "dog", "expected"),
    [
        ([GOOD, GOOD], [GOOD, GOOD], ("holds", "")),
        ([GOOD, GOOD], [GOOD, BAD], ("holds only when", "the optimizer is Prodigy")),
        ([GOOD, BAD], [BAD, UNCLEAR], ("does not hold", "")),
        ([GOOD, UNCLEAR], [BAD, GOOD], ("undecided", "")),
    ],
)
def test_the_verdict(prodigy, dog, expected):
    assert judge({"Prodigy": prodigy, "DoG": dog}) == expected
