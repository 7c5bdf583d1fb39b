"""Trainability: maps against training written out in NumPy, box counts against known dimensions,
and the rule of the verdict."""

import jax.numpy as jnp
import numpy as np
import pytest

from experiments import trainability
from experiments.lab.evidence.verdicts import Effect
from experiments.lab.io.errors import UserError
from experiments.trainability.findings import circle, judge, order_of
from experiments.trainability.findings_boxes import box_dimension
from experiments.trainability.maps import SIDE, WORST, Setting, drawn, edges, rate_map
from experiments.trainability.measure import zoom


def by_hand(setting, across, up):
    """Train one network after the other, with all of its weights, in float64."""
    x, y, hidden, output, weights = drawn(setting)
    scores = np.empty((len(up), len(across)))
    for at in np.ndindex(scores.shape):
        w, v, losses = hidden.copy(), output.copy(), []
        rates = (up[at[0]], up[at[0]]) if setting.offset else (across[at[1]], up[at[0]])
        for chances in weights:
            if setting.offset:
                w = w + across[at[1]]
            h = np.tanh(x @ w)
            error = h @ v / setting.width - y
            losses.append(np.mean(error**2))
            gradient = 2 * chances * error / setting.width  # of the loss, for each output
            w, v = (
                w - rates[0] * x.T @ (np.outer(gradient, v) * (1 - h**2)),
                v - rates[1] * h.T @ gradient,
            )
        relative = np.minimum(
            np.nan_to_num(np.array(losses) / losses[0], nan=WORST, posinf=WORST), WORST
        )
        scores[at] = -relative.sum() if relative[-20:].mean() < 1 else (1 / relative).sum()
    return scores


@pytest.mark.slow
@pytest.mark.parametrize(
    "changed",
    [{}, {"points": 12, "batch": 3}, {"offset": True}],
    ids=["by Gram matrix", "by weights, minibatch", "offset"],
)
def test_a_map_is_training_written_out_even_where_it_stops_early(changed):
    setting = Setting(jnp.tanh, width=4, points=5, steps=160, seed=3)._replace(**changed)
    across, up = np.logspace(-2, 1, SIDE), np.logspace(-1, 5, 2 * SIDE)
    with np.errstate(all="ignore"):
        expected = by_hand(setting, across, up)
    assert 0.1 < np.mean(expected < 0) < 0.9  # some converge
    assert np.any(expected <= 160 / WORST * 20)  # some are stopped early
    found = rate_map(setting, across, up, dtype=np.float64)
    np.testing.assert_array_equal(found < 0, expected < 0)
    converged = expected < 0  # training can be chaotic, so that rounding errors grow
    np.testing.assert_allclose(found[converged], expected[converged], rtol=1e-3)


def test_sets_of_known_dimension():
    index = np.arange(256)
    sierpinski = (index & index[:, None]) == 0  # Pascal's triangle modulo 2
    assert box_dimension(sierpinski) == pytest.approx(np.log2(3))
    assert box_dimension(np.ones((256, 256), bool)) == pytest.approx(2)
    assert box_dimension(edges(np.broadcast_to(index < 99, (256, 256)))) == pytest.approx(
        1, abs=0.01
    )
    assert circle(256) == pytest.approx(1, abs=0.05)
    assert box_dimension(np.zeros((64, 64), bool)) == 0


def effect(low, high):
    return Effect("dimension", (low + high) / 2, low, high)


@pytest.mark.parametrize(
    ("a", "b", "word"),
    [
        (effect(1.2, 1.4), effect(1.1, 1.9), "holds"),
        (effect(1.2, 1.4), effect(0.9, 1.3), "holds only when"),
        (effect(0.98, 1.04), effect(0.99, 1.05), "does not hold"),
        (effect(0.5, 1.6), effect(0.9, 1.3), "undecided"),
    ],
)
def test_each_verdict_can_be_reached(a, b, word):
    found, when = judge({"a": [a, effect(1.3, 1.5)][: 1 + (a.low > 1.1)], "b": [b]}, 1.02)
    assert found == word
    assert when.startswith("training is one of: a (") if word == "holds only when" else not when


def test_a_condition_is_fractal_only_if_it_is_at_every_magnification():
    rough, smooth = effect(1.2, 1.4), effect(0.9, 1.3)
    assert judge({"a": [rough, rough], "b": [rough, smooth]}, 1.02)[0] == "holds only when"
    assert judge({"b": [rough, smooth]}, 1.02) == ("undecided", "")


def test_the_order_is_by_rank_and_has_an_interval():
    seeds, published = np.array([-0.02, 0.0, 0.01]), [1.1, 1.2, 1.3]
    same, words = order_of({"a": 1.0 + seeds, "b": 1.4 + seeds, "c": 1.8 + seeds}, published)
    assert (same.value, same.low, same.high) == pytest.approx((1, 1, 1))
    assert "of 3 pairs, 3 are clearly in the published order" in words
    turned, words = order_of({"a": 1.8 + seeds, "b": 1.0 + 50 * seeds, "c": 1.2 + seeds}, published)
    assert turned.low < turned.value < 0
    assert "1 clearly in the opposite order" in words


def test_a_zoom_needs_a_boundary():
    nothing_to_train = Setting(lambda z: 0 * z, width=1, points=1, steps=20)
    with pytest.raises(UserError, match=r"^--width 1 --steps 20: there is no boundary between"):
        zoom(nothing_to_train, coarse=16, fine=16, magnifications=(4,))


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"resolution": 100}, "--resolution 100: give a multiple of 8"),
        ({"steps": 30}, "--steps 30: "),
        ({"activation": "maxout"}, "--activation maxout: "),
        ({"half_width": 0.0}, "--half-width 0.0: give a finite number of decades above 0"),
        ({"centre": (0.0, np.inf)}, r"--centre \(0.0, inf\): give two finite numbers"),
    ],
)
def test_what_cannot_be_mapped_is_said(flags, said):
    with pytest.raises(UserError, match=said):
        trainability.parts(trainability.Configuration(**flags))
