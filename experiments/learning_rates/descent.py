"""Gradient descent on a loss of two weights, J(w, v) = mean (v tanh(w x) − y)².

Small enough to be drawn, and to be written out by hand.
"""

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np

import jaxnn
from jaxnn.losses import cost, squared_error
from jaxnn.types import Array

X = np.linspace(-2, 2, 21)
Y = 1.2 * np.tanh(1.5 * X)
BEST = (1.5, 1.2)  # and its mirror image
STEPS = 40  # of a path
START = (0.4, -0.5)  # of the paths

_net = jaxnn.mlp((1, 1, 1), activation="tanh", bias=False)


def by_hand(weights: np.ndarray) -> np.ndarray:
    """J in float64; weights (…, 2).

    Example:
        >>> float(by_hand(np.array(BEST)))
        0.0
    """
    weights = np.asarray(weights, np.float64)[..., None]
    return np.mean((weights[..., 1, :] * np.tanh(weights[..., 0, :] * X) - Y) ** 2, axis=-1)


def by_network(weights: Array) -> Array:
    """J as the loss of a network of one tanh unit; weights (2,)."""
    params = ({"weight": weights[:1, None]}, {"weight": weights[1:, None]})
    x, y = (jnp.asarray(values[:, None], weights.dtype) for values in (X, Y))
    return cost(squared_error, lambda x: _net.apply(params, x), x, y)


def gradient_by_differences(weights: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """∂J/∂w and ∂J/∂v by central differences, each weight moved by ``step``; (…, 2)."""
    moved = [step * axis for axis in np.eye(2)]
    return np.stack(
        [(by_hand(weights + move) - by_hand(weights - move)) / (2 * step) for move in moved],
        axis=-1,
    )


def path(start: Array, rate: float, steps: int) -> Array:
    """The weights before and after each step, (steps + 1, 2)."""

    def step(weights, _):
        weights = weights - rate * jax.grad(by_network)(weights)
        return weights, weights

    return jnp.concatenate([start[None], jax.lax.scan(step, start, length=steps)[1]])


def safe_rate(weights: Array) -> Array:
    """2 / the curvature along the gradient: to second order, steps at lower rates go down.

    Infinite where J curves down.
    """
    gradient = jax.grad(by_network)(weights)
    bent = jax.jvp(jax.grad(by_network), (weights,), (gradient,))[1] @ gradient
    return jnp.where(bent > 0, 2 * gradient @ gradient / jnp.where(bent > 0, bent, 1), jnp.inf)


def descend(path_rates: Sequence[float], starts: int) -> Mapping[str, np.ndarray]:
    """Paths from START, and from random weights one step at each of many rates.

    Args:
        path_rates: the rate of each path.
        starts: how many random weights, uniform in [−3, 3]².

    Returns:
        paths: (path_rates, STEPS + 1, 2). rates: of the single steps, (rates,). slopes,
        differences: the gradient at the starts by JAX and by differences, (starts, 2). down:
        whether a step lowers J, (starts, rates). safe_rate: (starts,).
    """
    weights = np.random.default_rng(0).uniform(-3, 3, (starts, 2)).astype(np.float32)
    gradient = np.asarray(jax.jit(jax.vmap(jax.grad(by_network)))(weights))
    safe = jax.jit(jax.vmap(safe_rate))(weights)
    paths = jax.jit(jax.vmap(lambda rate: path(jnp.array(START), rate, STEPS)))(
        jnp.array(path_rates)
    )
    rates = np.geomspace(1e-3, 10, 81)
    after = weights[:, None] - rates[:, None] * gradient.astype(np.float64)[:, None]
    return {
        "paths": paths,
        "rates": rates,
        "slopes": gradient,
        "differences": gradient_by_differences(weights),
        "down": by_hand(after) < by_hand(weights)[:, None],
        "safe_rate": safe,
    }
