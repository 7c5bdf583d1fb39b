"""Fixed points of the mean-field maps, the edge of chaos, and how deep a signal propagates.

Setting and notation are those of ``jaxnn.meanfield``: σ_w² is the variance of a weight times its
fan-in, σ_b² the variance of a bias, q the variance of the pre-activations, and
χ = σ_w² E[φ′(√q x)²] with x ~ N(0, 1). All numbers are computed on the host in float64.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from jaxnn.expectations import check_variances, moments, pair_moments
from jaxnn.meanfield import variance_map
from jaxnn.types import Activation

# Outside of these q rounding errors hide whether the variance map increases or decreases q.
_SMALLEST, _LARGEST = 1e-12, 1e12


def _bisect(f: Callable[[float], float], low: float, high: float) -> float:
    """Zero of f between two positive numbers where its signs differ, by bisection of log x."""
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
    """Pre-activation variance that deep layers converge to from q0, q* = σ_w² E[φ(√q* x)²] + σ_b².

    It is the nearest fixed point in the direction in which the variance map moves q0. That is the
    limit if q′ increases with q, which holds for every monotone φ with φ(0) = 0.

    Args:
        activation: elementwise φ, as in ``expectations.moments``.
        weight_variance: σ_w², the variance of a weight times its fan-in.
        bias_variance: σ_b².
        q0: pre-activation variance of the first layer, in [1e-12, 1e12].

    Returns:
        q*, a float; q0 itself if it is a fixed point (with He initialisation of ReLU, every q is);
        0.0 if the variance falls below 1e-12, and inf if it grows beyond 1e12.

    Raises:
        ValueError: q0 is not in [1e-12, 1e12]; a variance is negative or not finite; the activation
            is unknown or not elementwise.

    Example:
        >>> variance_fixed_point("tanh", 1.0), variance_fixed_point("relu", 3.0)
        (0.0, inf)
        >>> round(variance_fixed_point("linear", 0.5, 1.0), 12)
        2.0

    Reference:
        Poole et al. 2016, arXiv 1606.05340, section 2.
    """
    if not _SMALLEST <= q0 <= _LARGEST:
        raise ValueError(f"q0 is a variance and must be in [{_SMALLEST}, {_LARGEST}], got {q0}")

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
    variance_slope: the derivative dq′/dq of the variance map at q*. Below 1 the fixed point is
        stable, above 1 unstable, and at 1 its stability can differ between the two sides.
    """

    weight_variance: float
    bias_variance: float
    q: float
    variance_slope: float


def critical_point(activation: str | Callable | Activation, q: float) -> CriticalPoint:
    """Initialisation that keeps q and the gradient: σ_w² = 1 / E[φ′²], σ_b² = q − σ_w² E[φ²].

    Args:
        activation: elementwise φ, as in ``expectations.moments``.
        q: pre-activation variance to keep from layer to layer, above 0.

    Returns:
        CriticalPoint. Its bias_variance is negative if no network is critical at this q.

    Raises:
        ValueError: q is not above 0 and finite; E[φ′²] is 0; the activation is unknown or not
            elementwise.

    Example:
        >>> [round(value, 10) for value in critical_point("relu", 3.0)[:2]]
        [2.0, 0.0]

    Reference:
        Schoenholz et al. 2017, arXiv 1611.01232, section 3.
    """
    if q <= 0:
        raise ValueError(f"q is a variance and must be above 0, got {q}")
    m = moments(activation, q)
    if not m.slope_mean_square > 0:
        raise ValueError(
            f"the derivative of {activation!r} is 0 everywhere under N(0, {q}), so no weight "
            "variance is critical; give another activation or q"
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
    """Edge of chaos at a given σ_b²: all (σ_w², q*) with q* = σ_w² E[φ²] + σ_b², σ_w² E[φ′²] = 1.

    The search covers q* from 1e-12 to 1e4 with eight intervals per decade, so two solutions closer
    together than a factor of 10^(1/8) can be missed. For a bias variance of 0 and φ(0) = 0 there is
    a solution in the limit q* → 0; it is returned with q = 1e-12.

    Args:
        activation: elementwise φ, as in ``expectations.moments``.
        bias_variance: σ_b².

    Returns:
        A tuple of CriticalPoints in increasing order of q*, empty if there are none. If every q* is
        critical, as for ReLU without biases, it contains only the smallest.

    Raises:
        ValueError: bias_variance is negative or not finite; the activation is unknown or not
            elementwise.

    Example:
        >>> [round(point.weight_variance, 3) for point in critical_points("tanh", 0.05)]
        [1.761]
        >>> critical_points("relu", 0.05)
        ()

    Reference:
        Schoenholz et al. 2017, arXiv 1611.01232, figure 1; Roberts, Yaida and Hanin 2022,
        chapter 5, for GELU and swish.
    """
    check_variances(bias_variance=bias_variance)

    def excess(q: float) -> float:
        return (critical_point(activation, q).bias_variance - bias_variance) / q

    grid = np.geomspace(_SMALLEST, 1e4, 129).tolist()
    values = [excess(q) for q in grid]
    # Rounding must not turn a line of solutions, such as ReLU's, into many sign changes.
    values = [0.0 if abs(value) <= 1e-10 else value for value in values]
    found = [grid[0]] if values[0] == 0 else []
    for low, high, before, after in zip(grid, grid[1:], values, values[1:], strict=False):
        if before * after < 0:
            found.append(_bisect(excess, low, high))
    return tuple(critical_point(activation, q) for q in found)


def critical_initialisation(activation: str | Callable | Activation) -> CriticalPoint:
    """The critical (σ_w², σ_b²) to start a deep network with: χ = 1, and the variance stays.

    Of all critical points with σ_b² ≥ 0 it is the one with the smallest q* from which the variance
    is not driven away, dq′/dq ≤ 1. For activations such as tanh, ELU and SELU it is the limit
    q* → 0 without biases; for swish, GELU and Mish, whose limit q* → 0 is unstable, it has biases.

    Args:
        activation: elementwise φ, as in ``expectations.moments``.

    Returns:
        CriticalPoint; its q is 1e-12 where it is the limit q* → 0.

    Raises:
        ValueError: there is no such point with q* up to 1e4; the activation is unknown or not
            elementwise.

    Example:
        >>> [round(value, 3) for value in critical_initialisation("swish")[:2]]
        [1.988, 0.555]
        >>> [round(value, 3) for value in critical_initialisation("tanh")[:2]]
        [1.0, 0.0]

    Reference:
        Roberts, Yaida & Hanin 2022, chapter 5; Hayou, Doucet & Rousseau 2019, arXiv 1902.06853.
    """

    def away(q: float) -> float:
        """Above 0 where q is no such point."""
        point = critical_point(activation, q)
        return max(point.variance_slope - 1, -point.bias_variance / q)

    # Closer to 0 than the first, dq′/dq of every activation with φ(0) = 0 is 1 within rounding.
    grid = np.geomspace(1e-3, 1e4, 57).tolist()
    values = [away(q) for q in grid]
    stays = [value <= 1e-10 for value in values]
    if not any(stays):
        raise ValueError(
            f"{activation!r} has no critical point that keeps its variance; give weight and bias "
            "variances of your own"
        )
    first = stays.index(True)
    q = _bisect(away, grid[first - 1], grid[first]) if first else _SMALLEST
    point = critical_point(activation, q)
    return point._replace(bias_variance=max(0.0, point.bias_variance))


class Correlation(NamedTuple):
    """Correlation of two inputs after one more layer; both floats are dimensionless.

    correlation: c′, the correlation in the next layer.
    slope: the derivative dc′/dc of the correlation map.
    """

    correlation: float
    slope: float


def correlation_map(
    activation: str | Callable | Activation,
    correlation: float,
    q: float,
    weight_variance: float,
    bias_variance: float = 0.0,
) -> Correlation:
    """Correlation of two inputs in the next layer, c′ = (σ_w² E[φ(u) φ(v)] + σ_b²) / q′.

    It is the correlation of the two pre-activations of one unit. u and v are jointly normal with
    variance q and correlation c, and q′ is the variance in the next layer. The derivative is
    dc′/dc = σ_w² q E[φ′(u) φ′(v)] / q′; at c = 1 and q = q* it equals χ.

    Args:
        activation: elementwise and continuous φ, as in ``expectations.moments``.
        correlation: c, the correlation in this layer, in [−1, 1], dimensionless.
        q: pre-activation variance of both inputs, above 0.
        weight_variance: σ_w², the variance of a weight times its fan-in.
        bias_variance: σ_b².

    Returns:
        Correlation(c′, dc′/dc).

    Raises:
        ValueError: c is outside [−1, 1]; q is not above 0; the next variance q′ is 0; a variance is
            negative or not finite; the activation is unknown or not elementwise.

    Example:
        >>> import math
        >>> round(correlation_map("relu", 0.0, 1.0, 2.0).correlation - 1 / math.pi, 12)
        0.0

    Reference:
        Poole et al. 2016, arXiv 1606.05340, equations 5 and 6; Cho and Saul 2009 for ReLU in closed
        form.
    """
    pair = pair_moments(activation, q, correlation)
    following = variance_map(activation, q, weight_variance, bias_variance)
    if following <= 0:
        raise ValueError(
            f"a correlation needs variances above 0; got q={q}, and {following} in the next layer"
        )
    covariance = weight_variance * pair.product + bias_variance
    return Correlation(covariance / following, weight_variance * q * pair.slope_product / following)


class DepthScales(NamedTuple):
    """Depth scales at a fixed point: the layers over which a quantity falls by a factor of e.

    q: the fixed point q*.
    gradient_factor: χ at q*, dimensionless.
    variance: ξ_q = −1 / log(dq′/dq), the depth scale of a deviation of the variance from q*.
    correlation: ξ_c = −1 / log χ, the depth scale of a difference between two nearly equal inputs,
        and of the mean square gradient.
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
    """Depth scales of signals, ξ_c = −1 / log χ and ξ_q = −1 / log(dq′/dq), at the fixed point q*.

    Args:
        activation: elementwise φ, as in ``expectations.moments``.
        weight_variance: σ_w², the variance of a weight times its fan-in.
        bias_variance: σ_b².
        q0: pre-activation variance of the first layer, in [1e-12, 1e12]; the fixed point is the one
            that ``variance_fixed_point`` finds from there.

    Returns:
        DepthScales, in layers. A scale is inf if its factor (χ or dq′/dq) is 1 to within 1e-10, so
        that nothing decays; negative if the factor is above 1, where the quantity grows by a factor
        of e every |ξ| layers; and 0 if the factor is 0. If the variance falls to 0, the scales are
        those at q = 1e-12.

    Raises:
        ValueError: the variance grows without bound; otherwise as in ``variance_fixed_point``.

    Example:
        >>> scales = depth_scales("tanh", 1.0, 0.05)
        >>> round(scales.correlation, 2), round(scales.variance, 2)
        (3.63, 1.75)

    Reference:
        Schoenholz et al. 2017, arXiv 1611.01232, section 3: networks can be trained up to a depth
        of a few ξ_c.
    """
    q = variance_fixed_point(activation, weight_variance, bias_variance, q0)
    if math.isinf(q):
        raise ValueError(
            f"the variance of {activation!r} grows without bound at weight_variance="
            f"{weight_variance}, so there is no depth scale; give a smaller weight_variance"
        )
    m = moments(activation, max(q, _SMALLEST))
    factor = weight_variance * m.slope_mean_square

    def scale(factor: float) -> float:
        if abs(factor - 1) <= 1e-10:
            return math.inf
        return -1 / math.log(factor) if factor > 0 else 0.0

    return DepthScales(q, factor, scale(weight_variance * m.mean_square_slope), scale(factor))
