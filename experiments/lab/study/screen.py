"""What the person at the terminal sees: the plan, one screen of results. Plain text in a pipe."""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from experiments.lab.data import Look
from experiments.lab.evidence.claims import CLAIMS
from experiments.lab.evidence.verdicts import Conclusion
from experiments.lab.study import wording
from experiments.lab.study.comparison import Comparison

console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def show_plan(lines: Sequence[tuple[str, str]]) -> None:
    """What is about to be done, one line each."""
    width = max([9, *(len(name) + 1 for name, _ in lines)])
    for name, text in lines:
        console.print(Text.assemble((f"{name:<{width}}", "bold"), text))


def show_look(look: Look, command: str) -> None:
    """The facts, a row per column, a row per class, and the command that trains; 80 columns."""
    show_plan(look.facts)
    for header, *rows in filter(None, (look.columns, look.targets)):
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
        for position, title in enumerate(header):
            table.add_column(
                Text(title),
                justify="right" if title not in ("type", "becomes") and position else "left",
                no_wrap=title != "becomes",
            )
        for row in rows:
            table.add_row(*map(Text, row))
        console.print()
        console.print(table)
    console.print()
    console.print(Text(f"Nothing was trained; this trains:\n{command}"), soft_wrap=True)


def span(seconds: float) -> str:
    """A time in words.

    Example:
        >>> span(12.3), span(200), span(9000)
        ('12 s', '3 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


class Parts:
    """Progress of an experiment's parts: a bar on a terminal, a line per part in a pipe."""

    def __init__(self, weights: Mapping[str, float], done: Sequence[str]):
        """Watch parts.

        Args:
            weights: share of the work, by the name of the part.
            done: parts that need not be measured.
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
            console.print(
                f"{100 * self._done / total:3.0f} % {name}; {self._spent:.0f} s spent, "
                f"about {left:.0f} s left"
            )


def show_experiments(found: Sequence[tuple[str, str, Mapping[str, Any] | None]]) -> None:
    """Name, question and last published run of each experiment."""
    for name, question, last in found:
        console.print(Text.assemble((name, "bold"), f"  {question}"))
        took = f"  took {span(last['seconds'])}" if last else ""
        console.print(Text(f"  python -m experiments.{name}{took}"))
        for verdict in last["verdicts"] if last else ():
            console.print(
                Text(f"  {verdict['claim']}: {verdict['verdict']} {verdict['when']}".rstrip())
            )
        console.print()


def show_verdicts(conclusion: Conclusion) -> None:
    """The finding, and a paragraph per claim; for any width."""
    console.print(Text(f"\n{conclusion.finding}\n", "bold"))
    for verdict in conclusion.verdicts:
        console.print(
            Text.assemble(
                (f"{verdict.claim} ", "bold"), f"{CLAIMS[verdict.claim]}: ", (verdict.words, "bold")
            )
        )
        for text in (
            *map(str, verdict.effects),
            verdict.note,
            verdict.differs and f"differs from the published: {verdict.differs}",
        ):
            if text:
                console.print(Text(f"  {text}"))
    console.print()


def show_results(comparison: Comparison) -> None:
    """The table, one row per choice, best first, and the verdict.

    The table fits 80 columns, for which only long names are wrapped.
    """
    choices, score = comparison.choices, comparison.study.score
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    for title, side in (
        ("", "left"),
        ("at rate", "right"),
        (score.title, "right"),
        ("95 % interval", "right"),
        ("diverged", "right"),
        ("decades", "right"),
        ("steps", "right"),
        ("against first", "left"),
    ):
        # Long names fold, numbers stay whole.
        table.add_column(Text(title), justify=side, no_wrap=bool(title), overflow="fold")
    for position, choice in enumerate(choices):
        table.add_row(
            Text(choice.label, "bold" if position == 0 else ""),
            f"{choice.learning_rate:.3g}{'*' if choice.edge else ' '}",
            score.show(choice.test),
            wording.between(choice, score),
            f"{choice.diverged_runs}/{choice.runs}",
            wording.decades(choice),
            wording.steps(choice),
            wording.against(choice, choices[0]),
        )
    console.print()
    console.print(table)
    console.print()
    console.print(
        f"decades: width of the good rates; steps: median to validation {score.title} "
        f"{score.show(comparison.target)}"
    )
    if any(choice.edge for choice in choices):
        console.print("*: the lowest or highest rate tried")
    console.print(Text(f"\n{comparison.verdict}\n", "bold"))
