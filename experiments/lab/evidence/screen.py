"""What the person at the terminal sees of experiments: which there are, progress and verdicts."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
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

__all__ = ["Parts", "console", "show_bold", "show_experiments", "show_plan", "show_verdicts"]


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
        self._bar = Progress(
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
        self._task = self._bar.add_task(
            "",
            total=sum(weights.values()),
            completed=self._done,  # type: ignore[arg-type]  # rich counts in floats too
        )

    def __enter__(self):
        self._bar.start()
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
        for verdict in last["verdicts"] if last else ():
            said = f"  {verdict['claim']}: {verdict['verdict']} {verdict['when']}"
            console.print(Text(said.rstrip()))
        console.print()


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
