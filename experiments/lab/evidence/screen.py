"""What the person at the terminal sees of experiments: which there are, progress and verdicts."""

import re
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from experiments.lab.evidence.claims import CLAIMS
from experiments.lab.evidence.verdicts import Conclusion
from experiments.lab.io.command import program
from experiments.lab.study.screen import console, show_bold, show_plan, span

__all__ = [
    "Parts",
    "Several",
    "console",
    "show_bold",
    "show_experiments",
    "show_plan",
    "show_verdicts",
    "show_words",
]

STEPS = 20  # lines in a pipe, over all experiments
KEPT = "kept before"  # in place of a part: what an earlier command has measured
PART = re.compile(r" *(\d+) % (.+); \d+ s spent")  # a line of Parts


class Parts:
    """Progress of an experiment in its parts: a bar on a terminal, one line per part in a pipe."""

    def __init__(self, weights: Mapping[str, float], done: Sequence[str]):
        """Watch parts.

        Args:
            weights: part -> its share of the time, in any unit.
            done: the parts that need not be measured.
        """
        self._weights, self._done = weights, sum(weights[name] for name in done)
        self._spent, self._fresh = 0.0, 0.0
        self._bar = _bars()
        self._task = self._bar.add_task(
            "",
            total=sum(weights.values()),
            completed=self._done,  # type: ignore[arg-type]  # rich counts in floats too
        )

    def __enter__(self):
        self._bar.start()
        if self._done and not console.is_terminal:
            share = self._done / (sum(self._weights.values()) or 1)
            console.print(f"{100 * share:3.0f} % {KEPT}; 0 s spent")
        return self

    def __exit__(self, *_):
        self._bar.stop()

    def start(self, name: str) -> None:
        """A part begins."""
        self._began = time.perf_counter()
        self._bar.update(self._task, description=name)

    def finish(self, name: str) -> None:
        """It is measured and kept."""
        self._spent += time.perf_counter() - self._began
        self._done += self._weights[name]
        self._fresh += self._weights[name]
        self._bar.update(self._task, completed=self._done)
        if not console.is_terminal:
            total = sum(self._weights.values())
            left = self._spent / self._fresh * (total - self._done)
            console.print(
                f"{100 * self._done / total:3.0f} % {name}; {self._spent:.0f} s spent, "
                f"about {left:.0f} s left"
            )


def _bars() -> Progress:
    """Bars with the time left, on a terminal only."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


def part_of(line: str) -> tuple[str, float] | None:
    """The part that a line of Parts in a pipe says is done, and the share of all that is.

    Example:
        >>> part_of(" 25 % digits-8; 11 s spent, about 34 s left"), part_of("trees win")
        (('digits-8', 0.25), None)
    """
    said = PART.match(line)
    return (said[2], int(said[1]) / 100) if said else None


class Several:
    """Progress of several experiments: bars on a terminal, a line for each twentieth in a pipe.

    Its methods may be called from several threads.
    """

    def __init__(self, seconds: Mapping[str, float]):
        """Watch experiments.

        Args:
            seconds: experiment -> how long it is expected to take.
        """
        self._seconds = dict(seconds)
        self._shares = dict.fromkeys(seconds, 0.0)
        self._kept = dict.fromkeys(seconds, 0.0)
        self._ended: set[str] = set()
        self._said, self._lock = 0.0, threading.Lock()
        self._bars = _bars()
        self._tasks: dict[str, TaskID] = {}
        self._all = self._bars.add_task("all", total=1.0)

    def __enter__(self):
        self._began = time.perf_counter()
        self._bars.start()
        return self

    def __exit__(self, *_):
        self._bars.stop()

    def start(self, name: str) -> None:
        """An experiment begins."""
        self._tasks[name] = self._bars.add_task(name, total=1.0)

    def go_on(self, name: str, part: str, share: float) -> None:
        """A part of it is done, and with it a share of all, from 0 to 1."""
        if part == KEPT:
            self._kept[name] = share
        self._bars.update(self._tasks[name], completed=share, description=f"{name} {part}")
        self._show_all(name, share)

    def end(self, name: str, code: int) -> None:
        """It has ended with an exit code; one that failed is no part of the work any more."""
        self._ended.add(name)
        if name in self._tasks:
            self._bars.remove_task(self._tasks.pop(name))
        if code:
            self._seconds[name] = 0.0
        self._show_all(name, 1.0)
        how = f"ended with code {code}" if code else "done"
        number = f"{len(self._ended)} of {len(self._seconds)}"
        console.print(Text(f"\n{name}: {how}, {number}", "bold"))

    def _show_all(self, name: str, share: float) -> None:
        with self._lock:
            self._shares[name] = share
            total = sum(self._seconds.values()) or 1.0
            done, kept = (
                sum(self._seconds[each] * of for each, of in shares.items()) / total
                for shares in (self._shares, self._kept)
            )
            self._bars.update(self._all, completed=done)
            if done < self._said + 1 / STEPS or done <= kept or console.is_terminal:
                return
            self._said = int(STEPS * done + 1e-9) / STEPS
        spent = time.perf_counter() - self._began
        left = spent * (1 - done) / (done - kept)
        console.print(
            f"{100 * self._said:3.0f} % of all; {span(spent)} spent, about {span(left)} left"
        )


def time_taken(run: Mapping[str, Any]) -> str:
    """Of a published run, as far as it was recorded.

    Example:
        >>> time_taken({"seconds": 90.0, "cpu_seconds": 150.0}), time_taken({"seconds": 90.0})
        ('90 s (150 s of processor time)', '90 s')
    """
    cpu = f" ({run['cpu_seconds']:,.0f} s of processor time)" if "cpu_seconds" in run else ""
    return f"{span(run['seconds'])}{cpu}"


def show_experiments(found: Sequence[tuple[str, str, Mapping[str, Any] | None, str]]) -> None:
    """Name, question and last published run of each, and whether that is current."""
    for name, question, last, state in found:
        console.print(Text.assemble((name, "bold"), f"  {question}"))
        took = f"  took {time_taken(last)}" if last else ""
        console.print(Text(f"  {program(f'experiments.{name}')}{took}{state and f'; {state}'}"))
        if last:
            show_words(last)
        console.print()


def show_words(run: Mapping[str, Any]) -> None:
    """A line for each verdict of a published run."""
    for verdict in run["verdicts"]:
        said = f"  {verdict['claim']}: {verdict['verdict']} {verdict['when']}"
        console.print(Text(said.rstrip()))


def show_verdicts(conclusion: Conclusion) -> None:
    """The finding, and one paragraph per claim; fits any width."""
    show_bold(conclusion.finding)
    for verdict in conclusion.verdicts:
        words = (verdict.words, "bold")
        claim = (f"{verdict.claim} ", "bold")
        console.print(Text.assemble(claim, f"{CLAIMS[verdict.claim]}: ", words))
        for text in (
            *map(str, verdict.effects),
            verdict.note,
            verdict.differs and f"differs from the published: {verdict.differs}",
        ):
            if text:
                console.print(Text(f"  {text}"))
    console.print()
