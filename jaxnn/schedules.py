"""SCHEDULES, learning-rate schedules by name, as functions of the share t of the training.

Update number n, from 0, of N has the share t = n / N and the learning rate η s(t), with the peak η
and s by name; w is the share of the updates that warm-up takes:

constant: 1.
linear: 1 − t; ``optax.linear_schedule(η, 0, N)``.
cosine: (1 + cos π t) / 2; ``optax.cosine_decay_schedule(η, N)``.
warm-up: t / w up to w, then 1; ``optax.warmup_constant_schedule(0, η, w N)``; w is 0.1.
warm-up-cosine: t / w up to w, then (1 + cos π (t − w) / (1 − w)) / 2;
    ``optax.warmup_cosine_decay_schedule(0, η, w N, N)``; w is 0.1.
one-cycle: from 1/25 to 1 at w and from there to 1/250,000, by half cosines;
    ``optax.cosine_onecycle_schedule(N, η, pct_start=w)``; w is 0.3 (Smith & Topin 2019,
    arXiv 1708.07120).
flat-cosine: 1 up to 1/2, then (1 + cos π (2 t − 1)) / 2: flat_cos of Holzmüller et al. 2024,
    arXiv 2407.04491.
multi-cycle: (1 − cos(2 π log₂(1 + 15 t))) / 2, four cycles of which each is twice as long as the
    one before: coslog₄ of the same paper, of RealMLP's tuned defaults for tables.

The first update's rate is 0 where s(0) is, as in Optax.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import jax.numpy as jnp
import numpy as np
import optax

from jaxnn.names import Names
from jaxnn.types import Array

Schedule = Callable[..., optax.Schedule]
Shape = Callable[[Array, Array], Array]
CYCLES = 4
START, END = 1 / 25, 1 / 250_000  # of one cycle


def _half_cosine(share: Array) -> Array:
    """From 1 at 0 to 0 at 1, and so outside."""
    return (1 + jnp.cos(jnp.pi * jnp.clip(share, 0, 1))) / 2


def _risen(share: Array, warmup: Array) -> Array:
    """How much of the warm-up is done, from 0 to 1; all of it where there is none."""
    return jnp.where(share < warmup, share / jnp.where(warmup > 0, warmup, 1), 1)


def _after(share: Array, warmup: Array) -> Array:
    """How much is done of what follows the warm-up."""
    return (share - warmup) / (1 - warmup)


def _one_cycle(share: Array, warmup: Array) -> Array:
    up = START + (1 - START) * (1 - _half_cosine(_risen(share, warmup)))
    down = END + (1 - END) * _half_cosine(_after(share, warmup))
    return jnp.where(share < warmup, up, down)


def _cycles(share: Array) -> Array:
    return (1 - jnp.cos(2 * jnp.pi * jnp.log2(1 + (2**CYCLES - 1) * share))) / 2


# Name -> (s(t, w), the usual w; None where there is no warm-up).
_SHAPES: Mapping[str, tuple[Shape, float | None]] = {
    "constant": (lambda t, w: jnp.ones_like(t), None),
    "linear": (lambda t, w: 1 - t, None),
    "cosine": (lambda t, w: _half_cosine(t), None),
    "warm-up": (_risen, 0.1),
    "warm-up-cosine": (lambda t, w: _risen(t, w) * _half_cosine(_after(t, w)), 0.1),
    "one-cycle": (_one_cycle, 0.3),
    "flat-cosine": (lambda t, w: _half_cosine(2 * t - 1), None),
    "multi-cycle": (lambda t, w: _cycles(t), None),
}
WARMUPS: Mapping[str, float] = MappingProxyType(
    {name: usual for name, (_, usual) in _SHAPES.items() if usual is not None}
)


def _entry(name: str, shape: Shape, usual: float | None) -> Schedule:
    def schedule(
        rate: float | Array, steps: int | Array, warmup: float | None = None
    ) -> optax.Schedule:
        if isinstance(steps, float | int) and steps < 1:
            raise ValueError(f"the schedule {name!r} has {steps} steps; give at least 1")
        if warmup is not None and usual is None:
            raise ValueError(
                f"the schedule {name!r} has no warm-up, got warmup={warmup}; leave it out, or take "
                f"one of {', '.join(WARMUPS)}"
            )
        share = usual if warmup is None else warmup
        if share is not None and isinstance(share, float | int) and not 0 <= share < 1:
            raise ValueError(
                f"warm-up is a share of the updates, from 0 to below 1, got warmup={warmup}"
            )

        def at(count: Array) -> Array:
            t = jnp.clip(jnp.asarray(count, jnp.float32) / steps, 0, 1)
            return rate * shape(t, jnp.asarray(share or 0.0, jnp.float32))

        return at

    return schedule


SCHEDULES: Mapping[str, Schedule] = MappingProxyType(
    Names("schedule", {name: _entry(name, *entry) for name, entry in _SHAPES.items()})
)
"""``SCHEDULES[name](rate, steps, warmup)`` is an Optax schedule, from an update to its rate.

rate: of the peak, a number or a traced scalar. steps: updates of the training, likewise. warmup:
the share of them that warm-up takes; absent, the usual one.

Example:
    >>> schedule = SCHEDULES["cosine"](0.1, 200)
    >>> [round(float(schedule(count)), 4) for count in (0, 100, 200)]
    [0.1, 0.05, 0.0]
"""


def factors(name: str, steps: int, warmup: float | None = None) -> np.ndarray:
    """What a schedule multiplies the learning rate of each update by.

    Args:
        name: in SCHEDULES.
        steps: updates of the training.
        warmup: as above.

    Returns:
        float32 (steps,).

    Raises:
        ValueError: the name is unknown, steps is below 1, or warmup is outside [0, 1) or given
            where there is none.

    Example:
        >>> factors("linear", 4).tolist()
        [1.0, 0.75, 0.5, 0.25]
    """
    found = SCHEDULES[name](1.0, steps, warmup)(jnp.arange(steps))
    return np.asarray(jnp.broadcast_to(found, (steps,)), np.float32)
