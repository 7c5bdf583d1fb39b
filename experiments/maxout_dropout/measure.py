"""What is measured: the accuracy of maxout and ReLU networks, without and with dropout."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

import jaxnn
from experiments.lab.study.own_rows import Updates, own_best, train_own_rows
from experiments.representations.tasks import CLASSES, has, rows

PIECES, LAYERS, BATCH = 2, 2, 32  # two pieces per unit are ACTIVATIONS["maxout"]
KINDS = ("maxout", "relu")
HEAD = jaxnn.HEADS["multiclass"]


class Setting(NamedTuple):
    """Data, and units of each maxout layer."""

    data: str
    units: int


SETTINGS: Mapping[str, Setting] = {
    "digits, 32 units": Setting("digits", 32),
    "digits, 128 units": Setting("digits", 128),
    "mnist, 64 units": Setting("mnist", 64),
}


def settings_there(configuration: Any) -> list[str]:
    """Those whose data are there."""
    return [
        name for name in configuration.settings if has(SETTINGS[name].data, configuration.mnist)
    ]


def parameters(inputs: int, units: int, outputs: int, pieces: int) -> int:
    """Weights and biases of a network of LAYERS equal hidden layers, with pieces per unit.

    Example:
        >>> parameters(2, 3, 1, 1)  # (2 + 1) 3 + (3 + 1) 3 + (3 + 1) 1
        25
    """
    hidden = (inputs + 1 + (LAYERS - 1) * (units + 1)) * units * pieces
    return hidden + (units + 1) * outputs


def as_large(inputs: int, units: int, outputs: int) -> int:
    """Units of a ReLU network with as many parameters as the maxout one, as nearly as possible.

    Example:
        >>> as_large(64, 32, 10), parameters(64, 32, 10, 2), parameters(64, 52, 10, 1)
        (52, 6602, 6666)
    """
    wanted = parameters(inputs, units, outputs, PIECES)
    return min(
        range(1, 2 * PIECES * units),
        key=lambda width: abs(parameters(inputs, width, outputs, 1) - wanted),
    )


def train(setting: str, kind: str, configuration: Any) -> dict[str, np.ndarray]:
    """Test accuracies in % at the best rate, and with dropout the best fraction, (seeds,).

    Returns:
        "without" and "with" dropout; "rate" and "dropout" of the two, (2,); "parameters", (1,).
    """
    data, units = SETTINGS[setting]
    draw = rows(data, configuration.mnist)
    inputs, outputs = draw(0)["train"][0].shape[1], CLASSES[data]
    width = units if kind == "maxout" else as_large(inputs, units, outputs)
    sizes = (inputs, *[width] * LAYERS, outputs)

    def net(h: Mapping[str, Any]) -> jaxnn.Network:
        return jaxnn.mlp(sizes, activation=kind, dropout=h["dropout"])

    fractions = (0.0, *configuration.dropout)
    found = train_own_rows(
        jaxnn.make_training(net, HEAD.loss, jaxnn.OPTIMIZERS["adam"], correct=HEAD.correct),
        {"dropout": fractions, "learning_rate": configuration.learning_rate},
        draw,
        range(configuration.seeds),
        Updates(configuration.steps, BATCH),
    )
    validation, test = (
        np.nan_to_num(each["accuracy"][-1]) for each in (found.validation, found.test)
    )
    without = own_best(validation[0], test[0])
    dropped = own_best(validation[1:], test[1:])
    count = sum(
        leaf.size for leaf in jax.tree.leaves(net({"dropout": 0.0}).init(jax.random.key(0)))
    )
    return {
        "without": 100 * without.test,
        "with": 100 * dropped.test,
        "rate": np.array(
            [configuration.learning_rate[each.index[-1]] for each in (without, dropped)]
        ),
        "dropout": np.array([0.0, configuration.dropout[dropped.index[0]]]),
        "parameters": np.array([count]),
    }
