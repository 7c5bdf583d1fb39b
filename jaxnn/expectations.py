"""Gaussian expectations of an activation, E[φ(z)²] and its like for z ~ N(0, q), by quadrature.

All numbers are float64 on the host; φ itself is evaluated by JAX, in a float64 that is switched on around that one
call only.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn.activations import resolve
from jaxnn.quadrature import composite_rule
from jaxnn.types import Activation

# Panels end at the edges of both lists, so that no panel holds a kink (all known ones are at these z) and none is wide
# against the normal density or, for √q up to thousands, against φ's own unit scale.
_X_EDGES = np.linspace(-12, 12, 49)  # in standard deviations; 3.6e-33 of the mass lies outside
_Z_EDGES = np.concatenate([np.arange(0.5, 6.5, 0.5), [8, 10, 12, 16, 20, 24, 32, 48]])
_Z_EDGES = np.concatenate([-_Z_EDGES[::-1], [0], _Z_EDGES])


@lru_cache(maxsize=256)
def _compiled(function: Callable, learned: tuple[tuple[str, float], ...]) -> Callable:
    def phi(z):
        return function(z, **{name: jnp.asarray(start, z.dtype) for name, start in learned})

    return jax.jit(jax.vmap(jax.value_and_grad(phi)))


def _evaluate(
    activation: str | Callable | Activation, z: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """φ(z) and φ′(z) in float64, learned parameters at their starts; works inside a caller's jit as well."""
    entry = resolve(activation)
    if not entry.elementwise or entry.units_in != 1:
        raise ValueError(
            f"mean-field theory needs an elementwise activation, and {activation!r} mixes its inputs"
        )
    compiled = _compiled(entry.function, tuple(sorted(entry.learned.items())))
    with jax.ensure_compile_time_eval(), jax.enable_x64(True):
        values, slopes = compiled(jnp.asarray(z.ravel(), jnp.float64))
        values, slopes = np.asarray(values, np.float64), np.asarray(slopes, np.float64)
    return values.reshape(z.shape), slopes.reshape(z.shape)


def _rule(edges: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes x and weights for E[f(x)], x ~ N(0, 1), between edges in any order, of which those far out are drawn in."""
    return composite_rule(np.sort(np.clip(edges, _X_EDGES[0], _X_EDGES[-1]), axis=-1), order)


def _edges(scale: float) -> np.ndarray:
    """Edges for functions of z = scale·x: their number never varies, so that φ compiles once."""
    return np.concatenate([_X_EDGES, _Z_EDGES / max(scale, 1e-150)])


def check_variances(**values: float) -> None:
    """Let only variances pass, 0 ≤ v < ∞.

    Args:
        values: each by the name it has in the message.

    Raises:
        ValueError: one is negative or not finite.

    Example:
        >>> check_variances(q=-1.0)
        Traceback (most recent call last):
        ValueError: q is a variance: it must be 0 or more and finite, got -1.0
    """
    for name, value in values.items():
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} is a variance: it must be 0 or more and finite, got {value}")


class Moments(NamedTuple):
    """What the theory needs to know about φ under z ~ N(0, q): all of them floats.

    mean: E[φ(z)].
    mean_square: E[φ(z)²].
    slope_mean_square: E[φ′(z)²].
    mean_square_slope: d E[φ(z)²] / dq = E[z φ(z) φ′(z)] / q; nan at q = 0.
    product_mean_square: E[φ(z)² φ′(z)²].
    """

    mean: float
    mean_square: float
    slope_mean_square: float
    mean_square_slope: float
    product_mean_square: float


def moments(activation: str | Callable | Activation, q: float, order: int = 16) -> Moments:
    """Gaussian moments of an activation, E[φ(z)], E[φ(z)²], E[φ′(z)²], d E[φ(z)²]/dq and E[φ(z)² φ′(z)²] for z ~ N(0, q).

    By composite Gauss-Legendre quadrature on z / √q in [−12, 12], with panel edges at 0 and at every half-integer z to
    ±6, so that ReLU, hard tanh and their like are integrated to rounding error; φ must be continuous for the slopes to
    mean anything. A kink at another z costs digits: for clip(z, −k, k) at q = 1, over k in [0.05, 3], E[φ²] is off by
    up to 1e-4 and E[φ′²] by up to 0.012. An oscillating φ is resolved up to √q of about 25 of its radians (at q = 1e6
    snake's E[φ′²] is off by up to 0.1): beyond, 12 and 16 nodes a panel no longer agree.

    Args:
        activation: a name in ACTIVATIONS, an Activation, or a function of one array; elementwise. Learned parameters
            have their starting values.
        q: variance of the pre-activations, in their unit squared, 0 or more.
        order: nodes a panel.

    Returns:
        Moments, five floats.

    Raises:
        ValueError: q is negative or not finite; the activation is unknown, or not elementwise.

    Example:
        >>> round(moments("relu", 3.0).mean_square, 12), round(moments("relu", 3.0).slope_mean_square, 12)
        (1.5, 0.5)

    Reference:
        Poole et al. 2016, arXiv 1606.05340, for the quantities; quadrature of their integrals here.
    """
    check_variances(q=q)
    root = math.sqrt(q)
    x, weights = _rule(_edges(root), order)
    values, slopes = _evaluate(activation, root * x)
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # an exploding signal ends as inf or nan, which the caller reads
        derivative = np.sum(weights * x * values * slopes) / root if root > 0 else math.nan
        integrals = (
            np.sum(weights * values),
            np.sum(weights * values**2),
            np.sum(weights * slopes**2),
            derivative,
            np.sum(weights * (values * slopes) ** 2),
        )
    return Moments(*map(float, integrals))


class PairMoments(NamedTuple):
    """What a layer makes of two inputs' pre-activations u and v, both floats.

    product: E[φ(u) φ(v)].
    slope_product: E[φ′(u) φ′(v)].
    """

    product: float
    slope_product: float


def pair_moments(
    activation: str | Callable | Activation, q: float, correlation: float
) -> PairMoments:
    """E[φ(u) φ(v)] and E[φ′(u) φ′(v)] for u and v of variance q and correlation c, jointly normal.

    The integral runs over u ± v, which are independent, with the panels of the inner one ending at the kinks of both
    φ(u) and φ(v).

    Args:
        activation: elementwise and continuous φ, as in ``moments``.
        q: variance of both, above 0.
        correlation: c, in [−1, 1].

    Returns:
        PairMoments, two floats.

    Raises:
        ValueError: c is outside [−1, 1]; q is not above 0, or not finite; the activation is unknown or not elementwise.

    Example:
        >>> round(pair_moments("relu", 1.0, 0.0).product - 1 / (2 * math.pi), 12)
        0.0

    Reference:
        Poole et al. 2016, arXiv 1606.05340, equations 5 and 6; for ReLU in closed form Cho and Saul 2009.
    """
    if not -1 <= correlation <= 1:
        raise ValueError(f"a correlation lies in [-1, 1], got {correlation}")
    check_variances(q=q)
    if q == 0:
        raise ValueError("a correlation needs variances above 0, got q=0")
    root, sign = math.sqrt(q), 1.0 if correlation >= 0 else -1.0
    large, small = math.sqrt((1 + abs(correlation)) / 2), math.sqrt((1 - abs(correlation)) / 2)
    outer, outer_weights = _rule(_edges(small * root), 8)
    # The kinks move with the outer variable: u = ±(v's mirror) = k at (k / √q ± small·outer) / large.
    moved = (_Z_EDGES / root)[None, :, None] + small * outer[:, None, None] * np.array([-1.0, 1.0])
    fixed = np.broadcast_to(_X_EDGES, (len(outer), len(_X_EDGES)))
    inner, inner_weights = _rule(
        np.concatenate([fixed, moved.reshape(len(outer), -1) / large], axis=1), 8
    )
    shift = small * outer[:, None]
    values_u, slopes_u = _evaluate(activation, root * (large * inner + shift))
    values_v, slopes_v = _evaluate(activation, sign * root * (large * inner - shift))
    weights = outer_weights[:, None] * inner_weights
    return PairMoments(
        float(np.sum(weights * values_u * values_v)), float(np.sum(weights * slopes_u * slopes_v))
    )
