"""Mean-field theory: how wide random networks propagate signals and gradients before training.

The setting is a network of infinite width, z′ = W φ(z) + b, with independent normal weights of
variance σ_w² / fan-in and biases of variance σ_b². Everywhere ``weight_variance`` is σ_w², the
variance of a weight times its fan-in, ``bias_variance`` is σ_b², and ``q`` is the variance of the
pre-activations, z ~ N(0, q); ``expectations.moments`` computes the expectations. All numbers are
computed on the host in float64.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from jaxnn.expectations import check_variances, moments
from jaxnn.types import Activation


def variance_map(
    activation: str | Callable | Activation,
    q: float,
    weight_variance: float,
    bias_variance: float = 0.0,
) -> float:
    """Variance of the next layer's pre-activations, q′ = σ_w² E[φ(√q x)²] + σ_b², x ~ N(0, 1).

    Args:
        activation: elementwise φ, as in ``expectations.moments``.
        q: variance of this layer's pre-activations, in their unit squared.
        weight_variance: σ_w², the variance of a weight times its fan-in.
        bias_variance: σ_b².

    Returns:
        q′, a float in the unit of q.

    Raises:
        ValueError: a variance is negative or not finite; the activation is unknown or not
            elementwise.

    Example:
        >>> round(variance_map("relu", 3.0, 2.0, 0.5), 12)
        3.5

    Reference:
        Poole et al. 2016, arXiv 1606.05340, equation 3.
    """
    check_variances(weight_variance=weight_variance, bias_variance=bias_variance)
    return weight_variance * moments(activation, q).mean_square + bias_variance


def gradient_factor(
    activation: str | Callable | Activation, q: float, weight_variance: float
) -> float:
    """Factor on the mean square gradient per layer, going backward: χ = σ_w² E[φ′(√q x)²].

    Args:
        activation: elementwise φ, as in ``expectations.moments``.
        q: variance of the pre-activations of φ, in their unit squared.
        weight_variance: σ_w², the variance of a weight times its fan-in.

    Returns:
        χ, a dimensionless float: below 1 gradients vanish with depth, above 1 they explode.

    Raises:
        ValueError: a variance is negative or not finite; the activation is unknown or not
            elementwise.

    Example:
        >>> round(gradient_factor("relu", 1.0, 2.0), 12)
        1.0

    Reference:
        Schoenholz et al. 2017, arXiv 1611.01232, section 4.
    """
    check_variances(weight_variance=weight_variance)
    return weight_variance * moments(activation, q).slope_mean_square


class Trajectory(NamedTuple):
    """A signal and its gradient through the layers; float64 NumPy arrays of shape (depth,).

    variance: q_l, the pre-activation variance of layer l = 1 … depth; the first is q0.
    gradient_factor: χ_l = σ_w² E[φ′(√q_l x)²], the ratio of the mean square gradient at layer l to
        that at layer l + 1.
    """

    variance: np.ndarray
    gradient_factor: np.ndarray


def trajectory(
    activation: str | Callable | Activation,
    depth: int,
    weight_variance: float,
    bias_variance: float = 0.0,
    q0: float = 1.0,
) -> Trajectory:
    """Variance q_{l+1} = σ_w² E[φ(√q_l x)²] + σ_b² and χ_l = σ_w² E[φ′(√q_l x)²] of each layer.

    Args:
        activation: elementwise φ, as in ``expectations.moments``.
        depth: number of layers, 1 or more.
        weight_variance: σ_w², the variance of a weight times its fan-in.
        bias_variance: σ_b².
        q0: pre-activation variance of the first layer.

    Returns:
        Trajectory, two arrays of shape (depth,). From the layer on at which the variance overflows
        float64, variances are inf and gradient factors nan.

    Raises:
        ValueError: depth is below 1; a variance is negative or not finite; the activation is
            unknown or not elementwise.

    Example:
        >>> trajectory("relu", 3, 1.0).variance.round(12)
        array([1.  , 0.5 , 0.25])

    Reference:
        Poole et al. 2016, arXiv 1606.05340; Schoenholz et al. 2017, arXiv 1611.01232.
    """
    if depth < 1:
        raise ValueError(f"a trajectory needs at least one layer, got depth={depth}")
    check_variances(weight_variance=weight_variance, bias_variance=bias_variance, q0=q0)
    variance, factor = np.full(depth, np.inf), np.full(depth, np.nan)
    variance[0] = q0
    for layer in range(depth):
        m = moments(activation, variance[layer])
        factor[layer] = weight_variance * m.slope_mean_square
        following = weight_variance * m.mean_square + bias_variance
        if not following < math.inf:
            break
        if layer + 1 < depth:
            variance[layer + 1] = following
    return Trajectory(variance, factor)


def variance_trajectory(
    activation: str | Callable | Activation,
    depth: int,
    weight_variance: float,
    bias_variance: float = 0.0,
    q0: float = 1.0,
) -> np.ndarray:
    """Pre-activation variance of each layer, q₁ = q0, q_{l+1} = σ_w² E[φ(√q_l x)²] + σ_b².

    Args:
        activation, depth, weight_variance, bias_variance, q0: as in ``trajectory``.

    Returns:
        NumPy array, float64, shape (depth,).

    Raises:
        ValueError: as in ``trajectory``.

    Example:
        >>> variance_trajectory("linear", 3, 0.5, 1.0).round(12)
        array([1.  , 1.5 , 1.75])

    Reference:
        Poole et al. 2016, arXiv 1606.05340, equation 3.
    """
    return trajectory(activation, depth, weight_variance, bias_variance, q0).variance


def gradient_product(
    activation: str | Callable | Activation,
    depth: int,
    weight_variance: float,
    bias_variance: float = 0.0,
    q0: float = 1.0,
) -> float:
    """Mean square gradient at the first layer over that after the last, Π χ_l over l = 1 … depth.

    Args:
        activation, depth, weight_variance, bias_variance, q0: as in ``trajectory``.

    Returns:
        The product, a dimensionless float. It underflows to 0 below 5e-324; for greater depths sum
        the logarithms of ``trajectory(...).gradient_factor``.

    Raises:
        ValueError: as in ``trajectory``.

    Example:
        >>> f"{gradient_product('tanh', 40, 1.0):.4g}"
        '0.01794'

    Reference:
        Schoenholz et al. 2017, arXiv 1611.01232, section 4.
    """
    return float(
        np.prod(trajectory(activation, depth, weight_variance, bias_variance, q0).gradient_factor)
    )


def dead_network_probability(width: int, depth: int) -> float:
    """Probability that a random ReLU network is dead at one input, P = 1 − (1 − 2^−N)^L.

    Dead means that all N units of some hidden layer are 0, so that no gradient reaches the layers
    before it. The formula is exact for one nonzero input, biases of 0, and independent weights with
    symmetric, continuous distributions.

    Args:
        width: N, the number of units per hidden layer, 1 or more.
        depth: L, the number of hidden layers, 0 or more.

    Returns:
        P, a float in [0, 1], with full relative precision even if it is tiny.

    Raises:
        ValueError: width is below 1, or depth is negative.

    Example:
        >>> round(dead_network_probability(2, 10), 3)
        0.944

    Reference:
        Lu et al. 2019, arXiv 1903.06733; Rister and Rubin 2020, arXiv 2007.06192.
    """
    if width < 1 or depth < 0:
        raise ValueError(
            f"a network has width 1 or more and depth 0 or more, got width={width}, depth={depth}"
        )
    if depth == 0:
        return 0.0
    return -math.expm1(depth * math.log1p(-(2.0**-width)))
