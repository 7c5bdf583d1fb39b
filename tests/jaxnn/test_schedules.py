"""Schedules are Optax's, where it has them, and the published formulas elsewhere."""

import re

import jax
import numpy as np
import optax
import pytest

from jaxnn.schedules import SCHEDULES, factors

N, RATE, W = 40, 0.3, 0.25
OPTAX = {
    "constant": optax.constant_schedule(RATE),
    "linear": optax.linear_schedule(RATE, 0, N),
    "cosine": optax.cosine_decay_schedule(RATE, N),
    "warm-up": optax.warmup_constant_schedule(0, RATE, int(W * N)),
    "warm-up-cosine": optax.warmup_cosine_decay_schedule(0, RATE, int(W * N), N),
    "one-cycle": optax.cosine_onecycle_schedule(N, RATE, pct_start=W),
}


@pytest.mark.parametrize("name", OPTAX)
def test_it_is_optaxs(name):
    warmup = W if name in ("warm-up", "warm-up-cosine", "one-cycle") else None
    ours = RATE * factors(name, N, warmup)
    with jax.numpy_dtype_promotion("standard"):  # Optax's one-cycle multiplies by booleans
        theirs = [float(OPTAX[name](count)) for count in range(N)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


def test_the_two_of_tuned_defaults_are_their_formulas():
    t = np.arange(N) / N
    flat = (1 + np.cos(np.pi * (np.maximum(1, 2 * t) - 1))) / 2
    cycles = (1 - np.cos(2 * np.pi * np.log2(1 + 15 * t))) / 2
    np.testing.assert_allclose(factors("flat-cosine", N), flat, atol=1e-6)
    np.testing.assert_allclose(factors("multi-cycle", N), cycles, atol=1e-5)


def test_without_warmup_the_peak_comes_first():
    np.testing.assert_array_equal(factors("warm-up", 3, 0.0), 1)
    np.testing.assert_allclose(factors("warm-up-cosine", N, 0.0), factors("cosine", N), atol=1e-6)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: SCHEDULES["cosin"], "unknown schedule 'cosin'; known, nearest first: cosine"),
        (lambda: factors("cosine", 9, 0.1), "'cosine' has no warm-up, got warmup=0.1; leave it"),
        (lambda: factors("warm-up", 9, 1.0), "from 0 to below 1, got warmup=1.0"),
        (lambda: factors("constant", 0), "has 0 steps; give at least 1"),
    ],
)
def test_what_cannot_be_is_refused(call, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        call()
