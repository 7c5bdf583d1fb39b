"""Several machines: slices of a grid's runs, trained apart and joined by the same command."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

import jax
import numpy as np
from jax.experimental import multihost_utils
from safetensors.numpy import load, save

from experiments.lab.engine.outcome import Outcome
from experiments.lab.io.cli import UserError

LOST = (
    "{} of this job has ended before its work was done; what is finished is kept: start all "
    "processes again with the same command, and they go on from there"
)


@dataclass(frozen=True)
class Share:
    """Slice ``index`` of ``count``, from 0.

    together: the processes of one job train the slices at the same time, and join what they find.
    """

    index: int
    count: int
    together: bool = False

    @property
    def alone(self) -> bool:
        """One slice of several, which is trained by itself."""
        return self.count > 1 and not self.together

    @property
    def follows(self) -> bool:
        """Another process of the job writes the results and speaks to the user."""
        return self.together and self.index > 0

    @property
    def label(self) -> str:
        """In a file's name."""
        return "all" if self.count == 1 else f"{self.index + 1}-of-{self.count}"


ALL = Share(0, 1)


def share(text: str | None) -> Share:
    """From ``i/n`` with i from 1 to n.

    Raises:
        UserError: it is not of that form.

    Example:
        >>> share("2/8").label, share(None).label
        ('2-of-8', 'all')
    """
    if text is None:
        return ALL
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise UserError(f"--shard {text}: give i/n, slice i of n, with i from 1 to n, such as 2/8")
    return Share(int(found[1]) - 1, int(found[2]))


def share_of(runs: Mapping[int, np.ndarray], part: Share) -> dict[int, np.ndarray]:
    """A slice of runs, bool (cells, seeds) by the number of their structure.

    Slices are disjoint and make up all runs. Each has runs of few structures, so that each process
    compiles few programs.

    Example:
        >>> every = {number: np.ones((2, 3), bool) for number in range(2)}
        >>> {number: runs.tolist() for number, runs in share_of(every, Share(1, 4)).items()}
        {0: [[False, False, True], [False, True, True]]}
    """
    total, before, found = sum(int(wanted.sum()) for wanted in runs.values()), 0, {}
    for number, wanted in runs.items():
        # Seed by seed within a structure: the runs of a seed are trained together.
        seeds, cells = np.nonzero(wanted.T)
        mine = (before + np.arange(len(cells))) * part.count // total == part.index
        if mine.any():
            found[number] = np.zeros_like(wanted)
            found[number][cells[mine], seeds[mine]] = True
        before += len(cells)
    return found


def start(coordinator: str | None, processes: int | None, process: int | None) -> Share:
    """Join the other processes; under Slurm and the like, JAX finds all three values by itself.

    Args:
        coordinator: host:port of process 0.
        processes: how many there are.
        process: the number of this one.

    Raises:
        UserError: the other processes cannot be found or joined.
    """
    try:
        jax.distributed.initialize(coordinator, processes, process)
    except (ValueError, RuntimeError) as error:
        raise UserError(
            f"--distributed: {str(error).splitlines()[0]}; outside of Slurm give --coordinator "
            "HOST:PORT, --processes and --process"
        ) from None
    return Share(jax.process_index(), jax.process_count(), together=True)


def join(outcomes: Mapping[int, Outcome]) -> dict[int, Outcome]:
    """The outcomes of all processes, in every process; each must call it.

    Raises:
        UserError: another process has ended.
    """
    try:
        return _joined(outcomes)
    except jax.errors.JaxRuntimeError:
        time.sleep(2)  # whoever watches the others may say which one it is, and end this one
        raise UserError(LOST.format("another process")) from None


def _joined(outcomes: Mapping[int, Outcome]) -> dict[int, Outcome]:
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
