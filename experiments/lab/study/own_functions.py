"""The user's own networks, optimizers and schedules, named as my_module:my_function.

Each is a function that makes one: ``make(structure, inputs, outputs)`` a jaxnn.Network,
``make(hyperparameters)`` a transformation of Optax, ``make(rate, steps)`` a schedule of Optax. What
it makes is tried out before anything is trained, so that whatever is wrong with it is said in one
sentence. A program may hand over the function itself; its name is then the function's own.
"""

import hashlib
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxnn
from experiments.lab.io import cli
from experiments.lab.io.errors import UserError
from experiments.lab.study.own_code import (
    UNTRACEABLE,
    brief,
    imported,
    source_hash,
    within_time,
)
from jaxnn import schedules
from jaxnn.optimizers import RATE, Optimizer, hyperparameters_of
from jaxnn.types import Activation, Network

MLP = "mlp"
NETWORK, OPTIMIZER, SCHEDULE = "network", "optimizer", "schedule"
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
_BUILT: dict[tuple, "Built"] = {}


class Built(NamedTuple):
    """A network of the user's, for one structure.

    name: of its function. network: it. inputs: how many it has.
    read: the names of the structure that its function has looked at.
    parameters: how many numbers it learns. constant: whether all seeds start from the same.
    """

    name: str
    network: Network
    inputs: int
    read: frozenset[str]
    parameters: int
    constant: bool


class Noted(Mapping):
    """What a function of the user's is called with; it notes which names are read."""

    def __init__(self, values: Mapping[str, Any]):
        """Of these values."""
        self._values, self.read = dict(values), set[str]()

    def __getitem__(self, name: str) -> Any:
        """The value, which is read."""
        self.read.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._values)

    def __len__(self) -> int:
        """How many."""
        return len(self._values)

    def __repr__(self) -> str:
        return repr(self._values)


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
                facts = {"facts": _facts(own)} if kind == NETWORK else {}
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
        said = "".join(_computed(each) for each in built)
    elif kind == OPTIMIZER:
        said = _program(lambda rate: _updated(name, rate, {}, scheduled=False), jnp.float32(0.1))
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


def network(
    structure: Mapping[str, Any],
    phi: Sequence[Activation],
    widths: Sequence[int],
    inputs: int,
    outputs: int,
) -> Built:
    """The user's network of one structure, tried out.

    Args:
        structure: one; its function gets all of it, with "activation" and "width" as tuples with
            one entry per hidden layer.
        phi: one activation, or one per hidden layer.
        widths: neurons of each hidden layer.
        inputs: numbers that go in.
        outputs: numbers that come out.

    Raises:
        UserError: it cannot be made or used.
    """
    name = structure[NETWORK]
    make, depth = find(NETWORK, name), structure["depth"]
    layers = tuple(phi) if len(phi) > 1 else tuple(phi) * depth
    functions = tuple(entry.function for entry in layers)
    key = (make, tuple(sorted(structure.items())), functions, inputs, outputs)
    if key not in _BUILT:  # once, and not in the middle of a program's tracing
        given = Noted(
            {known: value for known, value in structure.items() if known != NETWORK}
            | {"activation": layers, "width": tuple(widths)}
        )
        with within_time(NETWORK, name, "calling it"):
            _BUILT[key] = _try_network(name, make, given, inputs, outputs)
    return _BUILT[key]


def check_networks(given: Mapping[str, Sequence], built: Sequence[Built]) -> None:
    """Refuse what a network of the user's does not read: the same would be trained twice.

    Args:
        given: the axes of structure.
        built: its networks.

    Raises:
        UserError: an axis with several values, or one that is of networks alone, is not read.
    """
    of_networks = ("initializer", "normalization", "residual", "bias", "dropout")
    for axis in ("activation", "depth", "width", *of_networks):
        values = given.get(axis, ())
        if len(values) <= (axis not in of_networks):
            continue
        for each in built:
            if axis not in each.read:
                one = "leave it out" if axis in of_networks else f"give one value, as {values[0]}"
                raise UserError(
                    f"--{axis} {' '.join(map(str, values))}: the network {each.name} does not read "
                    f'structure["{axis}"], so that it changes nothing; {one}'
                )


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


def _try_network(name: str, make: Callable, given: Noted, inputs: int, outputs: int) -> Built:
    """Make it, draw its parameters, and go through it forward and backward, once."""
    said, x = f"--network {name}", jax.random.normal(jax.random.key(1), (inputs,))
    try:
        net = make(given, inputs, outputs)
    except Exception as error:
        raise UserError(
            f"{said} fails ({brief(error)}); it is called as make(structure, {inputs}, {outputs}), "
            f"with the structure's {', '.join(given)}"
        ) from None
    if not isinstance(net, Network):
        raise UserError(
            f"{said} returns {_kind(net)}; return jaxnn.Network(init, apply), with init(key) -> "
            "parameters and apply(parameters, x) of one example"
        )
    try:
        params = net.init(jax.random.key(0))
        other = net.init(jax.random.key(1))
    except Exception as error:
        raise UserError(
            f"{said}: init fails ({brief(error)}); it takes a key and returns the parameters"
        ) from None
    leaves = jax.tree_util.tree_leaves_with_path(params)
    if not leaves:
        raise UserError(f"{said}: init returns no parameters; return at least one array")
    for path, leaf in leaves:
        if not isinstance(leaf, jax.Array | np.ndarray) or leaf.dtype != jnp.float32:
            where = jax.tree_util.keystr(path, simple=True, separator=".")
            what = f"of dtype {leaf.dtype}" if hasattr(leaf, "dtype") else _kind(leaf)
            raise UserError(
                f"{said}: the parameter {where or 'that init returns'} is {what}; return float32 "
                "arrays alone, and keep what is not trained out of them"
            )
    try:
        made = jax.eval_shape(net.apply, params, x)
        _program(lambda key: _run(net, key, x), jax.random.key(0))
    except UNTRACEABLE:
        raise UserError(
            f"{said} cannot be traced by JAX: it uses NumPy, or Python's if or math on an array; "
            "use jax.numpy, and jnp.where instead of if"
        ) from None
    except Exception as error:
        raise UserError(
            f"{said}: apply fails on one example of shape ({inputs},) ({brief(error)}); it takes "
            "the parameters and one example, without an axis of rows"
        ) from None
    if not isinstance(made, jax.ShapeDtypeStruct):
        raise UserError(f"{said}: apply returns {_kind(made)}; return one array ({outputs},)")
    if made.shape != (outputs,) or made.dtype != jnp.float32:
        raise UserError(
            f"{said}: apply makes {made.dtype} {made.shape} of one example of shape ({inputs},); "
            f"return float32 ({outputs},), the linear outputs"
        )
    try:
        y, pull = jax.vjp(lambda params: net.apply(params, x), params)
        pulled = [y, *jax.tree.leaves(pull(jnp.ones_like(y)))]
    except Exception as error:
        raise UserError(
            f"{said} cannot be differentiated by JAX ({brief(error)}); build it from jax.numpy"
        ) from None
    for what, values in (("its output", pulled[:1]), ("its gradient", pulled[1:])):
        if not all(np.isfinite(each).all() for each in values):
            raise UserError(
                f"{said}: {what} is not finite for standard normal inputs at its initial "
                "parameters; replace what overflows by jnp.where, or draw smaller ones"
            )
    same = all(map(np.array_equal, jax.tree.leaves(params), jax.tree.leaves(other)))
    count = sum(leaf.size for _, leaf in leaves)
    read = given.read | ({"depth"} if given.read & {"activation", "width"} else set())
    return Built(name, net, inputs, frozenset(read), count, same)


def _run(net: Network, key: jax.Array, x: jax.Array) -> jax.Array:
    """A network from its initial parameters, as it is trained."""
    further = {"key": key} if net.stochastic else {}
    return net.apply(net.init(key), x, **further)


def _computed(built: Built) -> str:
    """What a network of the user's computes, from its key on, as text."""
    x = jnp.zeros(built.inputs)
    return _program(lambda key: _run(built.network, key, x), jax.random.key(0))


def _program(function: Callable, *arguments: Any) -> str:
    """What a function computes, as text: its program, without addresses, and its constants."""
    made = jax.make_jaxpr(function)(*arguments)
    constants = [np.asarray(each).tobytes().hex() for each in made.consts]
    return re.sub(r" at 0x[0-9a-f]+", "", "".join([str(made), *constants]))


def _facts(built: Sequence[Built]) -> str:
    """What networks of the user's are, and what is not said of them."""
    sizes = sorted({each.parameters for each in built})
    said = f"{sizes[0]:,} parameters"
    if len(sizes) > 1:
        said = f"{sizes[0]:,} to {sizes[-1]:,} parameters"
    if any(each.constant for each in built):
        said += ", the same at the start for every seed"
    return said


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
            f"--optimizer {name} returns {_kind(made)}; return a transformation of Optax"
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
                f"{said} returns {_kind(schedule)}; return a schedule of Optax, a function from "
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


def _kind(value: object) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
