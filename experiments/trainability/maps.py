"""Maps of trainability: a small network trained at every pair of learning rates of a grid.

The network, its data and its training are Sohl-Dickstein's (2024, arXiv 2402.06184): one hidden
layer as wide as the input, no biases, output Σ vⱼ φ(√2 Σ xᵢ wᵢⱼ / √width) / width (without the √2
where φ is the identity), mean squared error, gradient descent, and everything drawn from N(0, 1).

All networks of a map are trained by one program. Networks are on the last axis: elementwise
operations run along it, and since all networks share the inputs, each layer is one matrix product
for a whole tile of networks. With no more points than twice the width, the pre-activations
themselves are trained, with the inputs' Gram matrix: the same steps with one product less.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, PartitionSpec

from jaxnn.types import Array

SIDE = 8  # pixels per side of a tile: neighbours that are trained, and stopped, together
TILES = 128  # per call of the program; larger maps call it several times
RECENT = 20  # steps over which the last loss is averaged, and between checks whether to stop
WORST = 1e6  # the largest loss that counts, as a multiple of the first


class Drawn(NamedTuple):
    """The data and the initial weights of all networks of a map.

    x: scaled inputs, (points, width).
    y: targets, (points,).
    hidden: weights, (width, width).
    output: weights, (width,).
    weights: of each point in each step's loss, (steps, points).
    """

    x: Array
    y: Array
    hidden: Array
    output: Array
    weights: Array


class Setting(NamedTuple):
    """What is trained at each pair of learning rates.

    function: the activation.
    scale: factor of the activation's inputs.
    width: number of inputs, and of hidden units.
    points: number of data points.
    batch: data points that each step draws, with replacement; 0 for all of them.
    offset: if set, the map's columns are not the hidden layer's learning rate but a number that
        each step adds to the hidden weights, and its rows are the learning rate of both layers.
    steps: of gradient descent, a multiple of RECENT.
    seed: of the data and the initial weights.
    """

    function: Callable[[Array], Array]
    scale: float = math.sqrt(2)
    width: int = 16
    points: int = 32
    batch: int = 0
    offset: bool = False
    steps: int = 500
    seed: int = 0


def rate_map(setting: Setting, across: np.ndarray, up: np.ndarray, dtype=np.float32) -> np.ndarray:
    """The outcome of training at each pair of learning rates: below 0 if it converged, else above.

    With vₜ the loss at step t divided by the first one, at most 10⁶: −Σ vₜ where the mean of the
    last 20 is below 1, else Σ 1 / vₜ. The closer to 0, the earlier the outcome was clear.

    Args:
        setting: what is trained.
        across: learning rates of the columns (of the hidden layer); a multiple of SIDE of them.
        up: learning rates of the rows (of the output layer); a multiple of SIDE of them.
        dtype: of the training.

    Returns:
        Scores, (up, across).

    Example:
        >>> low = np.full(8, 1e-2)
        >>> rate_map(Setting(jnp.tanh, points=4, steps=20), low, low).max() < 0
        np.True_
    """
    shape = len(up), len(across)
    rates = np.stack(np.broadcast_arrays(across[None], up[:, None])).astype(dtype)
    tiles = (
        rates.reshape(2, shape[0] // SIDE, SIDE, shape[1] // SIDE, SIDE)
        .transpose(1, 3, 0, 2, 4)
        .reshape(-1, 2, SIDE * SIDE)
    )
    calls = -(-len(tiles) // TILES)
    # The last call is filled up with nan, which stops at once.
    padded = np.concatenate(
        [tiles, np.full((calls * TILES - len(tiles), *tiles.shape[1:]), np.nan, dtype)]
    )
    # Neighbours need about the same time, so they are dealt to the devices in turn.
    dealt = (
        padded.reshape(calls, -1, jax.device_count(), *tiles.shape[1:])
        .swapaxes(1, 2)
        .reshape(calls, TILES, *tiles.shape[1:])
    )
    with jax.enable_x64(dtype == np.float64):
        given = Drawn(*(jnp.asarray(array.astype(dtype)) for array in drawn(setting)))
        scores: Any = [  # per call, then joined
            np.asarray(
                _program(setting._replace(seed=0, batch=bool(setting.batch)))(
                    jnp.asarray(call), given
                )
            )
            for call in dealt
        ]
    scores = (
        np.stack(scores)
        .reshape(calls, jax.device_count(), -1, SIDE * SIDE)
        .swapaxes(1, 2)
        .reshape(-1, SIDE * SIDE)[: len(tiles)]
    )
    return (
        scores.reshape(shape[0] // SIDE, shape[1] // SIDE, SIDE, SIDE).swapaxes(1, 2).reshape(shape)
    )


def edges(inside: np.ndarray) -> np.ndarray:
    """Where the boundary of a set passes: the 2 × 2 neighbours that are not all inside or outside.

    Args:
        inside: bool, (rows, columns).

    Returns:
        bool, (rows − 1, columns − 1).

    Example:
        >>> edges(np.array([[0, 0, 1], [0, 0, 0]], bool)).tolist()
        [[False, True]]
    """
    corners: Any = np.stack([inside[1:, 1:], inside[:-1, 1:], inside[1:, :-1], inside[:-1, :-1]])
    return corners.any(axis=0) & ~corners.all(axis=0)


def drawn(setting: Setting) -> Drawn:
    """Draw the data and the initial weights, in float64."""
    # Any: Drawn declares JAX arrays, and these are NumPy's in float64.
    random: Any = np.random.default_rng(setting.seed)
    hidden, output = (
        random.standard_normal((setting.width, setting.width)),
        random.standard_normal(setting.width),
    )
    x, y = (
        random.standard_normal((setting.points, setting.width)),
        random.standard_normal(setting.points),
    )
    weights: Any = np.full((setting.steps, setting.points), 1 / setting.points)
    if setting.batch:
        chosen = random.integers(setting.points, size=(setting.steps, setting.batch))
        weights = np.stack(
            [np.bincount(step, minlength=setting.points) / setting.batch for step in chosen]
        )
    return Drawn(x * setting.scale / math.sqrt(setting.width), y, hidden, output, weights)


@cache
def _program(setting: Setting):
    """Tiles of rates, (TILES, 2, networks), and what is drawn -> scores, (TILES, networks)."""
    mesh = jax.make_mesh((jax.device_count(),), ("tiles",), axis_types=(AxisType.Auto,))
    tiles, everywhere = PartitionSpec("tiles"), PartitionSpec()

    def share(rates, given):
        return jax.lax.map(lambda tile: _train(setting, tile, given), rates)

    return jax.jit(
        jax.shard_map(
            share, mesh=mesh, in_specs=(tiles, everywhere), out_specs=tiles, check_vma=False
        )
    )


def _train(setting: Setting, rates: Array, given: Drawn) -> Array:
    """The score of each network of one tile."""
    x, y, hidden, output, weights = given
    points, width = x.shape
    networks = rates.shape[-1]
    by_gram = points <= 2 * width
    shift, rate_output = rates[0], rates[1][None]
    rate_hidden = (rates[1] if setting.offset else rates[0])[None, None]

    def spread(array):
        return jnp.broadcast_to(array[..., None], (*array.shape, networks))

    def product(matrix, array):
        return (matrix @ array.reshape(len(array), -1)).reshape(len(matrix), width, networks)

    back = x @ x.T if by_gram else x.T
    # What an offset of 1 adds.
    moved = (jnp.sum(x, axis=1) if by_gram else jnp.ones(width, x.dtype))[:, None, None]

    def forward(trained, v):
        if setting.offset:
            trained = trained + shift[None, None] * moved
        h, pull = jax.vjp(setting.function, trained if by_gram else product(x, trained))
        error = jnp.sum(h * v[None], axis=1) / width - y[:, None]
        return trained, h, pull, error, jnp.mean(error * error, axis=0)

    def step(t, carry):
        trained, v, total, inverse, recent = carry
        trained, h, pull, error, loss = forward(trained, v)
        relative = jnp.where(jnp.isfinite(loss), jnp.minimum(loss / first, WORST), WORST)
        gradient = error * (
            2 / width * weights[t][:, None] if setting.batch else 2 / width / points
        )
        (d,) = pull(gradient[:, None] * v[None])
        # Term by term runs along the networks; a sum over the first axis takes 1.7 times as long.
        push = (
            sum(h[m] * gradient[m][None] for m in range(points))
            if by_gram
            else jnp.sum(h * gradient[:, None], axis=0)
        )
        return (
            trained - rate_hidden * product(back, d),
            v - rate_output * push,
            total + relative,
            inverse + 1 / jnp.maximum(relative, 1 / WORST),
            recent + relative,
        )

    def some(carry):
        t, (*state, recent) = carry
        return t + RECENT, jax.lax.fori_loop(
            0, RECENT, lambda since, carry: step(t + since, carry), (*state, jnp.zeros_like(recent))
        )

    def go_on(carry):
        # Once an output weight is not finite, every later output and so the weight stays so.
        t, (_, v, *_) = carry
        return (t < setting.steps) & jnp.any(jnp.all(jnp.isfinite(v), axis=0))

    zeros = jnp.zeros(networks, x.dtype)
    start = spread(x @ hidden if by_gram else hidden), spread(output)
    *_, first = forward(*start)
    t, (_, _, total, inverse, recent) = jax.lax.while_loop(
        go_on, some, (0, (*start, zeros, zeros, zeros))
    )
    left = setting.steps - t
    converged = (recent < RECENT) & (left == 0)
    return jnp.where(converged, -total, inverse + left / WORST)
