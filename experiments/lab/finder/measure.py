"""Range tests and grids of the networks of a study, each seed on its own split."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import jaxnn
from experiments.lab.finder.rules import RULES, suggestion
from experiments.lab.study import own_functions
from experiments.lab.study.intervals import mean_over_splits_interval
from experiments.lab.study.own_rows import Trained, Updates, train_own_rows
from experiments.lab.study.study import Study
from jaxnn.training import Hyperparameters, Training

PARTS = ("training", "validation")


class RangeTest(NamedTuple):
    """What a range test found.

    rates: (updates,), rising.
    losses: part -> (updates, seeds), for "training" and "validation"; nan from where a run has
        diverged. The training loss is of the update's batch before it.
    """

    rates: np.ndarray
    losses: dict[str, np.ndarray]

    def suggestions(self) -> dict[tuple[str, str], np.ndarray]:
        """(part, rule) -> (seeds,), nan where a rule finds none."""
        return {
            (part, rule): np.array(
                [suggestion(rule, self.rates, each, smooth=part == "training") for each in losses.T]
            )
            for part, losses in self.losses.items()
            for rule in RULES
        }


class RateGrid(NamedTuple):
    """The validation loss at a grid of rates, after the updates of a whole short training.

    rates: ascending.
    losses: (rates, seeds), a diverged run's being the trivial predictor's.
    trivial: the trivial predictor's, (seeds,).
    """

    rates: np.ndarray
    losses: np.ndarray
    trivial: np.ndarray

    @property
    def best(self) -> float:
        """The rate with the lowest mean loss."""
        return float(self.rates[np.argmin(self.losses.mean(axis=1))])

    def regret(self, suggested: np.ndarray) -> np.ndarray:
        """How much higher each seed's loss is at the suggested rate than at the best, (seeds,).

        Between two rates of the grid the loss is linear in the logarithm of the rate; a suggestion
        beyond the grid counts as its end, none as the trivial predictor. The best rate is chosen by
        the other seeds, so that it is not the best by chance.

        Args:
            suggested: (seeds,), nan where there is none.

        Example:
            >>> losses = np.array([[2.0, 2.0], [1.0, 1.0]])
            >>> grid = RateGrid(np.array([0.1, 1.0]), losses, trivial=np.full(2, 3.0))
            >>> grid.regret(np.array([1.0, 10**-0.5])).round(6).tolist()
            [0.0, 0.5]
        """
        places, seeds = np.log(self.rates), np.arange(len(suggested))
        found = [
            trivial if np.isnan(rate) else np.interp(np.log(rate), places, losses)
            for rate, losses, trivial in zip(suggested, self.losses.T, self.trivial, strict=True)
        ]
        others = self.losses.sum(axis=1, keepdims=True) - self.losses
        return np.array(found) - self.losses[np.argmin(others, axis=0), seeds]


def range_test(study: Study, structure: dict[str, Any], rates: Sequence[float]) -> RangeTest:
    """Train each seed once, at a rate that rises with every update.

    Args:
        study: what is trained, and on which rows.
        structure: one of its grid's.
        rates: from the first to the last in equal steps of its logarithm.
    """
    factor = (rates[-1] / rates[0]) ** (1 / (len(rates) - 1))
    found = _trained(study, structure, rates[:1], len(rates), len(rates), rise=factor)
    return RangeTest(
        np.asarray(rates),
        {"training": found.train_loss[:, 0], "validation": found.validation["loss"][:, 0]},
    )


def rate_grid(study: Study, structure: dict[str, Any]) -> RateGrid:
    """Train each seed at each rate that is asked for, the rate being constant.

    Args:
        study: what is trained, and on which rows.
        structure: one of its grid's.
    """
    rates = study.grid.hyperparameters["learning_rate"]
    found = _trained(study, structure, rates, study.steps, 1)
    losses = study.clipped(found.validation["loss"][-1])
    return RateGrid(np.asarray(rates), losses, study.trivial_loss)


def shown(suggested: np.ndarray) -> tuple[float, float, float]:
    """Median of the suggestions and their middle half, in decades; nan where there are none."""
    known = np.log10(suggested[np.isfinite(suggested)])
    if not len(known):
        return np.nan, np.nan, np.nan
    low, middle, high = (float(each) for each in 10 ** np.quantile(known, (0.25, 0.5, 0.75)))
    return middle, low, high


def regret_shown(regret: np.ndarray) -> tuple[float, float, float]:
    """Mean over seeds and its 95 % interval."""
    low, high = mean_over_splits_interval(regret[None])[0]
    return float(regret.mean()), float(low), float(high)


def _trained(
    study: Study,
    structure: dict[str, Any],
    rates: Sequence[float],
    steps: int,
    points: int,
    *,
    rise: float = 1.0,
) -> Trained:
    splits = study.splits
    return train_own_rows(
        _training(study, structure, rise),
        {"learning_rate": rates},
        splits.parts,
        study.grid.seed_numbers,
        Updates(steps, study.batch_size(structure), points),
        count=splits.training_rows,
    )


def _training(study: Study, structure: dict[str, Any], rise: float) -> Training:
    """Of a structure, at a rate that grows by this factor from update to update."""
    entry: Any = own_functions.optimizer(structure["optimizer"])

    def optimizer(hyperparameters: Hyperparameters):
        rate = hyperparameters["learning_rate"]
        if rise == 1.0:
            return entry(hyperparameters)
        rising: Any = lambda update: rate * rise**update  # noqa: E731 (Optax takes a schedule)
        return entry({"learning_rate": rising})

    return jaxnn.make_training(
        study.network(structure),
        study.loss,
        optimizer,
        stochastic=any(one.stochastic for one in study.layers(structure)),
    )
