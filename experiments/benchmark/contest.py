"""A contest: all contestants take turns, so that whatever slows the machine slows them alike."""

import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

Turn = Callable[[], float]  # does some work, and returns how much when it is done
Clock = Callable[[], float]


class Spread(NamedTuple):
    """A quantity over the rounds."""

    median: float
    low: float
    high: float


def rounds(
    contestants: Mapping[str, Turn], count: int, clock: Clock = time.perf_counter
) -> Iterator[dict[str, float]]:
    """Work per second of each contestant, round by round; in each, all take one turn in order.

    Example:
        >>> from itertools import count
        >>> [*rounds({"slow": lambda: 2, "fast": lambda: 6}, 2, count(step=2).__next__)]
        [{'slow': 1.0, 'fast': 3.0}, {'slow': 1.0, 'fast': 3.0}]
    """
    for _ in range(count):
        yield {name: per_second(turn, clock) for name, turn in contestants.items()}


def per_second(turn: Turn, clock: Clock = time.perf_counter) -> float:
    """Work per second of one turn."""
    began = clock()
    work = turn()
    return work / (clock() - began)


def calibrate(
    work: Callable[[int], object],
    seconds: float,
    *,
    least: int = 1,
    most: int = 10**9,
    clock: Clock = time.perf_counter,
) -> int:
    """The amount for which ``work(amount)`` takes about so many seconds.

    ``work`` must have been called before, so that nothing compiles.

    Args:
        work: does an amount of work.
        seconds: how long it should take.
        least, most: bounds of the amount.
        clock: seconds at any moment.

    Example:
        >>> now = [0.0]
        >>> def work(amount):
        ...     now[0] += 0.01 * amount
        >>> calibrate(work, 1.0, clock=lambda: now[0])
        100
    """
    amount = least
    while True:
        began = clock()
        work(amount)
        took = clock() - began
        if took >= seconds / 4 or amount == most:  # long enough to go by
            return int(min(most, max(least, round(amount * seconds / took))))
        amount = min(most, 4 * amount)


def spread(values: Sequence[float]) -> Spread:
    """Median, lowest and highest.

    Example:
        >>> spread([3.0, 1.0, 2.0])
        Spread(median=2.0, low=1.0, high=3.0)
    """
    return Spread(float(np.median(values)), float(np.min(values)), float(np.max(values)))


def ratio(measured: Sequence[Mapping], name: Hashable, other: Hashable) -> Spread:
    """How many times as high one is as the other, in speed or in seconds.

    The quotient is formed within each round, since a round is what the two share.
    """
    return spread([each[name] / each[other] for each in measured])
