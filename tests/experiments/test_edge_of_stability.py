"""The curvature in units of which rates are given, and the rules for every outcome."""

import jax
import numpy as np
import pytest

from experiments.edge_of_stability.descent import curvature_of_linearised, tangent_mlp
from experiments.edge_of_stability.rules import (
    at_edge,
    judge_catapult,
    judge_edge,
    largest,
)


@pytest.mark.slow
def test_the_curvature_is_that_of_the_tangent_kernel():
    net, x = tangent_mlp((3, 4, 1), "tanh"), np.random.default_rng(0).normal(size=(5, 3))
    params, x = net.init(jax.random.key(0)), x.astype(np.float32)
    apply = jax.vmap(net.apply, in_axes=(None, 0))
    leaves = jax.tree.leaves(jax.jacobian(apply)(params, x))
    jacobian = np.concatenate([np.asarray(leaf).reshape(5, -1) for leaf in leaves], axis=1)
    kernel = np.linalg.eigvalsh(jacobian @ jacobian.T)[-1]
    assert curvature_of_linearised(apply, params, x) == pytest.approx(2 / 5 * kernel, rel=1e-4)


def test_the_band_of_the_claim():
    assert [at_edge(value) for value in (0.94, 0.95, 1.1, 1.11, np.inf)] == [
        False,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("passed", "word", "when"),
    [
        ({("a", 0.3): (3, 3), ("a", 0.9): (3, 3)}, "holds", ""),
        ({("a", 0.3): (0, 3), ("a", 0.9): (0, 3)}, "does not hold", ""),
        (
            {("a", 0.3): (1, 3), ("a", 0.9): (2, 3)},
            "holds only when",
            "the sharpness has risen that far (3 of 6 combinations)",
        ),
        (
            {("a", 0.3): (1, 3), ("a", 0.9): (3, 3)},
            "holds only when",
            "the rate is .9 of the first unstable one (a)",
        ),
    ],
)
def test_the_verdict_on_the_edge(passed, word, when):
    assert judge_edge(passed) == (word, when)


def test_the_largest_rate_ends_where_the_first_one_fails():
    loss = np.array([[0.4, 0.6, 0.1], [np.inf, 0.1, 0.1]])
    assert largest(loss, np.array([2.0, 4.0])).tolist() == [2, 1, 4]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((4.0, 12.0), (4.5, 11.0), ("holds", "")),
        ((4.0, 3.0), (4.5, 11.0), ("holds only when", "the setting is b")),
        ((4.0, 3.0), (4.5, 4.0), ("holds only when", "the network is linear")),
        ((1.0, 3.0), (1.0, 4.0), ("does not hold", "")),
    ],
)
def test_the_verdict_on_the_catapult(a, b, expected):
    values = {
        (setting, name): value
        for setting, of in (("a", a), ("b", b))
        for name, value in zip(("linear", "relu"), of, strict=True)
    }
    assert judge_catapult(values) == expected
