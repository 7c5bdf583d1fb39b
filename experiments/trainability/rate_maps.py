"""Maps of trainability: one small network trained at every pair of rates of a grid, all of them in one program.

The network, its data and its training are Sohl-Dickstein's (2024, arXiv 2402.06184): one hidden layer as wide as the input, no biases,
output Σ vⱼ φ(√2 Σ xᵢ wᵢⱼ / √width) / width (without the √2 where φ is the identity), mean squared error, gradient descent, and
everything drawn from N(0, 1). Networks lie on the last axis: what is done element by element runs along it, and the inputs, which all
share, make each layer one matrix product for a whole tile of networks. With no more points than twice the width, the pre-activations
themselves are trained, by the inputs' Gram matrix: the same steps with one product less.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, PartitionSpec

from jaxnn.types import Array

SIDE = 8  # of a tile of neighbours, which are trained together and stop together once none can come back
TILES = 128  # a program's; larger maps call it again
RECENT = 20  # steps over which the last loss is averaged, and after which a tile looks whether it may stop
WORST = 1e6  # the largest loss that counts, as a multiple of the first


class Setting(NamedTuple):
    """What is trained at each pair of rates.

    function: the activation. scale: of its inputs. points: of the data. batch: of them a step draws, with replacement; 0: all.
    offset: across the map goes not the hidden layer's rate (then the output's alone goes up), but a number that each step adds
    to the hidden weights, and up goes the rate of both layers. seed: of data and network. steps: a multiple of RECENT.
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
    """How training went at each pair of rates: below 0 where it converged, above 0 where not.

    With vₜ the loss of step t over the first one, at most 10⁶: −Σ vₜ where the mean of the last 20 is below 1, else Σ 1 / vₜ. So
    the nearer to 0, the sooner it is decided.

    Args:
        across, up: rates; how many is a multiple of SIDE.

    Returns:
        shape (up, across).

    Example:
        >>> rate_map(Setting(jnp.tanh, points=4, steps=20), np.full(8, 1e-2), np.full(8, 1e-2)).max() < 0
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
    # What fills the last call up is nan, which stops at once.
    padded = np.concatenate(
        [tiles, np.full((calls * TILES - len(tiles), *tiles.shape[1:]), np.nan, dtype)]
    )
    # Neighbours take turns among the devices, since they train for as long.
    dealt = (
        padded.reshape(calls, -1, jax.device_count(), *tiles.shape[1:])
        .swapaxes(1, 2)
        .reshape(calls, TILES, *tiles.shape[1:])
    )
    with jax.enable_x64(dtype == np.float64):
        given = [jnp.asarray(array.astype(dtype)) for array in drawn(setting)]
        scores = [
            np.asarray(
                _program(setting._replace(seed=0, batch=bool(setting.batch)))(
                    jnp.asarray(call), *given
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


def drawn(setting: Setting) -> tuple[np.ndarray, ...]:
    """Inputs, scaled (points, width); targets; hidden weights; output weights; and each step's weights of the points (steps, points)."""
    random = np.random.default_rng(setting.seed)
    hidden, output = (
        random.standard_normal((setting.width, setting.width)),
        random.standard_normal(setting.width),
    )
    x, y = (
        random.standard_normal((setting.points, setting.width)),
        random.standard_normal(setting.points),
    )
    weights = np.full((setting.steps, setting.points), 1 / setting.points)
    if setting.batch:
        chosen = random.integers(setting.points, size=(setting.steps, setting.batch))
        weights = np.stack(
            [np.bincount(step, minlength=setting.points) / setting.batch for step in chosen]
        )
    return x * setting.scale / math.sqrt(setting.width), y, hidden, output, weights


@cache
def _program(setting: Setting):
    """Tiles of rates (TILES, 2, networks), and what was drawn -> scores (TILES, networks)."""
    mesh = jax.make_mesh((jax.device_count(),), ("tiles",), axis_types=(AxisType.Auto,))
    tiles, everywhere = PartitionSpec("tiles"), PartitionSpec()

    def share(rates, *given):
        return jax.lax.map(lambda tile: _train(setting, tile, *given), rates)

    return jax.jit(
        jax.shard_map(
            share, mesh=mesh, in_specs=(tiles, *[everywhere] * 5), out_specs=tiles, check_vma=False
        )
    )


def _train(setting: Setting, rates, x, y, hidden, output, weights):
    """One tile: the score of each network."""
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
    moved = (jnp.sum(x, axis=1) if by_gram else jnp.ones(width, x.dtype))[
        :, None, None
    ]  # what an offset of 1 adds

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
        slope = error * (2 / width * weights[t][:, None] if setting.batch else 2 / width / points)
        (d,) = pull(slope[:, None] * v[None])
        # Term by term, which runs along the networks; a sum over the first axis does not, and takes 1.7 times as long a step.
        push = (
            sum(h[m] * slope[m][None] for m in range(points))
            if by_gram
            else jnp.sum(h * slope[:, None], axis=0)
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
        # An output weight that is not finite makes every later output and so itself not finite: there is no way back.
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
