"""Slowly changing regression: bits of which some rarely flip, and a target of threshold units."""

from typing import NamedTuple

import numpy as np

BITS, SLOW, UNITS, BETA = 20, 15, 100, 0.7


class Target(NamedTuple):
    """A layer of threshold units and a sum of them with signs.

    weight: ±1, (units, BITS + 1); the last input is a constant 1.
    threshold: (units,). output: ±1, (units,).
    """

    weight: np.ndarray
    threshold: np.ndarray
    output: np.ndarray


def target(seed: int, units: int = UNITS) -> Target:
    """A random target whose units are on for inputs that agree well with their weights.

    The threshold is β (m + 1) − S, with m + 1 inputs of which S have the weight −1.
    """
    draw = np.random.default_rng(seed)
    weight = draw.choice([-1.0, 1.0], (units, BITS + 1))
    threshold = BETA * (BITS + 1) - (weight < 0).sum(axis=1)
    return Target(weight, threshold, draw.choice([-1.0, 1.0], units))


def value(of: Target, bits: np.ndarray) -> np.ndarray:
    """The target of rows of bits, Σ v [w · (x, 1) ≥ θ].

    Args:
        of: the target.
        bits: 0 or 1, (rows, BITS).

    Example:
        >>> one = Target(np.ones((1, BITS + 1)), np.array([14.7]), np.array([1.0]))
        >>> value(one, np.array([[1] * 14 + [0] * 6, [1] * 13 + [0] * 7])).tolist()
        [1.0, 0.0]
    """
    sums = bits @ of.weight[:, :BITS].T + of.weight[:, BITS]
    return (sums >= of.threshold) @ of.output


def stream(seed: int, steps: int, every: int) -> tuple[np.ndarray, np.ndarray]:
    """Examples one after the other.

    Args:
        seed: of the target and of the bits.
        steps: examples.
        every: after so many examples one of the slow bits flips.

    Returns:
        bits float32 (steps, BITS) and targets float32 (steps,).
    """
    draw = np.random.default_rng((seed, 1))
    spans = -(-steps // every)
    flips = np.zeros((spans, SLOW), int)
    flips[np.arange(1, spans), draw.integers(0, SLOW, spans - 1)] = 1
    slow = (draw.integers(0, 2, SLOW) + flips.cumsum(axis=0)) % 2
    fast = draw.integers(0, 2, (steps, BITS - SLOW))
    bits = np.concatenate([np.repeat(slow, every, axis=0)[:steps], fast], axis=1)
    return bits.astype(np.float32), value(target(seed), bits).astype(np.float32)
