"""Maps of trainability against training written out in NumPy; box counts against sets of known dimension; the verdict's rule."""

import jax.numpy as jnp
import numpy as np
import pytest

from experiments import trainability
from experiments.lab.evidence.verdicts import Effect
from experiments.lab.io.errors import UserError
from experiments.trainability.boxes import box_dimension, edges
from experiments.trainability.rate_maps import SIDE, WORST, Setting, drawn, rate_map


def by_hand(setting, across, up):
    """One network after the other, step by step, with all of its weights, in float64."""
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
            slope = 2 * chances * error / setting.width
            w, v = (
                w - rates[0] * x.T @ (np.outer(slope, v) * (1 - h**2)),
                v - rates[1] * h.T @ slope,
            )
        relative = np.minimum(
            np.nan_to_num(np.array(losses) / losses[0], nan=WORST, posinf=WORST), WORST
        )
        scores[at] = -relative.sum() if relative[-20:].mean() < 1 else (1 / relative).sum()
    return scores


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
    assert 0.1 < np.mean(expected < 0) < 0.9 and np.any(
        expected <= 160 / WORST * 20
    )  # some converge, some are given up
    found = rate_map(setting, across, up, dtype=np.float64)
    np.testing.assert_array_equal(found < 0, expected < 0)
    np.testing.assert_allclose(
        found[expected < 0], expected[expected < 0], rtol=1e-3
    )  # some are chaotic: rounding grows


def test_sets_of_known_dimension():
    index = np.arange(256)
    sierpinski = (index & index[:, None]) == 0  # Pascal's triangle modulo 2
    assert box_dimension(sierpinski) == pytest.approx(np.log2(3))
    assert box_dimension(np.ones((256, 256), bool)) == pytest.approx(2)
    assert box_dimension(edges(np.broadcast_to(index < 99, (256, 256)))) == pytest.approx(
        1, abs=0.01
    )
    assert trainability.circle(256) == pytest.approx(1, abs=0.05)
    assert box_dimension(np.zeros((64, 64), bool)) == 0


def effect(low, high):
    return Effect("dimension", (low + high) / 2, low, high)


def test_each_verdict_can_be_reached():
    names = ["a", "b"]
    assert trainability.judge([effect(1.2, 1.4), effect(1.1, 1.9)], names, 1.02) == ("holds", "")
    assert trainability.judge([effect(1.2, 1.4), effect(0.9, 1.3)], names, 1.02)[1].startswith(
        "training is one of: a ("
    )
    assert trainability.judge([effect(0.98, 1.04), effect(0.99, 1.05)], names, 1.02) == (
        "does not hold",
        "",
    )
    assert trainability.judge([effect(0.5, 1.6), effect(0.9, 1.3)], names, 1.02) == (
        "undecided",
        "",
    )


def test_the_order_is_by_rank_and_knows_its_spread():
    seeds = np.array([-0.02, 0.0, 0.01])
    same, words = trainability.order_of(
        {"a": 1.0 + seeds, "b": 1.4 + seeds, "c": 1.8 + seeds}, [1.1, 1.2, 1.3]
    )
    assert (same.value, same.low, same.high) == pytest.approx(
        (1, 1, 1)
    ) and "of 3 pairs 3 lie" in words
    turned, words = trainability.order_of(
        {"a": 1.8 + seeds, "b": 1.0 + 50 * seeds, "c": 1.2 + seeds}, [1.1, 1.2, 1.3]
    )
    assert turned.low < turned.value < 0 and "1 clearly against" in words


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"resolution": 100}, "--resolution 100: give a multiple of 8"),
        ({"steps": 30}, "--steps 30: "),
        ({"activation": "maxout"}, "--activation maxout: "),
        ({"half_width": 0.0}, "--half-width 0.0 "),
    ],
)
def test_what_cannot_be_mapped_is_said(flags, said):
    with pytest.raises(UserError, match=said):
        trainability.parts(trainability.Configuration(**flags))
