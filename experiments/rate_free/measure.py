"""What is measured: the accuracy with every optimizer, and with two at every rate."""

from typing import Any

import numpy as np

import jaxnn
from experiments.lab.data import load, prepare
from experiments.rate_free.optimizers import FREE, TUNED
from jaxnn.training import Training

BATCH = 64
HEAD = jaxnn.HEADS["multiclass"]


def train(data: str, optimizer: str, configuration: Any) -> dict[str, np.ndarray]:
    """Accuracies on validation and test rows, (activations, rates, seeds); nan where diverged.

    An optimizer without a rate has one column.
    """
    rows = prepare(load(data))
    sizes = rows.x["train"].shape[1], configuration.width, configuration.width, 10

    def make(activation: Any) -> Training:
        net = jaxnn.mlp(sizes, activation=activation)
        name = TUNED[optimizer] if optimizer in TUNED else FREE[optimizer][0]
        return jaxnn.make_training(net, HEAD.loss, name, correct=HEAD.correct)

    if optimizer in TUNED:
        rates = getattr(configuration, f"{optimizer.lower()}_rate")
    else:
        rates = (FREE[optimizer][1],)
    result = jaxnn.train_grid(
        make,
        {"activation": configuration.activation, "learning_rate": rates},
        seeds=configuration.seeds,
        train=(rows.x["train"], rows.y["train"]),
        validation=(rows.x["validation"], rows.y["validation"]),
        test=(rows.x["test"], rows.y["test"]),
        steps=configuration.steps,
        batch_size=BATCH,
        points=1,
    )
    return {"validation": result.validation["accuracy"], "test": result.test["accuracy"]}
