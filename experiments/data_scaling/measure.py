"""What is measured: the test error of each method on each number of rows."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

import jaxnn
from experiments.data_scaling.tasks import CLASSES, drawn, pool
from experiments.lab.study.own_rows import Parts, Updates, own_best, train_own_rows

LAYERS = (128, 128)
BATCH, POINTS, VALIDATION = 64, 10, 0.2
FEW = 2000  # rows, below which a third of the updates is enough
METHODS: Mapping[str, Callable[[int], Any]] = {  # from a seed; the first two draw nothing
    "logistic regression": lambda seed: LogisticRegression(),
    "SVM": lambda seed: SVC(),
    "random forest": lambda seed: RandomForestClassifier(random_state=seed),
    "nearest neighbours": lambda seed: KNeighborsClassifier(),
    "boosting": lambda seed: HistGradientBoostingClassifier(random_state=seed),
}
DEAR = "boosting"  # takes ten times as long with ten classes


def methods(data: str) -> list[str]:
    """The older methods of a data set: boosting only where there are two classes."""
    return [method for method in METHODS if CLASSES[data] == 2 or method != DEAR]


def network(data: str, rows: int, configuration: Any) -> dict[str, np.ndarray]:
    """Test error of the network in %, (seeds,), and its own best rate, (1,).

    A fifth of the rows chooses its learning rate and stopping point.
    """
    found = pool(data, configuration.mnist)
    held_out = round(VALIDATION * rows)

    def parts(seed: int) -> Parts:
        x, y = drawn(data, configuration.mnist, rows, seed)
        return {
            "train": (x[held_out:], y[held_out:]),
            "validation": (x[:held_out], y[:held_out]),
            "test": (found.test_x, found.test_y),
        }

    head = jaxnn.HEADS["multiclass"]
    training = jaxnn.make_training(
        jaxnn.mlp((found.x.shape[1], *LAYERS, CLASSES[data])),
        head.loss,
        jaxnn.OPTIMIZERS["adam"],
        correct=head.correct,
    )
    steps = configuration.steps if rows >= FEW else configuration.steps // 3
    trained = train_own_rows(
        training,
        {"learning_rate": configuration.learning_rate},
        parts,
        range(configuration.seeds),
        Updates(steps, min(BATCH, rows - held_out), POINTS),
    )
    # By the loss, since a fifth of a hundred rows hardly tells accuracies apart.
    best = own_best(-trained.validation["loss"], trained.test["accuracy"])
    accuracy = np.nan_to_num(best.test)
    return {
        "error": 100 * (1 - accuracy),
        "rate": np.array([configuration.learning_rate[best.index[-1]]]),
    }


def older(data: str, method: str, rows: int, configuration: Any) -> dict[str, np.ndarray]:
    """Test error of a method of scikit-learn in %, (seeds,)."""
    found, errors = pool(data, configuration.mnist), []
    for seed in range(configuration.seeds):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = METHODS[method](seed).fit(*drawn(data, configuration.mnist, rows, seed))
        errors.append(100 * (1 - model.score(found.test_x, found.test_y)))
    return {"error": np.array(errors)}
