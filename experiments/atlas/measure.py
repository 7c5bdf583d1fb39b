"""What the atlas measures: every activation at every rate and seed, on one data set."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import jaxnn
from experiments.atlas.datasets import METRICS, source
from experiments.lab.data import Splits
from experiments.lab.engine import stages
from experiments.lab.engine.outcome import Outcome
from experiments.lab.engine.runner import run_grid
from experiments.lab.evidence.experiment import Arrays
from experiments.lab.study import named_activations
from experiments.lab.study.study import Study


class Size(NamedTuple):
    """Of the networks of the atlas, and how many there are."""

    rates: tuple[float, ...]
    seeds: int
    steps: int
    width: int
    depth: int
    batch_size: int
    optimizer: str


class AtlasStudy(Study):
    """A study whose runs are evaluated once, after their last update, and not looked into."""

    @property
    def points(self) -> int:
        """Of a curve."""
        return 1

    def _inside(self, *arguments: Any) -> None:
        return None


PER_ACTIVATION = ("validation_loss", "validation_score", "test_score")


class Silent:
    """A listener that does nothing: a data set takes a minute or two."""

    def start(self, number: int, outcome: Outcome) -> None:
        """Nothing."""

    def advance(self, number: int, share: float) -> None:
        """Nothing."""

    def keep(self, number: int, outcome: Outcome) -> None:
        """Nothing."""


def study(data: str, activations: Sequence[str], size: Size, mnist: Path | None = None) -> Study:
    """What is trained on a data set.

    Args:
        data: its name.
        activations: names of the table, or the user's own as my_module:my_function.
        size: of the networks, and how many.
        mnist: the folder of MNIST's files.
    """
    labels = tuple(map(named_activations.canonical, activations))
    structure = {
        "activation": labels,
        "depth": (size.depth,),
        "width": (size.width,),
        "batch_size": (size.batch_size,),
        "optimizer": (size.optimizer,),
    }
    return AtlasStudy(
        question="",
        settings={},
        splits=Splits(source(data, mnist)),
        asked=jaxnn.Grid(structure, {"learning_rate": size.rates}, size.seeds),
        activations={label: named_activations.find(label, (size.depth,)) for label in labels},
        steps=size.steps,
        fixed=True,
        metric=METRICS.get(data),
        one_program=True,
    )


def train(data: str, activations: Sequence[str], size: Size, mnist: Path | None = None) -> Arrays:
    """Train every activation at every rate and seed; each seed has its own split.

    Args:
        data, activations, size, mnist: as for ``study``.

    Returns:
        "validation_loss", "validation_score" and "test_score", each (activations, rates, seeds),
        scores higher for better: a diverged run has an infinite loss and the worst score. Of the
        trivial predictor "trivial_loss", on validation rows, and "trivial_score", on test rows,
        (seeds,). "classes", (), how many there are; 0 for a regression.
    """
    asked = study(data, activations, size, mnist)
    outcomes = run_grid(asked, stages.first(asked), {}, Silent())
    found = [outcomes[number] for number in range(len(activations))]
    validation = [asked.final(outcome, "validation") for outcome in found]
    test = [asked.final(outcome, "test") for outcome in found]
    return {
        "validation_loss": np.array([losses for losses, _ in validation], np.float32),
        "validation_score": np.array([scores for _, scores in validation], np.float32),
        "test_score": np.array([scores for _, scores in test], np.float32),
        "trivial_loss": asked.trivial_loss,
        "trivial_score": np.broadcast_to(asked.score.trivial["test"], size.seeds).astype(float),
        "classes": np.array(len(asked.splits.classes)),
    }
