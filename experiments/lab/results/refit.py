"""The model to keep: one network of the chosen structure at its chosen rate, trained once more as it was in the grid."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
import pandas as pd

import jaxnn
from experiments.lab.data import Dataset, Source
from experiments.lab.results.model import Model
from experiments.lab.study.comparison import Choice, Score, rows_of
from jaxnn.program import segment_lengths
from jaxnn.sweep import batches, run_key
from jaxnn.training import Training
from jaxnn.types import Params

WHICH = "the first row of the table at its rate, trained again on the training rows with the seed whose validation score is the median"


def refitted(
    grid: jaxnn.Grid,
    make: Callable[[dict], Training],
    source: Source,
    data: Dataset,
    results: pd.DataFrame,
    choice: Choice,
    score: Score,
    *,
    steps: int,
    batch_size: Callable[[dict], int],
) -> tuple[Model, dict[str, Any]] | tuple[None, None]:
    """The choice's typical run as a Model, and what is to be said about it: its seed, its own scores and its run's in the grid.

    Args:
        grid, make, steps, batch_size: as for run_grid.
        source, data: as found, and as trained on.
        results, choice, score: of the comparison.

    Returns:
        (None, None) where every run of the choice has diverged.
    """
    run = typical(results, choice, score)
    if run is None:
        return None, None
    structure = next(
        structure for structure in grid.structures if choice.structure.items() <= structure.items()
    )
    cell = next(cell for cell in grid.cells if cell["learning_rate"] == choice.learning_rate)
    size = batch_size(structure)
    params = refit(
        make(structure),
        data,
        hyperparameters=cell,
        seed=int(run["seed"]),
        seeds=grid.seed_numbers,
        steps=steps,
        batch_size=size,
    )
    if params is None:
        return None, None
    fitted = data.preprocessing
    left_out = [name for name, _ in source.left_out]
    if isinstance(source.x, pd.DataFrame):
        left_out += [name for name in source.x if name not in fitted.names]
    model = Model(structure, fitted, params, tuple(left_out))
    parts = ("train", "validation", "test")
    outputs = model.outputs(np.concatenate([data.x[part] for part in parts]))
    cuts = np.cumsum([len(data.x[part]) for part in parts])[:-1]
    scores = {
        part: model.score(found, data.y[part])
        for part, found in zip(parts, np.split(outputs, cuts), strict=True)
    }
    return model, {
        "is": WHICH,
        "seed": run["seed"],
        "learning_rate": choice.learning_rate,
        "steps": steps,
        "batch_size": size,
        **{f"{part}_{score.name}": value for part, value in scores.items()},
        "in_the_grid": {
            name: run[name] for name in (f"validation_{score.name}", f"test_{score.name}")
        },
    }


def typical(results: pd.DataFrame, choice: Choice, score: Score) -> Mapping | None:
    """The run whose validation score is the median over the choice's seeds, so that the verdict's score is the one to expect.

    Diverged runs are not looked at. Ties go by validation loss; of an even number of runs it is the better middle one.

    Returns:
        Its row of the results; None where every run has diverged.
    """
    runs = rows_of(results, choice)
    runs = runs[runs["diverged_step"].isna()].assign(loss=lambda runs: -runs["validation_loss"])
    ordered = runs.sort_values([f"validation_{score.name}", "loss", "seed"])
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
