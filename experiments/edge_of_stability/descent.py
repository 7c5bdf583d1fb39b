"""Full-batch gradient descent whose rate is given in units of each network's own curvature."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import jaxnn
from jaxnn.curvature import sharpness
from jaxnn.types import Array, Key, Network, Params

LANCZOS = 20  # Hessian-vector products behind an eigenvalue


class Course(NamedTuple):
    """How long a descent is and what is recorded of it.

    steps: updates.
    points: how often the numbers are recorded, evenly, the last time at the end.
    curved: whether the sharpness is among them; it costs 40 gradients each time.
    """

    steps: int
    points: int = 1
    curved: bool = False


def curvature_of_linearised(apply: Callable, params: Params, x: Array | np.ndarray) -> Array:
    """λ₀, the largest eigenvalue of the mean squared error's Gauss–Newton matrix.

    It is that of the neural tangent kernel: the Hessian of the error of the network linearised in
    its parameters. With one output it is 2 / rows times the largest eigenvalue of J Jᵀ.

    Args:
        apply: from params and rows to outputs (rows, outputs).
        params: where.
        x: (rows, inputs).

    Example:
        >>> x = jnp.array([[1.0], [3.0]])
        >>> float(curvature_of_linearised(lambda w, x: x * w, jnp.array(0.5), x))  # 2 · (1 + 9) / 2
        10.0
    """

    def linearised(moved: Params) -> Array:
        step = jax.tree.map(jnp.subtract, moved, params)
        return jnp.mean(jax.jvp(lambda p: apply(p, x), (params,), (step,))[1] ** 2)

    return sharpness(linearised, params, jax.random.key(0), steps=LANCZOS)


def descend(
    net: Network,
    x: Array | np.ndarray,
    y: Array | np.ndarray,
    shares: Sequence[float] | np.ndarray,
    seeds: int,
    course: Course,
) -> dict[str, np.ndarray]:
    """Train a network at rates of share · 2 / λ₀ with several seeds, all at once.

    Args:
        net: the network.
        x: (rows, inputs).
        y: targets of several tasks, (tasks, rows, outputs).
        shares: of the rate at which descent on the linearised network becomes unstable.
        seeds: how many initial draws; λ₀ is each one's own.
        course: of each run.

    Returns:
        loss: the mean squared error, nan or infinite where diverged, (points, tasks, shares,
        seeds). stability: sharpness · rate / 2, likewise, where the course is curved. highest:
        λ₀, (seeds,).
    """
    apply = jax.vmap(net.apply, in_axes=(None, 0))
    params = jax.vmap(net.init)(jax.random.split(jax.random.key(0), seeds))
    highest = jax.jit(jax.vmap(lambda p: curvature_of_linearised(apply, p, x)))(params)

    def cost(params: Params, y: Array) -> Array:
        return jnp.mean((apply(params, x) - y) ** 2)

    def run(y: Array, share: Array, params: Params, highest: Array) -> dict[str, Array]:
        rate = share * 2 / highest

        def step(params: Params, _: None) -> tuple[Params, None]:
            gradient = jax.grad(cost)(params, y)
            return jax.tree.map(lambda p, g: p - rate * g, params, gradient), None

        def segment(params: Params, _: None) -> tuple[Params, dict[str, Array]]:
            params, _ = jax.lax.scan(step, params, length=course.steps // course.points)
            seen = {"loss": cost(params, y)}
            if course.curved:
                key = jax.random.key(1)
                top = sharpness(lambda p: cost(p, y), params, key, steps=LANCZOS)
                seen |= {"stability": top * rate / 2}
            return params, seen

        return jax.lax.scan(segment, params, length=course.points)[1]

    every = run
    for axes in ((None, None, 0, 0), (None, 0, None, None), (0, None, None, None)):
        every = jax.vmap(every, in_axes=axes)
    found = jax.jit(every)(jnp.asarray(y), jnp.asarray(shares), params, highest)
    first = {name: np.moveaxis(np.asarray(each), -1, 0) for name, each in found.items()}
    return first | {"highest": np.asarray(highest)}


def tangent_mlp(sizes: Sequence[int], activation: str) -> Network:
    """A network in the parametrisation of the neural tangent kernel.

    Weights are drawn from N(0, 1) and scaled in the forward pass, z = g x W / √fan_in, with the
    activation's gain g for what it has passed. There are no biases.

    Reference:
        Jacot et al. 2018, arXiv 1806.07572.
    """
    phi = jaxnn.activations.resolve(activation).function
    gains = [1.0, *[jaxnn.initializers.gain(activation)] * (len(sizes) - 2)]
    shapes = list(pairwise(sizes))

    def init(key: Key) -> Params:
        draw = partial(jax.random.normal, dtype=jnp.float32)
        return [draw(jax.random.fold_in(key, i), shape) for i, shape in enumerate(shapes)]

    def apply(params: Params, x: Array, *, key: Key | None = None) -> Array:
        for number, (gain, weight) in enumerate(zip(gains, params, strict=True)):
            x = gain / np.sqrt(len(weight)) * (x @ weight)
            x = phi(x) if number < len(params) - 1 else x
        return x

    return Network(init, apply)
