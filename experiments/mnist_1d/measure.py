"""What is measured: accuracy of the four networks, and the error of one at many widths."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxnn
from experiments.lab.data import load
from experiments.lab.data.source import Source
from experiments.mnist_1d.networks import CLASSES, INPUTS, NETWORKS
from jaxnn.training import Training, training_of_cost
from jaxnn.types import Array, Key, Params

BATCH = 100
NOISE, DRAWS = 0.15, 20
POINTS = 6
HEAD = jaxnn.HEADS["multiclass"]


@cache
def source() -> Source:
    """MNIST-1D as the package makes it, which takes seconds."""
    return load("mnist1d")


@cache
def rows() -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
    """4,000 training and 1,000 test rows, as the package makes them."""
    x, y = source().test
    train = np.asarray(source().x, np.float32), np.asarray(source().y, np.int32)
    return {"train": train, "test": (x, np.asarray(y, np.int32))}


def table(network: str, rate: float, seeds: int, steps: int) -> dict[str, np.ndarray]:
    """Test accuracy along the training with Adam, (points, seeds); nan where diverged."""

    def make() -> Training:
        net = NETWORKS[network]()
        return jaxnn.make_training(net, HEAD.loss, "adam", correct=HEAD.correct)

    data = rows()
    result = jaxnn.train_grid(
        make,
        {"learning_rate": (rate,)},
        seeds=seeds,
        train=data["train"],
        validation=data["test"],
        steps=steps,
        batch_size=BATCH,
        points=POINTS,
    )
    return {
        "accuracy": result.curves["validation"]["accuracy"][:, 0],
        "steps": np.asarray(result.steps),
    }


def noisy(y: np.ndarray, seed: int = 0) -> np.ndarray:
    """The classes as they are, and with a share of them replaced by any class, in columns.

    Returns:
        int32 (rows, 1 + DRAWS).
    """
    draw = np.random.default_rng(seed)
    replaced = draw.random((len(y), DRAWS)) < NOISE
    others = draw.integers(0, CLASSES, (len(y), DRAWS))
    return np.column_stack([y, np.where(replaced, others, y[:, None])]).astype(np.int32)


def widths(width: int, configuration: Any) -> dict[str, np.ndarray]:
    """Errors of a 40-h-h-10 network, (points, without or with noise, seeds); nan where diverged.

    Each seed has its own draw of the noise.
    """
    data = rows()
    (x, y), (test_x, test_y) = data["train"], data["test"]
    result = jaxnn.train_grid(
        lambda: _with_noise(width),
        {"noise": (0.0, 1.0), "learning_rate": (0.01,)},
        seeds=configuration.width_seeds,
        train=(x, noisy(y)),
        validation=(test_x, np.repeat(test_y[:, None], 1 + DRAWS, axis=1)),
        steps=configuration.width_steps,
        batch_size=BATCH,
        points=POINTS,
    )
    return {
        "error": 1 - result.curves["validation"]["accuracy"][:, :, 0],
        "train_loss": result.curves["train"]["loss"][:, :, 0],
        "steps": np.asarray(result.steps),
    }


def _with_noise(width: int) -> Training:
    """Momentum descent on column 0 of the targets, or with noise = 1 on the seed's own column."""
    net = jaxnn.mlp((INPUTS, width, width, CLASSES), activation="relu")
    apply = jax.vmap(net.apply, in_axes=(None, 0))

    def init(key: Key, h: Mapping[str, Array]) -> Params:
        # The draw's number is among the parameters; its gradient is 0, so it stays.
        draw = jax.random.randint(jax.random.fold_in(key, 1), (), 1, 1 + DRAWS)
        return {"net": net.init(key), "draw": draw.astype(jnp.float32)}

    def targets(params: Params, h: Mapping[str, Array], y: Array) -> Array:
        column = jax.lax.stop_gradient(params["draw"] * h["noise"]).astype(jnp.int32)
        return jnp.take(y, column, axis=1)

    def cost(params: Params, h: Mapping[str, Array], key: Key, x: Array, y: Array) -> Array:
        return jnp.mean(jax.vmap(HEAD.loss)(apply(params["net"], x), targets(params, h, y)))

    def evaluate(params: Params, h: Mapping[str, Array], x: Array, y: Array) -> dict[str, Array]:
        right = jax.vmap(HEAD.correct)(apply(params["net"], x), targets(params, h, y))
        return {"accuracy": jnp.mean(right)}

    return training_of_cost(init, cost, jaxnn.OPTIMIZERS["momentum"], evaluate)
