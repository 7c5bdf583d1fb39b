"""What is measured: the score of every network."""

from typing import Any

import numpy as np

import jaxnn
from experiments.heads.outputs import OUTPUTS, training
from experiments.heads.tasks import TASKS

WIDTH = 64
LAYERS = 2
BATCH = 32


def train(name: str, steps: int, configuration: Any) -> dict[str, np.ndarray]:
    """Validation and test score, each (head, learning rate, seed); nan where diverged.

    The score is the accuracy, or R² for regression.
    """
    task = TASKS[name]
    outputs = OUTPUTS[task.kind]
    scores: dict[str, list[np.ndarray]] = {"validation": [], "test": []}
    for seed in range(configuration.seeds):
        rows = task.rows(seed)
        sizes = (rows.x["train"].shape[1], *[WIDTH] * LAYERS, task.outputs)
        result = jaxnn.train_grid(
            lambda sizes=sizes: training(sizes, outputs),
            {"head": range(len(outputs)), "learning_rate": configuration.learning_rate},
            seeds=[seed],
            train=(rows.x["train"], rows.y["train"]),
            validation=(rows.x["validation"], rows.y["validation"]),
            test=(rows.x["test"], rows.y["test"]),
            steps=steps,
            batch_size=BATCH,
            points=1,
        )
        for part, metrics in (("validation", result.validation), ("test", result.test)):
            score = metrics["accuracy"]
            if task.kind == "regression":
                score = 1 - score / rows.y[part].var()
            scores[part].append(score)
    return {part: np.concatenate(of_seeds, axis=2) for part, of_seeds in scores.items()}
