"""The types that all modules share: arrays, keys, networks, recurrent cells and activations."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax

Array = jax.Array
Key = jax.Array  # a typed PRNG key, as made by jax.random.key
Params = Any  # a pytree whose leaves are all arrays


class Inside(NamedTuple):
    """What a network has inside: its layers of neurons, h = φ(z), in the order in which they act.

    activations: φ of each layer, the output layer last.
    own: ``own(params)``, for each layer the mapping of its params: "weight", "activation", ….
    trace: ``trace(params, x, *, probes) -> (y, z, h)`` for ONE example, without a key: y is that of
        the network's apply, and z and h are tuples of one array per layer. probes are what is added
        to z, an array or None per layer. In a recurrent network, z and h have the time in front.
    """

    activations: tuple["Activation", ...]
    own: Callable[[Params], tuple[Mapping[str, Any], ...]]
    trace: Callable[..., tuple[Any, tuple[Array, ...], tuple[Array, ...]]]

    def __hash__(self) -> int:
        """Of the object: an Activation has none, and a Network is a static argument of jit."""
        return id(self)


class Network(NamedTuple):
    """A network, or one layer of it, as pure functions.

    init: ``init(key) -> params``, the initial parameters.
    apply: ``apply(params, x, *, key=None) -> y`` for ONE example; use ``jax.vmap`` for a batch.
        Randomness (dropout, RReLU) acts only when a key is given.
    columns: ``columns(params, x) -> y`` for a batch whose examples are columns, the last axis, such
        as (in_dim, batch) to (out_dim, batch): what ``jax.vmap`` of apply over that axis computes,
        in a form whose gradients are fast. None, where vmap is as good.
    stochastic: whether apply is random when it is given a key.
    inside: what ``jaxnn.diagnostics`` looks at. None, where the network has no neurons or was made
        by hand.

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
    columns: Callable[[Params, Array], Array] | None = None
    stochastic: bool = False
    inside: Inside | None = None


class Cell(NamedTuple):
    """A recurrent cell with explicit state: the values of its context neurons go in and come out.

    init: ``init(key) -> params``, the initial parameters.
    initial_state: the state before the first input, a pytree of arrays.
    apply: ``apply(params, state, x) -> (state, y)`` for one time step of ONE example.
    columns: the same for a batch whose examples are columns, as of a Network.
    inside: as of a Network; its trace takes the state before x, and y is (state, y).

    Example:
        >>> import jax
        >>> from jaxnn import elman
        >>> cell = elman(2, 3)
        >>> params = cell.init(jax.random.key(0))
        >>> state, y = cell.apply(params, cell.initial_state, jax.numpy.ones(2))
        >>> state.shape, y.shape
        ((3,), (3,))
    """

    init: Callable[[Key], Params]
    initial_state: Any
    apply: Callable[..., tuple[Any, Array]]
    columns: Callable[..., tuple[Any, Array]] | None = None
    inside: Inside | None = None


class Activation(NamedTuple):
    """An activation function and its known properties; tests check every property numerically.

    It can be called like the function, ``ACTIVATIONS["gelu"](x)``; learned parameters that are not
    given have their initial values.

    A property is None where it is unknown (``jaxnn.activations.measure`` measures it) or has no
    meaning: zero_centred, saturates, smooth, monotone, slope_at_0 and at_infinity describe a
    curve, so they need an elementwise function. They hold at the initial values of learned
    parameters.

    function: ``f(x)``; ``f(x, **learned)`` if it has learned parameters; ``f(x, key=key)`` if it is
        stochastic.
    reference: the publication that introduced it.
    range: (infimum, supremum) of the outputs over all finite inputs.
    zero_centred: whether E[f(z)] = 0 for z ~ N(0, 1), to within 1e-6 of √E[f(z)²]; true of every
        odd function, and of SELU by the choice of its two constants.
    saturates: (left, right), whether the derivative tends to 0 as x tends to −∞, +∞ (|f′| is below
        1e-6 at ∓1e16).
    smooth: whether it is continuously differentiable everywhere.
    monotone: whether it never decreases.
    slope_at_0: the derivative at 0 that ``jax.grad`` returns; a convention where the function has
        a corner at 0.
    elementwise: whether each output depends on one input only.
    learned: names of the learned parameters and their initial values; each unit has its own.
    stochastic: whether it takes a key; it is random only when it is given one.
    units_in: pre-activations that a layer computes per output: 2 for GLU, k for maxout with k
        pieces, 1/2 for CReLU.
    at_infinity: (left, right), the values returned at −∞ and +∞: the limit, or nan where the
        formula evaluates to inf − inf, inf·0 or inf/inf, or where the limit does not exist. Where
        the value is a limit, the derivative is one too.

    Example:
        >>> import jax
        >>> from jaxnn import ACTIVATIONS
        >>> ACTIVATIONS["relu"]([-1, 2]).tolist()
        [0.0, 2.0]
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

    def __call__(self, x: Any, **options: Any) -> Array:
        """f(x): options are learned parameters and, if it is stochastic, the key."""
        return self.function(x, **{**self.learned, **options})
