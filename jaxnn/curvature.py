"""Second-order and spectral views of a network: the Hessian's extreme eigenvalues, the Jacobian's singular values."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from jaxnn.types import Array, Key, Params


class HessianExtremes(NamedTuple):
    """Both ends of a Hessian's spectrum; scalars in the unit of the cost per parameter squared.

    lowest, highest: the smallest and the largest eigenvalue, signs included.
    lowest_error, highest_error: an eigenvalue of the Hessian lies within this distance of each, rounding aside.
    """

    lowest: Array
    highest: Array
    lowest_error: Array
    highest_error: Array


def hessian_extremes(
    cost: Callable[[Params], Array], params: Params, key: Key, *, steps: int = 32
) -> HessianExtremes:
    """Smallest and largest eigenvalue of the Hessian ∂²J/∂θ², by Lanczos on Hessian-vector products.

    The Hessian is never formed: each step is one product, about the price of two gradients, and ``steps`` vectors of
    the parameters' size are kept and orthogonalised against. Power iteration would find the eigenvalue of largest
    magnitude, which early in training may be the negative end; Lanczos finds both.

    Args:
        cost: J, from params to a scalar; twice differentiable, or taken so (ReLU's kinks have no curvature).
        params: where to look, any pytree of float arrays of one dtype.
        key: typed PRNG key of the starting direction.
        steps: Hessian-vector products, at most as many as there are parameters are used; static. With all of them the
            answer is exact up to rounding.

    Returns:
        HessianExtremes, four scalars. nan where the Hessian is not finite.

    Raises:
        ValueError: steps is below 1, params is empty, or the cost is no scalar.

    Example:
        >>> cost = lambda v: 0.5 * (3 * v[0] ** 2 - 7 * v[1] ** 2)
        >>> extremes = hessian_extremes(cost, jnp.ones(2), jax.random.key(0))
        >>> round(float(extremes.lowest), 4), round(float(extremes.highest), 4)
        (-7.0, 3.0)

    Reference:
        Lanczos 1950; Pearlmutter 1994 for the products; the error bound is Parlett 1980's, theorem 4.5.1.
    """
    flat, unravel = ravel_pytree(params)
    shape = jax.eval_shape(cost, params).shape
    if steps < 1 or flat.size < 1 or shape != ():
        raise ValueError(
            f"hessian_extremes needs at least one step and one parameter and a scalar cost, got steps={steps}, "
            f"{flat.size} parameters and a cost of shape {shape}"
        )
    steps = min(steps, flat.size)
    gradient = jax.grad(lambda flat: cost(unravel(flat)))

    def product(v):
        return jax.jvp(gradient, (flat,), (v,))[1]

    def orthogonal(v, basis):
        for _ in range(2):  # once leaves rounding behind, twice is enough (Kahan and Parlett)
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
        # An invariant subspace is exhausted: go on from a fresh direction outside it, uncoupled. Stopping with zeros
        # instead would plant an eigenvalue of 0, which is the largest when all others are negative.
        exhausted = norm <= 10 * jnp.finfo(flat.dtype).eps * scale
        fresh = orthogonal(
            jnp.roll(spare, i), basis
        )  # another direction each time, with no random draw in the loop
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
    # After as many steps as parameters nothing is left over, and the last norm is rounding.
    left = jnp.where(steps == flat.size, jnp.zeros_like(off[-1]), off[-1])
    error = left * jnp.abs(vectors[-1])
    return HessianExtremes(values[0], values[-1], error[0], error[-1])


def sharpness(
    cost: Callable[[Params], Array], params: Params, key: Key, *, steps: int = 32
) -> Array:
    """Sharpness, the largest eigenvalue of the Hessian, λ_max(∂²J/∂θ²), sign included; gradient descent needs λ < 2 / rate.

    Args:
        cost, params, key, steps: as in ``hessian_extremes``.

    Returns:
        Scalar, in the unit of the cost per parameter squared.

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
        apply: a Network's ``apply(params, x)``.
        params: its parameters.
        x: one example, shape (in_dim,).

    Returns:
        Shape (min(in_dim, out_dim),), descending, 0 or more, in output units per input unit.

    Raises:
        ValueError: x or the output is not a vector.

    Example:
        >>> from jaxnn import mlp
        >>> params = ({"weight": jnp.array([[3.0, 0.0], [0.0, 4.0]])},)
        >>> jacobian_singular_values(mlp((2, 2), bias=False).apply, params, jnp.ones(2)).tolist()
        [4.0, 3.0]

    Reference:
        Saxe, McClelland and Ganguli 2014, arXiv 1312.6120; Pennington, Schoenholz and Ganguli 2017, arXiv 1711.04735.
    """
    output = jax.eval_shape(apply, params, x)
    if jnp.ndim(x) != 1 or output.ndim != 1:
        raise ValueError(
            f"the Jacobian of ONE example goes from a vector to a vector, got shapes {jnp.shape(x)} and "
            f"{output.shape}; use jax.vmap for a batch"
        )
    # Forward mode costs a pass for each input, reverse mode one for each output.
    differentiate = jax.jacfwd if x.size <= output.size else jax.jacrev
    return jnp.linalg.svd(differentiate(apply, argnums=1)(params, x), compute_uv=False)
