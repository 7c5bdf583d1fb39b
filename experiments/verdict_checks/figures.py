"""A figure: a share of jobs or a mean over them, with its error and its target."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from experiments.lab.study.intervals import share_interval

NO_TARGET = (-np.inf, np.inf)


class Figure(NamedTuple):
    """What was found of one promise.

    claim: its id. check: what is counted. where: on which data.
    value: found. low, high: its interval, 95 %, by the number of independent jobs.
    target: the lowest and the highest value that meets it; infinite where there is none.
    jobs: independent ones.
    """

    claim: str
    check: str
    where: str
    value: float
    low: float
    high: float
    jobs: int
    target: tuple[float, float] = NO_TARGET

    @property
    def met(self) -> bool:
        """Whether the value meets the target."""
        return bool(self.target[0] <= self.value <= self.target[1])

    @property
    def judged(self) -> bool:
        """Whether there is a target."""
        return self.target != NO_TARGET


def share(
    claim: str,
    check: str,
    where: str,
    happened: ArrayLike,
    jobs: int,
    target: tuple[float, float] = NO_TARGET,
) -> Figure:
    """How often something happened; jobs that share seeds do not narrow its interval.

    Args:
        happened: in each job.
        jobs: how many of them are independent.

    Example:
        >>> found = share("VERDICT 2", "left out", "wine", [True, False, False, False], 4, (0, 0.3))
        >>> found.value, round(found.high, 2), found.met
        (0.25, 0.81, True)
    """
    value = float(np.mean(np.asarray(happened, float)))
    low, high = share_interval(round(value * jobs), jobs)
    return Figure(claim, check, where, value, low, high, jobs, target)


def mean(
    claim: str,
    check: str,
    where: str,
    values: ArrayLike,
    jobs: int,
    target: tuple[float, float] = NO_TARGET,
) -> Figure:
    """A mean over jobs, with Student's t interval of as many values as there are jobs."""
    value = float(np.mean(np.asarray(values, float)))
    half = 0.0
    if jobs > 1:
        half = float(
            stats.t.ppf(0.975, jobs - 1) * np.std(np.asarray(values, float), ddof=1) / np.sqrt(jobs)
        )
    return Figure(claim, check, where, value, value - half, value + half, jobs, target)
