"""Inside a network: the sums and values of its layers of neurons, whatever they are combined with.

Every layer and cell of the library says what its neurons compute, and what combines layers passes
it on, so that ``jaxnn.diagnostics`` sees the network that ``apply`` computes. A trace has no key:
nothing in it is random.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import chex
import jax
import jax.numpy as jnp

from jaxnn.types import Activation, Array, Cell, Inside, Network, Params

Probes = Sequence[Array | None]


def of(layer: Network) -> Inside:
    """What a layer has inside; one made by hand is applied, and has no neurons to look at.

    Args:
        layer: a Network.

    Example:
        >>> from jaxnn import dense, layer_norm
        >>> [len(of(layer).activations) for layer in (dense(2, 3), layer_norm(3))]
        [1, 0]
    """
    if layer.inside is not None:
        return layer.inside

    def trace(params: Params, x: Array, *, probes: Probes) -> tuple[Array, tuple, tuple]:
        return layer.apply(params, x), (), ()

    return Inside((), lambda params: (), trace)


def neurons(
    entry: Activation,
    sums: Callable[..., Array],
    values: Callable[[Mapping[str, Array], Array], Array],
    own: Callable[[Params], Mapping[str, Any]] = lambda params: params,
) -> Inside:
    """One layer of neurons, h = φ(z).

    Args:
        entry: φ.
        sums: ``sums(params, *inputs) -> z``.
        values: ``values(learned, z) -> h``.
        own: from the layer's params to the mapping that has "activation" where φ learns.

    Example:
        >>> from jaxnn.activations import resolve
        >>> doubled = neurons(resolve("relu"), lambda params, x: 2 * x, lambda learned, z: abs(z))
        >>> doubled.trace({}, jnp.array([-1.0]), probes=(None,))[0].tolist()
        [2.0]
    """

    def trace(params: Params, *inputs: Any, probes: Probes) -> tuple[Array, tuple, tuple]:
        z = sums(params, *inputs)
        if probes[0] is not None:
            chex.assert_equal_shape(
                [probes[0], z],
                exception_type=ValueError,
                custom_message="give each layer's probe the shape of its pre-activations, (units,)",
            )
            z = z + probes[0]
        h = values(own(params).get("activation", {}), z)
        return h, (z,), (h,)

    return Inside((entry,), lambda params: (own(params),), trace)


def in_series(layers: Sequence[Network]) -> Inside:
    """Of layers in series, one after the other.

    Args:
        layers: as for ``serial``, whose params are a tuple.
    """
    parts = [of(layer) for layer in layers]

    def trace(params: Params, x: Array, *, probes: Probes) -> tuple[Array, tuple, tuple]:
        z: tuple[Array, ...] = ()
        h: tuple[Array, ...] = ()
        start = 0
        for part, own in zip(parts, params, strict=True):
            stop = start + len(part.activations)
            x, of_part, values = part.trace(own, x, probes=probes[start:stop])
            z, h, start = (*z, *of_part), (*h, *values), stop
        return x, z, h

    return Inside(
        tuple(entry for part in parts for entry in part.activations),
        lambda params: tuple(
            each for part, own in zip(parts, params, strict=True) for each in part.own(own)
        ),
        trace,
    )


def as_one(part: Inside) -> Inside:
    """Only the last layer of neurons, with the params of all: φ(layer_norm(x W + b)).

    Args:
        part: of a linear layer and what follows it.
    """
    hidden = (None,) * (len(part.activations) - 1)

    def trace(params: Params, x: Array, *, probes: Probes) -> tuple[Array, tuple, tuple]:
        y, z, h = part.trace(params, x, probes=(*hidden, *probes))
        return y, z[-1:], h[-1:]

    def own(params: Params) -> tuple[Mapping[str, Any], ...]:
        return ({name: leaf for each in part.own(params) for name, leaf in each.items()},)

    return Inside(part.activations[-1:], own, trace)


def skipped(layer: Network) -> Inside:
    """Of y = x + f(x).

    Args:
        layer: f.
    """
    part = of(layer)

    def trace(params: Params, x: Array, *, probes: Probes) -> tuple[Array, tuple, tuple]:
        y, z, h = part.trace(params, x, probes=probes)
        return x + y, z, h

    return part._replace(trace=trace)


def repeated(layer: Network, depth: int) -> Inside:
    """Of a layer in a scan, once for each repetition.

    Args:
        layer: as for ``repeat``, whose params have the depth in front.
        depth: number of repetitions.
    """
    part = of(layer)
    count = len(part.activations)

    def apart(stacked: Sequence[Array]) -> tuple[Array, ...]:
        return tuple(each[i] for i in range(depth) for each in stacked)

    def trace(params: Params, x: Array, *, probes: Probes) -> tuple[Array, tuple, tuple]:
        def step(x: Array, each: tuple) -> tuple[Array, tuple]:
            y, z, h = part.trace(each[0], x, probes=each[1])
            return y, (z, h)

        # None, which a scan passes on, where a layer has no probe.
        given: list[Any] = [probes[i::count] for i in range(count)] if depth else []
        stacked = tuple(None if None in each else jnp.stack(each) for each in map(list, given))
        y, (z, h) = (
            jax.lax.scan(step, x, (params, stacked), length=depth) if depth else (x, ((), ()))
        )
        return y, apart(z), apart(h)

    def own(params: Params) -> tuple[Mapping[str, Any], ...]:
        each = [jax.tree.map(lambda leaf, i=i: leaf[i], params) for i in range(depth)]
        return tuple(own for one in each for own in part.own(one))

    return Inside(part.activations * depth, own, trace)


def over_time(cell: Cell, readout: Network | None, last: bool) -> Inside:
    """Of a cell over a sequence, and its readout: z and h have the time in front.

    Args:
        cell: as for ``recurrent_network``, likewise the others.
        readout: applied to the cell's outputs.
        last: whether to the last one only.
    """
    part, after = cell.inside, of(readout) if readout else None
    entries = part.activations if part else ()

    def trace(params: Params, xs: Array, *, probes: Probes) -> tuple[Array, tuple, tuple]:
        def step(state: Any, each: tuple) -> tuple[Any, tuple]:
            if part is None:
                state, y = cell.apply(params[0], state, each[0])
                return state, (y, (), ())
            (state, y), z, h = part.trace(params[0], state, each[0], probes=each[1])
            return state, (y, z, h)

        start = jax.tree.map(lambda leaf: leaf.astype(xs.dtype), cell.initial_state)
        own, others = tuple(probes[: len(entries)]), tuple(probes[len(entries) :])
        ys, z, h = jax.lax.scan(step, start, (xs, own))[1]
        ys = ys[-1:] if last else ys
        if after is not None:
            ys, further, values = jax.vmap(
                lambda y, probes: after.trace(params[1], y, probes=probes)
            )(ys, others)
            z, h = (*z, *further), (*h, *values)
        return (ys[0] if last else ys), z, h

    def own(params: Params) -> tuple[Mapping[str, Any], ...]:
        return (
            *(part.own(params[0]) if part else ()),
            *(after.own(params[1]) if after is not None else ()),
        )

    return Inside((*entries, *(after.activations if after else ())), own, trace)
