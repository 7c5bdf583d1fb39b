"""Descent on a loss of two weights, J(w, v) = mean (v tanh(w x) − y)²: small enough to be drawn, and to be written out by hand."""

import jax
import jax.numpy as jnp
import numpy as np

import jaxnn
from jaxnn.losses import cost, squared_error
from jaxnn.types import Array

X = np.linspace(-2, 2, 21)
Y = 1.2 * np.tanh(1.5 * X)
BEST = (1.5, 1.2)  # and its mirror image

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
    """J of a network of one tanh unit; weights (2,)."""
    params = ({"weight": weights[:1, None]}, {"weight": weights[1:, None]})
    x, y = (jnp.asarray(values[:, None], weights.dtype) for values in (X, Y))
    return cost(squared_error, lambda x: _net.apply(params, x), x, y)


def slopes_by_differences(weights: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """∂J/∂w and ∂J/∂v, each weight moved by a step to both sides; (…, 2)."""
    moved = [step * axis for axis in np.eye(2)]
    return np.stack(
        [(by_hand(weights + move) - by_hand(weights - move)) / (2 * step) for move in moved],
        axis=-1,
    )


def path(start: Array, rate: float, steps: int) -> Array:
    """The weights on the way, (steps + 1, 2)."""

    def step(weights, _):
        weights = weights - rate * jax.grad(by_network)(weights)
        return weights, weights

    return jnp.concatenate([start[None], jax.lax.scan(step, start, length=steps)[1]])


def safe_rate(weights: Array) -> Array:
    """2 / the curvature along the slope: a step at a lower rate goes down, to second order; infinite where it curves down."""
    slope = jax.grad(by_network)(weights)
    bent = jax.jvp(jax.grad(by_network), (weights,), (slope,))[1] @ slope
    return jnp.where(bent > 0, 2 * slope @ slope / jnp.where(bent > 0, bent, 1), jnp.inf)
