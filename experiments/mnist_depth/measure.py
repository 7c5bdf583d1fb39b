"""What is measured: accuracies of deep networks, and of five layers with two initialisations."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import jaxnn
from experiments.mnist_depth.images import rows
from jaxnn.types import Network

BATCH = 64
HEAD = jaxnn.HEADS["multiclass"]
DEEP = ("mish", "swish", "relu")
FIVE = ("sigmoid", "tanh", "softsign")
INITIALIZERS = {"own init": None, "critical init": "critical", "layer norm": None}
OLD, NEW = "standard init of then", "Glorot's init"


def old(key: Any, shape: Sequence[int], dtype: Any = None) -> Any:
    """U(−1/√n, 1/√n) with n inputs, variance 1 / (3 n)."""
    return jaxnn.initializers.pytorch_default()(key, shape, dtype)


def _trained(
    net: Callable[[], Network], rates: Sequence[float], seeds: int, steps: int, data: str
) -> dict[str, np.ndarray]:
    """Accuracy on validation rows, (points, rates, seeds), and on test rows; nan where diverged."""
    parts = rows(data)
    result = jaxnn.train_grid(
        lambda: jaxnn.make_training(net(), HEAD.loss, "momentum", correct=HEAD.correct),
        {"learning_rate": rates},
        seeds=seeds,
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        steps=steps,
        batch_size=BATCH,
        points=2,
    )
    return {
        "validation": result.curves["validation"]["accuracy"],
        "test": result.test["accuracy"],
    }


def deep(activation: str, init: str, depth: int, configuration: Any) -> dict[str, np.ndarray]:
    """A deep network at every rate."""
    inputs = rows(configuration.data)["train"][0].shape[1]
    return _trained(
        lambda: jaxnn.deep_mlp(
            inputs,
            configuration.width,
            depth,
            10,
            activation=activation,
            initializer=INITIALIZERS[init],
            normalization="layer" if init == "layer norm" else None,
        ),
        configuration.learning_rate,
        configuration.seeds,
        configuration.steps,
        configuration.data,
    )


def five(activation: str, init: str, configuration: Any) -> dict[str, np.ndarray]:
    """Five hidden layers at every rate."""
    inputs = rows(configuration.data)["train"][0].shape[1]
    draw = old if init == OLD else jaxnn.initializers.glorot_uniform()
    return _trained(
        lambda: jaxnn.deep_mlp(
            inputs, configuration.width, 5, 10, activation=activation, initializer=draw
        ),
        configuration.five_rate,
        configuration.seeds,
        configuration.five_steps,
        configuration.data,
    )
