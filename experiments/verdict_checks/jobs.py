"""Jobs made of seeds that are trained already, judged by the functions of the main job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

import jaxnn
from experiments.lab.engine import stages
from experiments.lab.study import rate
from experiments.lab.study.choices import Choice, choose
from experiments.lab.study.rules import Rules
from experiments.lab.study.score import ACCURACY, R2
from experiments.lab.study.verdict import Verdict

Arrays = Mapping[str, np.ndarray]
SHUFFLES = 2  # times that all seeds are cut into jobs anew


def partition(seeds: int, job: int, number: int) -> np.ndarray:
    """Seeds shuffled and cut into jobs, (jobs, seeds of a job); of number 0, each in order.

    Example:
        >>> partition(6, 2, 0).tolist()
        [[0, 1], [2, 3], [4, 5]]
    """
    order = np.random.default_rng(number).permutation(seeds) if number else np.arange(seeds)
    return order[: seeds // job * job].reshape(-1, job)


def all_jobs(seeds: int, job: int) -> np.ndarray:
    """The jobs of several partitions, (jobs, seeds of a job)."""
    return np.concatenate([partition(seeds, job, number) for number in range(SHUFFLES)])


@dataclass(frozen=True)
class _Asked:
    """What the stages of a grid must know of a job of one structure."""

    asked: jaxnn.Grid
    grid: jaxnn.Grid
    labels: Sequence[str]
    losses: np.ndarray

    def best_cell(self, outcome: Any, runs: np.ndarray) -> int:
        """The number of the cell with the lowest expected loss, of those that are trained."""
        known = ~np.isnan(self.losses)
        return rate.lowest(np.where(known, self.losses, 0), runs & known)

    chosen_cell = best_cell


def needed(study: Any, found: Arrays, seeds: np.ndarray) -> np.ndarray:
    """The rates that a job of these seeds trains, as far as its rates so far say: bool (cells,).

    Args:
        study: of one structure, with the grid that is asked for.
        found: as ``training.arrays`` returns it.
        seeds: of the job.
    """
    asked = jaxnn.Grid({}, study.asked.hyperparameters, len(seeds))
    grid = stages.widest(asked, fixed=study.fixed)
    losses = rate.clipped(found["validation_loss"][0][:, seeds], found["trivial_loss"][seeds])
    losses[np.isnan(found["validation"][0][:, seeds])] = np.nan
    tried = np.zeros(len(grid.cells), bool)

    def stage(runs: stages.Runs, reason: str) -> dict[int, Any]:
        tried[:] |= runs[0].any(axis=1)
        return {0: None}

    stages.train(_Asked(asked, grid, [""], losses), stage)
    return tried


def overlap(found: Arrays) -> float:
    """Test rows / training rows of a block."""
    train, test, _ = found["rows"]
    return float(test / train)


def judged(
    found: Arrays, seeds: np.ndarray, labels: Sequence[str], tried: np.ndarray | None = None
) -> tuple[list[Choice], Verdict]:
    """The choices and the verdict of a job of these seeds, by ``choose``.

    Args:
        found: as ``training.arrays`` returns it.
        seeds: of the job.
        labels: of the structures.
        tried: bool (structures, cells), the rates that the job has trained; all when absent.
    """
    shape = len(labels), len(found["rates"]), len(seeds)
    structure, cell, block = (index.ravel() for index in np.indices(shape))
    name = "accuracy" if found["classes"] else "r2"
    columns = {
        key: found[old][:, :, seeds].ravel().astype(float)
        for key, old in (
            ("validation_loss", "validation_loss"),
            (f"validation_{name}", "validation"),
            ("test_loss", "test_loss"),
            (f"test_{name}", "test"),
        )
    }
    diverged = np.where(found["diverged"][:, :, seeds].ravel(), 0.0, np.nan)
    results = pd.DataFrame(
        {
            "activation": np.asarray(labels)[structure],
            "learning_rate": found["rates"][cell],
            "seed": block,
            **columns,
            "diverged_step": diverged,
        }
    )
    kept = ~np.isnan(results[f"validation_{name}"].to_numpy())
    if tried is not None:
        kept &= tried[structure, cell]
    return choose(results[kept].reset_index(drop=True), ("activation",), rules(found, seeds))


def rules(found: Arrays, seeds: np.ndarray) -> Rules:
    """How a job of these seeds is judged, as ``Study.rules``."""
    trivial = {part: found[f"trivial_{part}"][seeds] for part in ("validation", "test")}
    return Rules(
        score=replace(ACCURACY if found["classes"] else R2, trivial=trivial),
        trivial_loss=found["trivial_loss"][seeds],
        overlap=overlap(found),
        rows=int(found["rows"][-1]),
    )


def truth(found: Arrays, choice: Choice, labels: Sequence[str], seeds: np.ndarray) -> float:
    """The mean test score of the seeds outside a job, at the rate that it has chosen."""
    cell = int(np.argmin(np.abs(found["rates"] - choice.learning_rate)))
    scores = found["test"][list(labels).index(choice.structure["activation"]), cell]
    return float(np.delete(scores, seeds).mean())
