"""Curvature of the cost and of a network: Hessian eigenvalues and Jacobian singular values."""

from collections.abc import Callable
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from jaxnn.types import Array, Key, Params


class HessianExtremes(NamedTuple):
    """Extreme eigenvalues of a Hessian: scalars, in the cost's unit per parameter unit squared.

    lowest: the smallest eigenvalue, with its sign.
    highest: the largest eigenvalue, with its sign.
    lowest_error: the Hessian has an eigenvalue within this distance of lowest, up to rounding.
    highest_error: the Hessian has an eigenvalue within this distance of highest, up to rounding.
    """

    lowest: Array
    highest: Array
    lowest_error: Array
    highest_error: Array


def hessian_extremes(
    cost: Callable[[Params], Array], params: Params, key: Key, *, steps: int = 32
) -> HessianExtremes:
    """Smallest and largest eigenvalue of the Hessian ∂²J/∂θ², by Lanczos iteration.

    The Hessian is never formed: each step takes one Hessian-vector product, at about the cost of
    two gradients, and memory for one vector of the size of the parameters, against which later
    vectors are orthogonalised. Power iteration would find only the eigenvalue of largest magnitude,
    which early in training can be negative; Lanczos finds both ends of the spectrum.

    Args:
        cost: J, a function from params to a scalar, differentiated twice by JAX (so a corner, such
            as ReLU's, has no curvature).
        params: the point at which to take the Hessian, any pytree of float arrays of one dtype.
        key: typed PRNG key of the starting direction.
        steps: number of Hessian-vector products, static; at most the number of parameters is used,
            and with that many the result is exact up to rounding.

    Returns:
        HessianExtremes, four scalars; nan if the Hessian is not finite.

    Raises:
        ValueError: steps is below 1, params is empty or of several dtypes, or the cost is not a
            scalar.

    Example:
        >>> cost = lambda v: 0.5 * (3 * v[0] ** 2 - 7 * v[1] ** 2)
        >>> extremes = hessian_extremes(cost, jnp.ones(2), jax.random.key(0))
        >>> round(float(extremes.lowest), 4), round(float(extremes.highest), 4)
        (-7.0, 3.0)

    Reference:
        Lanczos 1950; Pearlmutter 1994 for the products; Parlett 1980, theorem 4.5.1, for the error
        bound.
    """
    leaves = [jnp.asarray(leaf) for leaf in jax.tree.leaves(params)]
    chex.assert_type(
        leaves,
        [leaf.dtype for leaf in leaves[:1]] * len(leaves),
        exception_type=ValueError,
        custom_message="hessian_extremes needs params of one dtype; cast them, such as to float32",
    )
    flat, unravel = ravel_pytree(params)
    shape = jax.eval_shape(cost, params).shape
    if steps < 1 or flat.size < 1 or shape != ():
        raise ValueError(
            "hessian_extremes needs at least one step, one parameter and a scalar cost, got "
            f"steps={steps}, {flat.size} parameters and a cost of shape {shape}"
        )
    steps = min(steps, flat.size)
    gradient = jax.grad(lambda flat: cost(unravel(flat)))

    def product(v):
        return jax.jvp(gradient, (flat,), (v,))[1]

    def orthogonal(v, basis):
        for _ in range(2):  # once leaves rounding errors, twice is enough (Kahan and Parlett)
            v = v - basis.T @ (basis @ v)
        return v

    def step(carry, i):
        basis, v, scale = carry
        basis = basis.at[i].set(v)
        w = product(v)
        diagonal = v @ w
        w = orthogonal(w, basis)
        norm = jnp.linalg.norm(w)
        scale = jnp.maximum(scale, jnp.abs(diagonal) + norm)
        # When an invariant subspace is exhausted, continue from a fresh direction outside of it,
        # uncoupled. Filling up with zeros would add an eigenvalue of 0, which would be the largest
        # if all others are negative.
        exhausted = norm <= 10 * jnp.finfo(flat.dtype).eps * scale
        # Rolling gives a different direction each time without random numbers in the loop.
        fresh = orthogonal(jnp.roll(spare, i), basis)
        following = jnp.where(
            exhausted, fresh / jnp.linalg.norm(fresh), w / jnp.where(exhausted, 1, norm)
        )
        return (basis, following, scale), (diagonal, jnp.where(exhausted, 0, norm))

    start, spare = jax.random.normal(key, (2, flat.size), flat.dtype)
    carry = (
        jnp.zeros((steps, flat.size), flat.dtype),
        start / jnp.linalg.norm(start),
        jnp.zeros((), flat.dtype),
    )
    _, (diagonal, off) = jax.lax.scan(step, carry, jnp.arange(steps))
    tridiagonal = jnp.diag(diagonal) + jnp.diag(off[:-1], 1) + jnp.diag(off[:-1], -1)
    values, vectors = jnp.linalg.eigh(tridiagonal)
    # After as many steps as there are parameters the last norm is only a rounding error.
    left = jnp.where(steps == flat.size, jnp.zeros_like(off[-1]), off[-1])
    error = left * jnp.abs(vectors[-1])
    return HessianExtremes(values[0], values[-1], error[0], error[-1])


def sharpness(
    cost: Callable[[Params], Array], params: Params, key: Key, *, steps: int = 32
) -> Array:
    """Sharpness λ_max(∂²J/∂θ²), the largest eigenvalue of the Hessian, with its sign.

    On a quadratic cost, gradient descent is stable only if λ_max < 2 / learning rate.

    Args:
        cost: J, a function from params to a scalar, as in ``hessian_extremes``.
        params: the point at which to take the Hessian, as in ``hessian_extremes``.
        key: typed PRNG key of the starting direction.
        steps: number of Hessian-vector products, static, as in ``hessian_extremes``.

    Returns:
        Scalar, in the unit of the cost per parameter unit squared.

    Raises:
        ValueError: as in ``hessian_extremes``.

    Example:
        >>> round(float(sharpness(lambda v: 1.5 * v @ v, jnp.ones(4), jax.random.key(0))), 4)
        3.0

    Reference:
        Cohen et al. 2021, arXiv 2103.00065.
    """
    return hessian_extremes(cost, params, key, steps=steps).highest


def jacobian_singular_values(apply: Callable[..., Array], params: Params, x: Array) -> Array:
    """Singular values of the input–output Jacobian ∂f(x)/∂x at ONE example, largest first.

    Args:
        apply: the ``apply(params, x)`` of a Network, f.
        params: the parameters of the network.
        x: ONE example, shape (in_dim,).

    Returns:
        Shape (min(in_dim, out_dim),), in descending order, all 0 or more, in the unit of the output
        per unit of the input.

    Raises:
        ValueError: x or the output is not a vector.

    Example:
        >>> from jaxnn import mlp
        >>> params = ({"weight": jnp.array([[3.0, 0.0], [0.0, 4.0]])},)
        >>> jacobian_singular_values(mlp((2, 2), bias=False).apply, params, jnp.ones(2)).tolist()
        [4.0, 3.0]

    Reference:
        Saxe, McClelland and Ganguli 2014, arXiv 1312.6120; Pennington, Schoenholz and Ganguli 2017,
        arXiv 1711.04735.
    """
    output = jax.eval_shape(apply, params, x)
    if jnp.ndim(x) != 1 or output.ndim != 1:
        raise ValueError(
            "the Jacobian is that of ONE example, from a vector to a vector, got input shape "
            f"{jnp.shape(x)} and output shape {output.shape}; use jax.vmap for a batch"
        )
    # Forward mode costs one pass per input, reverse mode one per output.
    differentiate = jax.jacfwd if x.size <= output.size else jax.jacrev
    return jnp.linalg.svd(differentiate(apply, argnums=1)(params, x), compute_uv=False)
