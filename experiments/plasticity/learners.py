"""Online learners of one hidden layer, every activation, rate, optimizer and seed at once."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import jaxnn
from experiments.plasticity.stream import BITS
from jaxnn.types import Array

HIDDEN = 5
OPTIMIZERS = "SGD", "Adam"
B1, B2, EPSILON = 0.9, 0.999, 1e-8
Weights = Mapping[str, Array]


class Learners(NamedTuple):
    """What is trained, all combinations: activations, optimizers, rates; in this order."""

    activations: Sequence[str]
    rates: Sequence[float]

    @property
    def each(self) -> int:
        """Learners of one activation."""
        return len(OPTIMIZERS) * len(self.rates)

    @property
    def number(self) -> int:
        """Of all learners."""
        return len(self.activations) * self.each


def initial(learners: Learners, seeds: Sequence[int]) -> dict[str, np.ndarray]:
    """Weights with variance gain² / fan_in, the runs last: (…, learners, seeds); biases are 0."""
    draws = [np.random.default_rng((seed, 2)) for seed in seeds]
    first = np.stack([draw.normal(0, BITS**-0.5, (BITS, HIDDEN)) for draw in draws], -1)
    last = np.stack([draw.normal(0, HIDDEN**-0.5, HIDDEN) for draw in draws], -1)
    gains = np.repeat(
        [jaxnn.initializers.gain(name) for name in learners.activations], learners.each
    )
    runs = learners.number, len(seeds)
    return {
        "first": np.broadcast_to(first[:, :, None], (BITS, HIDDEN, *runs)).astype(np.float32),
        "bias": np.zeros((HIDDEN, *runs), np.float32),
        "last": (last[:, None] * gains[:, None]).astype(np.float32),
        "shift": np.zeros(runs, np.float32),
    }


def outputs(learners: Learners, weights: Weights, x: Array) -> Array:
    """The prediction of every run for its seed's example x, (BITS, seeds); (learners, seeds)."""
    z = (weights["first"] * x[:, None, None]).sum(axis=0) + weights["bias"]
    split = jnp.split(z, len(learners.activations), axis=1)
    phis = [jaxnn.activations.resolve(name).function for name in learners.activations]
    h = jnp.concatenate([phi(part) for phi, part in zip(phis, split, strict=True)], axis=1)
    return (h * weights["last"]).sum(axis=0) + weights["shift"]


def learn(
    learners: Learners, seeds: Sequence[int], x: np.ndarray, y: np.ndarray, bins: int
) -> np.ndarray:
    """Train on one example after the other.

    Args:
        learners: what is trained.
        seeds: of the initial weights, one per stream.
        x: bits (steps, seeds, BITS).
        y: targets (steps, seeds).
        bins: spans of equal length in which the squared error before each update is averaged.

    Returns:
        Mean squared errors, (bins, activations, optimizers, rates, seeds); not finite where
        diverged.
    """
    steps = len(x) // bins
    kinds = (len(learners.activations), len(OPTIMIZERS), len(learners.rates))
    rates = np.broadcast_to(np.asarray(learners.rates, np.float32), kinds).reshape(-1, 1)
    adam = np.broadcast_to(np.array([False, True])[:, None], kinds).reshape(-1, 1)

    def step(carry: tuple, example: tuple) -> tuple[tuple, Array]:
        weights, mean, square, count = carry
        bits, wanted = example

        def cost(weights: Weights) -> tuple[Array, Array]:
            error = (outputs(learners, weights, bits.T) - wanted[None]) ** 2
            return error.sum(), error

        gradients, error = jax.grad(cost, has_aux=True)(weights)
        count = count + 1
        mean = jax.tree.map(lambda m, g: B1 * m + (1 - B1) * g, mean, gradients)
        square = jax.tree.map(lambda v, g: B2 * v + (1 - B2) * g * g, square, gradients)

        def moved(w: Array, g: Array, m: Array, v: Array) -> Array:
            axes = (1,) * (w.ndim - 2) + rates.shape
            direction = (m / (1 - B1**count)) / (jnp.sqrt(v / (1 - B2**count)) + EPSILON)
            chosen = jnp.where(adam.reshape(axes), direction, g)
            return w - rates.reshape(axes) * chosen

        weights = jax.tree.map(moved, weights, gradients, mean, square)
        return (weights, mean, square, count), error

    @jax.jit
    def span(carry: tuple, x: Array, y: Array) -> tuple[tuple, Array]:
        def add(both: tuple, example: tuple) -> tuple[tuple, None]:
            carry, error = step(both[0], example)
            return (carry, both[1] + error), None

        none = jnp.zeros((learners.number, len(seeds)))
        (carry, total), _ = jax.lax.scan(add, (carry, none), (x, y))
        return carry, total / steps

    weights = jax.tree.map(jnp.asarray, initial(learners, seeds))
    zeros = jax.tree.map(jnp.zeros_like, weights)
    carry, found = (weights, zeros, zeros, jnp.zeros(())), []
    for start in range(0, steps * bins, steps):
        carry, error = span(carry, x[start : start + steps], y[start : start + steps])
        found.append(np.asarray(error))
    return np.stack(found).reshape(bins, *kinds, len(seeds))
