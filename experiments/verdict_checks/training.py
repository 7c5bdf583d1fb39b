"""Train many blocks at once: every seed has a split of its own, which is at hand."""

from collections.abc import Mapping, Sequence

import numpy as np

import jaxnn
from experiments.lab.data import Source, Splits
from experiments.lab.data.dataset import Dataset
from experiments.lab.engine import stages
from experiments.lab.engine.outcome import Outcome
from experiments.lab.engine.runner import run_grid
from experiments.lab.study import named_activations
from experiments.lab.study.study import Study
from experiments.lab.study.trivial import trivial_losses

BATCH = 64


class Ready(Splits):
    """Splits that are at hand: a seed has the split whose number is the rest of a division."""

    def __init__(self, source: Source, datasets: Sequence[Dataset]):
        """Of a source; seed s has split s mod the number of splits."""
        super().__init__(source)
        self._datasets = datasets

    def number(self, seed: int) -> int:
        """Of a seed's split."""
        return int(seed) % len(self._datasets)

    def of(self, seed: int) -> Dataset:
        """The split of a seed."""
        return self._datasets[self.number(seed)]

    def parts(self, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Part -> (x, y) of a seed."""
        return self.of(seed).parts

    def training_rows(self, seed: int) -> int:
        """How many rows a seed trains on."""
        return len(self.of(seed).x["train"])


class _Silent:
    def start(self, number: int, outcome: Outcome) -> None: ...
    def advance(self, number: int, share: float) -> None: ...
    def keep(self, number: int, outcome: Outcome) -> None: ...


def study_of(
    splits: Splits,
    activations: Sequence[str],
    rates: Sequence[float],
    seeds: int,
    *,
    depth: int,
    width: int,
    steps: int,
    fixed: bool = True,
) -> Study:
    """What is asked. There are eight arguments, since all of them are of one grid.

    Args:
        splits: of each seed.
        activations: their names.
        rates: learning rates, ascending.
        seeds: how many.
        depth, width: hidden layers and their neurons.
        steps: updates.
        fixed: whether there are no further rates.
    """
    structure = {
        "activation": tuple(activations),
        "depth": (depth,),
        "width": (width,),
        "batch_size": (BATCH,),
        "optimizer": ("sgd",),
    }
    return Study(
        question="",
        settings={},
        splits=splits,
        asked=jaxnn.Grid(structure, {"learning_rate": tuple(rates)}, seeds),
        activations={name: named_activations.find(name, (depth,)) for name in activations},
        steps=steps,
        fixed=fixed,
    )


def train(study: Study, runs: stages.Runs, known: Mapping[int, Outcome] = {}) -> list[Outcome]:
    """Train runs, as the main job does.

    Args:
        study: what is asked.
        runs: bool (cells, seeds), by the number of the structure.
        known: what an earlier call has returned, by number.

    Returns:
        The outcomes in the order of the structures.
    """
    return list(run_grid(study, runs, known, _Silent()).values())


def arrays(study: Study, outcomes: Sequence[Outcome]) -> dict[str, np.ndarray]:
    """What was measured, as named arrays.

    Returns:
        "validation_loss", "validation", "test_loss" and "test", (structures, cells, seeds), nan
        where nothing was trained; "diverged", likewise; "rates", (cells,); "trivial_loss",
        "trivial_validation" and "trivial_test", (seeds,); "rows", those for training, those for
        testing and all; "classes", whether the score is an accuracy.
    """
    found: dict[str, list[np.ndarray]] = {}
    for outcome in outcomes:
        for part in ("validation", "test"):
            loss, score = study.final(outcome, part)
            for name, values in ((f"{part}_loss", loss), (part, score)):
                values = np.where(outcome.done, values, np.nan).astype(np.float32)
                found.setdefault(name, []).append(values)
        found.setdefault("diverged", []).append(outcome.diverged_step >= 0)
    seeds, data = study.grid.seed_numbers, study.data
    trivial = {
        f"trivial_{part}": np.broadcast_to(study.score.trivial[part], len(seeds))
        for part in ("validation", "test")
    }
    return {
        **{name: np.stack(values) for name, values in found.items()},
        "rates": np.array(study.grid.hyperparameters["learning_rate"]),
        "trivial_loss": trivial_losses([study.splits.of(seed) for seed in seeds], "validation"),
        **trivial,
        "rows": np.array([len(data.x["train"]), len(data.x["test"]), len(study.source.y)]),
        "classes": np.array(bool(data.classes)),
    }
