"""More machines than one: slices of a grid's runs, trained apart and joined by the same command."""

import re
from collections.abc import Mapping
from typing import NamedTuple

import jax
import numpy as np
from jax.experimental import multihost_utils
from safetensors.numpy import load, save

from experiments.lab.engine.outcome import Outcome
from experiments.lab.io.cli import UserError


class Share(NamedTuple):
    """Slice ``index`` of ``count``, from 0."""

    index: int
    count: int

    @property
    def label(self) -> str:
        """In a file's name."""
        return "all" if self.count == 1 else f"{self.index + 1}-of-{self.count}"


def share(text: str | None) -> Share:
    """From ``i/n`` with i from 1 to n.

    Raises:
        UserError: it is not of that form.

    Example:
        >>> share("2/8"), share(None)
        (Share(index=1, count=8), Share(index=0, count=1))
    """
    if text is None:
        return Share(0, 1)
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise UserError(f"--shard {text}: give i/n, slice i of n, with i from 1 to n, such as 2/8")
    return Share(int(found[1]) - 1, int(found[2]))


def share_of(runs: Mapping[int, np.ndarray], part: Share) -> dict[int, np.ndarray]:
    """A slice of runs, bool (cells, seeds) by the number of their structure. Slices are disjoint, together all runs, and hold
    the runs of few structures each, so that each compiles few programs.

    Example:
        >>> every = {number: np.ones((2, 3), bool) for number in range(2)}
        >>> {number: runs.tolist() for number, runs in share_of(every, Share(1, 4)).items()}
        {0: [[False, False, True], [False, True, True]]}
    """
    total, before, found = sum(int(wanted.sum()) for wanted in runs.values()), 0, {}
    for number, wanted in runs.items():
        # Seed by seed within a structure, since the runs of a seed are trained together.
        seeds, cells = np.nonzero(wanted.T)
        mine = (before + np.arange(len(cells))) * part.count // total == part.index
        if mine.any():
            found[number] = np.zeros_like(wanted)
            found[number][cells[mine], seeds[mine]] = True
        before += len(cells)
    return found


def start(coordinator: str | None, processes: int | None, process: int | None) -> Share:
    """Join the other processes; under Slurm and the like JAX finds all three by itself.

    Raises:
        UserError: they cannot be found or joined.
    """
    try:
        jax.distributed.initialize(coordinator, processes, process)
    except (ValueError, RuntimeError) as error:
        raise UserError(
            f"--distributed: {str(error).splitlines()[0]}; outside of Slurm give --coordinator HOST:PORT, --processes "
            "and --process"
        ) from None
    return Share(jax.process_index(), jax.process_count())


def join(outcomes: Mapping[int, Outcome]) -> dict[int, Outcome]:
    """Every process's outcomes, in every process."""
    every: dict[int, Outcome] = {}
    flat = {
        f"{number}/{name}": array
        for number, outcome in outcomes.items()
        for name, array in outcome.flat().items()
    }
    mine = np.frombuffer(save(flat), np.uint8)
    sizes = multihost_utils.process_allgather(np.array(mine.size))
    padded = multihost_utils.process_allgather(np.pad(mine, (0, int(sizes.max()) - mine.size)))
    for size, theirs in zip(sizes, padded, strict=True):
        arrays = load(theirs[:size].tobytes())
        for number in sorted({int(name.split("/")[0]) for name in arrays}):
            found = Outcome.of(
                {
                    name.split("/", 1)[1]: array
                    for name, array in arrays.items()
                    if name.split("/")[0] == str(number)
                }
            )
            every.setdefault(number, Outcome.empty(found.steps, found.done.shape)).join(found)
    return every
