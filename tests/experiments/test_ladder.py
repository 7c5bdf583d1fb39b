"""The ladder of activations: equal parameters, and each verdict of the rule."""

import jax
import pytest

from experiments.lab.evidence.verdicts import Effect
from experiments.ladder.measure import RUNGS, sizes
from experiments.ladder.rules import judge
from jaxnn import mlp


def effect(low, high):
    return Effect("gain", (low + high) / 2, low, high, "points")


@pytest.mark.parametrize("layers", [1, 2, 10])
def test_all_rungs_have_about_as_many_parameters(layers):
    counts = []
    for name in RUNGS:
        params = mlp(sizes(name, 64, 32, layers, 10), activation=name).init(jax.random.key(0))
        counts.append(sum(leaf.size for leaf in jax.tree.leaves(params)))
    assert max(counts) < 1.15 * min(counts)


@pytest.mark.parametrize(
    "a, b, verdict",
    [
        ((0.1, 2), (0.2, 1), ("holds", "")),
        ((0.1, 2), (-1, 0.5), ("holds only when", "the task is one (prelu)")),
        ((-1, 0.5), (-2, 0.9), ("does not hold", "")),
        ((-1, 3), (-2, 0.9), ("undecided", "")),
    ],
)
def test_climbing_pays_where_a_rung_is_better_than_relu(a, b, verdict):
    assert judge({"one": {"prelu": effect(*a)}, "two": {"prelu": effect(*b)}}) == verdict
