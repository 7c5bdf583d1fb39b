"""Expectations under N(0, 1) against closed forms."""

import numpy as np
import pytest
from scipy.stats import norm

from jaxnn.quadrature import normal_points, normal_rule


@pytest.mark.parametrize("dims, tolerance", [(1, 1e-12), (2, 1e-10), (3, 2e-3), (5, 2e-3)])
def test_moments_are_those_of_independent_normal_numbers(dims, tolerance):
    z, w = normal_rule(dims)
    assert z.shape == (len(w), dims) and w.sum() == pytest.approx(1)
    np.testing.assert_allclose(w @ z, 0, atol=tolerance)
    np.testing.assert_allclose(z.T @ (w[:, None] * z), np.eye(dims), atol=3 * tolerance)


def test_corners_and_jumps_cost_what_the_docstring_says():
    z, w = normal_rule()
    for c in np.random.default_rng(0).uniform(-2, 2, 100):
        assert abs(w @ np.maximum(z[:, 0] - c, 0) - (norm.pdf(c) - c * norm.sf(c))) < 4e-7
        assert abs(w @ (z[:, 0] > c) - norm.sf(c)) < 1e-3
    for c in (0, 1, -1, 2.5, 3):
        assert w @ np.maximum(z[:, 0] - c, 0) == pytest.approx(
            norm.pdf(c) - c * norm.sf(c), abs=1e-13
        )
        assert w @ (z[:, 0] > c) == pytest.approx(norm.sf(c), abs=1e-13)


def test_a_corner_along_the_diagonal_of_two_dimensions_costs_below_2e_4():
    z, w = normal_rule(2)
    assert w @ np.max(z, axis=1) == pytest.approx(1 / np.sqrt(np.pi), abs=2e-4)


def test_the_largest_of_five_has_the_mean_of_order_statistics():
    z, w = normal_rule(5)
    assert w @ np.max(z, axis=1) == pytest.approx(1.1629645, abs=2e-3)


def test_points_are_the_same_every_time_and_nodes_cannot_be_written_to():
    np.testing.assert_array_equal(normal_points(100, 3), normal_points(100, 3))
    with pytest.raises(ValueError, match="read-only"):
        normal_rule()[0][0] = 1


def test_no_dimension_is_refused():
    with pytest.raises(ValueError, match="at least one dimension, got dims=0"):
        normal_rule(0)
