"""The stream, one update against a sum by hand, and the rule for every outcome."""

import numpy as np
import pytest

from experiments.lab.evidence.verdicts import Effect
from experiments.plasticity import Configuration
from experiments.plasticity.findings import conclude
from experiments.plasticity.learners import Learners, initial, learn
from experiments.plasticity.rules import judge, lost
from experiments.plasticity.stream import BITS, SLOW, stream


def test_one_slow_bit_flips_at_a_time():
    bits, _ = stream(0, 60, 20)
    slow = bits[:, :SLOW]
    changes = np.abs(np.diff(slow, axis=0)).sum(axis=1)
    assert changes.nonzero()[0].tolist() == [19, 39] and changes.max() == 1


def test_an_update_is_that_of_descent():
    learners = Learners(("linear",), (0.1,))
    x, y = np.ones((2, 1, BITS), np.float32), np.full((2, 1), 2.0, np.float32)
    found = learn(learners, [0], x, y, bins=2)[:, 0, 0, 0, 0]  # SGD
    start = initial(learners, [0])
    first, last = start["first"][:, :, 0, 0].astype(float), start["last"][:, 0, 0].astype(float)
    hidden = first.sum(axis=0)
    error = hidden @ last - 2
    step = 0.1 * 2 * error
    after = (hidden - step * (BITS + 1) * last) @ (last - step * hidden) - step
    np.testing.assert_allclose(found, [error**2, (after - 2) ** 2], rtol=1e-4)


def test_plasticity_is_lost_when_the_error_rises_beyond_the_linear_one():
    up, down = Effect("", 1.5, 1.2, 1.8), Effect("", 0.5, -0.2, 0.8)
    assert lost(up, up) and not lost(up, down) and not lost(down, up)


@pytest.mark.parametrize(
    ("lost_by", "word"),
    [
        ({"a": ["relu", "elu"], "b": ["relu", "elu"]}, "holds"),
        ({"a": ["relu", "elu"], "b": ["relu"]}, "holds only when"),
        ({"a": ["elu"], "b": []}, "holds only when"),
        ({"a": [], "b": []}, "does not hold"),
    ],
)
def test_the_verdict(lost_by, word):
    assert judge(lost_by, 2)[0] == word


def test_a_drift_that_all_learners_share_is_no_rise():
    """Both errors fall by the same factor; beside the linear learner's the network's rises."""
    settings = Configuration(activation=("relu", "linear"), learning_rate=(0.01,), bins=20, seeds=6)
    time = (np.arange(20) + 0.5) / 20
    drift = np.exp(-np.linspace(0.5, 1.5, 6) * time[:, None])  # of each seed its own
    error = np.empty((20, 2, 2, 1, 6))
    error[:, 0] = (0.9 * np.exp(0.3 * time)[:, None] * drift)[:, None, None]
    error[:, 1] = drift[:, None, None]
    found = conclude(settings, {"learners": {"error": error}})
    rises = found.table[found.table["activation"] == "relu"]
    np.testing.assert_allclose(rises["slope"], 0.3, rtol=1e-6)
    assert (rises["own_high"] < 0).all()  # by itself it falls
    assert found.verdicts[0].verdict == "holds"
