"""Slices of a grid are disjoint and make up the whole grid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.lab.engine.processes import Share, share, share_of
from experiments.lab.io.errors import UserError


@settings(max_examples=50, deadline=None)
@given(
    st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 6)),
    st.integers(1, 12),
    st.integers(0, 2**32),
)
def test_slices_are_disjoint_and_whole(shape, count, seed):
    wanted = np.random.default_rng(seed).random(shape) < 0.7
    owned = np.zeros(shape, int)
    for index in range(count):
        for number, runs in share_of(dict(enumerate(wanted)), Share(index, count)).items():
            owned[number] += runs
    np.testing.assert_array_equal(owned, wanted)


@pytest.mark.parametrize("text", ["0/3", "4/3", "2", "a/b", "-1/3"])
def test_a_slice_is_one_of_n(text):
    with pytest.raises(
        UserError, match=f"--shard {text}: give i/n, slice i of n, with i from 1 to n"
    ):
        share(text)
