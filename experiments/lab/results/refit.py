"""The model to keep: one network of the first choice, trained once more as it was in the grid."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import pandas as pd

import jaxnn
from experiments.lab.results.model import Model
from experiments.lab.results.provenance import provenance
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.study import Study
from jaxnn.program import Plan, Task, make_program, segment_lengths
from jaxnn.segments import Batches, program_segments
from jaxnn.types import Params

WHICH = (
    "the first row of the table at its rate, trained again on the training rows with the seed "
    "whose validation score is the median"
)


@dataclass(frozen=True)
class Refit:
    """A choice's typical run as a model, and what the files say of it.

    score: its own, on the test rows.
    about: its seed, rate, steps and batch size, its own scores, and its run's in the grid.
    parameters, description: the content of the model's two files.
    """

    model: Model
    score: float
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
    data = study.splits.of(int(run["seed"]))
    params = refit(study, structure, choice.learning_rate, int(run["seed"]))
    if params is None:
        return None
    names = structure["activation"].split("/")
    own = study.settings["own_activations"].items()
    model = Model(
        structure=structure,
        network=study.network(structure),
        preprocessing=data.preprocessing,
        params=params,
        metric=study.score.name,
        left_out=study.left_out,
        own_activations={name: found for name, found in own if name in names},
    )
    scores = model.scores(data)
    about = {
        "is": WHICH,
        "seed": run["seed"],
        "learning_rate": choice.learning_rate,
        "steps": study.steps,
        "batch_size": study.batch_size(structure),
        **{f"{part}_{study.score.name}": study.score.own(value) for part, value in scores.items()},
        "in_the_grid": {
            name: study.score.own(run[name]) for name in (column, f"test_{study.score.name}")
        },
    }
    return Refit(model, scores["test"], about, *model.packed({**about, **provenance()}))


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


def refit(study: Study, structure: Mapping[str, Any], rate: float, seed: int) -> Params | None:
    """Train one run of a grid by itself: the same initial draws, batches and number of updates.

    Its numbers are the grid's up to the rounding of sums, which are added in another order where
    many networks train at once.

    Args:
        study: what was asked.
        structure: the run's.
        rate: its learning rate.
        seed: its seed, one of the study's.

    Returns:
        The parameters as NumPy arrays; None where they are not finite.
    """
    training, train = study.make(structure), study.splits.of(seed).parts["train"]
    size, lengths = study.batch_size(structure), segment_lengths(study.steps)
    grid, devices = jaxnn.Grid({}, {"learning_rate": (rate,)}, (seed,)), jax.local_devices()[:1]
    plan = Plan.whole(jaxnn.arrange(grid), len(devices))
    program = make_program(training, grid, plan, devices)
    every = np.unique(study.grid.seed_numbers)
    batches = Batches(study.splits.training_rows, size)

    def draw(wanted: np.ndarray, start: int, steps: int) -> np.ndarray:
        # All seeds' batches, since JAX has compiled the draw of that many.
        return batches(every, start, steps)[np.searchsorted(every, wanted)]

    task = Task({"train": train}, lengths, size, each=(), last=())
    *_, last = program_segments(program, grid, task, draw=draw)
    if (last.diverged_step >= 0).any():
        return None
    return jax.tree.map(lambda leaf: leaf[0, 0], last.params())
