"""The model to keep: an ensemble of networks of the first choice, trained on all rows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from experiments.lab.results.ensembles import Blocks, train_ensembles
from experiments.lab.results.estimate import Estimate, estimate
from experiments.lab.results.model import Model
from experiments.lab.results.provenance import provenance
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.score import Score

MEMBERS = 10  # at most: more gain little, and each member is trained once per split
SPLITS = 10  # at most, for the stated score


@dataclass(frozen=True)
class Refit:
    """A model of the first choice, and what the files say of it.

    stated: its score on new rows.
    about: its members, rate, steps and batch size, and its stated score.
    parameters, description: the content of the model's two files.
    """

    model: Model
    stated: Estimate
    about: Mapping[str, Any]
    parameters: bytes
    description: Mapping[str, Any]

    def said(self, judge: Score) -> str:
        """What it is and how good, for the screen."""
        unit = judge.written(self.stated.score)
        score = f"{unit.score(self.stated.score)} {unit.interval(*self.stated.interval)}"
        return (
            f"The model is {self.about['is']}. Its {unit.name} on new rows: {score}, "
            f"{self.stated.what}."
        )


def refitted(comparison: Comparison, *, single: bool = False) -> Refit | None:
    """The first choice at its rate, trained on all rows; None where all networks have diverged.

    It has as many members as the choice has seeds, at most MEMBERS; each is trained with as many
    updates as the study's networks. A member that diverges is left out.

    Args:
        comparison: what was found.
        single: one network in place of an ensemble.
    """
    study, choice = comparison.study, comparison.choices[0]
    structure = study.grid.structures[study.number(choice.structure)]
    blocks = Blocks(study.splits, _seeds(comparison))
    members = 1 if single else min(MEMBERS, len(choice.scores))
    if study.best_epoch:  # all members have as many updates, so those that runs typically have
        best = comparison.results["best_step"][list(choice.rows)]
        study = replace(study, steps=int(best.median()), planned=study.steps)
    trained = train_ensembles(study, structure, choice.learning_rate, members, blocks)
    data, names = study.splits.whole(), structure["activation"].split("/")
    own = study.settings["own_activations"].items()
    model = Model(
        structure=structure,
        network=study.network(structure),
        preprocessing=data.preprocessing,
        params=trained.of(0),
        metric=study.score.name,
        left_out=study.left_out,
        own_activations={name: found for name, found in own if name in names},
        own_functions={
            kind: {name: found for name, found in each.items() if name == structure[kind]}
            for kind, each in study.settings["own_functions"].items()
        },
    ).without_diverged(data.x["train"])
    if not model.members:
        return None
    stated = estimate(study, model, trained, blocks)
    about = {
        "is": _described(model.members, blocks.rows[0]),
        "learning_rate": choice.learning_rate,
        "steps": study.steps,
        "batch_size": study.batch_size(structure),
        "rows": blocks.rows[0],
        "members": model.members,
        "members_diverged": members - model.members,
        f"test_{study.score.name}": study.score.own(stated.score),
        f"test_{study.score.name}_interval": [
            study.score.own(end) for end in study.score.ascending(stated.interval)
        ],
        f"test_{study.score.name}_is": stated.what,
        "splits": {
            f"test_{study.score.name}": [study.score.own(each) for each in stated.scores],
            "members_diverged": np.sum(~trained.finite[1:], axis=1).tolist(),
        },
    }
    return Refit(model, stated, about, *model.packed({**about, **provenance()}))


def _seeds(comparison: Comparison) -> tuple[int, ...]:
    """Of the splits that the stated score is a mean over; none where test rows come with the data.

    Seeds that have one and the same split count once.
    """
    splits, seeds = comparison.study.splits, comparison.study.grid.seed_numbers
    if splits.source.test is not None:
        return ()
    different = {splits.number(seed): seed for seed in reversed(seeds)}
    return tuple(sorted(different.values())[:SPLITS])


def _described(members: int, rows: int) -> str:
    what = "one network" if members == 1 else f"the mean prediction of {members} networks"
    return f"{what}, trained on all {rows:,} rows at the rate of the table's first row"
