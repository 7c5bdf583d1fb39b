"""Dying ReLUs: networks dead at birth against the closed form and NumPy, dead units against
diagnostics, and the rules of the verdicts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments import dying_relu
from experiments.dying_relu.findings import (
    NARROW,
    dead_share,
    judge_dying,
    judge_others,
    rise,
    steepest,
)
from experiments.dying_relu.measure import (
    KINDS,
    asymmetric,
    dead_units,
    fates,
    inert_units,
    is_constant,
)
from experiments.dying_relu.measure_birth import CHUNK, born_dead, count_again
from experiments.lab.evidence.verdicts import Effect
from experiments.lab.io.errors import UserError
from jaxnn import diagnostics, mlp
from jaxnn.meanfield import dead_network_probability


def test_networks_are_born_dead_as_often_as_the_law_and_numpy_say():
    networks, width, depth = 20_000, 2, 3
    counted = born_dead(("relu", "leaky_relu"), width=width, depth=depth, networks=networks, seed=3)
    rng, signal, alive = (
        np.random.default_rng(0),
        np.ones((networks, width)),
        np.ones(networks, bool),
    )
    for _ in range(depth):
        signal = np.maximum(
            np.einsum("nij,nj->ni", rng.standard_normal((networks, width, width)), signal), 0
        )
        alive &= signal.any(axis=1)
    spread = (networks * 0.25) ** 0.5
    assert counted["relu"] == pytest.approx(
        networks * dead_network_probability(width, depth), abs=4 * spread
    )
    assert counted["relu"] == pytest.approx(np.sum(~alive), abs=6 * spread)
    assert counted["leaky_relu"] == 0


def test_a_count_beyond_chance_is_repeated_with_more_networks():
    configuration = dying_relu.Configuration(networks=CHUNK, width=(2,), depth=(1, 2))
    likely, unlikely = round(CHUNK * dead_network_probability(2, 1)), CHUNK  # of depths 1 and 2
    again = count_again(configuration, {"born-2": {"relu": np.array([likely, unlikely])}})
    assert again["cells"].tolist() == [[2, 2]]
    expected = 10 * CHUNK * dead_network_probability(2, 2)
    assert again["relu"].tolist() == [pytest.approx(expected, rel=0.1)]


def test_every_kind_of_narrow_network_has_a_name():
    assert tuple(NARROW) == KINDS


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["relu", "prelu"])
def test_dead_units_are_those_of_diagnostics(activation):
    net = mlp(
        (2, 8, 8, 1),
        activation=activation,
        initializer=lambda key, shape: jax.random.normal(key, shape) - 0.5,
    )
    params, x = net.init(jax.random.key(0)), jnp.abs(jax.random.normal(jax.random.key(1), (5, 2)))
    dead = dead_units(params, x, activation).mean(axis=1)
    assert dead.tolist() == diagnostics.dead_fraction(params, x, activation).tolist()
    assert (float(dead.sum()) > 0) == (activation == "relu")


def test_a_piece_of_maxout_that_never_is_the_largest_is_dead():
    # The pieces of unit 0 are x and 2 x, those of unit 1 −x and −1.5 x.
    params = ({"weight": jnp.array([[1.0, -1.0, 2.0, -1.5]])}, {"weight": jnp.ones((2, 1))})
    assert dead_units(params, jnp.array([[1.0], [2.0]]), "maxout").tolist() == [
        [True, False, False, True]
    ]
    assert dead_units(params, jnp.array([[1.0], [-2.0]]), "maxout").tolist() == [
        [False, False, False, False]
    ]


def test_fates_of_four_units():
    """One run, one layer: always alive; dies for good; comes back; dead at the last checkpoint."""
    dead = np.array([[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 1]], bool)[:, None, None]
    found = fates(dead, np.ones((3, 1), bool), units=4)
    assert found["dead"].ravel().tolist() == [0, 0.5, 0.5]
    assert (found["ever"].item(), found["returned"].item()) == (2, 1)
    diverged = fates(dead, np.array([[True], [True], [False]]), units=4)
    assert np.isnan(diverged["dead"][-1]).all()
    assert (diverged["ever"].item(), diverged["returned"].item()) == (0, 0)
    # Two units of two pieces each: columns 0 and 2, columns 1 and 3.
    pieces = fates(dead, np.ones((3, 1), bool), units=2)
    assert pieces["dead"].ravel().tolist() == [0, 0, 0.5]
    assert pieces["pieces"].ravel().tolist() == [0, 0.5, 0.5]


@pytest.mark.slow
def test_one_entry_of_each_unit_is_positive_in_the_asymmetric_start():
    net = mlp((400, 400, 400), activation="relu")
    params = asymmetric(net).init(jax.random.key(0))
    values = np.concatenate([params[1]["weight"], params[1]["bias"][None]])
    assert values.shape == (401, 400)
    large = values > 6 * 0.6007 / 20
    # Beta(2, 1) is above 0.18 with probability 0.968.
    assert (large.sum(axis=0) <= 1).all() and large.sum() > 360
    assert values[large].mean() == pytest.approx(2 / 3, abs=0.05)
    assert values[~large].std() == pytest.approx(0.6007 / 20, rel=0.05)
    kept = asymmetric(net, first=False).init(jax.random.key(0))
    assert not kept[0]["bias"].any() and kept[1]["bias"].any()


def test_every_unit_of_a_diverged_run_is_dead_and_the_rise_is_from_the_lowest_rate():
    shares = np.array([[0.1, 0.1], [0.2, 0.3], [0.7, np.nan]])[None, :, :, None]  # one layer
    finite = np.array([[True, True], [True, True], [True, False]])[None]
    dead = dead_share({"dead": shares[None], "finite": finite}, 0)
    assert dead.tolist() == [[0.1, 0.1], [0.2, 0.3], [0.7, 1.0]]
    assert rise("rise", dead).value == pytest.approx(0.75)
    step = steepest(np.array([0.1, 1.0, 10.0]), dead)
    assert (step.below, step.above, step.after) == (1.0, 10.0, 0.85)


def test_a_unit_is_inert_by_its_part_in_the_next_layer_not_by_its_gradient():
    # Unit 1 has only negative sums, unit 2 no outgoing weight.
    params = (
        {"weight": jnp.array([[1.0, -1.0, 1.0]])},
        {"weight": jnp.array([[1.0], [1.0], [0.0]])},
    )
    x = jnp.array([[1.0], [2.0]])
    assert inert_units(params, x, "leaky_relu").tolist() == [[False, True, True]]
    assert dead_units(params, x, "leaky_relu").tolist() == [[False, False, False]]
    assert not is_constant(params, x, "relu") and is_constant(params, 0 * x, "relu")


@pytest.mark.parametrize(
    ("limits", "collapsed", "verdict", "when"),
    [
        ({"a": 2.0, "b": 2.0}, 0.0, "holds", ""),
        (
            {"a": 0.5, "b": 2.0},
            0.3,
            "holds only when",
            "the learning rate is at most 0.5 for a, 2 for b and layers are wider than 2 units",
        ),
        ({"a": 0.0, "b": 0.0}, 0.0, "does not hold", ""),
    ],
)
def test_the_verdict_on_activations_that_do_not_die(limits, collapsed, verdict, when):
    assert judge_others(limits, 2.0, collapsed) == (verdict, when)


@pytest.mark.parametrize(
    ("lows", "returned", "verdict", "when"),
    [
        ((0.1, 0.2), {"first": 0.0, "deeper": 0.0}, "holds", ""),
        (
            (0.1, 0.2),
            {"first": 0.0, "deeper": 0.25},
            "holds only when",
            "'never come back' is restricted to the first hidden layer (25% of the dead units of "
            "deeper layers came back)",
        ),
        (
            (0.1, -0.2),
            {"first": 0.0, "deeper": 0.0},
            "holds only when",
            "'large rates make it worse' is restricted to a",
        ),
        ((-0.1, np.nan), {"first": 0.0, "deeper": 0.0}, "does not hold", ""),
        ((0.1, 0.2), {"first": 0.1, "deeper": 0.2}, "does not hold", ""),
    ],
)
def test_the_verdict_on_dying_units(lows, returned, verdict, when):
    rises = {name: Effect(name, 0.3, low, 0.4) for name, low in zip("ab", lows, strict=True)}
    assert judge_dying(rises, returned) == (verdict, when)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"networks": 1500}, "--networks 1500: give a multiple of 1,000"),
        ({"narrow_runs": 20}, "--narrow-runs 20: give a multiple of 50"),
        ({"narrow": ("tanh/he",)}, "--narrow tanh/he: choose from relu/he, "),
        ({"steps": 100}, "--steps 100: give a multiple of --checkpoints 12"),
        ({"learning_rate": (0.1, 1.0)}, "--learning-rate 0.1 1: give at least three"),
    ],
)
def test_what_cannot_be_measured_is_said(flags, said):
    with pytest.raises(UserError) as error:
        dying_relu.parts(dying_relu.Configuration(**flags))
    assert str(error.value).startswith(said)
