"""The experiment on depth.

Its networks are tested against jaxnn's own, its theory against closed forms, and its rules on
made-up numbers.
"""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnn
from experiments import depth
from experiments.depth import (
    any_depth,
    before_training,
    depth_scale,
    findings_before_training,
    findings_depth_scale,
    findings_trained,
)
from experiments.depth.any_depth import Net, Shape, Start
from jaxnn import criticality, expectations, meanfield
from jaxnn.losses import softmax_cross_entropy

CONFIGURATION = replace(
    depth.Configuration(**depth.SMOKE), activation=("relu", "elu", "tanh", "sigmoid")
)


@pytest.mark.slow
def test_a_network_of_any_depth_is_deep_mlp_of_that_depth_and_so_is_its_gradient():
    shape = Shape(("relu", "tanh"), 3, 4, 6, 2)
    start = partial(any_depth.initial, Net(shape, "tanh", 4, Start(1.5, 0.2)))
    x, y = (
        np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32),
        np.array([0, 1, 0, 1, 1]),
    )

    def ours(params):
        return jnp.mean(
            jax.vmap(softmax_cross_entropy)(
                any_depth.apply(shape, jnp.int32(1), params, x, jnp.int32(4)), y
            )
        )

    def theirs(params):
        return jaxnn.cost(
            softmax_cross_entropy,
            lambda x: jaxnn.deep_mlp(3, 4, 4, 2, activation="tanh").apply(params, x),
            x,
            y,
        )

    def both(params):
        first, rest, output = params
        return jax.value_and_grad(ours)(params), jax.value_and_grad(theirs)(
            (first, jax.tree.map(lambda leaf: leaf[:3], rest), output)
        )

    noise = np.random.default_rng(0)
    params = jax.tree.map(
        lambda leaf: noise.normal(size=leaf.shape).astype(np.float32),
        jax.eval_shape(start, jax.random.key(0)),
    )
    (value, gradient), (expected, wanted) = jax.jit(both)(params)
    assert 0.2 < jax.jit(lambda key: start(key)[1]["bias"])(jax.random.key(0)).std() < 0.8
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    assert not np.any(gradient[1]["weight"][3:])
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(
            a[:3] if a.ndim > b.ndim else a[: len(b)], b, rtol=1e-4, atol=1e-6
        ),
        gradient,
        wanted,
    )


def test_the_theory_of_a_given_variance_is_mean_field_theory():
    q = np.geomspace(1e-9, 30, 50)
    for name in ("tanh", "relu"):
        exact = [expectations.moments(name, value) for value in q[::7]]
        exact = [
            [each.mean_square, each.slope_mean_square, each.product_mean_square] for each in exact
        ]
        *found, resolved = before_training.given(name, q)
        np.testing.assert_allclose(np.transpose(found)[::7], exact, rtol=1e-4)
        assert np.all(resolved)


def test_waves_that_the_theory_does_not_resolve_are_told_apart():
    q = np.geomspace(1, 1e6, 60)
    for name in ("sine", "snake"):
        slope = (1 + np.exp(-2 * q)) / 2 if name == "sine" else 1 + (1 - np.exp(-8 * q)) / 2
        _, found, _, resolved = before_training.given(name, q)
        assert 0.3 < resolved.mean() < 0.6 and np.all(np.diff(resolved.astype(int)) <= 0)
        np.testing.assert_allclose(found[resolved], slope[resolved], rtol=2e-3)
        assert np.abs(found / slope - 1)[~resolved].max() > 0.02


@pytest.mark.slow
def test_the_alignment_of_gradient_and_signal_accounts_for_a_factor_that_theory_misses():
    # Linear networks of width 8 whose gradient happens to be along the signal in the last layer.
    measured = before_training.random_networks("linear", (1.0,), depth=2, width=8, networks=8000)
    along = measured["alignment"][0, :, -1] > 0.3
    factor, given, more = (
        measured[name][0, along, -1] for name in ("log_factor", "factor_given", "factor_aligned")
    )
    error = np.exp(factor).std() / along.sum() ** 0.5
    assert np.exp(factor).mean() > given.mean() + 4 * error
    assert (
        abs(np.exp(factor).mean() - (given + more).mean()) < 4 * error and more.mean() > 8 * error
    )


def test_every_smooth_activation_is_compared_with_theory():
    equal_at_the_start, leaves_float32, since_it_was_published = (
        {"celu", "swish_beta", "linear"},
        {"exponential", "relu_squared", "xielu"},
        {"telu", "smooth_leaky_relu", "tanh_shrink", "rational"},
    )
    smooth = {
        name
        for name, entry in jaxnn.ACTIVATIONS.items()
        if entry.smooth and entry.elementwise and entry.units_in == 1
    }
    assert (
        smooth - set(depth.Configuration().theory_activation)
        == equal_at_the_start | leaves_float32 | since_it_was_published
    )


@pytest.mark.slow
def test_the_depth_scale_is_chi_below_the_edge_of_chaos_and_the_settled_slope_above():
    np.testing.assert_allclose(
        depth_scale.chaos_depth_scale(1.3, 0.05),
        criticality.depth_scales("tanh", 1.3, 0.05).correlation,
    )
    # The same in NumPy alone, by Gauss-Hermite and differences.
    q, x, weights = (
        criticality.variance_fixed_point("tanh", 3.0, 0.05),
        *np.polynomial.hermite_e.hermegauss(80),
    )
    weights = np.outer(weights, weights) / (2 * np.pi)

    def following(c):
        both = np.tanh(np.sqrt(q) * x)[:, None] * np.tanh(
            np.sqrt(q) * (c * x[:, None] + np.sqrt(1 - c**2) * x)
        )
        return (3.0 * np.sum(weights * both) + 0.05) / q

    c = 0.5
    for _ in range(300):
        c = following(c)
    slope = (following(c + 1e-4) - following(c - 1e-4)) / 2e-4
    np.testing.assert_allclose(
        depth_scale.chaos_depth_scale(3.0, 0.05), -1 / np.log(slope), rtol=1e-3
    )


def test_published_products_are_theory():
    # The closed forms of ReLU, and one by quadrature; the experiment itself compares all twelve.
    for row in (("relu", 2.0), ("relu", 1.0), ("tanh", 1.0)):
        np.testing.assert_allclose(
            meanfield.gradient_product(row[0], 40, row[1]),
            findings_before_training.PUBLISHED[row],
            rtol=1e-3,
        )


def scores(value, seeds=6, **more):
    noise = 0.01 * np.sin(np.arange(seeds))
    return {
        "test": np.clip(value + noise, 0, 1),
        "rate": np.array([0.1]),
        "saturated": np.full(seeds, 0.2),
        "diverged": np.zeros(seeds, bool),
        "chosen_on": np.array([0.1, 0.5, 0.1]),
    } | more


@pytest.mark.parametrize(
    "xavier, he, word", [(0.1, 0.9, "holds"), (0.8, 0.9, "does not hold"), (0.1, 0.3, "undecided")]
)
def test_an_initialisation_stalls_or_trains(xavier, he, word):
    assert (
        findings_trained.initialisation(
            CONFIGURATION, {"init-Xavier": scores(xavier), "init-He": scores(he)}
        ).verdict
        == word
    )


@pytest.mark.parametrize(
    "scales, word",
    [
        ((5, 6, 7, 6, 5), "holds"),
        ((1.2,) * 5, "does not hold"),
        ((13,) * 5, "does not hold"),
        ((5, 6, 13, 13, 6), "undecided"),  # too many are beyond the depths tried
    ],
)
def test_depth_that_trains_against_the_depth_scale(scales, word):
    c = replace(CONFIGURATION, map_weight_variance=(1.0, 1.15, 1.3, 1.45, 1.6), map_scale=(1, 13))
    found = {}
    for variance, times in zip(c.map_weight_variance, scales, strict=True):
        first, last = depth_scale.depths(c.map_scale, variance)
        scale = depth_scale.chaos_depth_scale(variance, 0.05)
        # Where the line between the two depths crosses one half.
        share = np.log(times * scale / first) / np.log(last / first)
        accuracies = np.array([0.9, 0.9 if times == 13 else 0.9 - 0.4 / share])
        found[f"map-{variance:g}"] = {"train": accuracies[:, None, None]}
    verdict = findings_depth_scale.depth_scale(c, found)
    assert verdict.verdict == word
    assert verdict.effects[0].value == pytest.approx(np.exp(np.mean(np.log(scales))), rel=0.02)


def test_saturation_is_a_reason_only_where_the_loser_saturates_more():
    c = replace(CONFIGURATION, depth=(1, 4))
    found = {
        f"ladder-{name}-{depth}": scores({"relu": 0.9}.get(name, 0.5))
        for name in c.activation
        for depth in c.depth
    }
    assert findings_trained.saturation(c, found).verdict == "does not hold"  # all saturate alike
    for depth_ in c.depth:
        found[f"ladder-relu-{depth_}"]["saturated"] = np.full(6, 0.1)
    assert findings_trained.saturation(c, found).verdict == "holds"
    found["ladder-tanh-4"] = scores(0.95)
    assert findings_trained.saturation(c, found).verdict == "holds only when"


@pytest.mark.parametrize(
    "spirals, digits, per_layer, word",
    [
        ((0.6, 0.9), (0.7, 0.9), 1e-5, "holds"),
        ((0.6, 0.9), (0.9, 0.7), 1e-5, "holds only when"),
        ((0.9, 0.6), (0.9, 0.7), 1e-5, "does not hold"),
        ((0.6, 0.9), (0.7, 0.9), -1e-5, "does not hold"),
    ],
)
def test_more_layers_are_slower_and_solve_more(spirals, digits, per_layer, word):
    c = CONFIGURATION
    found = {
        "forward": {
            "forward_seconds": 1e-3 + per_layer * np.array(c.forward_depth)[:, None] * np.ones(3)
        },
        "no_hidden_layer": {"spirals": np.array([0.5]), "digits": np.array([0.9])},
    }
    for task, depths, values in (
        ("spirals", c.spiral_depth, spirals),
        ("ladder-tanh", c.depth, digits),
    ):
        found |= {
            f"{task}-{depth}": scores(value, chosen_on=np.array([value]))
            for depth, value in zip(depths, values, strict=True)
        }
    assert findings_trained.more_layers(c, found).verdict == word


def made_up(factor, *, off=0.0, aligned=0.0, spread=0.01, layers=40):
    """Networks whose product has the spread, in powers of ten, about theory's."""
    flat = np.full(layers, 1e-3)
    product = layers * np.log10(factor) + spread * np.linspace(-1, 1, 41)
    return findings_before_training.Layers(
        factor * (1 + flat),
        flat,
        np.full(layers, factor),
        flat + off,
        flat,
        flat[1:],
        flat[1:],
        flat + aligned,
        flat,
        flat,
        product,
    )


@pytest.mark.parametrize(
    "change, word",
    [
        ({}, "holds"),
        ({"off": 0.03, "aligned": 0.03}, "does not hold"),
        ({"off": 0.03}, "holds only when"),
        ({"off": 0.018}, "undecided"),
    ],
)
def test_a_factor_off_by_more_than_2_percent_refutes_the_theory_unless_the_alignment_explains_it(
    change, word
):
    rows = {("tanh", "He"): made_up(0.9), ("relu", "He"): made_up(1.0, **change)}
    verdict = findings_before_training.mean_field(CONFIGURATION, rows)
    assert verdict.verdict == word and ("relu He" in verdict.when) == (word == "holds only when")


def test_a_product_outside_the_networks_spread_is_a_condition():
    rows = {
        ("tanh", "He"): made_up(0.9),
        ("relu", "He"): made_up(1.0)._replace(products=np.full(41, 0.5)),
    }
    verdict = findings_before_training.mean_field(CONFIGURATION, rows)
    assert verdict.verdict == "holds only when" and "relu He" in verdict.when


@pytest.mark.parametrize(
    "tanh, accuracy, word",
    [
        ((0.9,) * 4, 0.9, "holds"),
        ((1.2, 0.9, 0.5, 1.2), 0.9, "holds only when"),
        ((0.05,) * 4, 0.9, "does not hold"),
        ((0.9,) * 4, 0.2, "does not hold"),
    ],
)
def test_tanh_is_preferred_where_its_gradient_is_larger_and_it_learns_more(tanh, accuracy, word):
    rows = {
        ("tanh", init): made_up(factor)
        for init, factor in zip(before_training.INITIALISATIONS, tanh, strict=True)
    }
    rows |= {("sigmoid", init): made_up(0.1) for init in before_training.INITIALISATIONS}
    found = {
        f"ladder-{name}-{depth}": scores(value)
        for name, value in (("tanh", accuracy), ("sigmoid", 0.3))
        for depth in CONFIGURATION.depth
    }
    assert findings_before_training.vanishing(CONFIGURATION, found, rows).verdict == word


def test_selu_holds_within_its_tolerance_only():
    shape = 3, 3, CONFIGURATION.theory_depth + 1
    noise = 1e-3 * np.sin(np.arange(np.prod(shape))).reshape(shape)
    assert (
        findings_before_training.selu(
            CONFIGURATION, {"selu": {"mean": noise, "variance": 1 + noise}}
        ).verdict
        == "holds"
    )
    assert (
        findings_before_training.selu(
            CONFIGURATION, {"selu": {"mean": noise, "variance": 1.2 + noise}}
        ).verdict
        == "does not hold"
    )


def test_a_wrong_flag_names_its_value():
    with pytest.raises(
        depth.UserError,
        match=r"--depth \(4, 2\): give at least 2 values above 0 in ascending order",
    ):
        depth.parts(replace(CONFIGURATION, depth=(4, 2)))
    with pytest.raises(depth.UserError, match="--activation maxout: give elementwise"):
        depth.parts(replace(CONFIGURATION, activation=("maxout",)))
    with pytest.raises(depth.UserError, match="--activation: relu is missing"):
        depth.parts(replace(CONFIGURATION, activation=("tanh",)))
