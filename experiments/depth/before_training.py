"""What random networks do to a signal and its gradient, layer by layer, and what theory expects."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, PartitionSpec
from scipy.interpolate import CubicSpline

import jaxnn
from jaxnn import expectations, meanfield
from jaxnn.initializers import gain
from jaxnn.random_networks import draw, propagate
from jaxnn.types import Array

# Nodes per decade of the interpolated theory: its error is below 1e-5 for every activation here.
PER_DECADE = 8
# The variance down to which float32 holds the square of its square root; below it φ is a line with
# the slope that it has at 0.
LEAST = 1e-30
# If two orders of the theory's quadrature differ by more, they do not resolve the waves of an
# activation.
AGREE = 1e-3
# Of hidden layers as wide as their inputs; "computed" is the activation's own gain.
INITIALISATIONS = ("He", "Xavier", "PyTorch", "computed")
SELU_VARIANCES = (0.5, 1.0, 2.0)  # of the inputs of the SELU networks
SELU_ROWS = 64


def weight_variances(activation: str) -> tuple[float, ...]:
    """σ_w², the weights' variance times fan-in, of each of INITIALISATIONS.

    PyTorch's is the default of torch.nn.Linear.

    Example:
        >>> weight_variances("relu")
        (2.0, 1.0, 0.3333333333333333, 2.0)
    """
    return 2.0, 1.0, 1 / 3, round(float(gain(activation)) ** 2, 9)


def random_networks(
    activation: str, weight_variance: Sequence[float], *, depth: int, width: int, networks: int
) -> Mapping[str, np.ndarray]:
    """Many random networks of each weight variance, and what mean-field theory expects of them.

    All weight variances, and all activations, use the same noise.

    Args:
        activation: by name.
        weight_variance: σ_w², the weights' variance times fan-in, one per kind of network.
        depth, width: layers, and units per layer.
        networks: how many of each kind.

    Returns:
        Measured, (variances, networks, depth): variance, the mean square of each layer's
        pre-activations; log_factor, the logarithm of the mean square gradient of layer l over that
        of layer l + 1; alignment, the squared cosine between what a layer sends forward and the
        gradient that comes back, 1 / width if they are independent.

        Theory of infinite width from a first variance of 1, (variances, depth): variance_theory
        and factor_theory.

        Theory of each network's own layer given the variance measured in it, (variances, networks,
        depth), so that the layers before it do not matter: growth_given; factor_given;
        factor_aligned, what the alignment adds to factor_given; resolved, whether the theory
        resolves the layer, 0 or 1.
    """

    def one(key):
        noise = draw(key, width=width, depth=depth)
        each = jnp.asarray(weight_variance, jnp.float32)
        return jax.lax.map(
            lambda variance: propagate(noise, activation, weight_variance=variance), each
        )

    signal = jax.tree.map(
        lambda a: np.moveaxis(a, 0, 1), _each(one, jax.random.split(jax.random.key(2), networks))
    )
    theory = [meanfield.trajectory(activation, depth, variance) for variance in weight_variance]
    variance = np.maximum(signal.variance, LEAST)
    mean_square, slope, product, resolved = given(activation, variance)
    own = np.array(weight_variance)[:, None, None]
    # Given h = φ(z) and W h, the gradient Wᵀδ has the part h (W h·δ) / |h|² and a free part
    # orthogonal to h; |W h|² is σ_w² |h|².
    aligned = own * (signal.alignment - 1 / width) * product / mean_square
    return {
        "variance": signal.variance,
        "log_factor": signal.log_gradient_factor,
        "alignment": signal.alignment,
        "variance_theory": np.array([each.variance for each in theory]),
        "factor_theory": np.array([each.gradient_factor for each in theory]),
        "growth_given": own * mean_square / variance,
        "factor_given": own * slope,
        "factor_aligned": aligned,
        "resolved": resolved,
    }


def given(activation: str, variance: np.ndarray) -> tuple[np.ndarray, ...]:
    """E[φ(z)²], E[φ′(z)²] and E[φ(z)² φ′(z)²] for z ~ N(0, q) of many variances q.

    They are interpolated in their logarithms.

    Returns:
        The three, and whether the quadrature resolves them, each of the shape of ``variance``.
    """
    q = np.log10(variance)
    nodes = np.linspace(q.min() - 0.01, q.max() + 0.01, max(4, int(np.ptp(q) * PER_DECADE) + 2))

    def integrals(order):
        every = [expectations.moments(activation, 10**node, order) for node in nodes]
        return np.array(
            [
                [getattr(each, name) for each in every]
                for name in ("mean_square", "slope_mean_square", "product_mean_square")
            ]
        )

    found = integrals(16)
    resolved = np.all(abs(integrals(12) / found - 1) <= AGREE, axis=0)
    return *(np.exp(CubicSpline(nodes, np.log(each))(q)) for each in found), np.interp(
        q, nodes, resolved
    ) == 1


def selu_signal(*, depth: int, width: int, networks: int) -> Mapping[str, np.ndarray]:
    """Mean and variance of SELU's outputs in networks with real weight matrices.

    A second route to what ``random_networks`` measures. Inputs are SELU_ROWS rows of independent
    N(0, v) for each v of SELU_VARIANCES; weights are normal with variance 1 / fan-in (LeCun's).

    Returns:
        mean, variance: over the units and rows of each layer, the input first, (networks,
        variances, depth + 1).
    """
    count = len(SELU_VARIANCES)

    def one(key):
        inside, weights = jax.random.split(key)
        x = jnp.sqrt(jnp.asarray(SELU_VARIANCES))[:, None, None] * jax.random.normal(
            inside, (count, SELU_ROWS, width)
        )

        def layer(h, key):
            h = jaxnn.activations.selu(
                h @ (jax.random.normal(key, (width, width)) / jnp.sqrt(width))
            )
            return h, (h.mean((1, 2)), h.var((1, 2)))

        _, (means, variances) = jax.lax.scan(layer, x, jax.random.split(weights, depth))
        return (
            jnp.concatenate([x.mean((1, 2))[None], means]).T,
            jnp.concatenate([x.var((1, 2))[None], variances]).T,
        )

    mean, spread = _each(one, jax.random.split(jax.random.key(3), networks))
    return {"mean": mean, "variance": spread}


def _each(one: Callable, keys: Array):
    """``one`` of each key, in float64; the devices share the keys, each takes one at a time."""
    here = PartitionSpec("networks")
    mesh = jax.make_mesh((jax.device_count(),), ("networks",), axis_types=(AxisType.Auto,))
    run = jax.jit(
        jax.shard_map(
            partial(jax.lax.map, one), mesh=mesh, in_specs=here, out_specs=here, check_vma=False
        )
    )
    found = run(keys[jnp.arange(len(keys) + -len(keys) % jax.device_count()) % len(keys)])
    return jax.tree.map(lambda leaf: np.asarray(leaf[: len(keys)], np.float64), found)
