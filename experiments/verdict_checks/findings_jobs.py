"""Coverage, best sets and contradictions: what jobs say, compared with what is true."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from experiments.lab.study.best_set import best_set
from experiments.lab.study.choices import Choice
from experiments.verdict_checks.figures import Figure, mean, share
from experiments.verdict_checks.jobs import Arrays, all_jobs, judged, overlap, partition, truth

COVERED, NEW_ROWS, RARE = (0.92, 0.98), (0.9, 1.0), (0.0, 0.05)
TIMES = 5  # that the choices of a job are shuffled
DISJOINT = (0.0, 0.03)
BY_RUN = ("validation_loss", "validation", "test_loss", "test", "diverged")


def inside(interval: tuple[float, float], value: float) -> bool:
    """Whether an interval contains a value, up to rounding."""
    return interval[0] - 1e-9 <= value <= interval[1] + 1e-9


def on_splits(name: str, found: Arrays, labels: Sequence[str], job: int) -> list[Figure]:
    """Of one data set: whether intervals contain the mean over other splits, and best sets."""
    seeds = found["test"].shape[-1]
    first, every, wide, wrong, out, scores = [], [], [], [], [], []
    for mine in all_jobs(seeds, job):
        choices, verdict = judged(found, mine, labels)
        true = [truth(found, choice, labels, mine) for choice in choices]
        covered = [
            inside(choice.splits_interval, value)
            for choice, value in zip(choices, true, strict=True)
        ]
        first.append(covered[0])
        every.append(np.mean(covered))
        wide.append(choices[0].interval[1] - choices[0].interval[0])
        wrong.append(int(np.argmax(true)) not in verdict.best)
        out.append(len(verdict.worse))
        scores.append(np.array([choice.scores for choice in choices]))
    jobs = seeds // job
    return [
        share("VERDICT 1", "mean over splits, recommended", name, first, jobs, COVERED),
        mean("VERDICT 1", "mean over splits, every choice", name, every, jobs),
        mean("VERDICT 1", "width of the interval for new rows", name, wide, jobs),
        share("VERDICT 2", "truly best left out", name, wrong, jobs, RARE),
        mean("VERDICT 2", "choices left out where they differ", name, out, jobs),
        *left_out(
            "shuffled", name, [best_set(each, overlap(found)) for each in shuffled(scores)], jobs
        ),
    ]


def on_new_tables(name: str, found: Arrays, labels: Sequence[str], job: int) -> list[Figure]:
    """Of one source of tables: whether intervals for new rows contain the score on them."""
    count = found["test"].shape[-1] // job
    tables = found["test"][:, 0].reshape(len(labels), count, job).mean(axis=2)
    fresh = found["validation"][:, 0].reshape(len(labels), count, job).mean(axis=2)
    first, every, narrow, own = [], [], [], []
    for table, mine in enumerate(partition(count * job, job, 0)):
        # The rates are not chosen, so no job looks at the validation rows, which are the new ones.
        choices, _ = judged(found, mine, labels)
        numbers = [list(labels).index(choice.structure["activation"]) for choice in choices]
        true = [float(np.delete(tables[number], table).mean()) for number in numbers]
        covered = [
            inside(choice.interval, value) for choice, value in zip(choices, true, strict=True)
        ]
        first.append(covered[0])
        every.append(np.mean(covered))
        narrow.append(inside(choices[0].splits_interval, true[0]))
        own.append(inside(choices[0].interval, float(fresh[numbers[0], table])))
    where = f"{name} (tables)"
    return [
        share("VERDICT 1", "new rows, recommended", where, first, count, NEW_ROWS),
        mean("VERDICT 1", "new rows, every choice", where, every, count),
        share("VERDICT 1", "new rows, this table's networks", where, own, count),
        share("VERDICT 1", "new rows, by the interval for splits", where, narrow, count),
    ]


def on_equal(name: str, found: Arrays, labels: Sequence[str], job: int) -> list[Figure]:
    """Of choices that are equal: how often a best set leaves out a given one, or any."""
    seeds, may = found["test"].shape[-1], []
    for mine in all_jobs(seeds, job):
        _, verdict = judged(found, mine, labels)
        may.append(np.isin(np.arange(len(labels)), verdict.best))
    return left_out("equal", name, may, seeds // job)


def shuffled(scores: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The scores of jobs, (choices, blocks) each, which choice has which shuffled in every block.

    So the choices are equal, and a block has the same split, test rows and spread as before.
    """
    random = np.random.default_rng(0)
    return [random.permuted(each, axis=0) for each in scores for _ in range(TIMES)]


def left_out(what: str, name: str, may: Sequence[np.ndarray], jobs: int) -> list[Figure]:
    """Of jobs with equal choices, from which of them may be the best, bool (choices,)."""
    given, any_one, alone = zip(
        *((1 - each.mean(), not each.all(), each.sum() == 1) for each in may), strict=True
    )
    return [
        share("VERDICT 2", f"a given {what} choice left out", name, given, jobs, RARE),
        share("VERDICT 2", f"any {what} choice left out", name, any_one, jobs),
        share("VERDICT 2", f"one {what} choice called the best", name, alone, jobs),
    ]


def on_orders(jobs: Sequence[tuple[Sequence[Choice], Any]], where: str) -> list[Figure]:
    """Of jobs on the same rows in several orders: pairs that contradict each other."""
    disjoint, contradict, apart = [], [], []
    for (ours, our_verdict), (theirs, their_verdict) in combinations(jobs, 2):
        (low, high), (other_low, other_high) = ours[0].interval, theirs[0].interval
        disjoint.append(high < other_low or other_high < low)
        contradict.append(
            ours[0].label in _worse(their_verdict) or theirs[0].label in _worse(our_verdict)
        )
        best, other_best = (
            set(verdict.labels) - _worse(verdict) for verdict in (our_verdict, their_verdict)
        )
        apart.append(not best & other_best)
    pairs = len(jobs) // 2  # without a job in common
    return [
        share("VERDICT 3", "pairs with disjoint intervals", where, disjoint, pairs, DISJOINT),
        share("VERDICT 3", "pairs that contradict", where, contradict, pairs, (0, 0)),
        share("VERDICT 3", "pairs whose best sets have nothing in common", where, apart, pairs),
        share(
            "VERDICT 3",
            "jobs that leave a choice out",
            where,
            [len(verdict.worse) > 0 for _, verdict in jobs],
            len(jobs),
        ),
        mean(
            "VERDICT 3",
            "recommended choice's score",
            where,
            [choices[0].test for choices, _ in jobs],
            len(jobs),
        ),
    ]


def _worse(verdict: Any) -> set[str]:
    return {verdict.labels[number] for number in verdict.worse}


def joined(parts: Sequence[Arrays]) -> dict[str, np.ndarray]:
    """The arrays of one activation each, joined; "tried" is (activations, jobs, cells)."""
    found = dict(parts[0]) | {key: np.concatenate([part[key] for part in parts]) for key in BY_RUN}
    return found | {"tried": np.stack([part["tried"] for part in parts])}
