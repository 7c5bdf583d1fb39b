"""Recurrent networks: cells with explicit state, their scan over time, and both as a Network.

The state of a cell is the values of its context neurons, which carry information from one time
step to the next.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import chex
import jax
import jax.numpy as jnp

from jaxnn import initializers, inside
from jaxnn.activations import resolve, sigmoid, tanh
from jaxnn.layers import activation_layer, dense, of_columns, product_of_columns, scan
from jaxnn.promotion import floating
from jaxnn.types import Activation, Array, Cell, Inside, Key, Network, Params


class _Layer(NamedTuple):
    """A dense layer that also sees the context s, φ(x W + s C + b).

    init: ``init(key) -> params``.
    apply: ``apply(params, s, x) -> values`` of one example.
    columns: the same of a batch whose examples are columns.
    inside: as of a Network.
    """

    init: Callable[[Key], Params]
    apply: Callable[..., Array]
    columns: Callable[..., Array]
    inside: Inside


def _context_layer(
    in_dim: int,
    context_dim: int,
    out_dim: int,
    activation: str | Callable | Activation,
    bias: bool,
    initializer: str | Callable | None,
    context_initializer: str | Callable | None,
) -> _Layer:
    """Seven arguments, since the weights of input and context are initialised separately."""
    if min(in_dim, context_dim, out_dim) < 1:
        raise ValueError(
            "a recurrent cell needs sizes of at least 1, got "
            f"in_dim={in_dim}, context={context_dim}, out={out_dim}"
        )
    phi = activation_layer(activation, out_dim)
    units = int(resolve(activation).units_in * out_dim)
    draw, draw_context = (
        initializers.resolve_initializer(initializer) or initializers.scaled_normal(1.0),
        initializers.resolve_initializer(context_initializer) or initializers.orthogonal(),
    )

    def init(key: Key) -> Params:
        first, second = jax.random.split(key)
        params = {
            "weight": draw(first, (in_dim, units)),
            "context": draw_context(second, (context_dim, units)),
        }
        if bias:
            params["bias"] = jnp.zeros(units)
        learned = phi.init(key)
        return params | ({"activation": learned} if learned else {})

    def sums(params: Params, context: Array, x: Array) -> Array:
        weight, of_context = floating(params["weight"]), floating(params["context"])
        x, context = floating(x, weight.dtype), floating(context, weight.dtype)
        _check(in_dim, context_dim, context, x)
        z = x @ weight + context @ of_context
        return z + floating(params["bias"], z.dtype) if "bias" in params else z

    def apply(params: Params, context: Array, x: Array) -> Array:
        return phi.apply(params.get("activation", {}), sums(params, context, x))

    def columns(params: Params, context: Array, x: Array) -> Array:
        weight, of_context = params["weight"], params["context"]
        z = product_of_columns(weight, floating(x, weight.dtype))
        z += product_of_columns(of_context, floating(context, weight.dtype))
        z = z + params["bias"][:, None] if "bias" in params else z
        return of_columns(phi)(params.get("activation", {}), z)

    return _Layer(init, apply, columns, inside.neurons(resolve(activation), sums, phi.apply))


def _check(in_dim: int, context_dim: int, context: Array, x: Array) -> None:
    if x.shape != (in_dim,):
        raise ValueError(
            f"a cell with {in_dim} inputs got one time step of shape {x.shape}; give shape "
            f"({in_dim},), and use jaxnn.unroll for a sequence and jax.vmap for a batch"
        )
    if context.shape != (context_dim,):
        raise ValueError(
            f"a cell with {context_dim} context neurons got a state of shape {context.shape}; "
            "give the state from the previous step, or the cell's initial_state"
        )


def elman(
    in_dim: int,
    width: int,
    *,
    activation: str | Callable | Activation = "tanh",
    bias: bool = True,
    initializer: str | Callable | None = None,
    context_initializer: str | Callable | None = None,
) -> Cell:
    """Elman cell, hₜ = φ(xₜ W + hₜ₋₁ C + b): its state is the hidden values of the previous step.

    Args:
        in_dim: number of inputs per time step.
        width: number of hidden neurons, and of context neurons.
        activation: φ, as a name, a function of one array, or an Activation.
        bias: whether there is a bias b, with initial value 0.
        initializer: a name, or ``f(key, shape) -> W``; by default normal with variance 1 / in_dim.
        context_initializer: a name, or ``f(key, shape) -> C``; by default orthogonal, as in Keras
            (PyTorch: uniform with variance 1 / (3 width)). The identity matrix and ReLU give the
            IRNN.

    Returns:
        Cell(init, initial_state, apply). The state and the output of a step are both hₜ, of shape
        (width,); the initial state is 0. Its params are {"weight": (in_dim, units), "context":
        (width, units), "bias": (units,)} with units = width × units_in, and "activation" if φ has
        learned parameters.

    Raises:
        ValueError: a size is below 1; φ is unknown; or the input or state of a step has another
            shape.

    Example:
        >>> identity = lambda key, shape: jnp.eye(*shape)
        >>> cell = elman(1, 4, activation="relu", context_initializer=identity)
        >>> state, y = cell.apply(cell.init(jax.random.key(0)), cell.initial_state, jnp.ones(1))
        >>> y.shape
        (4,)

    Reference:
        Elman 1990, Cognitive Science 14; Le, Jaitly & Hinton 2015, arXiv 1504.00941, for the IRNN.
    """
    hidden = _context_layer(
        in_dim, width, width, activation, bias, initializer, context_initializer
    )

    def trace(params: Params, state: Array, x: Array, *, probes: inside.Probes) -> Any:
        h, z, values = hidden.inside.trace(params, state, x, probes=probes)
        return (h, h), z, values

    def step_of(hidden: Callable) -> Callable[..., tuple[Array, Array]]:
        def step(params: Params, state: Array, x: Array) -> tuple[Array, Array]:
            h = hidden(params, state, x)
            return h, h

        return step

    apply, columns = step_of(hidden.apply), step_of(hidden.columns)
    seen = hidden.inside._replace(trace=trace)
    return Cell(hidden.init, jnp.zeros(width), apply, columns, seen)


def jordan(
    in_dim: int,
    width: int,
    out_dim: int,
    *,
    activation: str | Callable | Activation = "tanh",
    output_activation: str | Callable | Activation = "linear",
    bias: bool = True,
    initializer: str | Callable | None = None,
    context_initializer: str | Callable | None = None,
) -> Cell:
    """Jordan cell, hₜ = φ(xₜ W + yₜ₋₁ C + b), yₜ = φₒ(hₜ U + c).

    Its state is the output y of the previous step. Eight arguments: three sizes, and the options of
    the cell's two layers.

    Args:
        in_dim: number of inputs per time step.
        width: number of hidden neurons.
        out_dim: number of outputs, and of context neurons.
        activation: φ of the hidden neurons, as a name, a function of one array, or an Activation.
        output_activation: φₒ of the output neurons; a linear output that feeds back can grow
            without bound.
        bias: whether there are biases b and c, with initial value 0.
        initializer: ``f(key, shape)`` for W and U; by default normal with variance 1 / in_dim for
            W, and the default of ``dense`` for U.
        context_initializer: a name, or ``f(key, shape) -> C``; by default orthogonal.

    Returns:
        Cell(init, initial_state, apply). The state and the output of a step are both yₜ, of shape
        (out_dim,); the initial state is 0. Its params are a tuple of the hidden layer, {"weight":
        (in_dim, units), "context": (out_dim, units), "bias": (units,)} with units =
        width × units_in, and the output layer, as in ``dense``.

    Raises:
        ValueError: a size is below 1; an activation is unknown; or the input or state of a step has
            another shape.

    Example:
        >>> cell = jordan(3, 8, 2)
        >>> state, y = cell.apply(cell.init(jax.random.key(0)), cell.initial_state, jnp.ones(3))
        >>> y.shape
        (2,)

    Reference:
        Jordan 1986, "Serial order", ICS report 8604, where context neurons also keep a decaying
        part of their own value.
    """
    hidden = _context_layer(
        in_dim, out_dim, width, activation, bias, initializer, context_initializer
    )
    output = dense(width, out_dim, activation=output_activation, bias=bias, initializer=initializer)

    def init(key: Key) -> Params:
        return hidden.init(jax.random.fold_in(key, 0)), output.init(jax.random.fold_in(key, 1))

    def step_of(output: Callable, hidden: Callable) -> Callable[..., tuple[Array, Array]]:
        def step(params: Params, state: Array, x: Array) -> tuple[Array, Array]:
            y = output(params[1], hidden(params[0], state, x))
            return y, y

        return step

    apply = step_of(output.apply, hidden.apply)
    columns = step_of(of_columns(output), hidden.columns)
    seen, outer = hidden.inside, inside.of(output)

    def trace(params: Params, state: Array, x: Array, *, probes: inside.Probes) -> Any:
        h, z, values = seen.trace(params[0], state, x, probes=probes[:1])
        y, further, outputs = outer.trace(params[1], h, probes=probes[1:])
        return (y, y), (*z, *further), (*values, *outputs)

    whole = Inside(
        (*seen.activations, *outer.activations),
        lambda params: (*seen.own(params[0]), *outer.own(params[1])),
        trace,
    )
    return Cell(init, jnp.zeros(out_dim), apply, columns, whole)


def gru(
    in_dim: int,
    width: int,
    *,
    bias: bool = True,
    initializer: str | Callable | None = None,
    context_initializer: str | Callable | None = None,
) -> Cell:
    """Gated recurrent unit, hₜ = u hₜ₋₁ + (1 − u) tanh(xₜ W + (r hₜ₋₁) C + b).

    The reset gate r and the update gate u are (r, u) = σ(xₜ W′ + hₜ₋₁ C′ + b′). The reset gate acts
    before the product with C, as in the paper; in PyTorch, in cuDNN and by default in Keras it acts
    after it.

    Args:
        in_dim: number of inputs per time step.
        width: number of hidden neurons, and of context neurons.
        bias: whether there are biases b and b′, with initial value 0.
        initializer: ``f(key, shape)`` for W and W′; by default normal with variance 1 / in_dim.
        context_initializer: ``f(key, shape)`` for C and C′; by default orthogonal.

    Returns:
        Cell(init, initial_state, apply). The state and the output of a step are both hₜ, of shape
        (width,); the initial state is 0. Its params are {"weight": (in_dim, width), "context":
        (width, width), "bias": (width,), "gates": …}, where "gates" has the same three leaves with
        2 × width columns, those of r before those of u.

    Raises:
        ValueError: a size is below 1; or the input or state of a step has another shape.

    Example:
        >>> cell = gru(3, 8)
        >>> state, y = cell.apply(cell.init(jax.random.key(0)), cell.initial_state, jnp.ones(3))
        >>> y.shape
        (8,)

    Reference:
        Cho et al. 2014, arXiv 1406.1078.
    """
    drawn = (bias, initializer, context_initializer)
    candidate = _context_layer(in_dim, width, width, tanh, *drawn)
    gates = _context_layer(in_dim, width, 2 * width, sigmoid, *drawn)

    def init(key: Key) -> Params:
        return candidate.init(jax.random.fold_in(key, 0)) | {
            "gates": gates.init(jax.random.fold_in(key, 1))
        }

    def step_of(gates: Callable, candidate: Callable) -> Callable[..., tuple[Array, Array]]:
        def step(params: Params, state: Array, x: Array) -> tuple[Array, Array]:
            reset, update = jnp.split(gates(params["gates"], state, x), 2)
            h = update * state + (1 - update) * candidate(params, reset * state, x)
            return h, h

        return step

    apply = step_of(gates.apply, candidate.apply)
    columns = step_of(gates.columns, candidate.columns)
    inner, gating = candidate.inside, gates.inside

    def trace(params: Params, state: Array, x: Array, *, probes: inside.Probes) -> Any:
        both, z, values = gating.trace(params["gates"], state, x, probes=probes[:1])
        reset, update = jnp.split(both, 2)
        new, further, news = inner.trace(params, reset * state, x, probes=probes[1:])
        h = update * state + (1 - update) * new
        return (h, h), (*z, *further), (*values, *news)

    whole = Inside(
        (*gating.activations, *inner.activations),
        lambda params: (*gating.own(params["gates"]), *inner.own(params)),
        trace,
    )
    return Cell(init, jnp.zeros(width), apply, columns, whole)


def unroll(cell: Cell, params: Params, xs: Array, state: Any = None) -> tuple[Any, Array]:
    """Run a cell over a sequence, (sₜ, yₜ) = cell(sₜ₋₁, xₜ) for t = 1 … time, in a scan.

    The compiled program contains one time step, whatever the length of the sequence.

    Args:
        cell: a Cell, such as from elman, jordan or gru.
        params: the parameters of the cell.
        xs: the sequence of inputs, shape (time, in_dim).
        state: the state s₀ before the first step; by default the cell's initial_state, in the wider
            dtype of xs and params.

    Returns:
        (state, ys): the state after the last step, and the outputs of all steps, shape (time,
        out_dim). A sequence cut in two gives the same outputs if the state is passed on.

    Raises:
        ValueError: xs is not of shape (time, in_dim), or the cell returns a state of another
            structure or shape than that of the state it is given.

    Example:
        >>> cell = elman(1, 4)
        >>> state, ys = unroll(cell, cell.init(jax.random.key(0)), jnp.ones((7, 1)))
        >>> state.shape, ys.shape
        ((4,), (7, 4))
    """
    xs = floating(xs)
    if xs.ndim != 2:
        raise ValueError(
            f"a sequence has shape (time, in_dim), got {xs.shape}; use jax.vmap for a batch"
        )
    if state is None:
        state = _initial(cell, params, xs)

    def step(state: Any, x: Array) -> tuple[Any, Array]:
        following, y = cell.apply(params, state, x)
        chex.assert_trees_all_equal_shapes(
            following,
            state,
            exception_type=ValueError,
            custom_message="a cell must return a state of the structure and shapes of its input",
        )
        return following, y

    return scan(step, state, xs)


def _initial(cell: Cell, params: Params, xs: Array) -> Any:
    """The initial state in the dtype of sequence and params, which the states after it have."""
    dtypes = [leaf.dtype for leaf in jax.tree.leaves(params) if hasattr(leaf, "dtype")]
    floats = [dtype for dtype in dtypes if jnp.issubdtype(dtype, jnp.floating)]
    with jax.numpy_dtype_promotion("standard"):
        dtype = jnp.result_type(xs.dtype, *floats)
    return jax.tree.map(lambda leaf: leaf.astype(dtype), cell.initial_state)


def recurrent_network(cell: Cell, readout: Network | None = None, *, last: bool = False) -> Network:
    """A recurrent cell over a whole sequence as a Network, yₜ = readout(cell(x₁ … xₜ)).

    ONE example is a whole sequence, which starts at the cell's initial_state. As a Network it can
    be trained like any other; its gradients are those of backpropagation through time.

    Args:
        cell: a Cell, such as from elman, jordan or gru.
        readout: a Network applied to the cell's output at each time step, such as
            dense(width, out_dim); by default the output is that of the cell.
        last: whether to return the output of the last time step only, for tasks with one target per
            sequence instead of one per time step.

    Returns:
        A Network from (time, in_dim) to (time, out_dim), or to (out_dim,) if last is true. Its
        params are a tuple: those of the cell and, if there is a readout, those of the readout.

    Raises:
        ValueError: an example is not of shape (time, in_dim), or time is 0 and last is true.

    Example:
        >>> net = recurrent_network(elman(1, 16), dense(16, 1))
        >>> net.apply(net.init(jax.random.key(0)), jnp.ones((20, 1))).shape
        (20, 1)

    Reference:
        Werbos 1990, Proceedings of the IEEE 78.
    """

    def init(key: Key) -> Params:
        parts: list[Cell | Network] = [cell] if readout is None else [cell, readout]
        return tuple(part.init(jax.random.fold_in(key, i)) for i, part in enumerate(parts))

    def apply(params: Params, xs: Array, *, key: Key | None = None) -> Array:
        _, ys = unroll(cell, params[0], xs)
        if last:
            if len(ys) == 0:
                raise ValueError("an empty sequence has no last step; give at least one time step")
            ys = ys[-1:]
        if readout is not None:
            keys = None if key is None else jax.random.split(key, len(ys))
            ys = jax.vmap(lambda y, key: readout.apply(params[1], y, key=key))(ys, keys)
        return ys[0] if last else ys

    def columns(step: Callable, params: Params, xs: Array) -> Array:
        xs = floating(xs)
        time, _, batch = xs.shape
        state = jax.tree.map(
            lambda leaf: jnp.broadcast_to(leaf[..., None], (*leaf.shape, batch)),
            _initial(cell, params[0], xs),
        )
        if last:  # and no stack of outputs, whose gradients would be zeros but for one
            y = jax.eval_shape(step, params[0], state, xs[0])[1]
            y = jnp.zeros(y.shape, y.dtype)
            carry, _ = scan(lambda carry, x: (step(params[0], carry[0], x), None), (state, y), xs)
            return carry[1] if readout is None else of_columns(readout)(params[1], carry[1])
        _, ys = scan(lambda state, x: step(params[0], state, x), state, xs)
        if readout is not None:  # for it, all time steps are examples
            wide = jnp.moveaxis(ys, 0, -2).reshape(*ys.shape[1:-1], time * batch)
            wide = of_columns(readout)(params[1], wide)
            ys = jnp.moveaxis(wide.reshape(*wide.shape[:-1], time, batch), -2, 0)
        return ys

    random = readout is not None and readout.stochastic
    seen = inside.over_time(cell, readout, last)
    in_columns = partial(columns, cell.columns) if cell.columns else None
    return Network(init, apply, in_columns, random, seen)
