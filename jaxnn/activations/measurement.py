"""Measurement of the properties of any activation function, numerically."""

import math
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn.activations.table import resolve
from jaxnn.quadrature import normal_rule
from jaxnn.types import Activation, Array

STEP = 1e-4
REACH = 100_000  # steps on each side of 0
TAIL = np.concatenate([np.logspace(1, 16, 121)[1:], 1e16 * np.linspace(1, 1.1, 65)[1:]])


def measure(
    activation: str | Callable[..., Array] | Activation,
    *,
    learned: Mapping[str, float] | None = None,
) -> Activation:
    """The same activation with every property measured, as defined in ``jaxnn.types.Activation``.

    f and f′ are evaluated in float64, whatever precision the caller has enabled: in steps of 1e-4
    over −10 ≤ x ≤ 10, at increasing |x| up to 1e16, and at the nodes of normal_rule. A corner,
    jump or dip beyond |x| = 10, or one narrower than 1e-4, may therefore be missed. The properties
    follow from these values:

    range: smallest and largest value; infinite if the values at |x| > 1e8 exceed all others by more
        than 1e-3.
    smooth: neither f nor f′ jumps. There is a jump if the largest difference between neighbouring
        points is not at least halved when the points are ten times closer together.
    monotone: no value is below its left neighbour by more than the rounding error, 1e-12.
    saturates: |f′| < 1e-6 at x = ∓1e16 and beyond.
    zero_centred, slope_at_0, at_infinity: by their definitions.

    Args:
        activation: a function of one float array of any shape, a name, or an Activation. No key is
            passed, so a stochastic activation is measured without its randomness.
        learned: learned parameters by name, with the values to measure at; by default the initial
            values of the Activation.

    Returns:
        An Activation. If an output depends on several inputs, or the number of outputs differs from
        that of the inputs, ``elementwise`` is False and the other properties are unchanged.

    Raises:
        ValueError: the name is unknown.

    Example:
        >>> facts = measure(lambda x: jnp.maximum(x, -1.0))
        >>> facts.range, facts.saturates, facts.smooth, facts.monotone, facts.slope_at_0
        ((-1.0, inf), (True, False), False, True, 1.0)

    Reference:
        None; tested against closed forms for every entry of ACTIVATIONS.
    """
    entry = resolve(activation)
    if learned is not None:
        entry = entry._replace(learned=learned)
    if not entry.elementwise or entry.units_in != 1:
        return entry._replace(elementwise=False)
    grid = np.arange(-REACH, REACH + 1) * STEP
    nodes, weights = normal_rule(1)
    line = np.concatenate([-TAIL[::-1], grid, TAIL])
    cuts = np.cumsum([len(line), len(nodes)])
    with jax.ensure_compile_time_eval(), jax.enable_x64(True):
        parameters = {name: jnp.float64(start) for name, start in entry.learned.items()}

        def f(x):
            return entry.function(x, **parameters)

        def look(x, few):
            y, pull_back = jax.vjp(f, x)
            return y, pull_back(jnp.ones_like(y))[0], [f(few[i : i + 1]) for i in range(len(few))]

        few = np.array([-1.5, -0.3, 0.7])
        if jax.eval_shape(f, few).shape != few.shape:
            return entry._replace(elementwise=False)
        y, slope, alone = jax.jit(look)(
            np.concatenate([line, nodes[:, 0], [-np.inf, np.inf], few]), few
        )
        y, slope, alone = (
            np.asarray(y, float),
            np.asarray(slope, float),
            np.concatenate(alone).astype(float),
        )
    if not np.allclose(y[-len(few) :], alone, rtol=1e-6, atol=1e-9, equal_nan=True):
        return entry._replace(elementwise=False)
    curve, at_nodes, ends = np.split(y[: -len(few)], cuts)
    slopes = slope[: len(line)]
    middle, rise = curve[len(TAIL) : -len(TAIL)], slopes[len(TAIL) : -len(TAIL)]
    with np.errstate(over="ignore", invalid="ignore"):
        mean, mean_square = weights @ at_nodes, weights @ at_nodes**2
        below = np.clip(curve[:-1], -1e300, 1e300)
        rises = np.clip(curve[1:], -1e300, 1e300) >= below - 1e-12 * np.maximum(1, np.abs(below))
        return entry._replace(
            range=(-_supremum(-curve, line), _supremum(curve, line)),
            zero_centred=bool(abs(mean) <= 1e-6 * math.sqrt(mean_square)),
            saturates=(
                bool(np.all(np.abs(slopes[:64]) < 1e-6)),
                bool(np.all(np.abs(slopes[-64:]) < 1e-6)),
            ),
            smooth=not (_jumps(middle) or _jumps(rise)),
            monotone=bool(np.all(rises)),
            slope_at_0=float(rise[REACH]),
            at_infinity=(float(ends[0]), float(ends[1])),
            elementwise=True,
        )


def _supremum(values: np.ndarray, line: np.ndarray) -> float:
    near, far = np.max(values[np.abs(line) <= 1e8]), np.max(values)
    return math.inf if far > near + 1e-3 * max(1, abs(near)) else float(far)


def _jumps(values: np.ndarray) -> bool:
    close, apart = np.max(np.abs(np.diff(values))), np.max(np.abs(np.diff(values[::10])))
    return bool(close > max(apart / 2, 1e-9 * np.max(np.abs(values))))
