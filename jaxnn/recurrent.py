"""Context neurons: recurrent cells with explicit state in and out, over time by a scan, and as a network."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.nn.initializers import orthogonal

from jaxnn import initializers
from jaxnn.activations import resolve, sigmoid, tanh
from jaxnn.layers import activation_layer, dense
from jaxnn.types import Activation, Array, Cell, Key, Network, Params


def _context_layer(
    in_dim: int,
    context_dim: int,
    out_dim: int,
    activation: str | Callable | Activation,
    bias: bool,
    initializer: Callable | None,
    context_initializer: Callable | None,
):
    """A dense layer with a second input, φ(x W + s C + b): ``init(key)`` and ``apply(params, context, x)``."""
    if min(in_dim, context_dim, out_dim) < 1:
        raise ValueError(
            f"a recurrent cell needs sizes of at least 1, got in_dim={in_dim}, context={context_dim}, out={out_dim}"
        )
    phi = activation_layer(activation, out_dim)
    units = int(resolve(activation).units_in * out_dim)
    draw, draw_context = (
        initializer or initializers.scaled_normal(1.0),
        context_initializer or orthogonal(),
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

    def apply(params: Params, context: Array, x: Array) -> Array:
        _check(in_dim, context_dim, context, x)
        z = x @ params["weight"] + context @ params["context"]
        if "bias" in params:
            z = z + params["bias"]
        return phi.apply(params.get("activation", {}), z)

    return init, apply


def _check(in_dim: int, context_dim: int, context: Array, x: Array) -> None:
    if x.shape != (in_dim,):
        raise ValueError(
            f"a cell of {in_dim} inputs got one time step of shape {x.shape}; give shape ({in_dim},), "
            "jaxnn.unroll for a sequence, and jax.vmap for a batch"
        )
    if context.shape != (context_dim,):
        raise ValueError(
            f"a cell of {context_dim} context neurons got a state of shape {context.shape}; "
            "give the state of the last call, or the cell's initial_state"
        )


def elman(
    in_dim: int,
    width: int,
    *,
    activation: str | Callable | Activation = "tanh",
    bias: bool = True,
    initializer: Callable | None = None,
    context_initializer: Callable | None = None,
) -> Cell:
    """Elman's cell, hₜ = φ(xₜ W + hₜ₋₁ C + b): the context neurons hold the hidden values of the step before.

    Args:
        in_dim: inputs a step.
        width: hidden neurons, and as many context neurons.
        activation: φ.
        bias: whether there is a b; it starts at 0.
        initializer: ``f(key, shape) -> W``; absent, normal of variance 1 / in_dim.
        context_initializer: ``f(key, shape) -> C``; absent, orthogonal, as in Keras (PyTorch: uniform of variance
            1 / (3 width)). The identity, with ReLU, makes the IRNN.

    Returns:
        Cell(init, initial_state, apply): state and output of a step both have shape (width,), the state starts at 0,
        and params are {"weight": (in_dim, width), "context": (width, width), "bias": (width,)}.

    Raises:
        ValueError: a size is below 1, φ is unknown, or a step's input or state has another shape.

    Example:
        >>> cell = elman(1, 4, activation="relu", context_initializer=lambda key, shape: jnp.eye(*shape))
        >>> state, y = cell.apply(cell.init(jax.random.key(0)), cell.initial_state, jnp.ones(1))
        >>> y.shape
        (4,)

    Reference:
        Elman 1990, Cognitive Science 14; Le, Jaitly & Hinton 2015, arXiv 1504.00941, for the IRNN.
    """
    init, hidden = _context_layer(
        in_dim, width, width, activation, bias, initializer, context_initializer
    )

    def apply(params: Params, state: Array, x: Array) -> tuple[Array, Array]:
        h = hidden(params, state, x)
        return h, h

    return Cell(init, jnp.zeros(width), apply)


def jordan(
    in_dim: int,
    width: int,
    out_dim: int,
    *,
    activation: str | Callable | Activation = "tanh",
    output_activation: str | Callable | Activation = "linear",
    bias: bool = True,
    initializer: Callable | None = None,
    context_initializer: Callable | None = None,
) -> Cell:
    """Jordan's cell, hₜ = φ(xₜ W + yₜ₋₁ C + b), yₜ = φₒ(hₜ U + c): the context neurons hold the output of the step before.

    Args:
        in_dim: inputs a step.
        width: hidden neurons.
        out_dim: outputs, and as many context neurons.
        activation: φ of the hidden neurons.
        output_activation: φₒ; a linear output can feed back on itself without bound.
        bias: whether there are b and c; they start at 0.
        initializer: ``f(key, shape)`` for W and U; absent, normal of variance 1 / in_dim for W, and of dense for U.
        context_initializer: ``f(key, shape) -> C``; absent, orthogonal.

    Returns:
        Cell(init, initial_state, apply): state and output of a step both have shape (out_dim,), the state starts at 0,
        and params are those of the hidden layer, with "context": (out_dim, width), and of the output layer.

    Raises:
        ValueError: a size is below 1, an activation is unknown, or a step's input or state has another shape.

    Example:
        >>> cell = jordan(3, 8, 2)
        >>> state, y = cell.apply(cell.init(jax.random.key(0)), cell.initial_state, jnp.ones(3))
        >>> y.shape
        (2,)

    Reference:
        Jordan 1986, Serial order (ICS report 8604), there with context neurons that also decay onto themselves.
    """
    init_hidden, hidden = _context_layer(
        in_dim, out_dim, width, activation, bias, initializer, context_initializer
    )
    output = dense(width, out_dim, activation=output_activation, bias=bias, initializer=initializer)

    def init(key: Key) -> Params:
        return init_hidden(jax.random.fold_in(key, 0)), output.init(jax.random.fold_in(key, 1))

    def apply(params: Params, state: Array, x: Array) -> tuple[Array, Array]:
        y = output.apply(params[1], hidden(params[0], state, x))
        return y, y

    return Cell(init, jnp.zeros(out_dim), apply)


def gru(
    in_dim: int,
    width: int,
    *,
    bias: bool = True,
    initializer: Callable | None = None,
    context_initializer: Callable | None = None,
) -> Cell:
    """Gated recurrent unit, hₜ = u hₜ₋₁ + (1 − u) tanh(xₜ W + (r hₜ₋₁) C + b), (r, u) = σ(xₜ W' + hₜ₋₁ C' + b').

    The reset gate r acts before the product with C, as in the paper; PyTorch, cuDNN and Keras's default have it after.

    Args:
        in_dim: inputs a step.
        width: hidden neurons, and as many context neurons.
        bias: whether there are b and b'; they start at 0.
        initializer: ``f(key, shape)`` for W and W'; absent, normal of variance 1 / in_dim.
        context_initializer: ``f(key, shape)`` for C and C'; absent, orthogonal.

    Returns:
        Cell(init, initial_state, apply): state and output of a step both have shape (width,), the state starts at 0,
        and params are {"weight": (in_dim, width), "context": (width, width), "bias": (width,)} and the same with
        2 width columns, r's before u's, under "gates".

    Raises:
        ValueError: a size is below 1, or a step's input or state has another shape.

    Example:
        >>> cell = gru(3, 8)
        >>> state, y = cell.apply(cell.init(jax.random.key(0)), cell.initial_state, jnp.ones(3))
        >>> y.shape
        (8,)

    Reference:
        Cho et al. 2014, arXiv 1406.1078.
    """
    drawn = (bias, initializer, context_initializer)
    init_candidate, candidate = _context_layer(in_dim, width, width, tanh, *drawn)
    init_gates, gates = _context_layer(in_dim, width, 2 * width, sigmoid, *drawn)

    def init(key: Key) -> Params:
        return init_candidate(jax.random.fold_in(key, 0)) | {
            "gates": init_gates(jax.random.fold_in(key, 1))
        }

    def apply(params: Params, state: Array, x: Array) -> tuple[Array, Array]:
        reset, update = jnp.split(gates(params["gates"], state, x), 2)
        h = update * state + (1 - update) * candidate(params, reset * state, x)
        return h, h

    return Cell(init, jnp.zeros(width), apply)


def unroll(cell: Cell, params: Params, xs: Array, state: Any = None) -> tuple[Any, Array]:
    """A cell over a sequence, (sₜ, yₜ) = cell(sₜ₋₁, xₜ), scanned: the program holds one step.

    Args:
        cell: from elman, jordan, gru.
        params: the cell's.
        xs: shape (time, in_dim).
        state: before the first step; absent, the cell's initial_state, in the dtype of xs.

    Returns:
        The state after the last step, and the outputs, shape (time, out_dim). A sequence cut in two, with the state
        carried over, gives what the whole gives.

    Raises:
        ValueError: xs is no sequence of vectors of the cell's in_dim.

    Example:
        >>> cell = elman(1, 4)
        >>> state, ys = unroll(cell, cell.init(jax.random.key(0)), jnp.ones((7, 1)))
        >>> state.shape, ys.shape
        ((4,), (7, 4))
    """
    if xs.ndim != 2:
        raise ValueError(
            f"a sequence has shape (time, in_dim), got {xs.shape}; use jax.vmap for a batch"
        )
    if state is None:
        state = jax.tree.map(lambda leaf: leaf.astype(xs.dtype), cell.initial_state)
    return jax.lax.scan(lambda state, x: cell.apply(params, state, x), state, xs)


def recurrent_network(cell: Cell, readout: Network | None = None, *, last: bool = False) -> Network:
    """A cell over a whole sequence as one Network, yₜ = readout(cell(x₁ … xₜ)), for training by backprop through time.

    Args:
        cell: from elman, jordan, gru; each sequence starts at its initial_state.
        readout: from a step's output to the network's, such as dense(width, out_dim); absent, the cell's own output.
        last: only the last step's output, for one target a sequence instead of one a step.

    Returns:
        A Network from xs of shape (time, in_dim) to (time, out_dim), or with last to (out_dim,); its params are a
        tuple: the cell's, and the readout's where there is one.

    Raises:
        ValueError: xs is no sequence of vectors of the cell's in_dim, or an empty one with last.

    Example:
        >>> net = recurrent_network(elman(1, 16), dense(16, 1))
        >>> net.apply(net.init(jax.random.key(0)), jnp.ones((20, 1))).shape
        (20, 1)

    Reference:
        Werbos 1990, Proceedings of the IEEE 78.
    """

    def init(key: Key) -> Params:
        parts = (cell,) if readout is None else (cell, readout)
        return tuple(part.init(jax.random.fold_in(key, i)) for i, part in enumerate(parts))

    def apply(params: Params, xs: Array, *, key: Key | None = None) -> Array:
        _, ys = unroll(cell, params[0], xs)
        if last:
            if len(ys) == 0:
                raise ValueError("an empty sequence has no last step; give at least one")
            ys = ys[-1:]
        if readout is not None:
            keys = None if key is None else jax.random.split(key, len(ys))
            ys = jax.vmap(lambda y, key: readout.apply(params[1], y, key=key))(ys, keys)
        return ys[0] if last else ys

    return Network(init, apply)
