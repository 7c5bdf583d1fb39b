"""The vocabulary of the house: what an array, a key, a network, a cell and an activation are."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax

Array = jax.Array
Key = jax.Array  # a typed PRNG key, as jax.random.key makes it
Params = Any  # a pytree whose leaves are arrays, and nothing else


class Network(NamedTuple):
    """A network, or one layer of it: a pair of pure functions.

    init: ``init(key) -> params``, the starting parameters.
    apply: ``apply(params, x, *, key=None) -> y`` for ONE example; batches come from ``jax.vmap``.
        Randomness (dropout, RReLU) acts only when a key is given.

    Example:
        >>> import jax
        >>> from jaxnn import mlp
        >>> net = mlp((4, 8, 3), activation="tanh")
        >>> params = net.init(jax.random.key(0))
        >>> net.apply(params, jax.numpy.ones(4)).shape
        (3,)
    """

    init: Callable[[Key], Params]
    apply: Callable[..., Array]


class Cell(NamedTuple):
    """A recurrent cell, whose context neurons are explicit: state goes in and comes out.

    init: ``init(key) -> params``.
    initial_state: the state before the first input, a pytree of arrays.
    apply: ``apply(params, state, x) -> (state, y)`` for one time step of ONE example.
    """

    init: Callable[[Key], Params]
    initial_state: Any
    apply: Callable[..., tuple[Any, Array]]


class Activation(NamedTuple):
    """An activation function and what is known about it; the tests check every fact numerically.

    function: ``f(x)``, ``f(x, **learned)`` when it learns, ``f(x, key=key)`` when it is random.
    reference: where it comes from.
    range: infimum and supremum over the real line.
    zero_centred: f(-x) = -f(x), so that a symmetric input gives an output of mean 0.
    saturates: (left, right), whether the slope goes to 0 as x goes to -inf, +inf.
    smooth: continuously differentiable everywhere.
    monotone: nowhere falling.
    slope_at_0: what ``jax.grad`` returns at 0; where the true slope jumps, the convention taken.
    elementwise: each output depends on its own input only.
    learned: learned parameters and their starting values, one value a unit.
    stochastic: takes a key, and is random only when it gets one.
    units_in: pre-activations a layer computes for each output unit: 2 for GLU, k for maxout, 1/2 for CReLU.
    """

    function: Callable[..., Array]
    reference: str
    range: tuple[float, float]
    zero_centred: bool
    saturates: tuple[bool, bool]
    smooth: bool
    monotone: bool
    slope_at_0: float
    elementwise: bool = True
    learned: Mapping[str, float] = MappingProxyType({})
    stochastic: bool = False
    units_in: float = 1
