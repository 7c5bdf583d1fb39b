"""The convolution against NumPy, the noise in the labels, and the rules for every outcome."""

import numpy as np
import pytest

from experiments.lab.evidence.verdicts import Effect
from experiments.mnist_1d.measure import DRAWS, noisy
from experiments.mnist_1d.networks import convolution
from experiments.mnist_1d.rules import judge_peak, judge_table, peaks


def test_a_filter_slides_along_the_sequence():
    layer = convolution(1, 1, 3)
    params = {"weight": np.array([[1.0], [10.0], [100.0]]), "bias": np.zeros(1)}
    found = layer.apply(params, np.arange(1.0, 6.0)[:, None])
    # Places 0, 1, 2 of the padded sequence 0 1 2 3 4 5 0, then 2, 3, 4 and 4, 5, 6.
    assert np.asarray(found)[:, 0].tolist() == [210, 432, 54]


def test_noise_keeps_the_first_column_and_most_of_the_others():
    y = np.arange(2000) % 10
    columns = noisy(y)
    assert columns.shape == (2000, 1 + DRAWS) and (columns[:, 0] == y).all()
    # A share of .15 is replaced by any of ten classes, of which one is the class itself.
    assert (columns[:, 1:] != y[:, None]).mean() == pytest.approx(0.15 * 0.9, abs=0.01)


def test_the_verdict_on_the_table():
    right = {"logistic": 32.0, "MLP": 66.0, "CNN": 93.0, "GRU": 90.0}
    assert judge_table(right) == ("holds", "")
    assert judge_table(dict.fromkeys(right, 0.0)) == ("does not hold", "")
    said = ("holds only when", "the network is MLP")
    assert judge_table(dict.fromkeys(right, 66.0)) == said


UP, DOWN, UNCLEAR = (Effect("", 0.0, *ends) for ends in ((1, 2), (-2, -1), (-1, 1)))


def test_a_peak_needs_a_rise_and_a_fall():
    words = [peaks(UP, UP), peaks(UP, DOWN), peaks(UP, UNCLEAR)]
    assert words == ["holds", "does not hold", "undecided"]
    assert judge_peak({"a": "holds", "b": "holds"}) == ("holds", "")
    assert judge_peak({"a": "does not hold"}) == ("does not hold", "")
    assert judge_peak({"a": "undecided", "b": "does not hold"}) == ("undecided", "")
