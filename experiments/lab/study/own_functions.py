"""The user's own networks, optimizers and schedules, named as my_module:my_function.

Each is a function that makes one: ``make(structure, inputs, outputs)`` a jaxnn.Network,
``make(hyperparameters)`` a transformation of Optax, ``make(rate, steps)`` a schedule of Optax. What
it makes is tried out before anything is trained, so that whatever is wrong with it is said in one
sentence. A program may hand over the function itself; its name is then the function's own.
"""

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxnn
from experiments.lab.io import cli
from experiments.lab.io.errors import UserError
from experiments.lab.study import own_networks
from experiments.lab.study.own_code import (
    Noted,
    brief,
    imported,
    program_text,
    returned,
    source_hash,
    within_time,
)
from experiments.lab.study.own_networks import FLAG as NETWORK
from experiments.lab.study.own_networks import Built
from jaxnn import schedules
from jaxnn.optimizers import RATE, Optimizer, hyperparameters_of
from jaxnn.types import Activation, Network

MLP = "mlp"
OPTIMIZER, SCHEDULE = "optimizer", "schedule"
KNOWN: Mapping[str, Iterable[str]] = {
    NETWORK: (MLP,),
    OPTIMIZER: jaxnn.OPTIMIZERS,
    SCHEDULE: jaxnn.SCHEDULES,
}
CALLED = {
    NETWORK: "a function of the structure, the number of inputs and the number of outputs",
    OPTIMIZER: "a function of the hyperparameters",
    SCHEDULE: "a function of the rate and the number of updates",
}
OFFERED = ("weight_decay", "momentum", "b1", "b2")  # hyperparameters beside the rate
STEPS = 100  # that a schedule is tried out with
# What the program that this runs in has handed over, by kind and name.
_HANDED: dict[tuple[str, str], Callable] = {}


def check_name(kind: str, name: str) -> None:
    """Refuse a name that is neither known nor of a function of the user's that can be imported.

    Args:
        kind: "network", "optimizer" or "schedule".
        name: as it was given.
    """
    if ":" in name or (kind, name) in _HANDED:
        find(kind, name)
    else:
        cli.one_of(KNOWN[kind], name, kind)


def is_own(kind: str, name: str | None) -> bool:
    """Whether a name, None for the usual, is that of a function of the user's."""
    return name is not None and name not in KNOWN[kind]


def find(kind: str, name: str) -> Callable:
    """The user's function of this name.

    Raises:
        UserError: there is none.
    """
    if found := _HANDED.get((kind, name)):
        return found
    return imported(kind, name, _is_function, CALLED[kind])


def handed_over(kind: str, function: Callable) -> str:
    """The name of a function that is given as itself; from now on, the name stands for it.

    One of a module is named as a command names it, so that its saved model finds it again.

    Raises:
        UserError: it is no function, has no name or that of another of the table.
    """
    if not _is_function(function):
        raise UserError(f"--{kind} {function!r}: give a name, or {CALLED[kind]}")
    name, module = getattr(function, "__name__", ""), getattr(function, "__module__", "")
    if not name.isidentifier():
        raise UserError(
            f"--{kind} {name or function!r}: it has no name to be called by; write it as a "
            "function with def"
        )
    if module != "__main__" and getattr(sys.modules.get(module), name, None) is function:
        return f"{module}:{name}"
    if name in KNOWN[kind]:
        raise UserError(f"--{kind} {name}: the table has another of this name; rename it")
    _HANDED[kind, name] = function
    return name


def described(
    given: Mapping[str, Sequence], built: Sequence[Built]
) -> dict[str, dict[str, dict[str, str]]]:
    """The user's own functions among the axes, as results depend on them.

    Args:
        given: the axes of structure.
        built: the networks of all structures that have one of the user's.

    Returns:
        kind -> name -> the hash of its source ("source_sha256"), and of a network what it is
        ("facts").
    """
    found: dict[str, dict[str, dict[str, str]]] = {}
    for kind in KNOWN:
        for name in given.get(kind, ()):
            if is_own(kind, name):
                own = [each for each in built if each.name == name]
                facts = {"facts": own_networks.facts(own)} if kind == NETWORK else {}
                sha256 = source(kind, name, own)
                found.setdefault(kind, {})[name] = {"source_sha256": sha256, **facts}
    return found


def source(kind: str, name: str, built: Sequence[Built] = ()) -> str:
    """The hash of the files that the function comes from.

    Of a function that was handed over, which may be in no file, of what it computes.
    """
    if (kind, name) not in _HANDED:
        return source_hash(kind, name, find(kind, name))
    if kind == NETWORK:
        said = "".join(own_networks.computed(each) for each in built)
    elif kind == OPTIMIZER:
        said = program_text(
            lambda rate: _updated(name, rate, {}, scheduled=False), jnp.float32(0.1)
        )
    else:
        said = factors(name, STEPS).tobytes().hex()
    return hashlib.sha256(said.encode()).hexdigest()


def saved_source(name: str) -> dict[str, str]:
    """The hash of the files of a saved model's network, by its name.

    Raises:
        UserError: it is in no file, or cannot be imported.
    """
    if ":" not in name:
        raise UserError(
            f"the network {name} was handed over by a program and is in no file; write it into one "
            f"and run the experiment again with my_module:{name}"
        )
    return {name: source(NETWORK, name)}


def optimizer(name: str) -> Optimizer:
    """An optimizer of the table or of the user's."""
    return find(OPTIMIZER, name) if is_own(OPTIMIZER, name) else jaxnn.OPTIMIZERS[name]


def read_by(name: str) -> tuple[str, ...]:
    """The hyperparameters that an optimizer reads.

    Raises:
        UserError: one of the user's cannot be made.
    """
    if not is_own(OPTIMIZER, name):
        return hyperparameters_of(name)
    given = Noted({RATE: 0.1, **dict.fromkeys(OFFERED, 0.5)})
    with within_time(OPTIMIZER, name, "calling it"):
        _made(name, given)
    return tuple(given.read)


def try_optimizer(name: str, given: Iterable[str], *, scheduled: bool) -> None:
    """Two updates of two weights.

    Args:
        name: of an optimizer; one of the table needs no trial.
        given: the hyperparameters beside the rate.
        scheduled: whether the rate is a schedule.

    Raises:
        UserError: it cannot be made or used.
    """
    if not is_own(OPTIMIZER, name):
        return
    numbers = dict.fromkeys(given, jnp.float32(0.5))
    said = f"--optimizer {name}"
    with within_time(OPTIMIZER, name, "calling it"):
        try:
            found = jax.jit(lambda rate, numbers: _updated(name, rate, numbers, scheduled))(
                jnp.float32(0.1), numbers
            )
        except UserError:
            raise
        except Exception as error:
            raise UserError(
                f"{said}: an update fails ({brief(error)}); return a transformation of Optax whose "
                "update takes a gradient, its state and the parameters"
            ) from None
    if not np.isfinite(found).all():
        raise UserError(
            f"{said}: an update at the rate 0.1 is not finite; return a transformation of Optax "
            "whose updates are"
        )


def factors(name: str, steps: int, warmup: float | None = None) -> np.ndarray:
    """What a schedule, of the table or of the user's, multiplies the rate of each update by.

    Args:
        name: of the schedule.
        steps: updates of the training.
        warmup: the share of them that warm-up takes; absent, the usual one.

    Returns:
        float32 (steps,).

    Raises:
        UserError: one of the user's cannot be used.
    """
    if not is_own(SCHEDULE, name):
        return schedules.factors(name, steps, warmup)
    return _own_factors(find(SCHEDULE, name), name, steps, warmup)


def has_warmup(name: str) -> bool:
    """Whether a schedule has a share of warm-up that can be set."""
    if not is_own(SCHEDULE, name):
        return name in schedules.WARMUPS
    try:
        return "warmup" in inspect.signature(find(SCHEDULE, name)).parameters
    except (TypeError, ValueError):
        return False


def _made(name: str, given: Mapping[str, Any]) -> optax.GradientTransformation:
    """The user's optimizer with these hyperparameters."""
    try:
        made = find(OPTIMIZER, name)(given)
    except Exception as error:
        raise UserError(
            f"--optimizer {name} fails ({brief(error)}); it is called with the hyperparameters "
            f"{', '.join(given)}, which are traced numbers, or a function of the update for a rate "
            "with a schedule"
        ) from None
    if not isinstance(made, optax.GradientTransformation):
        raise UserError(
            f"--optimizer {name} returns {returned(made)}; return a transformation of Optax"
        )
    return made


def _updated(
    name: str, rate: jax.Array, numbers: Mapping[str, jax.Array], scheduled: bool
) -> jax.Array:
    """Two weights after two updates."""
    made = _made(name, Noted({RATE: (lambda count: rate) if scheduled else rate, **numbers}))
    params = jnp.ones(2)
    state = made.init(params)
    before = jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), jax.tree.map(jnp.asarray, state))
    for _ in range(2):
        updates, state = made.update(params / 10, state, params)
        params = optax.apply_updates(params, updates)
    after = jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), state)
    if before != after:
        raise UserError(
            f"--optimizer {name}: an update changes the shape or dtype of its state; return a "
            "state like that of init"
        )
    return params


@cache
def _own_factors(make: Callable, name: str, steps: int, warmup: float | None) -> np.ndarray:
    said, further = f"--schedule {name}", {} if warmup is None else {"warmup": warmup}

    def at(rate: float) -> np.ndarray:
        schedule = make(rate, steps, **further)
        if not callable(schedule):
            raise UserError(
                f"{said} returns {returned(schedule)}; return a schedule of Optax, a function from "
                "the number of an update to its rate"
            )
        rates = jax.vmap(lambda count: jnp.asarray(schedule(count), jnp.float32))
        return np.asarray(rates(jnp.arange(steps)))

    try:
        with within_time(SCHEDULE, name, "calling it"):
            found, half = at(1.0), at(0.5)
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"{said} fails ({brief(error)}); it is called with a rate and a number of updates, and "
            "returns a function of the traced number of an update"
        ) from None
    if found.shape != (steps,):
        raise UserError(f"{said} makes shape {found.shape[1:]} of one update; return one number")
    if not np.isfinite(found).all():
        raise UserError(
            f"{said} is not finite at update {np.flatnonzero(~np.isfinite(found))[0]} of {steps}; "
            "return a finite rate for each"
        )
    if not np.allclose(half, found / 2, rtol=1e-4, atol=1e-7):
        raise UserError(
            f"{said} is not proportional to its rate, which is what is compared; multiply all of "
            "it by the rate"
        )
    return found


def _is_function(value: object) -> bool:
    return callable(value) and not isinstance(value, type | Network | Activation)
