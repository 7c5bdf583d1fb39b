"""What is measured: accuracy from a few labels, on codes that were made without any."""

import warnings
from typing import Any

import jax
import numpy as np
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import jaxnn
from experiments.lab.study.own_rows import Parts, Updates, own_best, train_own_rows
from experiments.representations.tasks import has, rows

HIDDEN, BATCH = 128, 64
INPUTS = ("autoencoder", "PCA", "random", "raw")


def data_sets(configuration: Any) -> list[str]:
    """Those that are there."""
    return [name for name in configuration.data if has(name, configuration.mnist)]


def codes(data: str, size: int, configuration: Any) -> dict[str, np.ndarray]:
    """Test accuracies in % of logistic regression on each of INPUTS, (labels, seeds).

    Returns:
        These by name; "rate", the autoencoder's own best, (1,); "error", its mean squared error of
        reproduction on test rows, and "PCA error", (seeds,).
    """
    draw, seeds = rows(data, configuration.mnist), range(configuration.seeds)

    def unlabelled(seed: int) -> Parts:
        return {part: (x, x) for part, (x, _) in draw(seed).items()}

    inputs = draw(0)["train"][0].shape[1]
    net = jaxnn.autoencoder((inputs, HIDDEN, size))
    training = jaxnn.make_training(
        net.network, jaxnn.losses.squared_error, jaxnn.OPTIMIZERS["adam"]
    )
    found = train_own_rows(
        training,
        {"learning_rate": configuration.learning_rate},
        unlabelled,
        seeds,
        Updates(configuration.steps, BATCH),
        keep_params=True,
    )
    best = own_best(-found.validation["loss"][-1], found.test["loss"][-1])
    encode = jax.jit(jax.vmap(net.encoder.apply, in_axes=(None, 0)))
    scores: dict[str, list[list[float]]] = {name: [] for name in INPUTS}
    pca_error = []
    for seed in seeds:
        parts = draw(seed)
        (x, y), (test_x, test_y) = parts["train"], parts["test"]
        own = jax.tree.map(lambda leaf, at=(best.index[-1], seed): leaf[at], found.params)
        pca = PCA(size, random_state=seed).fit(x)
        projection = np.random.default_rng(seed).normal(size=(inputs, size)) / inputs**0.5
        made = {
            "autoencoder": [np.asarray(encode(own[0], each)) for each in (x, test_x)],
            "PCA": [pca.transform(each) for each in (x, test_x)],
            "random": [each @ projection for each in (x, test_x)],
            "raw": [x, test_x],
        }
        back = pca.inverse_transform(made["PCA"][1])
        pca_error.append(float(np.mean((back - test_x) ** 2)))
        order = labelled(y, np.random.default_rng([seed, 1]))
        for name, (train, test) in made.items():
            scores[name].append(
                [
                    accuracy(train, y, order[:count], (test, test_y))
                    for count in configuration.labels
                ]
            )
    return {name: np.array(each).T for name, each in scores.items()} | {
        "rate": np.array([configuration.learning_rate[best.index[-1]]]),
        "error": best.test,
        "PCA error": np.array(pca_error),
    }


def labelled(y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Row numbers in the order in which they get labels: one of each class, then the next of each.

    Example:
        >>> y = np.array([0, 0, 0, 1, 1, 1])
        >>> y[labelled(y, np.random.default_rng(0))].tolist()
        [0, 1, 0, 1, 0, 1]
    """
    order = random.permutation(len(y))
    of_class = dict.fromkeys(np.unique(y), 0)
    place = []
    for label in y[order]:
        place.append((of_class[label], label))
        of_class[label] += 1
    return order[np.lexsort(np.array(place).T[::-1])]


def accuracy(x: np.ndarray, y: np.ndarray, rows: np.ndarray, test: tuple) -> float:
    """Test accuracy in % of logistic regression on the labelled rows; 0 where x is not finite."""
    if not np.isfinite(x).all():
        return 0.0
    scale = StandardScaler().fit(x)  # by all rows, for which it takes no labels
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(max_iter=200).fit(scale.transform(x[rows]), y[rows])
    return 100 * float(model.score(scale.transform(test[0]), test[1]))
