"""What is measured: the scores of every network that jobs are made of."""

from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.data import Splits, load
from experiments.lab.data.dataset import Dataset
from experiments.lab.engine import stages
from experiments.lab.io.cli import numbers
from experiments.lab.study.flags import StudyFlags
from experiments.lab.study.study import Study
from experiments.verdict_checks import tables
from experiments.verdict_checks.jobs import needed, partition
from experiments.verdict_checks.training import Ready, arrays, study_of, train

Arrays = dict[str, np.ndarray]
ORDERS_ON = "breast_cancer"
RATE = 0.1  # at which the tables' networks are trained, whose rates are not chosen
DEPTH, WIDTH = 2, 64  # of the main job


def splits(name: str, configuration: Any) -> Arrays:
    """Networks on splits of one data set: (activation, rate, seed)."""
    seeds = configuration.job * configuration.jobs
    study = _small(name, configuration, configuration.activation, seeds, seeds)
    return arrays(study, train(study, stages.first(study)))


def equal(name: str, configuration: Any) -> Arrays:
    """As many choices as activations, all the first activation, with other initial draws each.

    All choices of a block have the same split: (choice, rate, block).
    """
    blocks, choices = configuration.job * configuration.jobs, len(configuration.activation)
    study = _small(name, configuration, configuration.activation[:1], blocks, blocks * choices)
    found = arrays(study, train(study, stages.first(study)))
    for key in ("validation_loss", "validation", "test_loss", "test", "diverged"):
        rates = found[key].shape[1]
        found[key] = found[key].reshape(rates, choices, blocks).transpose(1, 0, 2)
    return found | {key: found[key][:blocks] for key in found if key.startswith("trivial")}


def new_tables(name: str, configuration: Any) -> Arrays:
    """Tables of new rows, a job each, at one rate; "validation" is of rows outside the table.

    (activation, 1, table × block).
    """
    datasets: list[Dataset] = []
    for number in range(configuration.new_tables):
        found, rows = tables.blocks(name, configuration.mnist, number, configuration.job)
        datasets += found
    source = tables.draw(name, configuration.mnist, np.random.default_rng(0), tables.ROWS[name])
    study = study_of(
        Ready(source, datasets),
        configuration.activation,
        [RATE],
        len(datasets),
        depth=1,
        width=configuration.width,
        steps=configuration.steps,
    )
    return arrays(study, train(study, stages.first(study))) | {"rows": np.array(rows)}


def orders(number: int, configuration: Any) -> Arrays:
    """One activation on the same rows in several orders, a job each, with the rates it asks for.

    (1, rate, order × block).
    """
    whole, datasets = load(ORDERS_ON), []
    for order in range(configuration.orders):
        rows = np.random.default_rng(order).permutation(len(whole.y))
        x = pd.DataFrame(whole.x).iloc[rows].reset_index(drop=True)
        shuffled = whole._replace(x=x, y=whole.y[rows])
        made = Splits(shuffled)
        datasets += [made.of(block) for block in range(configuration.job)]
    study = study_of(
        Ready(whole, datasets),
        configuration.activation[number : number + 1],
        configuration.learning_rate,
        len(datasets),
        depth=DEPTH,
        width=WIDTH,
        steps=configuration.steps,
        fixed=False,
    )
    jobs = np.arange(len(datasets)).reshape(-1, configuration.job)
    return _as_asked(study, jobs, each=True)


def rates(name: str, configuration: Any) -> Arrays:
    """One activation on the digits, at all rates that any of the jobs asks for: (1, rate, seed)."""
    source, flags = load("digits"), StudyFlags()
    made = Splits(source)
    seeds = configuration.job * configuration.rates_jobs
    asked = numbers(flags.learning_rate, "--learning-rate")[slice(*configuration.rates)]
    study = study_of(
        Ready(source, [made.of(seed) for seed in range(seeds)]),
        [name],
        asked,
        seeds,
        depth=DEPTH,
        width=WIDTH,
        steps=2 * configuration.steps,
        fixed=False,
    )
    return _as_asked(study, partition(seeds, configuration.job, 0), each=False)


def _small(name: str, configuration: Any, activations, splits: int, seeds: int) -> Study:
    source = load(name)
    made = Splits(source)
    return study_of(
        Ready(source, [made.of(seed) for seed in range(splits)]),
        activations,
        configuration.learning_rate,
        seeds,
        depth=1,
        width=configuration.width,
        steps=configuration.steps,
    )


def _as_asked(study: Study, jobs: np.ndarray, *, each: bool) -> Arrays:
    """Train the rates asked for, then those that jobs go on to, until no job asks for more.

    Args:
        study: of one structure and all seeds.
        jobs: the seeds of each job, (jobs, seeds).
        each: whether a job's further rates are trained with its own seeds only.

    Returns:
        As ``arrays``; "jobs", (jobs, seeds); and "tried", the rates of each, bool (jobs, cells).
    """
    runs = stages.first(study)
    outcomes = train(study, runs)
    while True:
        found, more = arrays(study, outcomes), np.zeros_like(runs[0])
        tried = np.stack([needed(study, found, seeds) for seeds in jobs])
        for seeds, cells in zip(jobs, tried, strict=True):
            more[np.ix_(cells, seeds if each else np.arange(more.shape[1]))] = True
        more &= ~outcomes[0].done
        if not more.any():
            return found | {"jobs": jobs, "tried": tried}
        outcomes = train(study, {0: more}, dict(enumerate(outcomes)))
