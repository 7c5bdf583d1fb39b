"""What is measured: the accuracy of a linear probe at every layer, trained and untrained."""

from typing import Any

import jax
import numpy as np
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import jaxnn
from experiments.lab.study.own_rows import Updates, own_best, train_own_rows
from experiments.representations.tasks import CLASSES, has, rows

BATCH = 32
HEAD = jaxnn.HEADS["multiclass"]
PENALTIES = (1e-2, 1.0, 1e2, 1e4)


def data_sets(configuration: Any) -> list[str]:
    """Those that are there."""
    return [name for name in configuration.data if has(name, configuration.mnist)]


def probe(data: str, activation: str, configuration: Any) -> dict[str, np.ndarray]:
    """Test accuracies in %, from the inputs, layer 0, to the last hidden layer.

    Returns:
        "trained" and "untrained", (layers + 1, seeds); "network", that of the whole network,
        (seeds,); "rate", the learning rate that was best on validation rows, (1,).
    """
    draw, seeds = rows(data, configuration.mnist), range(configuration.seeds)
    inputs = draw(0)["train"][0].shape[1]
    sizes = (inputs, *[configuration.width] * configuration.layers, CLASSES[data])
    net = jaxnn.mlp(sizes, activation=activation)
    training = jaxnn.make_training(net, HEAD.loss, jaxnn.OPTIMIZERS["adam"], correct=HEAD.correct)
    updates = Updates(configuration.steps, BATCH)
    axes = {"learning_rate": configuration.learning_rate}
    found = train_own_rows(training, axes, draw, seeds, updates, keep_params=True)
    best = own_best(found.validation["accuracy"][-1], found.test["accuracy"][-1])
    # A rate of 0 leaves the same initial draw as it is.
    still = train_own_rows(
        training, {"learning_rate": (0.0,)}, draw, seeds, Updates(1, BATCH), keep_params=True
    )
    layers: dict[str, list[list[float]]] = {"trained": [], "untrained": []}
    trace = jax.jit(
        jax.vmap(
            lambda params, x: jaxnn.diagnostics.forward_trace(params, x, activation).activations[
                :-1
            ],
            in_axes=(None, 0),
        )
    )
    for seed in seeds:
        parts = draw(seed)
        for kind, params, rate in (
            ("trained", found.params, best.index[0]),
            ("untrained", still.params, 0),
        ):
            own = jax.tree.map(lambda leaf, at=(rate, seed): leaf[at], params)
            seen = {part: (parts[part][0], *trace(own, parts[part][0])) for part in parts}
            layers[kind].append(
                [
                    probed((a, parts["train"][1]), (b, parts["test"][1]))
                    for a, b in zip(seen["train"], seen["test"], strict=True)
                ]
            )
    return {kind: np.array(each).T for kind, each in layers.items()} | {
        "network": 100 * best.test,
        "rate": np.array([configuration.learning_rate[best.index[0]]]),
    }


def probed(train: tuple, test: tuple) -> float:
    """Test accuracy in % of ridge classification, whose penalty leave-one-out chooses.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(60, 2))
        >>> y = (x[:, 0] + x[:, 1] > 0).astype(int)
        >>> probed((x, y), (x, y)) > 90
        True
    """
    x, y = (np.asarray(each) for each in train)
    if not np.isfinite(x).all():  # a network that has diverged separates nothing
        return 0.0
    model = make_pipeline(StandardScaler(), RidgeClassifierCV(PENALTIES)).fit(x, y)
    return 100 * float(model.score(*map(np.asarray, test)))
