"""Where the mean-field maps come to rest: fixed points, the edge of chaos, and the depths a signal survives.

Built on ``jaxnn.meanfield``, whose setting and words hold here too: σ_w² is the variance of a weight times its fan-in,
σ_b² that of a bias, q the pre-activation variance, χ = σ_w² E[φ′(√q x)²]. Host numbers, float64.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from jaxnn.expectations import check_variances, moments, pair_moments
from jaxnn.meanfield import variance_map
from jaxnn.types import Activation

_SMALLEST, _LARGEST = (
    1e-12,
    1e12,
)  # below and above these q, rounding hides which way the map drifts


def _bisect(f: Callable[[float], float], low: float, high: float) -> float:
    """Zero of f between two positive numbers where its sign differs, to the last bits, by halving the log range."""
    positive_at_low = f(low) > 0
    while high / low > 1 + 4e-16:
        middle = math.sqrt(low * high)
        if middle in (low, high):
            break
        low, high = (middle, high) if (f(middle) > 0) == positive_at_low else (low, middle)
    return math.sqrt(low * high)


def variance_fixed_point(
    activation: str | Callable | Activation,
    weight_variance: float,
    bias_variance: float = 0.0,
    q0: float = 1.0,
) -> float:
    """Variance a deep network settles at, q* = σ_w² E[φ(√q* x)²] + σ_b², the limit of the layers that start from q0.

    It is the nearest fixed point in the direction the map drifts at q0, which is the limit when q′ rises with q,
    as it does for every monotone φ with φ(0) = 0.

    Args:
        activation: elementwise φ, as in ``expectations.moments``.
        weight_variance: σ_w².
        bias_variance: σ_b².
        q0: where to start, above 0.

    Returns:
        q*, a float; q0 itself where that is fixed (ReLU with He's init fixes every q); 0.0 when the variance falls
        below 1e-12, and inf when it grows beyond 1e12.

    Raises:
        ValueError: q0 is not in [1e-12, 1e12]; a variance is negative or not finite; the activation is unknown or not
            elementwise.

    Example:
        >>> variance_fixed_point("tanh", 1.0), variance_fixed_point("relu", 3.0)
        (0.0, inf)
        >>> round(variance_fixed_point("linear", 0.5, 1.0), 12)
        2.0

    Reference:
        Poole et al. 2016, arXiv 1606.05340, section 2.
    """
    if not _SMALLEST <= q0 <= _LARGEST:
        raise ValueError(f"q0 must be in [{_SMALLEST}, {_LARGEST}], got {q0}")

    def drift(q: float) -> float:
        return variance_map(activation, q, weight_variance, bias_variance) / q - 1

    start = drift(q0)
    if abs(start) <= 1e-13:
        return q0
    step = 1.25 if start > 0 else 0.8
    here = q0
    while _SMALLEST <= here <= _LARGEST:
        there = here * step
        if drift(there) * start <= 0:
            return _bisect(drift, min(here, there), max(here, there))
        here = there
    return math.inf if start > 0 else 0.0


class CriticalPoint(NamedTuple):
    """A fixed point of the variance at which gradients neither vanish nor explode, χ = 1.

    weight_variance: σ_w², the variance of a weight times its fan-in.
    bias_variance: σ_b².
    q: the fixed point q*.
    variance_slope: dq′/dq there: below 1 the variance returns to q*, above 1 it leaves, at 1 it depends on the side.
    """

    weight_variance: float
    bias_variance: float
    q: float
    variance_slope: float


def critical_point(activation: str | Callable | Activation, q: float) -> CriticalPoint:
    """Initialisation that holds the variance at q and the gradient: σ_w² = 1 / E[φ′²], σ_b² = q − σ_w² E[φ²].

    Args:
        activation: elementwise φ, as in ``expectations.moments``.
        q: the wanted pre-activation variance, above 0.

    Returns:
        CriticalPoint. Its bias_variance is negative where no real network is critical at this q.

    Raises:
        ValueError: q is not above 0 and finite; E[φ′²] is 0; the activation is unknown or not elementwise.

    Example:
        >>> [round(value, 10) for value in critical_point("relu", 3.0)[:2]]
        [2.0, 0.0]

    Reference:
        Schoenholz et al. 2017, arXiv 1611.01232, section 3.
    """
    if q <= 0:
        raise ValueError(f"q must be above 0, got {q}")
    m = moments(activation, q)
    if not m.slope_mean_square > 0:
        raise ValueError(
            f"{activation!r} has no slope under N(0, {q}): no weights make it critical"
        )
    weight_variance = 1 / m.slope_mean_square
    return CriticalPoint(
        weight_variance,
        q - weight_variance * m.mean_square,
        q,
        weight_variance * m.mean_square_slope,
    )


def critical_points(
    activation: str | Callable | Activation, bias_variance: float = 0.0
) -> tuple[CriticalPoint, ...]:
    """Edge of chaos at a given bias variance: every (σ_w², q*) with q* = σ_w² E[φ²] + σ_b² and σ_w² E[φ′²] = 1.

    Solutions are sought for q* between 1e-12 and 1e4, eight to the decade, so that two closer than a third of an
    octave can be missed. A bias variance of 0 has the solution at the limit q* → 0 wherever φ(0) = 0; it is listed
    with q = 1e-12.

    Args:
        activation: elementwise φ, as in ``expectations.moments``.
        bias_variance: σ_b².

    Returns:
        CriticalPoints by rising q*; empty when there is none. Where every q* is critical, as for ReLU without a bias,
        only the smallest is listed.

    Raises:
        ValueError: bias_variance is negative or not finite; the activation is unknown or not elementwise.

    Example:
        >>> [round(point.weight_variance, 3) for point in critical_points("tanh", 0.05)]
        [1.761]
        >>> critical_points("relu", 0.05)
        ()

    Reference:
        Schoenholz et al. 2017, arXiv 1611.01232, figure 1; Roberts, Yaida and Hanin 2022, chapter 5, for GELU and swish.
    """
    check_variances(bias_variance=bias_variance)

    def excess(q: float) -> float:
        return (critical_point(activation, q).bias_variance - bias_variance) / q

    grid = np.geomspace(_SMALLEST, 1e4, 129).tolist()
    values = [excess(q) for q in grid]
    values = [
        0.0 if abs(value) <= 1e-10 else value for value in values
    ]  # a whole line of zeros is one solution
    found = [grid[0]] if values[0] == 0 else []
    for low, high, before, after in zip(grid, grid[1:], values, values[1:], strict=False):
        if before * after < 0:
            found.append(_bisect(excess, low, high))
    return tuple(critical_point(activation, q) for q in found)


class Correlation(NamedTuple):
    """Correlation of two inputs one layer on, c′, and the slope dc′/dc, both floats without unit."""

    correlation: float
    slope: float


def correlation_map(
    activation: str | Callable | Activation,
    correlation: float,
    q: float,
    weight_variance: float,
    bias_variance: float = 0.0,
) -> Correlation:
    """Correlation of two inputs' pre-activations one layer on, c′ = (σ_w² E[φ(u) φ(v)] + σ_b²) / q′.

    u and v are normal with variance q and correlation c, and q′ is the next variance. The slope is
    dc′/dc = σ_w² q E[φ′(u) φ′(v)] / q′; at c = 1 and q = q* it is χ.

    Args:
        activation: elementwise and continuous φ, as in ``expectations.moments``.
        correlation: c, in [−1, 1].
        q: pre-activation variance of both inputs, above 0.
        weight_variance: σ_w².
        bias_variance: σ_b².

    Returns:
        Correlation(c′, dc′/dc).

    Raises:
        ValueError: c is outside [−1, 1]; q is not above 0; the next variance q′ is 0; a variance is negative or not
            finite; the activation is unknown or not elementwise.

    Example:
        >>> import math
        >>> round(correlation_map("relu", 0.0, 1.0, 2.0).correlation - 1 / math.pi, 12)
        0.0

    Reference:
        Poole et al. 2016, arXiv 1606.05340, equations 5 and 6; for ReLU in closed form Cho and Saul 2009.
    """
    pair = pair_moments(activation, q, correlation)
    following = variance_map(activation, q, weight_variance, bias_variance)
    if following <= 0:
        raise ValueError(f"a correlation needs variances above 0, got q={q} and then {following}")
    covariance = weight_variance * pair.product + bias_variance
    return Correlation(covariance / following, weight_variance * q * pair.slope_product / following)


class DepthScales(NamedTuple):
    """Layers over which a signal's memory falls by e, at the fixed point the network settles at.

    q: the fixed point q*.
    gradient_factor: χ at q*.
    variance: ξ_q = −1 / log(dq′/dq), of a difference in variance.
    correlation: ξ_c = −1 / log χ, of a difference between nearly equal inputs, and of the mean square gradient.
    """

    q: float
    gradient_factor: float
    variance: float
    correlation: float


def depth_scales(
    activation: str | Callable | Activation,
    weight_variance: float,
    bias_variance: float = 0.0,
    q0: float = 1.0,
) -> DepthScales:
    """How deep a signal reaches, ξ_c = −1 / log χ and ξ_q = −1 / log(dq′/dq), at the fixed point reached from q0.

    Args:
        activation: elementwise φ, as in ``expectations.moments``.
        weight_variance: σ_w².
        bias_variance: σ_b².
        q0: the first layer's variance.

    Returns:
        DepthScales, in layers. inf where the factor is 1 to 1e-10 (nothing is forgotten); negative where it is above 1
        (a difference, or the gradient, grows by e every |ξ| layers); 0 where the factor is 0. A network that settles
        at 0 is taken at q = 1e-12, its limit.

    Raises:
        ValueError: the variance grows without bound; otherwise as in ``variance_fixed_point``.

    Example:
        >>> scales = depth_scales("tanh", 1.0, 0.05)
        >>> round(scales.correlation, 2), round(scales.variance, 2)
        (3.63, 1.75)

    Reference:
        Schoenholz et al. 2017, arXiv 1611.01232, section 3: networks train to a few ξ_c deep.
    """
    q = variance_fixed_point(activation, weight_variance, bias_variance, q0)
    if math.isinf(q):
        raise ValueError(
            f"the variance of {activation!r} grows without bound at weight variance {weight_variance}: "
            "there is no fixed point and no depth scale"
        )
    m = moments(activation, max(q, _SMALLEST))
    factor = weight_variance * m.slope_mean_square

    def scale(factor: float) -> float:
        if abs(factor - 1) <= 1e-10:
            return math.inf
        return -1 / math.log(factor) if factor > 0 else 0.0

    return DepthScales(q, factor, scale(weight_variance * m.mean_square_slope), scale(factor))
