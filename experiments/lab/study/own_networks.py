"""The user's own networks: made for each structure, and tried out before anything is trained."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from experiments.lab.io.errors import UserError
from experiments.lab.study.own_code import (
    UNTRACEABLE,
    Noted,
    brief,
    program_text,
    returned,
    within_time,
)
from jaxnn.types import Activation, Network

FLAG = "network"
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


def built(
    make: Callable,
    structure: Mapping[str, Any],
    phi: Sequence[Activation],
    widths: Sequence[int],
    inputs: int,
    outputs: int,
) -> Built:
    """The user's network of one structure, tried out.

    Args:
        make: the user's function.
        structure: one; its function gets all of it, with "activation" and "width" as tuples with
            one entry per hidden layer.
        phi: one activation, or one per hidden layer.
        widths: neurons of each hidden layer.
        inputs: numbers that go in.
        outputs: numbers that come out.

    Raises:
        UserError: it cannot be made or used.
    """
    name = structure[FLAG]
    layers = tuple(phi) if len(phi) > 1 else tuple(phi) * structure["depth"]
    functions = tuple(entry.function for entry in layers)
    key = (make, tuple(sorted(structure.items())), functions, inputs, outputs)
    if key not in _BUILT:  # once, and not in the middle of a program's tracing
        given = Noted(
            {known: value for known, value in structure.items() if known != FLAG}
            | {"activation": layers, "width": tuple(widths)}
        )
        _BUILT[key] = _try(name, make, given, inputs, outputs)
    return _BUILT[key]


def check(given: Mapping[str, Sequence], built: Sequence[Built]) -> None:
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


def facts(built: Sequence[Built]) -> str:
    """What networks of the user's are, and what is not said of them."""
    sizes = sorted({each.parameters for each in built})
    said = f"{sizes[0]:,} parameters"
    if len(sizes) > 1:
        said = f"{sizes[0]:,} to {sizes[-1]:,} parameters"
    if any(each.constant for each in built):
        said += ", the same at the start for every seed"
    return said


def computed(built: Built) -> str:
    """What a network of the user's computes, from its key on, as text."""
    x = jnp.zeros(built.inputs)
    return program_text(lambda key: _run(built.network, key, x), jax.random.key(0))


def _try(name: str, make: Callable, given: Noted, inputs: int, outputs: int) -> Built:
    """Make it, draw its parameters, and go through it forward and backward, once."""
    said, x = f"--network {name}", jax.random.normal(jax.random.key(1), (inputs,))
    try:
        with within_time(FLAG, name, "calling it"):
            net = make(given, inputs, outputs)
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"{said} fails ({brief(error)}); it is called as make(structure, {inputs}, {outputs}), "
            f"with the structure's {', '.join(given)}"
        ) from None
    if not isinstance(net, Network):
        raise UserError(
            f"{said} returns {returned(net)}; return jaxnn.Network(init, apply), with init(key) -> "
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
            what = f"of dtype {leaf.dtype}" if hasattr(leaf, "dtype") else returned(leaf)
            raise UserError(
                f"{said}: the parameter {where or 'that init returns'} is {what}; return float32 "
                "arrays alone, and keep what is not trained out of them"
            )
    try:
        with within_time(FLAG, name, "calling its apply"):
            made = jax.eval_shape(net.apply, params, x)
        jax.eval_shape(lambda key: _run(net, key, x), jax.random.key(0))
    except UserError:
        raise
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
        raise UserError(f"{said}: apply returns {returned(made)}; return one array ({outputs},)")
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
