"""What is measured: the test scores of four models on the same splits."""

import warnings
from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from experiments.lab.api import GridMLPClassifier, GridMLPRegressor
from experiments.lab.data import load
from experiments.lab.evidence.measurement import Arrays

DATA = ("digits", "breast_cancer", "wine", "iris", "diabetes")
TEST = 0.25  # of the rows
NETWORK, TREES = "network", ("forest", "boosting")
MODELS = (NETWORK, "MLP", *TREES)
SMOOTHING = 0.1


def models(classes: bool, seed: int, steps: int | None) -> dict[str, Any]:
    """Every model, in the order of MODELS.

    Args:
        classes: whether the target is one.
        seed: of all that they draw.
        steps: updates of our networks.
    """
    if classes:
        return {
            NETWORK: GridMLPClassifier(label_smoothing=SMOOTHING, steps=steps, random_state=seed),
            "MLP": make_pipeline(StandardScaler(), MLPClassifier(random_state=seed)),
            "forest": RandomForestClassifier(random_state=seed),
            "boosting": HistGradientBoostingClassifier(random_state=seed),
        }
    # Without a scaled target scikit-learn's MLP is far from trained after its 200 passes.
    mlp = TransformedTargetRegressor(MLPRegressor(random_state=seed), transformer=StandardScaler())
    return {
        NETWORK: GridMLPRegressor(steps=steps, random_state=seed),
        "MLP": make_pipeline(StandardScaler(), mlp),
        "forest": RandomForestRegressor(random_state=seed),
        "boosting": HistGradientBoostingRegressor(random_state=seed),
    }


def train(data: str, seeds: int, steps: int | None) -> Arrays:
    """Test scores, "test" (models, seeds): accuracy, or R², of one table."""
    source = load(data)
    x, y, classes = np.asarray(source.x, float), source.y, source.task == "classification"
    scores = np.zeros((len(MODELS), seeds))
    for seed in range(seeds):
        rows, held_out = train_test_split(
            np.arange(len(x)), test_size=TEST, stratify=y if classes else None, random_state=seed
        )
        for number, model in enumerate(models(classes, seed, steps).values()):
            with warnings.catch_warnings():  # scikit-learn's MLP may need more than its 200 passes
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(x[rows], y[rows])
            scores[number, seed] = model.score(x[held_out], y[held_out])
    return {"test": scores}
