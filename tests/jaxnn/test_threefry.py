"""What NumPy draws on the host is what JAX draws."""

import numpy as np
import pytest

from jaxnn.sweep import batches
from jaxnn.threefry import host_batches


@pytest.mark.parametrize(
    ("examples", "batch_size", "steps", "start"),
    # One, two and three sorts; parts of epochs, several epochs in a batch, a single example.
    [(50, 16, 7, 0), (1700, 64, 40, 30), (3, 7, 2, 1), (1, 2, 3, 0), (70_000, 64, 20, 5000)],
)
def test_batches_of_the_host_are_those_of_jax_to_the_last_bit(examples, batch_size, steps, start):
    seeds = np.array([0, 1, 12345])
    sizes = {"examples": examples, "batch_size": batch_size, "steps": steps, "start": start}
    np.testing.assert_array_equal(host_batches(seeds, **sizes), batches(seeds, **sizes))
