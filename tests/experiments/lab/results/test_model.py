"""Predictions of models: what is compiled for them is given up with them."""

import gc
import weakref

import jax
import numpy as np

import jaxnn
from experiments.lab.results.model import PROGRAMS, each_of


def test_a_network_that_has_predicted_is_given_up_for_later_ones():
    x, alive = np.ones((2, 3), np.float32), []
    for width in range(1, PROGRAMS + 4):
        net = jaxnn.mlp((3, width, 2))
        params = jax.vmap(net.init)(jax.random.split(jax.random.key(0), 2))
        assert each_of(net, params, x).shape == (2, 2, 2)
        alive.append(weakref.ref(net.apply))
    del net
    gc.collect()
    assert sum(each() is not None for each in alive) <= PROGRAMS
