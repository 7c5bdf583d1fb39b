"""The comparison: all that a finished study has found, from which files and report are made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from experiments.lab.engine import stages
from experiments.lab.engine.outcome import Outcome
from experiments.lab.references.fit import Reference
from experiments.lab.references.outside import Outside, outside
from experiments.lab.study import diagnostics, importance, wording
from experiments.lab.study.building import has_theory
from experiments.lab.study.chaotic import apart
from experiments.lab.study.choices import Choice, choose
from experiments.lab.study.good_rates import good_enough
from experiments.lab.study.importance import Importance
from experiments.lab.study.scope import Earlier, earlier, last_gain, still_falls
from experiments.lab.study.speed import TAUS, performance_profile, steps_to_target
from experiments.lab.study.study import Study
from experiments.lab.study.tables import curves_table, results_table
from experiments.lab.study.theory import gradient_factor
from experiments.lab.study.verdict import Verdict


@dataclass(frozen=True)
class Comparison:
    """All that a finished study has found; what each choice has is in the order of the choices.

    study: what was asked.
    outcomes: of each structure, in the order of the grid, without their curves and final metrics.
    results: one row per run. curves: one row per cell and point of its training curve.
    choices: the recommended one first, then in the order of their validation scores.
    found: what their scores say.
    earlier: what validation scores said at half and at three quarters of the updates.
    last_gain: of the first's validation score, in the last fifth of the updates.
    target: the validation score that is good for the baseline's own best; nan where no run of the
        baseline trained.
    profile: one row per factor τ, one column per choice; see performance_profile.
    layers: of each choice's networks before training.
    outside: what models that are no networks say; None before they are fitted.
    gradient_factors: of each choice, by theory; None where there is none.
    importance: of the axes of the grid asked for, its rates among them; at_own_rate: of those of
        the choices. None where fewer than two have several values, and for one seed.
    """

    study: Study
    outcomes: Sequence[Outcome]
    results: pd.DataFrame
    curves: pd.DataFrame
    choices: Sequence[Choice]
    found: Verdict
    earlier: Sequence[Earlier]
    last_gain: float
    target: float
    profile: pd.DataFrame
    layers: Sequence[diagnostics.Layers]
    gradient_factors: Sequence[float | None]
    importance: Importance | None = None
    at_own_rate: Importance | None = None
    outside: Outside | None = None

    def with_references(self, found: Sequence[Reference]) -> "Comparison":
        """The same, compared with models that are no networks."""
        labels = [choice.label for choice in self.choices]
        scores = np.array([choice.scores for choice in self.choices])
        return replace(self, outside=outside(found, labels, scores, self.study.rules))

    def with_twins(self, losses: np.ndarray) -> "Comparison":
        """The same, with a column that says at which rates training is chaotic.

        Args:
            losses: of the first seed's twins, (structures, cells).
        """
        trivial, found, start = float(self.study.trivial_loss.flat[0]), [], 0
        for outcome, twins in zip(self.outcomes, losses, strict=True):
            runs, (cells, _) = np.full(outcome.done.shape, np.nan), np.nonzero(outcome.done)
            rows = slice(start, start := start + len(cells))
            runs[outcome.done] = self.results["validation_loss"].iloc[rows]
            found.append(apart(runs[:, 0], twins, trivial)[cells])
        results = self.results.assign(chaotic=np.concatenate(found))
        choices = [
            replace(choice, chaotic=bool(results["chaotic"][choice.rows[0]]))
            for choice in self.choices
        ]
        return replace(self, results=results, choices=choices)

    @property
    def verdict(self) -> str:
        """What to use, how sure that is, and what it holds for."""
        if self.nothing_trained:
            return wording.nothing_trained(self)
        score, useless = self.study.score, self.outside and self.outside.nothing_recommended
        said = [
            wording.scope(
                self, "This was found for networks" if useless else "This holds for networks"
            )
        ]
        if not useless:
            said = [self._of_networks, *said]
        if self.outside:
            said = [self.outside.sentences(score), *said]
        return " ".join(filter(None, said))

    @property
    def _of_networks(self) -> str:
        if self.study.limit and not self.settled:
            return wording.undertrained(self)
        return wording.verdict(self.found, self.choices[0], self.study)

    @property
    def nothing_trained(self) -> bool:
        """Whether every run has diverged, so that there is nothing to compare."""
        return bool(self.results["diverged_step"].notna().all())

    @property
    def settled(self) -> bool:
        """Whether more updates are not expected to change what is recommended.

        The first gains no more than the margin in the last fifth of the updates, and at half and
        three quarters of them the verdict agreed with that at the end.
        """
        agree = all(then.agrees for then in self.earlier)
        return agree and self.last_gain <= self.study.rules.margin

    @property
    def widened_to(self) -> Mapping[str, float]:
        """The furthest rate beyond those asked for, by the labels of the structures with such."""
        return stages.ends(self.study, self._trained)

    @property
    def widened(self) -> str:
        """The same in words; empty for none."""
        return stages.widened(self.study, self._trained)

    @property
    def _trained(self) -> stages.Runs:
        return {number: outcome.done for number, outcome in enumerate(self.outcomes)}


def compare(study: Study, outcomes: Sequence[Outcome]) -> Comparison:
    """Choose each structure's rate, compare the choices, and look at what goes on inside them.

    Args:
        study: what is asked.
        outcomes: in the order of the structures.
    """
    score, results = study.score, results_table(study, outcomes)
    curves = curves_table(study, outcomes)
    choices, found = choose(results, study.axes, study.rules)
    against = next(choice for choice in choices if choice.versus is None)
    target = score.best - score.size * good_enough(score.error(against.validation) / score.size)
    if against.diverged_runs == against.runs:
        target = np.nan
    reached = [
        steps_to_target(outcome.steps, study.score.of(outcome.curves, "validation"), target)
        for outcome in outcomes
    ]
    results["steps_to_target"] = np.concatenate(
        [steps[outcome.done] for steps, outcome in zip(reached, outcomes, strict=True)]
    )
    steps = np.array([results["steps_to_target"][list(choice.rows)] for choice in choices])
    choices = [
        replace(
            choice,
            steps_to_target=None if np.isnan(target) else float(np.median(own)),
            reached=None if np.isnan(target) else int(np.isfinite(own).sum()),
            improving=_improving(study, outcomes, choice),
        )
        for choice, own in zip(choices, steps, strict=True)
    ]
    profile = pd.DataFrame(
        performance_profile(steps).T,
        index=pd.Index(TAUS, name="tau"),
        columns=[choice.label for choice in choices],
    )
    validation = [_validation(study, outcomes, choice) for choice in choices]
    structures = [study.grid.structures[study.number(choice.structure)] for choice in choices]
    return Comparison(
        study=study,
        # What they have found is in the tables: a million runs' curves are not held twice.
        outcomes=[replace(outcome, curves={}, final={}, stand=None) for outcome in outcomes],
        results=results,
        curves=curves,
        choices=choices,
        found=found,
        earlier=earlier(outcomes[0].steps, validation, study.rules.overlap),
        last_gain=last_gain(outcomes[0].steps, validation[0]),
        target=target,
        profile=profile.reset_index(),
        layers=[study.initial_layers(structure) for structure in structures],
        gradient_factors=[
            gradient_factor(study.activations[structure["activation"]], structure["depth"])
            if has_theory(structure)
            else None
            for structure in structures
        ],
        importance=importance.of_grid(study, outcomes),
        at_own_rate=importance.of_choices(study, choices),
    )


def _runs(study: Study, choice: Choice) -> tuple[int, int, np.ndarray]:
    """Where a choice's runs are: the number of its structure, its cell, and its seeds."""
    rates = np.asarray(study.grid.hyperparameters["learning_rate"], float)
    cell = int(np.argmin(np.abs(rates - choice.learning_rate)))
    return study.number(choice.structure), cell, np.arange(len(choice.scores))


def _improving(study: Study, outcomes: Sequence[Outcome], choice: Choice) -> bool:
    number, cell, seeds = _runs(study, choice)
    losses = study.clipped(outcomes[number].curves["validation_loss"])[:, cell, seeds]
    return still_falls(outcomes[number].steps, losses)


def _validation(study: Study, outcomes: Sequence[Outcome], choice: Choice) -> np.ndarray:
    """A choice's validation scores, (points, seeds)."""
    number, cell, seeds = _runs(study, choice)
    found = study.score.of(outcomes[number].curves, "validation")[:, cell, seeds]
    return np.fmax(found, study.score.worst)
