"""Coverage, best sets and contradictions: what jobs say, compared with what is true."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from experiments.lab.study.choices import Choice
from experiments.verdict_checks.figures import Figure, mean, share
from experiments.verdict_checks.jobs import Arrays, all_jobs, judged, partition, truth

COVERED, NEW_ROWS, RARE = (0.92, 0.98), (0.9, 1.0), (0.0, 0.05)
DISJOINT = (0.0, 0.03)
BY_RUN = ("validation_loss", "validation", "test_loss", "test", "diverged")


def inside(interval: tuple[float, float], value: float) -> bool:
    """Whether an interval contains a value, up to rounding."""
    return interval[0] - 1e-9 <= value <= interval[1] + 1e-9


def on_splits(name: str, found: Arrays, labels: Sequence[str], job: int) -> list[Figure]:
    """Of one data set: whether intervals contain the mean over other splits, and best sets."""
    seeds = found["test"].shape[-1]
    first, every, wide, kept, left_out = [], [], [], [], []
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
        kept.append(int(np.argmax(true)) not in verdict.best)
        left_out.append(len(verdict.worse))
    jobs = seeds // job
    return [
        share("VERDICT 1", "mean over splits, recommended", name, first, jobs, COVERED),
        mean("VERDICT 1", "mean over splits, every choice", name, every, jobs),
        mean("VERDICT 1", "width of the interval for new rows", name, wide, jobs),
        share("VERDICT 2", "truly best left out", name, kept, jobs, RARE),
        mean("VERDICT 2", "choices left out where they differ", name, left_out, jobs),
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


def on_equal(
    name: str, found: Arrays, labels: Sequence[str], job: int, shuffled: bool = False
) -> list[Figure]:
    """Of choices that are equal: how often a best set leaves out a given one, or any.

    Args:
        shuffled: whether the choices differ, and are made equal by shuffling them in every block.
    """
    random, seeds = np.random.default_rng(0), found["test"].shape[-1]
    if shuffled:
        order = np.argsort(random.random((len(labels), seeds)), axis=0)
        found = dict(found) | {
            key: np.take_along_axis(found[key], order[:, None, :], axis=0) for key in BY_RUN
        }
    given, any_one, alone = [], [], []
    for mine in all_jobs(seeds, job):
        _, verdict = judged(found, mine, labels)
        given.append(len(verdict.worse) / len(labels))
        any_one.append(len(verdict.worse) > 0)
        alone.append(len(verdict.best) == 1)
    what, jobs = "shuffled" if shuffled else "equal", seeds // job
    return [
        share("VERDICT 2", f"a given {what} choice left out", name, given, jobs, RARE),
        share("VERDICT 2", f"any {what} choice left out", name, any_one, jobs),
        share("VERDICT 2", f"one {what} choice called the best", name, alone, jobs),
    ]


def on_orders(jobs: Sequence[tuple[Sequence[Choice], Any]], where: str) -> list[Figure]:
    """Of jobs on the same rows in several orders: pairs that contradict each other."""
    disjoint, contradict = [], []
    for (ours, our_verdict), (theirs, their_verdict) in combinations(jobs, 2):
        (low, high), (other_low, other_high) = ours[0].interval, theirs[0].interval
        disjoint.append(high < other_low or other_high < low)
        contradict.append(
            ours[0].label in _worse(their_verdict) or theirs[0].label in _worse(our_verdict)
        )
    pairs = len(jobs) // 2  # without a job in common
    return [
        share("VERDICT 3", "pairs with disjoint intervals", where, disjoint, pairs, DISJOINT),
        share("VERDICT 3", "pairs that contradict", where, contradict, pairs, (0, 0)),
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
