"""Is the score that is stated for the saved model true, and is it above that of one network?

    python -m tests.helpers.stated_score digits 40

A job draws a table of rows, trains the model on it as the main job does, and compares the stated
score with the model's score on further rows of the same kind, of which it saw none. On the same
rows it scores the network that a job saved before models were ensembles: of the networks on one
split's training rows, the one whose validation score is the median.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

import jaxnn
from experiments.lab.data import Dataset, Splits
from experiments.lab.engine.compile_cache import use_compile_cache
from experiments.lab.engine.devices import use_every_core
from experiments.lab.results.ensembles import Blocks, train_ensembles
from experiments.lab.results.refit import refitted
from experiments.lab.study import named_activations
from experiments.lab.study.study import Study
from experiments.verdict_checks import tables

MNIST = "../shared/data/mnist"
ROWS = {"generated_classes": 250, "generated_numbers": 250, "digits": 900, "mnist": 900}
RATES = {"generated_classes": 0.3, "generated_numbers": 0.1, "digits": 0.9, "mnist": 0.3}
FRESH = {"generated_classes": 4000, "generated_numbers": 4000, "digits": 897, "mnist": 4000}


class Job(NamedTuple):
    """Scores of one table's model.

    stated, low, high: what is stated, and its interval.
    unseen: the model's score on rows that it was not trained on.
    member: the mean of its members' scores there. median: the score there of the median network.
    """

    stated: float
    low: float
    high: float
    unseen: float
    member: float
    median: float

    @property
    def covered(self) -> bool:
        """Whether the interval contains the model's score."""
        return self.low <= self.unseen <= self.high


class _OneSplit(Blocks):
    """Block 1 has the training rows of one split alone."""

    def __init__(self, splits: Splits):
        super().__init__(splits, (0,))
        self.rows = self.rows[0], splits.training_rows(0)

    def data(self, number: int) -> Dataset:
        return super().data(0) if number == 0 else self._splits.of(0)


def jobs(
    name: str, count: int, *, seeds: int = 10, width: int = 64, steps: int = 200
) -> Iterator[Job]:
    """Jobs of tanh networks with two hidden layers, each on a table of its own.

    Args:
        name: where rows are drawn from, a key of ROWS.
        count: of jobs.
        seeds: members of the model, and splits for its stated score.
        width: neurons per hidden layer.
        steps: updates of each network.
    """
    rate = RATES[name]
    axes = {"depth": (2,), "width": (width,), "batch_size": (64,), "optimizer": ("sgd",)}
    grid = jaxnn.Grid({"activation": ("tanh",), **axes}, {"learning_rate": (rate,)}, seeds)
    phi = {"tanh": named_activations.find("tanh", (2,))}
    choice = SimpleNamespace(
        structure={"activation": "tanh"}, learning_rate=rate, scores=range(seeds)
    )
    for number in range(count):
        rows = ROWS[name]
        drawn = tables.draw(name, MNIST, np.random.default_rng(number), rows + FRESH[name])
        splits = Splits(drawn._replace(x=drawn.x[:rows], y=drawn.y[:rows]))
        study = Study("", {"own_activations": {}, "own_functions": {}}, splits, grid, phi, steps)
        refit = refitted(SimpleNamespace(study=study, choices=[choice]))
        assert refit is not None, f"{name}: all networks of job {number} have diverged"
        new = drawn.x[rows:], drawn.y[rows:]
        x, y = refit.model.preprocessing.apply(new[0]), refit.model.preprocessing.encode(new[1])
        each = refit.model.each(x)
        yield Job(
            refit.stated.score,
            *refit.stated.interval,
            refit.model.score(refit.model.pooled(each), y),
            float(np.mean([refit.model.score(one, y) for one in each])),
            _median(study, grid, rate, refit.model, new),
        )


def _median(study: Study, grid: jaxnn.Grid, rate: float, model, new) -> float:
    blocks = _OneSplit(study.splits)
    trained = train_ensembles(study, grid.structures[0], rate, len(grid.seed_numbers), blocks)
    data = blocks.data(1)
    one = replace(model, preprocessing=data.preprocessing, params=trained.of(1))
    validation = [
        one.score(found, data.y["validation"]) for found in one.each(data.x["validation"])
    ]
    place = np.argsort(validation, kind="stable")[len(validation) // 2]
    x, y = data.preprocessing.apply(new[0]), data.preprocessing.encode(new[1])
    return one.score(one.each(x)[place], y)


def summary(found: list[Job]) -> str:
    """Coverage, means, and what the ensemble gains, in percentage points or hundredths of R²."""
    table = 100 * np.array([job[:6] for job in found])
    stated, low, high, unseen, member, median = table.T
    gain, error = unseen - median, stated - unseen

    def with_error(values: np.ndarray) -> str:
        return f"{values.mean():.2f} ± {values.std(ddof=1) / np.sqrt(len(values)):.2f}"

    return (
        f"{len(found)} jobs: {sum(job.covered for job in found)} intervals contain the score on "
        f"new rows, {unseen.mean():.2f} on average; stated − true {with_error(error)}; half-width "
        f"{(high - low).mean() / 2:.2f}; model − median network {with_error(gain)}, model − mean "
        f"of its members {with_error(unseen - member)}"
    )


if __name__ == "__main__":
    use_every_core()
    use_compile_cache()
    collected = []
    for job in jobs(sys.argv[1], int(sys.argv[2])):
        collected.append(job)
        print(np.round(100 * np.array(job), 2), job.covered, flush=True)
    print(sys.argv[1], summary(collected))
