"""What is measured: the accuracy with every optimizer, and with two at every rate."""

from typing import Any

import numpy as np
from optax import contrib

import jaxnn
from experiments.lab.data import load, prepare
from experiments.rate_free.optimizers import AVERAGED, FREE, TUNED
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
        if optimizer in TUNED:
            return jaxnn.make_training(net, HEAD.loss, TUNED[optimizer], correct=HEAD.correct)
        free, _ = FREE[optimizer]
        made = jaxnn.make_training(
            net, HEAD.loss, lambda h: free(h["learning_rate"]), correct=HEAD.correct
        )
        return averaged(made) if optimizer == AVERAGED else made

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


def averaged(training: Training) -> Training:
    """A training that is evaluated at the average that schedule-free optimizers keep."""

    def evaluate(state, h, x, y):
        params = contrib.schedule_free_eval_params(state.optimizer, state.params)
        return training.evaluate(state._replace(params=params), h, x, y)

    return training._replace(evaluate=evaluate)
