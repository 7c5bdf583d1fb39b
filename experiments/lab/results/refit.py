"""The model to keep: one network of the first choice, trained once more as it was in the grid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import pandas as pd

from experiments.lab.data import Dataset
from experiments.lab.results.model import Model
from experiments.lab.results.provenance import provenance
from experiments.lab.study.comparison import Comparison
from jaxnn.program import segment_lengths
from jaxnn.sweep import batches, run_key
from jaxnn.training import Training
from jaxnn.types import Params

WHICH = (
    "the first row of the table at its rate, trained again on the training rows with the seed "
    "whose validation score is the median"
)


@dataclass(frozen=True)
class Refit:
    """A choice's typical run as a model, and what the files say of it.

    about: its seed, rate, steps and batch size, its own scores, and its run's in the grid.
    parameters, description: the content of the model's two files.
    """

    model: Model
    about: Mapping[str, Any]
    parameters: bytes
    description: Mapping[str, Any]


def refitted(comparison: Comparison) -> Refit | None:
    """The typical run of the first choice, trained again; None where all its runs have diverged."""
    study, choice = comparison.study, comparison.choices[0]
    structure = study.grid.structures[study.number(choice.structure)]
    column = f"validation_{study.score.name}"
    run = typical(comparison.results.loc[list(choice.rows)], column)
    if run is None:
        return None
    params = refit(
        study.make(structure),
        study.data,
        hyperparameters={"learning_rate": choice.learning_rate},
        seed=int(run["seed"]),
        seeds=study.grid.seed_numbers,
        steps=study.steps,
        batch_size=study.batch_size(structure),
    )
    if params is None:
        return None
    names = structure["activation"].split("/")
    own = study.settings["own_activations"].items()
    model = Model(
        structure=structure,
        network=study.network(structure),
        preprocessing=study.data.preprocessing,
        params=params,
        left_out=study.left_out,
        own_activations={name: found for name, found in own if name in names},
    )
    scores = model.scores(study.data)
    about = {
        "is": WHICH,
        "seed": run["seed"],
        "learning_rate": choice.learning_rate,
        "steps": study.steps,
        "batch_size": study.batch_size(structure),
        **{f"{part}_{study.score.name}": value for part, value in scores.items()},
        "in_the_grid": {name: run[name] for name in (column, f"test_{study.score.name}")},
    }
    return Refit(model, about, *model.packed({**about, **provenance()}))


def typical(runs: pd.DataFrame, score: str) -> Mapping | None:
    """The run whose validation score is the median, so as good as the verdict says, not luckier.

    Diverged runs are left out. Ties go by validation loss; of an even number of runs it is the
    better one of the middle two.

    Args:
        runs: of one choice at its rate, rows of the results.
        score: the column of the validation score.

    Returns:
        Its row; None where every run has diverged.
    """
    runs = runs[runs["diverged_step"].isna()].assign(loss=lambda runs: -runs["validation_loss"])
    ordered = runs.sort_values([score, "loss", "seed"])
    return ordered.iloc[len(ordered) // 2].to_dict() if len(ordered) else None


def refit(
    training: Training,
    data: Dataset,
    *,
    hyperparameters: Mapping[str, float],
    seed: int,
    seeds: Sequence[int],
    steps: int,
    batch_size: int,
) -> Params | None:
    """Train one run of a grid by itself: the same initial draws, batches and number of updates, on the training rows.

    Its numbers are the grid's but for the rounding of sums, which are added in another order where many networks train at once.

    Args:
        training: of one run.
        data: to train on.
        hyperparameters, seed: the run's.
        seeds: the grid's.
        steps: updates.
        batch_size: examples an update.

    Returns:
        The parameters as NumPy arrays; None where they are not finite.
    """
    h = {name: np.float32(value) for name, value in hyperparameters.items()}
    state, segment, done = (
        jax.jit(training.init)(run_key(seed, "init"), h),
        jax.jit(training.segment),
        0,
    )
    for length in segment_lengths(steps):
        # All seeds' batches, since JAX has the programs that draw so many.
        orders = batches(
            np.unique(seeds),
            examples=len(data.x["train"]),
            batch_size=batch_size,
            steps=length,
            start=done,
        )
        state, _ = segment(
            state,
            h,
            data.x["train"],
            data.y["train"],
            orders[np.searchsorted(np.unique(seeds), seed)],
        )
        done += length
    return jax.device_get(state.params) if int(state.diverged_step) < 0 else None
