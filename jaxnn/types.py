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
    """An activation function and what is known about it; the tests check every fact of every entry numerically.

    A fact is None where it is not known (``jaxnn.activations.measure`` finds it) or has no meaning: the facts from
    zero_centred on describe a curve, so they need an elementwise function. Learned parameters stand at their starts.

    function: ``f(x)``, ``f(x, **learned)`` when it learns, ``f(x, key=key)`` when it is random.
    reference: where it comes from.
    range: infimum and supremum of the outputs over all finite inputs.
    zero_centred: E[f(z)] = 0 for z ~ N(0, 1), to 1e-6 of √E[f(z)²]: every odd function, and SELU by its two constants.
    saturates: (left, right), whether the slope goes to 0 as x goes to -inf, +inf (below 1e-6 at ∓1e16).
    smooth: continuously differentiable everywhere.
    monotone: nowhere falling.
    slope_at_0: what ``jax.grad`` returns at 0; where the true slope jumps, the convention taken.
    elementwise: each output depends on its own input only.
    learned: learned parameters and their starting values, one value a unit.
    stochastic: takes a key, and is random only when it gets one.
    units_in: pre-activations a layer computes for each output unit: 2 for GLU, k for maxout, 1/2 for CReLU.
    at_infinity: (left, right), what the function returns at -inf and +inf: its limit, or nan where the formula meets
        inf - inf, inf·0 or inf/inf, or the limit does not exist.

    Example:
        >>> import jax
        >>> from jaxnn import mlp
        >>> bent = Activation(lambda x, beta: jax.numpy.tanh(beta * x), learned={"beta": 1.0})
        >>> net = mlp((4, 2, 5, 3), activation=("relu", bent))
        >>> jax.eval_shape(net.init, jax.random.key(0))[1]["activation"]["beta"].shape
        (5,)
    """

    function: Callable[..., Array]
    reference: str = "user"
    range: tuple[float, float] | None = None
    zero_centred: bool | None = None
    saturates: tuple[bool, bool] | None = None
    smooth: bool | None = None
    monotone: bool | None = None
    slope_at_0: float | None = None
    elementwise: bool = True
    learned: Mapping[str, float] = MappingProxyType({})
    stochastic: bool = False
    units_in: float = 1
    at_infinity: tuple[float, float] | None = None
