"""Expectations of an activation under a Gaussian, such as E[φ(z)²] for z ~ N(0, q), by quadrature.

All numbers are computed on the host in float64; φ itself is evaluated by JAX, with float64 enabled
for that one call only.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn.activations import resolve
from jaxnn.quadrature import composite_rule, normal_rule
from jaxnn.types import Activation

# Panels end at the edges of both lists, so that no panel contains a corner of φ (all corners of the
# table are at these z), and none is wide compared with the normal density or, for √q up to
# thousands, with the scale of φ, which is 1.
_X_EDGES = np.linspace(-12, 12, 49)  # in standard deviations; 3.6e-33 of the mass is outside
_Z_EDGES = np.concatenate([np.arange(0.5, 6.5, 0.5), [8, 10, 12, 16, 20, 24, 32, 48]])
_Z_EDGES = np.concatenate([-_Z_EDGES[::-1], [0], _Z_EDGES])
_POINTS = 12288  # as many as a gain takes


@lru_cache(maxsize=256)
def _compiled(function: Callable, learned: tuple[tuple[str, float], ...], size: int) -> Callable:
    """Compiled ahead: a jitted function compiles anew inside each kind of vmap."""

    def phi(z):
        return function(z, **{name: jnp.asarray(start, z.dtype) for name, start in learned})

    shape = jax.ShapeDtypeStruct((size,), jnp.float64)
    return jax.jit(jax.vmap(jax.value_and_grad(phi))).lower(shape).compile()


def _evaluate(
    activation: str | Callable | Activation, z: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """φ(z) and φ′(z) in float64, at φ's initial learned parameters; also works inside jit."""
    entry = resolve(activation)
    if not entry.elementwise or entry.units_in != 1:
        raise ValueError(
            f"mean-field theory needs an elementwise activation, and {activation!r} mixes its "
            "inputs; give another activation"
        )
    # Filled to one size, for which φ is compiled once whatever is asked of it.
    flat = np.pad(z.ravel(), (0, max(0, _POINTS - z.size)))
    with jax.ensure_compile_time_eval(), jax.enable_x64(True):
        compiled = _compiled(entry.function, tuple(sorted(entry.learned.items())), flat.size)
        values, slopes = compiled(jnp.asarray(flat, jnp.float64))
        values, slopes = (np.asarray(each, np.float64)[: z.size] for each in (values, slopes))
    return values.reshape(z.shape), slopes.reshape(z.shape)


def mean_squares(activation: str | Callable | Activation) -> tuple[float, float]:
    """E[φ(z)²] and E[φ′(z)²] for z ~ N(0, 1), by the finest rule for smooth and bent φ.

    Args:
        activation: as in ``moments``.

    Example:
        >>> [round(each, 9) for each in mean_squares("relu")]
        [0.5, 0.5]
    """
    nodes, weights = normal_rule(1)
    values, slopes = _evaluate(activation, nodes[:, 0])
    return float(values**2 @ weights), float(slopes**2 @ weights)


def _rule(edges: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes x and weights for E[f(x)], x ~ N(0, 1); edges in any order, clipped to ±12."""
    return composite_rule(np.sort(np.clip(edges, _X_EDGES[0], _X_EDGES[-1]), axis=-1), order)


def _edges(scale: float) -> np.ndarray:
    """Panel edges for functions of z = scale·x; their number is constant, so φ compiles once."""
    return np.concatenate([_X_EDGES, _Z_EDGES / max(scale, 1e-150)])


def check_variances(**values: float) -> None:
    """Check that numbers are variances, 0 ≤ v < ∞.

    Args:
        values: the numbers to check, by their names in the error message.

    Raises:
        ValueError: a number is negative or not finite.

    Example:
        >>> check_variances(q=-1.0)
        Traceback (most recent call last):
        ValueError: q is a variance: it must be 0 or more and finite, got -1.0
    """
    for name, value in values.items():
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} is a variance: it must be 0 or more and finite, got {value}")


class Moments(NamedTuple):
    """Expectations of φ for z ~ N(0, q), all floats.

    mean: E[φ(z)].
    mean_square: E[φ(z)²].
    slope_mean_square: E[φ′(z)²], the mean square of the derivative.
    mean_square_slope: d E[φ(z)²] / dq = E[z φ(z) φ′(z)] / q, the derivative of the mean square with
        respect to q; nan at q = 0.
    product_mean_square: E[φ(z)² φ′(z)²].
    """

    mean: float
    mean_square: float
    slope_mean_square: float
    mean_square_slope: float
    product_mean_square: float


def moments(activation: str | Callable | Activation, q: float, order: int = 16) -> Moments:
    """Moments of φ(z) and φ′(z), such as E[φ(z)²] and E[φ′(z)²], for z ~ N(0, q).

    They are computed by composite Gauss–Legendre quadrature over z / √q in [−12, 12], with panel
    edges at 0 and at every half-integer z up to ±6, so that ReLU, hard tanh and the like are
    integrated up to rounding errors. φ must be continuous for the moments of φ′ to be meaningful.
    Corners at other z reduce the accuracy: for clip(z, −k, k) at q = 1, with k in [0.05, 3], the
    error is up to 1e-4 in E[φ²] and up to 0.012 in E[φ′²]. An oscillating φ is resolved while √q is
    below about 25 radians of its oscillation (at q = 1e6 the error of snake's E[φ′²] is up to 0.1);
    beyond that, 12 and 16 nodes per panel give different results.

    Args:
        activation: a name in ACTIVATIONS, an Activation, or a function of one array; elementwise.
            Learned parameters have their initial values.
        q: variance of the pre-activations z, in their unit squared, 0 or more.
        order: number of quadrature nodes per panel.

    Returns:
        Moments, five floats.

    Raises:
        ValueError: q is negative or not finite; the activation is unknown or not elementwise.

    Example:
        >>> found = moments("relu", 3.0)
        >>> round(found.mean_square, 12), round(found.slope_mean_square, 12)
        (1.5, 0.5)

    Reference:
        Poole et al. 2016, arXiv 1606.05340, for the quantities; the quadrature is our own.
    """
    check_variances(q=q)
    root = math.sqrt(q)
    x, weights = _rule(_edges(root), order)
    values, slopes = _evaluate(activation, root * x)
    # An exploding signal becomes inf or nan, which the caller handles.
    with np.errstate(over="ignore", invalid="ignore"):
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
    """Expectations of products over two correlated pre-activations u and v, both floats.

    product: E[φ(u) φ(v)].
    slope_product: E[φ′(u) φ′(v)], the expected product of the derivatives.
    """

    product: float
    slope_product: float


def pair_moments(
    activation: str | Callable | Activation, q: float, correlation: float
) -> PairMoments:
    """E[φ(u) φ(v)] and E[φ′(u) φ′(v)] for jointly normal u and v of variance q and correlation c.

    The integrals are taken over u + v and u − v, which are independent; the panels of the inner
    integral end at the corners of both φ(u) and φ(v).

    Args:
        activation: elementwise and continuous φ, as in ``moments``.
        q: variance of u and of v, in their unit squared, above 0.
        correlation: correlation c of u and v, in [−1, 1], dimensionless.

    Returns:
        PairMoments, two floats.

    Raises:
        ValueError: c is outside [−1, 1]; q is not above 0, or not finite; the activation is unknown
            or not elementwise.

    Example:
        >>> round(pair_moments("relu", 1.0, 0.0).product - 1 / (2 * math.pi), 12)
        0.0

    Reference:
        Poole et al. 2016, arXiv 1606.05340, equations 5 and 6; Cho and Saul 2009 for ReLU in closed
        form.
    """
    if not -1 <= correlation <= 1:
        raise ValueError(f"a correlation must be in [-1, 1], got {correlation}")
    check_variances(q=q)
    if q == 0:
        raise ValueError("a correlation needs variances above 0, got q=0")
    root, sign = math.sqrt(q), 1.0 if correlation >= 0 else -1.0
    large, small = math.sqrt((1 + abs(correlation)) / 2), math.sqrt((1 - abs(correlation)) / 2)
    outer, outer_weights = _rule(_edges(small * root), 8)
    # The corners move with the outer variable: a corner k is at (k / √q ± small·outer) / large.
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
