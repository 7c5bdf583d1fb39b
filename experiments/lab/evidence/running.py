"""Running experiments side by side, each in a process of its own on its share of the cores."""

import contextlib
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

from experiments.lab.evidence import published, screen
from experiments.lab.evidence.experiment import Experiment
from experiments.lab.io import ending
from experiments.lab.io.side_by_side import keep_to, shares, side_by_side

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
    count = max(1, min(side_by_side(), len(in_order)))
    running = Running()
    places: queue.SimpleQueue[set[int]] = queue.SimpleQueue()
    for share in shares(count):
        places.put(share)

    def settle() -> None:
        """In each thread, before its first experiment."""
        keep_to(places.get())

    with screen.Several(expected) as watch, ThreadPoolExecutor(count, "run", settle) as threads:
        try:
            runs = [threads.submit(_run, each, again, watch, running) for each in in_order]
            for run in as_completed(runs):
                ended = run.result()
                if ending.asked():  # also where some callback has swallowed the interruption
                    raise KeyboardInterrupt
                watch.end(ended.experiment.name, ended.code)
                yield ended
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            running.end()


def _run(experiment: Experiment, again: bool, watch: screen.Several, running: "Running") -> Ended:
    """Run one, in the thread that waits for it."""
    if ending.asked():
        return Ended(experiment, ending.CODE, "")
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


class Running:
    """The processes that run, for several threads."""

    def __init__(self):
        """None yet."""
        self._processes: set[subprocess.Popen] = set()
        self._ending, self._lock = False, threading.Lock()
        ending.LAST.append(self._terminate)

    def add(self, process: subprocess.Popen) -> None:
        """One has started."""
        with self._lock:
            self._processes.add(process)
            if self._ending:  # it has started meanwhile
                process.terminate()

    def discard(self, process: subprocess.Popen) -> None:
        """It has ended."""
        with self._lock:
            self._processes.discard(process)

    def end(self) -> None:
        """End all; what they have measured is kept."""
        with self._lock:
            self._ending, left = True, tuple(self._processes)
        until = time.monotonic() + END  # Ctrl-C reaches them too
        for process in left:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0, until - time.monotonic()))
        self._terminate()
        ending.LAST.remove(self._terminate)

    def _terminate(self) -> None:
        for process in tuple(self._processes):
            process.terminate()  # nothing, where it has ended
