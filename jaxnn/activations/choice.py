"""One activation that stands for several, told apart by a number that may be traced."""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn.activations.table import resolve
from jaxnn.types import Activation, Array


def is_plain(activation: str | Callable | Activation) -> bool:
    """Whether an activation is elementwise, learns nothing and is not random.

    Args:
        activation: a name, a function of one array, or an Activation. A function is taken for
            elementwise; ``measure`` finds out whether it is.

    Raises:
        ValueError: the name is unknown.

    Example:
        >>> [is_plain(name) for name in ("relu", "prelu", "rrelu", "glu", "softmax")]
        [True, False, False, False, False]
    """
    entry = resolve(activation)
    whole = entry.elementwise and entry.units_in == 1
    return whole and not entry.learned and not entry.stochastic


def one_of(activations: Sequence[str | Callable | Activation], index: int | Array) -> Activation:
    """The activation with this number, f(x) = fᵢ(x), as one function with a branch for each.

    Compiled, it is a real branch, so that one program serves all of them. Under ``jax.vmap`` over
    the index, JAX computes all branches and selects: map over other arguments only. The derivative
    is a branch too, φ′(x) dx, so that differentiating stores one array and not those of every
    branch.

    Args:
        activations: names, functions of one array, or Activations: elementwise, without learned
            parameters and randomness.
        index: i, an integer, which may be traced; a traced one beyond either end is the nearest.

    Returns:
        An Activation whose properties are unknown. It keeps the float dtype of x.

    Raises:
        ValueError: there is no activation, one is unknown or mixes its inputs, learns parameters or
            is random, or a number as the index is not that of one of them.

    Example:
        >>> phi = jax.jit(lambda i, x: one_of(("relu", "tanh"), i).function(x))
        >>> [round(float(phi(i, 0.5)), 4) for i in (0, 1)]
        [0.5, 0.4621]

    Reference:
        None; tested against each activation of the table.
    """
    if not activations:
        raise ValueError("one_of needs at least one activation, got none")
    for activation in activations:
        if not is_plain(activation):
            raise ValueError(
                f"one_of got {activation!r}, which mixes its inputs, learns parameters or is "
                "random; give elementwise activations without either, and the others a program of "
                "their own"
            )
    if isinstance(index, int | np.integer) and not 0 <= index < len(activations):
        raise ValueError(
            f"one_of got index={index} for {len(activations)} activations; "
            f"give 0 to {len(activations) - 1}"
        )
    functions = [resolve(activation).function for activation in activations]
    values = [_value(function) for function in functions]
    both = [_value_and_derivative(function) for function in functions]

    @jax.custom_jvp
    def phi(index, x):
        return jax.lax.switch(index, values, x)

    @phi.defjvp
    def _(primals, tangents):
        value, derivative = jax.lax.switch(primals[0], both, primals[1])
        return value, derivative * tangents[1]

    return Activation(lambda x: phi(index, jnp.asarray(x)))


def _value(function: Callable) -> Callable:
    """All branches return the dtype of x, as the table's do."""
    return lambda x: jnp.asarray(function(x), x.dtype)


def _value_and_derivative(function: Callable) -> Callable:
    def both(x):
        # The pull-back, which also functions with a custom_vjp have.
        value, pull = jax.vjp(_value(function), x)
        return value, pull(jnp.ones_like(value))[0]

    return both
