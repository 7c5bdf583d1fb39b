"""Initializers, and the gain that preserves a signal's mean square through any activation.

An initializer is ``f(key, shape, dtype=…) -> weights``; the functions here return one. For
weights of shape (in_dim, out_dim), fan_in is in_dim and fan_out is out_dim. Frameworks use
different distributions under the same names: for lecun_normal, he_normal and glorot_normal Keras
and jax.nn use a normal truncated at two standard deviations (and rescaled to the stated variance),
PyTorch an untruncated normal. Here they are those of jax.nn.

The dtype is JAX's default float when absent: float32, and float64 under ``jax_enable_x64``. The
numbers are drawn in float32, whatever the dtype, and cast: runs of one seed in two precisions start
from the same weights, up to rounding.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.nn.initializers import variance_scaling
from numpy.typing import DTypeLike

from jaxnn import expectations
from jaxnn.activations import ACTIVATIONS, resolve
from jaxnn.criticality import CriticalPoint, critical_initialisation
from jaxnn.names import Names
from jaxnn.quadrature import normal_points, normal_rule
from jaxnn.types import Activation, Array, Key

__all__ = [
    "INITIALIZERS",
    "Critical",
    "critical",
    "gain",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "orthogonal",
    "pytorch_default",
    "resolve_initializer",
    "scaled_normal",
    "siren",
    "xavier_normal",
    "xavier_uniform",
]

Initializer = Callable[..., Array]
MIXED_UNITS, MIXED_ROWS = 16, 4096


def gain(
    activation: str | Callable[..., Array] | Activation, *, backward: bool = False
) -> float | Array:
    """Gain, the factor on the weights' standard deviation, 1 / √E[φ(z)²] with z ~ N(0, 1).

    With weights of variance gain² / fan_in, inputs φ(z) give pre-activations of mean square 1
    again. The backward gain is 1 / √E[φ′(z)²]: weights of variance gain² / fan_out preserve the
    mean square of the gradient.

    The expectation is computed with ``quadrature.normal_rule`` in float64, whatever precision the
    caller has enabled; learned parameters have their initial values, and no key is passed. The
    relative error depends on the kind of φ:

    elementwise: 1e-9 if φ is smooth or its corners are at multiples of 1/64, otherwise 1e-6.
    k pre-activations per output (GLU, maxout): the average is over k independent N(0, 1) numbers;
        2e-4 for k = 2, 2e-3 for k > 2.
    several outputs per pre-activation (CReLU): the average includes all outputs; as elementwise.
    units that depend on each other (softmax): the average is over 4096 evenly spread vectors; 1e-2,
        and correct for layers of 16 units only.

    ``torch.nn.init.calculate_gain`` has another definition, a table: it is the same for linear
    (1), ReLU (√2) and leaky ReLU, and 5/3 for tanh (here 1.5925), 1 for sigmoid (here 1.8462) and
    3/4 for SELU (here 1).

    For the backward gain, φ′(z)² is the sum of the squared derivatives of an output with respect to
    all its inputs. Whether the units of a callable depend on each other is determined by comparing
    one unit alone with the same unit among others.

    Args:
        activation: a name, an Activation, or any function of one array.
        backward: whether to preserve the mean square of the gradient instead of the signal's.

    Returns:
        The gain, a positive dimensionless float, cached for each activation. If the activation
        depends on a traced number, such as a slope that is an axis of a grid, a traced float32
        scalar.

    Raises:
        ValueError: the name is unknown; the mean square is 0 or not finite; or the number of
            outputs per input is not that of ``units_in``.

    Example:
        >>> round(gain("relu") ** 2, 6)
        2.0
        >>> round(gain("relu", backward=True) ** 2, 6)
        2.0
        >>> round(gain(lambda x: 2 * x), 6)
        0.5

    Reference:
        He et al. 2015, arXiv 1502.01852, section 2.2, for ReLU, forward and backward; Glorot &
        Bengio 2010, AISTATS.
    """
    entry = resolve(activation)
    # Not the Activation itself: its mapping is not hashable, and other fields make no difference.
    units_in = Fraction(entry.units_in).limit_denominator(1000)
    what = entry.function, tuple(sorted(entry.learned.items())), units_in, backward
    mixes = not entry.elementwise and entry.units_in == 1
    try:
        mean_square = _mean_square(*what, mixes)
    except TRACED:
        if mixes:
            raise
        return jax.lax.rsqrt(_over_units(*what, jnp.float32)[0])
    if not 0 < mean_square < np.inf:
        raise ValueError(
            f"the mean square of {'the derivative of ' if backward else ''}{activation!r} under "
            f"N(0, 1) is {mean_square}; a gain needs it positive and finite, so give an initializer"
        )
    return mean_square**-0.5


TRACED = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError)


@lru_cache(maxsize=512)
def _mean_square(
    function: Callable, learned: tuple, units_in: Fraction, backward: bool, mixes: bool
) -> float:
    """The mean square as a number, also inside jit; raises TRACED if function holds a tracer."""
    if function in _curves():
        entry = Activation(function, learned=dict(learned))
        return expectations.mean_squares(entry)[backward]
    what = function, learned, units_in, backward

    def evaluate(dtype: DTypeLike) -> float:
        if mixes:
            return float(_over_layers(*what, dtype))
        mean_square, among, alone = _over_units(*what, dtype)
        # Units are independent if a unit alone gives the same output as among the others.
        if np.allclose(among, alone, rtol=1e-5, atol=1e-7, equal_nan=True):
            return float(mean_square)
        return float(_over_layers(*what, dtype))

    with (
        jax.ensure_compile_time_eval(),
        jax.enable_x64(True),
        np.errstate(over="ignore", invalid="ignore"),
    ):
        try:
            return evaluate(np.float64)
        except TRACED:
            raise
        # The function holds float32 arrays, and promotion is strict.
        except (TypeError, jax.dtypes.TypePromotionError):
            return evaluate(np.float32)


@cache
def _curves() -> frozenset[Callable]:
    """The functions that are known to be elementwise, whose compilation theory shares."""
    entries = ACTIVATIONS.values()
    return frozenset(each.function for each in entries if each.elementwise and each.units_in == 1)


def _bound(function: Callable, learned: tuple) -> Callable[[Array], Array]:
    return lambda x: function(x, **{name: jnp.asarray(start, x.dtype) for name, start in learned})


def _over_units(
    function: Callable, learned: tuple, units_in: Fraction, backward: bool, dtype: DTypeLike
) -> tuple:
    """Mean square over independent units, and the outputs of one unit among all units and alone.

    The units form one layer, with one unit per quadrature node. With k pre-activations or r outputs
    per unit, the layer's axis consists of k or r blocks, with one element per unit in each. Only
    the function is compiled; the rest is NumPy, unless the function holds a tracer.
    """
    k, r = units_in.numerator, units_in.denominator
    if 1 not in (k, r):
        raise ValueError(
            f"units_in is {units_in}; a gain needs k (pre-activations per output) or 1/r (for r "
            "outputs per pre-activation), so give an initializer"
        )
    nodes, weights = normal_rule(k)
    units = len(nodes)
    # Any unit whose pre-activations are not special serves for the comparison.
    one = int(np.argmin(np.abs(nodes - 0.7).sum(axis=1)))
    f = _bound(function, learned)

    @jax.jit
    def look(x, alone):
        if not backward:
            return f(x), f(alone), ()
        y, pull_back = jax.vjp(f, x)
        size = y.shape[0] // r  # the shape itself is checked below
        blocks = [np.repeat(np.arange(r) == block, size).astype(y.dtype) for block in range(r)]
        return y, f(alone), [pull_back(jnp.asarray(block))[0] for block in blocks]

    y, alone, slopes = jax.tree.map(
        _concrete, look(nodes.T.reshape(-1).astype(dtype), nodes[one].astype(dtype))
    )
    if y.shape != (r * units,):
        raise ValueError(
            f"an activation with units_in={units_in} must give {r * units} outputs for {k * units} "
            f"pre-activations, got shape {y.shape}; correct units_in or the function"
        )
    y = y.reshape(r, units)
    if not backward:
        return (y * y).mean(axis=0) @ weights.astype(y.dtype), y[:, one], alone
    squares = sum((slope * slope).reshape(k, units).sum(axis=0) for slope in slopes)
    return squares @ weights.astype(y.dtype) / r, y[:, one], alone


def _over_layers(
    function: Callable, learned: tuple, units_in: Fraction, backward: bool, dtype: DTypeLike
) -> np.floating:
    """Mean square of units that depend on each other, over layers of MIXED_UNITS units."""
    rows = normal_points(MIXED_ROWS, MIXED_UNITS * units_in.numerator).astype(dtype)
    f = _bound(function, learned)
    if not backward:
        return np.mean(np.asarray(jax.jit(jax.vmap(f))(rows)) ** 2)
    return np.mean(np.sum(np.asarray(jax.jit(jax.vmap(jax.jacrev(f)))(rows)) ** 2, axis=-1))


def _concrete(array: Array) -> Array | np.ndarray:
    return array if isinstance(array, jax.core.Tracer) else np.asarray(array)


def _drawn_in_float32(draw: Initializer) -> Initializer:
    def init(key: Key, shape: Sequence[int], dtype: Any = None) -> Array:
        weights = draw(key, shape, jnp.float32)
        return weights.astype(jnp.result_type(float) if dtype is None else dtype)

    return init


def _scaled(scale: float | Array, fan: Any, distribution: Any) -> Initializer:
    # A traced scale of another precision would make other weights of the same draws.
    scale = scale if isinstance(scale, float | int) else jnp.asarray(scale, jnp.float32)
    return _drawn_in_float32(variance_scaling(scale, fan, distribution))


def lecun_normal() -> Initializer:
    """Truncated normal with mean 0 and variance 1 / fan_in.

    It preserves the mean square through linear units and SELU.

    Returns:
        ``f(key, shape, dtype=…) -> weights``; shape has at least two axes.

    Example:
        >>> w = lecun_normal()(jax.random.key(0), (400, 300))
        >>> bool(abs(w.var() * 400 - 1) < 0.05)
        True

    Reference:
        LeCun, Bottou, Orr & Müller 1998, "Efficient backprop".
    """
    return _scaled(1.0, "fan_in", "truncated_normal")


def lecun_uniform() -> Initializer:
    """Uniform on ±√(3 / fan_in), so with variance 1 / fan_in.

    Returns:
        ``f(key, shape, dtype=…) -> weights``; shape has at least two axes.

    Example:
        >>> w = lecun_uniform()(jax.random.key(0), (300, 100))
        >>> bool(abs(w).max() <= 0.1)
        True

    Reference:
        LeCun, Bottou, Orr & Müller 1998, "Efficient backprop".
    """
    return _scaled(1.0, "fan_in", "uniform")


def he_normal() -> Initializer:
    """Truncated normal with mean 0 and variance 2 / fan_in.

    It preserves the mean square through ReLU.

    Returns:
        ``f(key, shape, dtype=…) -> weights``; shape has at least two axes.

    Example:
        >>> w = he_normal()(jax.random.key(0), (400, 300))
        >>> bool(abs(w.var() * 400 - 2) < 0.05)
        True

    Reference:
        He, Zhang, Ren & Sun 2015, arXiv 1502.01852.
    """
    return _scaled(2.0, "fan_in", "truncated_normal")


def he_uniform() -> Initializer:
    """Uniform on ±√(6 / fan_in), so with variance 2 / fan_in.

    Returns:
        ``f(key, shape, dtype=…) -> weights``; shape has at least two axes.

    Example:
        >>> w = he_uniform()(jax.random.key(0), (600, 100))
        >>> bool(abs(w).max() <= 0.1)
        True

    Reference:
        He, Zhang, Ren & Sun 2015, arXiv 1502.01852.
    """
    return _scaled(2.0, "fan_in", "uniform")


def glorot_normal() -> Initializer:
    """Truncated normal with mean 0 and variance 2 / (fan_in + fan_out); also called Xavier normal.

    Returns:
        ``f(key, shape, dtype=…) -> weights``; shape has at least two axes.

    Example:
        >>> w = glorot_normal()(jax.random.key(0), (400, 300))
        >>> bool(abs(w.var() * 350 - 1) < 0.05)
        True

    Reference:
        Glorot & Bengio 2010, AISTATS.
    """
    return _scaled(1.0, "fan_avg", "truncated_normal")


def glorot_uniform() -> Initializer:
    """Uniform on ±√(6 / (fan_in + fan_out)); also called Xavier uniform.

    It is the default of keras.layers.Dense.

    Returns:
        ``f(key, shape, dtype=…) -> weights``; shape has at least two axes.

    Example:
        >>> w = glorot_uniform()(jax.random.key(0), (400, 200))
        >>> bool(abs(w).max() <= 0.1)
        True

    Reference:
        Glorot & Bengio 2010, AISTATS.
    """
    return _scaled(1.0, "fan_avg", "uniform")


xavier_normal, xavier_uniform = glorot_normal, glorot_uniform


def pytorch_default() -> Initializer:
    """Uniform on ±1/√fan_in, so with variance 1 / (3 fan_in), as the weights of torch.nn.Linear.

    PyTorch initialises biases in the same way, with the fan_in of the layer; in layers.dense
    their initial value is 0.

    Returns:
        ``f(key, shape, dtype=…) -> weights``; shape has at least two axes.

    Example:
        >>> w = pytorch_default()(jax.random.key(0), (400, 300))
        >>> bool(0.049 < abs(w).max() <= 0.05)
        True

    Reference:
        torch.nn.Linear; LeCun, Bottou, Orr & Müller 1998 for the fan-in rule.
    """
    return _scaled(1 / 3, "fan_in", "uniform")


def scaled_normal(scale: float | Array) -> Initializer:
    """Normal, not truncated, with mean 0 and variance scale² / fan_in.

    A scale of 1 is LeCun's initialisation, √2 is He's.

    Args:
        scale: positive and dimensionless, such as ``gain(activation)``; a number or a traced
            scalar.

    Returns:
        ``f(key, shape, dtype=…) -> weights``; shape has at least two axes.

    Example:
        >>> w = scaled_normal(2.0 ** 0.5)(jax.random.key(0), (400, 300))
        >>> bool(abs(w.var() * 400 - 2) < 0.05)
        True

    Reference:
        He, Zhang, Ren & Sun 2015, arXiv 1502.01852.
    """
    return _scaled(scale**2, "fan_in", "normal")


def orthogonal(scale: float | Array = 1.0) -> Initializer:
    """Random orthogonal weights: WᵀW = scale²·I if fan_in ≥ fan_out, otherwise W Wᵀ = scale²·I.

    W is uniformly distributed over all such matrices.

    Args:
        scale: the value of all singular values, dimensionless, such as ``gain(activation)``; a
            number or a traced scalar.

    Returns:
        ``f(key, shape, dtype=…) -> weights``; shape has at least two axes, of which the last
        is fan_out.

    Example:
        >>> w = orthogonal()(jax.random.key(0), (5, 3))
        >>> bool(jnp.allclose(w.T @ w, jnp.eye(3), atol=1e-6))
        True

    Reference:
        Saxe, McClelland & Ganguli 2014, arXiv 1312.6120.
    """
    return _drawn_in_float32(jax.nn.initializers.orthogonal(scale))


def siren(*, first: bool = False, frequency: float = 30.0) -> Initializer:
    """Weights for sin(ω(xW + b)): uniform on ±√(6 / fan_in) / ω, in the first layer on ±1 / fan_in.

    Args:
        first: whether it is for the first layer, whose inputs are in [−1, 1].
        frequency: ω of the layer's ``functools.partial(activations.sine, frequency=ω)``, in radians
            per unit of the pre-activations; not used for the first layer.

    Returns:
        ``f(key, shape, dtype=…) -> weights``; shape is (fan_in, fan_out).

    Raises:
        ValueError: frequency is not positive.

    Example:
        >>> w = siren()(jax.random.key(0), (600, 100))
        >>> bool(0.0033 < abs(w).max() <= 0.1 / 30)
        True

    Reference:
        Sitzmann, Martel, Bergman, Lindell & Wetzstein 2020, arXiv 2006.09661, section 3.2 and
        supplement 1.5.
    """
    if frequency <= 0:
        raise ValueError(f"siren needs a positive frequency, got {frequency}")
    if not first:
        return _scaled(2 / frequency**2, "fan_in", "uniform")

    def init(key, shape, dtype=None):
        # Variance 1 / (3 fan_in²): variance_scaling divides by fan_in once, the scale once more.
        return _scaled(1 / (3 * shape[0]), "fan_in", "uniform")(key, shape, dtype)

    return init


@dataclass(frozen=True)
class Critical:
    """The critical initializer of an activation, which draws biases too; ``critical`` makes it.

    activation: φ of the hidden layers.
    """

    activation: Any

    def __call__(self, key: Key, shape: Sequence[int], dtype: Any = None) -> Array:
        """Weights, (fan_in, fan_out), normal with variance σ_w² / fan_in."""
        variance = _critical_point(self.activation).weight_variance
        return scaled_normal(variance**0.5)(key, shape, dtype)

    def bias(self, key: Key, units: int, dtype: Any = None) -> Array:
        """Biases, (units,), normal with variance σ_b², independent of the weights of that key."""
        variance = _critical_point(self.activation).bias_variance
        draws = jax.random.normal(jax.random.fold_in(key, 1), (units,), jnp.float32)
        return (variance**0.5 * draws).astype(jnp.result_type(float) if dtype is None else dtype)


def _critical_point(activation: str | Callable[..., Array] | Activation) -> CriticalPoint:
    # Not the Activation itself, whose mapping is not hashable.
    named = isinstance(activation, str)
    return _known_point(activation if named else resolve(activation).function)


@lru_cache(maxsize=64)
def _known_point(activation: str | Callable[..., Array]) -> CriticalPoint:
    with jax.ensure_compile_time_eval():
        return critical_initialisation(activation)


def critical(activation: str | Callable[..., Array] | Activation = "relu") -> Critical:
    """Normal weights and biases at the activation's edge of chaos, for very deep networks.

    The variances σ_w² / fan_in and σ_b² are those of ``criticality.critical_initialisation``: from
    layer to layer, gradients neither vanish nor explode, and the signal's variance is not driven
    away, as it is by ``gain`` alone with swish, GELU or Mish. By name, ``initializer="critical"``,
    a layer uses its own activation.

    Args:
        activation: elementwise φ of the hidden layers; a name, an Activation or a function.

    Returns:
        ``f(key, shape, dtype=…) -> weights``, whose method ``bias(key, units)`` draws the biases.
        Drawing raises ValueError where the activation has no such point.

    Example:
        >>> draw = critical("swish")
        >>> w, b = draw(jax.random.key(0), (400, 300)), draw.bias(jax.random.key(0), 10_000)
        >>> bool(abs(w.var() * 400 - 1.988) < 0.05), bool(abs(b.var() - 0.555) < 0.05)
        (True, True)

    Reference:
        Schoenholz et al. 2017, arXiv 1611.01232; Roberts, Yaida & Hanin 2022, chapter 5.
    """
    resolve(activation)
    return Critical(activation)


# The initializers that need no argument, by name.
INITIALIZERS: Mapping[str, Callable[..., Initializer]] = MappingProxyType(
    Names(
        "initializer",
        {
            "lecun_normal": lecun_normal,
            "lecun_uniform": lecun_uniform,
            "he_normal": he_normal,
            "he_uniform": he_uniform,
            "glorot_normal": glorot_normal,
            "glorot_uniform": glorot_uniform,
            "pytorch_default": pytorch_default,
            "orthogonal": orthogonal,
            "siren": siren,
            "critical": critical,
        },
    )
)

# PyTorch, Keras and others call the normal ones by the author alone.
ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "he": "he_normal",
        "kaiming": "he_normal",
        "kaiming_normal": "he_normal",
        "kaiming_uniform": "he_uniform",
        "lecun": "lecun_normal",
        "glorot": "glorot_normal",
        "xavier": "glorot_normal",
        "xavier_normal": "glorot_normal",
        "xavier_uniform": "glorot_uniform",
    }
)


def resolve_initializer(
    initializer: str | Initializer | None,
    activation: str | Callable[..., Array] | Activation = "relu",
) -> Initializer | None:
    """The initializer for a name, an initializer, or a function that makes one; None stays.

    Args:
        initializer: a name in INITIALIZERS or ALIASES, ``f(key, shape) -> weights``, or an entry of
            INITIALIZERS that was not called, such as he_normal for he_normal().
        activation: the layer's, which "critical" depends on.

    Returns:
        ``f(key, shape) -> weights``, or None.

    Raises:
        ValueError: the name is unknown; the message lists the valid names, nearest first.
        TypeError: it is neither a name nor a function.

    Example:
        >>> resolve_initializer("he")(jax.random.key(0), (3, 2)).shape
        (3, 2)
    """
    if initializer is None:
        return None
    made: Any = initializer
    if isinstance(initializer, str):
        made = INITIALIZERS[ALIASES.get(initializer, initializer)]
    if made is critical:
        return critical(activation)
    if made in INITIALIZERS.values():
        return made()
    if not callable(made):
        raise TypeError(
            "an initializer is a name or a function f(key, shape) -> weights, got "
            f"{type(initializer).__name__}"
        )
    return made
