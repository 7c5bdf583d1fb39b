"""The regret of the rate: what a chosen rate costs against the best, and how often runs fail."""

from collections.abc import Mapping

import numpy as np

from experiments.lab.study import rate
from experiments.verdict_checks.figures import Figure, mean
from experiments.verdict_checks.jobs import Arrays, judged

REGRET, FAILURES = (-np.inf, 0.003), (0.0, 0.02)


def on_rates(found: Mapping[str, Arrays], job: int) -> list[Figure]:
    """Of each activation, and on average.

    Args:
        found: by activation.
        job: seeds of a job.
    """
    figures, every = [], []
    best = max(_means(arrays).max() for arrays in found.values())
    for name, arrays in found.items():
        scores = arrays["test"][0]
        means = _means(arrays)
        fails = rate.failed(scores, arrays["trivial_test"], float(best)).mean(axis=1)
        cost, failing = [], []
        jobs = scores.shape[1] // job
        for seeds, mine in zip(arrays["jobs"], arrays["tried"], strict=True):
            choices, _ = judged(arrays, seeds, [name], mine[None])
            cell = int(np.argmin(np.abs(arrays["rates"] - choices[0].learning_rate)))
            cost.append(float(means.max() - means[cell]))
            failing.append(float(fails[cell]))
        every.append(cost)
        where = f"digits, {name}"
        figures += [
            mean("VERDICT 5", "accuracy below the best rate's", where, cost, jobs),
            mean("VERDICT 5", "runs that fail at the rate", where, failing, jobs, FAILURES),
        ]
    on_average = np.mean(every, axis=0)
    check, where = "accuracy below the best rate's", "digits, average"
    return [mean("VERDICT 5", check, where, on_average, jobs, REGRET), *figures]


def _means(arrays: Arrays) -> np.ndarray:
    """The mean test score at each rate, (cells,); −∞ where nothing was trained."""
    scores = arrays["test"][0]
    return np.where(np.isnan(scores), -np.inf, scores).mean(axis=1)
