"""What the person at the terminal sees: the plan, a progress bar, one screen of results. Plain text in a pipe."""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from experiments.lab import words
from experiments.lab.claims import CLAIMS
from experiments.lab.comparison import Choice, Score
from experiments.lab.data import Look
from experiments.lab.verdicts import Conclusion

console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def show_plan(lines: Sequence[tuple[str, str]]) -> None:
    """What is about to be done, a line each."""
    for name, text in lines:
        console.print(Text.assemble((f"{name:<9}", "bold"), text))


def show_look(look: Look, command: str) -> None:
    """The facts, a row a column, a row a class, and the command that trains; fits 80 columns."""
    show_plan(look.facts)
    for header, *rows in filter(None, (look.columns, look.targets)):
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
        for position, title in enumerate(header):
            table.add_column(Text(title), justify="right" if title not in ("type", "becomes") and position else "left",
                             no_wrap=title != "becomes")
        for row in rows:
            table.add_row(*map(Text, row))
        console.print()
        console.print(table)
    console.print()
    console.print(Text(f"Nothing was trained; this trains:\n{command}"), soft_wrap=True)


class Watch:
    """Progress in programs; a bar on a terminal, a line a program in a pipe."""

    def __init__(self, labels: Mapping[int, str], finished: int):
        """Watch programs with these labels by number, of which ``finished`` need not run."""
        self._labels, self._done, self._began = labels, finished, time.perf_counter()
        self._fresh = 0
        self._bar = Progress(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
                             TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
                             console=console, disable=not console.is_terminal, transient=True)
        self._task = self._bar.add_task("compiling the first program", total=len(labels), completed=finished)

    def __enter__(self):
        self._bar.start()
        return self

    def __exit__(self, *_):
        self._bar.stop()

    def start(self, number: int) -> None:
        """A program starts to run."""
        self._bar.update(self._task, description=f"{self._labels[number]} ({self._done + 1} of {len(self._labels)})")

    def advance(self, share: float) -> None:
        """A share of its work is done."""
        self._bar.update(self._task, completed=self._done + share)

    def finish(self, number: int) -> None:
        """A program is done."""
        self._done += 1
        self._fresh += 1
        if not console.is_terminal:
            spent = time.perf_counter() - self._began
            left = spent / self._fresh * (len(self._labels) - self._done)
            console.print(f"{self._done} of {len(self._labels)} programs done: {self._labels[number]}; "
                          f"{spent:.0f} s spent, about {left:.0f} s left")


class Parts:
    """Progress of an experiment in its parts; a bar on a terminal, a line a part in a pipe."""

    def __init__(self, weights: Mapping[str, float], done: Sequence[str]):
        """Watch parts, each so heavy, of which some need not be measured."""
        self._weights, self._done = weights, sum(weights[name] for name in done)
        self._spent, self._fresh = 0.0, 0.0
        self._bar = Progress(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
                             TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
                             console=console, disable=not console.is_terminal, transient=True)
        self._task = self._bar.add_task("", total=sum(weights.values()), completed=self._done)

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
            console.print(f"{100 * self._done / total:3.0f} % {name}; {self._spent:.0f} s spent, about {left:.0f} s left")


def show_experiments(found: Sequence[tuple[str, str, Mapping[str, Any] | None]]) -> None:
    """Name, question and last published run of each."""
    for name, question, last in found:
        console.print(Text.assemble((name, "bold"), f"  {question}"))
        console.print(Text(f"  python -m experiments.{name}{'  took ' + _time(last['seconds']) if last else ''}"))
        for verdict in last["verdicts"] if last else ():
            console.print(Text(f"  {verdict['claim']}: {verdict['verdict']} {verdict['when']}".rstrip()))
        console.print()


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def show_verdicts(conclusion: Conclusion) -> None:
    """The finding, and a paragraph a claim; fits any width."""
    console.print(Text(f"\n{conclusion.finding}\n", "bold"))
    for verdict in conclusion.verdicts:
        console.print(Text.assemble((f"{verdict.claim} ", "bold"), f"{CLAIMS[verdict.claim]}: ", (verdict.words, "bold")))
        for text in (*map(str, verdict.effects), verdict.note, verdict.differs and f"differs from the published: {verdict.differs}"):
            if text:
                console.print(Text(f"  {text}"))
    console.print()


def show_choices(choices: Sequence[Choice], score: Score, target: float) -> None:
    """One row a structure, best first; fits 80 columns, for which only long names are wrapped."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    for title, side in (("", "left"), ("at rate", "right"), (score.title, "right"), ("95 % interval", "right"),
                        ("diverged", "right"), ("decades", "right"), ("steps", "right"), ("against first", "left")):
        table.add_column(Text(title), justify=side, no_wrap=bool(title), overflow="fold")  # long names fold, numbers stay whole
    for position, choice in enumerate(choices):
        table.add_row(Text(choice.label, "bold" if position == 0 else ""), f"{choice.learning_rate:.3g}{'*' if choice.edge else ' '}",
                      score.show(choice.test), words.between(choice, score), f"{choice.diverged_runs}/{choice.runs}",
                      words.decades(choice), words.steps(choice), words.against(choice, choices[0]))
    console.print()
    console.print(table)
    console.print()
    console.print(f"decades: width of the good rates; steps: median to validation {score.title} {score.show(target)}")
    if any(choice.edge for choice in choices):
        console.print("*: the lowest or highest rate tried")
    console.print()
