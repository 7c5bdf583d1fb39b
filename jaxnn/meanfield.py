"""Mean-field theory: what wide random networks do to a signal and to its gradient, by quadrature, before any training.

The setting is a network of infinite width, z' = W φ(z) + b, with independent normal weights of variance σ_w² / fan-in
and biases of variance σ_b². Everywhere ``weight_variance`` is σ_w² (fan-in included), ``bias_variance`` is σ_b², and
``q`` is the variance of the pre-activations z, so that z ~ N(0, q). All numbers are float64 on the host; φ itself is
evaluated by JAX, in a float64 that is switched on around that one call only.
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


def _evaluate(activation: str | Callable | Activation, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """φ(z) and φ′(z) in float64, learned parameters at their starts; works inside a caller's jit as well."""
    entry = resolve(activation)
    if not entry.elementwise or entry.units_in != 1:
        raise ValueError(f"mean-field theory needs an elementwise activation, and {activation!r} mixes its inputs")
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


def _variances(**values: float) -> None:
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


def moments(activation: str | Callable | Activation, q: float) -> Moments:
    """Gaussian moments of an activation, E[φ(z)], E[φ(z)²], E[φ′(z)²], d E[φ(z)²]/dq and E[φ(z)² φ′(z)²] for z ~ N(0, q).

    By composite Gauss-Legendre quadrature on z / √q in [−12, 12], with panel edges at 0 and at every half-integer z to
    ±6, so that ReLU, hard tanh and their like are integrated to rounding error; φ must be continuous for the slopes to
    mean anything. A kink at another z costs digits: for clip(z, −k, k) at q = 1, over k in [0.05, 3], E[φ²] is off by
    up to 1e-4 and E[φ′²] by up to 0.012. An oscillating φ is resolved up to √q of about 25 of its radians: at q = 1e6 snake's
    E[φ′²] is off by up to 0.1.

    Args:
        activation: a name in ACTIVATIONS, an Activation, or a function of one array; elementwise. Learned parameters
            have their starting values.
        q: variance of the pre-activations, in their unit squared, 0 or more.

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
    _variances(q=q)
    root = math.sqrt(q)
    x, weights = _rule(_edges(root), 16)
    values, slopes = _evaluate(activation, root * x)
    with np.errstate(over="ignore", invalid="ignore"):  # an exploding signal ends as inf or nan, which the caller reads
        derivative = np.sum(weights * x * values * slopes) / root if root > 0 else math.nan
        integrals = (np.sum(weights * values), np.sum(weights * values**2), np.sum(weights * slopes**2), derivative,
                     np.sum(weights * (values * slopes)**2))
    return Moments(*map(float, integrals))


def variance_map(activation: str | Callable | Activation, q: float, weight_variance: float,
                 bias_variance: float = 0.0) -> float:
    """Variance of the next layer's pre-activations, q′ = σ_w² E[φ(√q x)²] + σ_b², x ~ N(0, 1).

    Args:
        activation: elementwise φ, as in ``moments``.
        q: variance of this layer's pre-activations.
        weight_variance: σ_w², the variance of a weight times its fan-in.
        bias_variance: σ_b².

    Returns:
        q′, a float in the unit of q.

    Raises:
        ValueError: a variance is negative or not finite; the activation is unknown, or not elementwise.

    Example:
        >>> round(variance_map("relu", 3.0, 2.0, 0.5), 12)
        3.5

    Reference:
        Poole et al. 2016, arXiv 1606.05340, equation 3.
    """
    _variances(weight_variance=weight_variance, bias_variance=bias_variance)
    return weight_variance * moments(activation, q).mean_square + bias_variance


def gradient_factor(activation: str | Callable | Activation, q: float, weight_variance: float) -> float:
    """Growth of the mean square gradient through one layer, backwards: χ = σ_w² E[φ′(√q x)²].

    Args:
        activation: elementwise φ, as in ``moments``.
        q: variance of the pre-activations φ acts on.
        weight_variance: σ_w², the variance of a weight times its fan-in.

    Returns:
        χ, a float without unit: below 1 gradients vanish with depth, above 1 they explode.

    Raises:
        ValueError: a variance is negative or not finite; the activation is unknown, or not elementwise.

    Example:
        >>> round(gradient_factor("relu", 1.0, 2.0), 12)
        1.0

    Reference:
        Schoenholz et al. 2017, arXiv 1611.01232, section 4.
    """
    _variances(weight_variance=weight_variance)
    return weight_variance * moments(activation, q).slope_mean_square


class Trajectory(NamedTuple):
    """A signal and its gradient through the layers; float64 NumPy arrays of shape (depth,).

    variance: q_l, the pre-activation variance of layer l = 1 … depth; the first is q0.
    gradient_factor: χ_l = σ_w² E[φ′(√q_l x)²], from the gradient of layer l + 1 to that of layer l.
    """

    variance: np.ndarray
    gradient_factor: np.ndarray


def trajectory(activation: str | Callable | Activation, depth: int, weight_variance: float, bias_variance: float = 0.0,
               q0: float = 1.0) -> Trajectory:
    """Variance and gradient factor of each layer, q_{l+1} = σ_w² E[φ(√q_l x)²] + σ_b² and χ_l = σ_w² E[φ′(√q_l x)²].

    Args:
        activation: elementwise φ, as in ``moments``.
        depth: layers, 1 or more.
        weight_variance: σ_w², the variance of a weight times its fan-in.
        bias_variance: σ_b².
        q0: pre-activation variance of the first layer.

    Returns:
        Trajectory of two arrays of shape (depth,). A variance that overflows float64 is inf, and nan from there on in
        the factors.

    Raises:
        ValueError: depth is below 1; a variance is negative or not finite; the activation is unknown or not elementwise.

    Example:
        >>> trajectory("relu", 3, 1.0).variance.round(12)
        array([1.  , 0.5 , 0.25])

    Reference:
        Poole et al. 2016, arXiv 1606.05340; Schoenholz et al. 2017, arXiv 1611.01232.
    """
    if depth < 1:
        raise ValueError(f"a trajectory needs at least one layer, got depth={depth}")
    _variances(weight_variance=weight_variance, bias_variance=bias_variance, q0=q0)
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


def variance_trajectory(activation: str | Callable | Activation, depth: int, weight_variance: float,
                        bias_variance: float = 0.0, q0: float = 1.0) -> np.ndarray:
    """Pre-activation variance of each layer, q₁ = q0, q_{l+1} = σ_w² E[φ(√q_l x)²] + σ_b².

    Args:
        activation, depth, weight_variance, bias_variance, q0: as in ``trajectory``.

    Returns:
        float64, shape (depth,).

    Raises:
        ValueError: as in ``trajectory``.

    Example:
        >>> variance_trajectory("linear", 3, 0.5, 1.0).round(12)
        array([1.  , 1.5 , 1.75])

    Reference:
        Poole et al. 2016, arXiv 1606.05340, equation 3.
    """
    return trajectory(activation, depth, weight_variance, bias_variance, q0).variance


def gradient_product(activation: str | Callable | Activation, depth: int, weight_variance: float,
                     bias_variance: float = 0.0, q0: float = 1.0) -> float:
    """Mean square gradient at the first layer over that behind the last, Π χ_l over l = 1 … depth.

    Args:
        activation, depth, weight_variance, bias_variance, q0: as in ``trajectory``.

    Returns:
        The product, a float without unit; below 5e-324 it is 0, and the sum of the logs of
        ``trajectory(...).gradient_factor`` is the way to go deeper.

    Raises:
        ValueError: as in ``trajectory``.

    Example:
        >>> f"{gradient_product('tanh', 40, 1.0):.4g}"
        '0.01794'

    Reference:
        Schoenholz et al. 2017, arXiv 1611.01232, section 4.
    """
    return float(np.prod(trajectory(activation, depth, weight_variance, bias_variance, q0).gradient_factor))


def dead_network_probability(width: int, depth: int) -> float:
    """Probability that a random ReLU network is dead at one input, P = 1 − (1 − 2^−N)^L.

    Dead means that all N units of some hidden layer are 0, so that nothing before it gets a gradient. Exact for one
    nonzero input, biases of 0, and independent weights of symmetric, continuous distributions.

    Args:
        width: N, units in each hidden layer, 1 or more.
        depth: L, hidden layers, 0 or more.

    Returns:
        P, a float in [0, 1], to full relative precision also where it is tiny.

    Raises:
        ValueError: width is below 1, or depth is negative.

    Example:
        >>> round(dead_network_probability(2, 10), 3)
        0.944

    Reference:
        Lu et al. 2019, arXiv 1903.06733; Rister and Rubin 2020, arXiv 2007.06192.
    """
    if width < 1 or depth < 0:
        raise ValueError(f"a network has width 1 or more and depth 0 or more, got width={width}, depth={depth}")
    if depth == 0:
        return 0.0
    return -math.expm1(depth * math.log1p(-(2.0**-width)))
