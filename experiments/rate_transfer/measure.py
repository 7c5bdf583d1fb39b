"""What is measured: the validation loss at every rate, over widths and over depths."""

from typing import Any

import numpy as np

import jaxnn
from experiments.lab.data import load, prepare
from experiments.rate_transfer.parametrisation import HEAD, training

POINTS = 2  # after half of the updates and after all


def over_width(optimizer: str, width: int, configuration: Any) -> dict[str, np.ndarray]:
    """The loss in the standard parametrisation and in μP, (points, 2, rates, seeds)."""
    data = prepare(load(configuration.data))
    inputs = data.x["train"].shape[1]
    result = jaxnn.train_grid(
        lambda: training(inputs, width, optimizer),
        {"maximal": (0.0, 1.0), "learning_rate": rates(configuration, optimizer)},
        seeds=configuration.seeds,
        train=(data.x["train"], data.y["train"]),
        validation=(data.x["validation"], data.y["validation"]),
        steps=configuration.steps,
        batch_size=32,
        points=POINTS,
    )
    return {"loss": result.curves["validation"]["loss"]}


def over_depth(depth: int, configuration: Any) -> dict[str, np.ndarray]:
    """The loss of plain gradient descent, (points, activations, rates, seeds)."""
    data = prepare(load(configuration.data))
    inputs = data.x["train"].shape[1]

    def make(activation: Any) -> jaxnn.Training:
        net = jaxnn.deep_mlp(inputs, configuration.depth_width, depth, 10, activation=activation)
        return jaxnn.make_training(net, HEAD.loss, "sgd")

    result = jaxnn.train_grid(
        make,
        {
            "activation": configuration.activation,
            "learning_rate": tuple(2.0**power for power in configuration.depth_rate),
        },
        seeds=configuration.seeds,
        train=(data.x["train"], data.y["train"]),
        validation=(data.x["validation"], data.y["validation"]),
        steps=configuration.steps,
        batch_size=32,
        points=POINTS,
    )
    return {"loss": result.curves["validation"]["loss"]}


def rates(configuration: Any, optimizer: str) -> tuple[float, ...]:
    """The rates over widths, from the powers of 2 that the configuration names."""
    powers = configuration.adam_rate if optimizer == "adam" else configuration.sgd_rate
    return tuple(2.0**power for power in powers)
