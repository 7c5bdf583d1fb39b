"""Very deep networks: what each setting starts from, and each verdict of the rules."""

import jax
import numpy as np
import pytest

from experiments import very_deep
from experiments.lab.evidence.verdicts import Effect
from experiments.very_deep.findings import stability
from experiments.very_deep.measure import Cell, cells
from experiments.very_deep.networks import CRITICAL, OWN, SETTINGS, network
from experiments.very_deep.rules import judge_choice, judge_elu, judge_swish

BETTER, LEVEL, WORSE = (
    Effect("gain", (low + high) / 2, low, high) for low, high in ((0.1, 0.2), (-0.1, 0.1), (-2, -1))
)


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_keeps_the_signal_in_its_way(setting):
    net = network("swish", setting, in_dim=64, width=64, depth=4, out_dim=3)
    params = net.init(jax.random.key(0))
    rest = params[1] if setting in (OWN, CRITICAL) else params[1][0]
    expected = {CRITICAL: (1.988, 0.555)}.get(setting, (2.811, 0))
    assert np.var(rest["weight"]) * 64 == pytest.approx(expected[0], rel=0.05)
    assert np.var(rest["bias"]) == pytest.approx(expected[1], rel=0.25)
    assert net.apply(params, np.ones(64, np.float32)).shape == (3,)


def test_the_stability_of_the_own_gain_orders_the_activations():
    names = "tanh", "selu", "elu", "relu", "mish", "gelu", "swish"
    found = [stability(name) for name in names]
    assert found == sorted(found)
    assert found == pytest.approx([0.461, 0.783, 0.891, 1, 1.076, 1.144, 1.173], abs=1e-3)


def test_every_cell_is_trained_once_and_relu_needs_no_critical_one():
    every = cells(very_deep.Configuration())
    assert len(every) == len(set(every)) and Cell("swish", CRITICAL, 128, 300, 40) in every
    assert not [cell for cell in every if cell[:2] == ("relu", CRITICAL)]


@pytest.mark.parametrize(
    "effects, verdict",
    [
        ((BETTER, BETTER), ("holds", "")),
        ((BETTER, WORSE), ("holds only when", "the network has a")),
        ((LEVEL, WORSE), ("does not hold", "")),
        ((WORSE,), ("undecided", "")),  # one setting refutes nothing
        ((LEVEL, LEVEL), ("undecided", "")),
    ],
)
def test_swish_is_better_only_where_its_interval_says_so(effects, verdict):
    assert judge_swish(dict(zip("ab", effects, strict=False))) == verdict
    assert judge_swish({"a": BETTER}, minimum=-0.3) == ("does not hold", "")


def test_useful_from_40_layers_on_says_where_it_begins():
    both = {"a": BETTER, "b": BETTER}
    assert judge_elu(both, {10: LEVEL, 20: LEVEL}) == ("holds", "")
    word, when = judge_elu(both, {5: BETTER, 10: LEVEL, 20: BETTER})
    assert (word, when) == (
        "holds only when",
        "'from 40 layers on' is read as from 20 layers on",
    )
    assert judge_elu({"a": LEVEL, "b": WORSE}, {5: BETTER}) == ("does not hold", "")


def test_swish_is_the_choice_only_where_nothing_else_beats_it():
    assert judge_choice({"a": BETTER, "b": BETTER}, {"a": [LEVEL], "b": []}) == ("holds", "")
    beaten = judge_choice({"a": BETTER, "b": BETTER}, {"a": [BETTER], "b": [WORSE]})
    assert beaten == ("holds only when", "the network has b")
    assert judge_choice({"a": WORSE, "b": BETTER}, {"b": [BETTER]})[0] == "does not hold"
