"""Several processes side by side, each on its share of the cores.

Most experiments take as long on one core as on two, and the threads of two on the same core wait
for each other: on two cores, with one experiment on each, all end in about half the time.
"""

import importlib.metadata
import os
from collections.abc import Sequence

from experiments.lab.io import limits

MOST, MEMORY = 4, 4e9  # processes, and bytes for each


def side_by_side() -> int:
    """How many processes: one where there is an accelerator, which it has alone."""
    if importlib.metadata.entry_points(group="jax_plugins") or not hasattr(os, "sched_setaffinity"):
        return 1
    cores = len(os.sched_getaffinity(0))
    return max(1, min(cores, MOST, int(limits.memory() // MEMORY)))


def shares(count: int, of: Sequence[int] | None = None) -> list[set[int]]:
    """Cores in equal shares; what is left over goes to the first ones.

    Args:
        count: of the shares.
        of: the numbers of the cores; those that this process may use when absent.

    Example:
        >>> shares(2, [0, 1, 2, 3, 4])
        [{0, 2, 4}, {1, 3}]
    """
    if of is None:
        of = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else ()
    return [set(of[first::count]) for first in range(count)]


def keep_to(share: set[int]) -> None:
    """Keep this thread, and the processes that it starts, on a share of the cores.

    An empty share, of a system that has no such thing, changes nothing.
    """
    if share:
        os.sched_setaffinity(0, share)
