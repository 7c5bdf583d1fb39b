"""Running experiments several at a time, each in a process of its own, on its share of the cores.

Most take as long on one core as on two, and threads of two experiments on the same core wait for
each other: on two cores with one experiment each, all end in about half the time.
"""

import importlib.metadata
import os
import queue
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

from experiments.lab.engine.devices import cores
from experiments.lab.evidence import published, screen
from experiments.lab.evidence.experiment import Experiment
from experiments.lab.io import limits

MOST, MEMORY = 4, 4e9  # experiments at a time, and bytes for each
USUAL = 120.0  # seconds of one that has never been measured
END = 2.0  # seconds in which interrupted ones may end by themselves


class Ended(NamedTuple):
    """How a run of an experiment has ended.

    Args:
        experiment: which.
        code: the exit code of its command.
        said: what that printed after its last part, or instead.
    """

    experiment: Experiment
    code: int
    said: str


def at_a_time() -> int:
    """How many experiments run at a time; one where there is an accelerator, which it has alone."""
    if importlib.metadata.entry_points(group="jax_plugins") or not hasattr(os, "sched_setaffinity"):
        return 1
    return max(1, min(cores(), MOST, int(limits.memory() // MEMORY)))


def shares(numbers: Sequence[int], count: int) -> list[set[int]]:
    """Cores in equal shares; what is left over goes to the first ones.

    Example:
        >>> shares([0, 1, 2, 3, 4], 2)
        [{0, 2, 4}, {1, 3}]
    """
    return [set(numbers[first::count]) for first in range(count)]


def folder(experiment: Experiment) -> Path:
    """Where a run's files are."""
    return Path("runs") / experiment.name


def command(experiment: Experiment, again: bool) -> list[str]:
    """What runs an experiment's defaults."""
    module, out = f"experiments.{experiment.name}", str(folder(experiment))
    return [sys.executable, "-m", module, "--out", out, *["--again"] * again]


def seconds(experiment: Experiment) -> float:
    """How long it is expected to take, on one core."""
    last = published.read(experiment.name) or {}
    return last.get("cpu_seconds") or last.get("seconds") or USUAL


def run_each(due: Sequence[Experiment], again: bool) -> Iterator[Ended]:
    """Run the defaults of experiments, the longest first, and show their progress.

    Args:
        due: the experiments.
        again: whether what is measured is measured again.

    Yields:
        Each as it ends. Interrupted, those that run end too, and the others are not started.
    """
    expected = {each.name: seconds(each) for each in due}
    in_order = sorted(due, key=lambda each: -expected[each.name])
    count = max(1, min(at_a_time(), len(in_order)))
    running: set[subprocess.Popen] = set()
    places: queue.SimpleQueue[set[int]] = queue.SimpleQueue()
    for share in shares(sorted(os.sched_getaffinity(0)), count) if count > 1 else ():
        places.put(share)

    def settle() -> None:
        """Keep this thread, and the processes that it starts, on cores of their own."""
        if count > 1:
            os.sched_setaffinity(0, places.get())

    with screen.Several(expected) as watch, ThreadPoolExecutor(count, "run", settle) as threads:
        runs = [threads.submit(_run, each, again, watch, running) for each in in_order]
        try:
            for run in as_completed(runs):
                ended = run.result()
                watch.end(ended.experiment.name, ended.said, ended.code)
                yield ended
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            _end(running)


def _run(
    experiment: Experiment, again: bool, watch: "screen.Several", running: set[subprocess.Popen]
) -> Ended:
    """Run one, in the thread that waits for it."""
    watch.start(experiment.name)
    said: list[str] = []
    with subprocess.Popen(
        command(experiment, again),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        running.add(process)
        for line in process.stdout or ():
            if part := screen.part_of(line):
                said.clear()
                watch.go_on(experiment.name, *part)
            else:
                said.append(line)
    running.discard(process)
    return Ended(experiment, process.returncode, "".join(said).strip())


def _end(running: set[subprocess.Popen]) -> None:
    """End what still runs; what it has measured is kept."""
    until = time.monotonic() + END  # Ctrl-C reaches it too
    for process in tuple(running):
        try:
            process.wait(max(0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.terminate()
