"""What the person at the terminal sees: the plan, the best so far, one screen of results. Plain text in a pipe."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
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
from experiments.lab.engine.outcome import Outcome
from experiments.lab.evidence.claims import CLAIMS
from experiments.lab.evidence.verdicts import Conclusion
from experiments.lab.study import wording
from experiments.lab.study.comparison import Choice, Score, SoFar, rank

ROWS = 8  # of the best so far, which with the rest of the live view fit a small terminal
REFRESHES = 4  # a second

console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def show_plan(lines: Sequence[tuple[str, str]]) -> None:
    """What is about to be done, a line each."""
    width = max([9, *(len(name) + 1 for name, _ in lines)])
    for name, text in lines:
        console.print(Text.assemble((f"{name:<{width}}", "bold"), text))


def show_look(look: Look, command: str) -> None:
    """The facts, a row a column, a row a class, and the command that trains; fits 80 columns."""
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


class Watch:
    """Progress, the best so far and the time left: a live view on a terminal, a line a program in a pipe.

    Time left is of training alone. It goes by the runs trained since the first segment, before which what all programs share
    is compiled, less the waits for the compiler; what an earlier call has finished took none of this one's time.
    """

    def __init__(
        self,
        labels: Mapping[int, str],
        runs: Mapping[int, np.ndarray],
        known: Mapping[int, Outcome],
        so_far: Callable[[Outcome], SoFar | None],
        score: Score,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ):
        """Watch programs by number.

        Args:
            labels: what to call each.
            runs: bool (cells, seeds), the runs that are wanted of each.
            known: outcomes that are there before.
            so_far: what an outcome has found.
            score: how runs are judged.
            clock: in seconds.
        """
        self._labels, self._so_far, self._score, self._clock = labels, so_far, score, clock
        self._work = {number: int(mine.sum()) for number, mine in runs.items()}
        self._finished = {
            number
            for number, mine in runs.items()
            if number in known and known[number].done[mine].all()
        }
        self._found = {number: so_far(known[number]) for number in labels if number in known}
        self._running, self._outcome, self._share, self._timed = (
            None,
            None,
            0.0,
            None,
        )  # _timed: since when, from which share
        self._seconds, self._trained, self._began, self._shown = 0.0, 0.0, clock(), clock()
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(None),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
        )
        self._task = self._bar.add_task("", total=sum(self._work.values()), left="")
        self._live = (
            Live(console=console, transient=True, refresh_per_second=REFRESHES)
            if console.is_interactive
            else None
        )

    def __enter__(self):
        if self._live:
            self._live.start()
            self._show()
        return self

    def __exit__(self, *_):
        if self._live:
            self._live.stop()

    def start(self, number: int, outcome: Outcome) -> None:
        """A program starts to run, and fills this outcome."""
        self._running, self._outcome, self._share = number, outcome, 0.0
        self._timed = (self._clock(), 0.0) if self._seconds and not outcome.stand else None
        self._show()

    def advance(self, share: float) -> None:
        """A share of its work is done."""
        now = self._clock()
        if self._timed:
            since, before = self._timed
            self._seconds += now - since
            self._trained += (share - before) * self._work[self._running]
        self._share, self._timed = share, (now, share)
        if self._live and now - self._shown > 1 / REFRESHES:
            self._find()
            self._show()

    def finish(self, number: int) -> None:
        """A program is done."""
        self.advance(1.0)
        self._find()
        self._finished.add(number)
        self._running, self._share, self._timed = None, 0.0, None
        self._show()
        if not self._live:
            found, left = self._found[number], self._left()
            console.print(
                Text(
                    f"{len(self._finished)} of {len(self._labels)} programs done: {self._labels[number]}, at rate "
                    f"{found.learning_rate:.3g} validation {self._score.title} {self._score.show(found.validation)}; "
                    f"{span(self._clock() - self._began)} spent{f', {left}' if left else ''}"
                )
            )

    def _find(self) -> None:
        self._found[self._running] = self._so_far(self._outcome)

    def _done(self) -> float:
        """Runs, and shares of runs."""
        return sum(self._work[number] for number in self._finished) + self._share * self._work.get(
            self._running, 0
        )

    def _left(self) -> str:
        """Of training, in words; nothing as long as nothing is known."""
        left = sum(self._work.values()) - self._done()
        return (
            f"about {span(left * self._seconds / self._trained)} of training left"
            if self._trained and left
            else ""
        )

    def _show(self) -> None:
        if self._live:
            self._shown = self._clock()
            doing = "training" if self._timed else "compiling"
            at = min(len(self._finished) + 1, len(self._labels))
            self._bar.update(
                self._task,
                completed=self._done(),
                left=self._left(),
                description=f"{doing} program {at} of {len(self._labels)}",
            )
            # Last an empty line, which takes the ^C of an interruption: at the end of a full one it would wrap and spoil the erasing.
            self._live.update(Group(self._bar, *self._table(), Text()), refresh=True)

    def _table(self) -> Sequence[RenderableType]:
        """The best so far, best first, the running one always among them; nothing before there is any."""
        ranked = sorted(
            (number for number, found in self._found.items() if found),
            key=lambda number: rank(self._found[number]),
        )
        shown = ranked[:ROWS]
        if self._running in ranked[ROWS:]:
            shown[-1] = self._running
        if not shown:
            return ()
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
        for title in ("best so far", "at rate", f"validation {self._score.title}", "diverged", ""):
            table.add_column(
                Text(title),
                justify="left" if title in ("best so far", "") else "right",
                no_wrap=title != "best so far",
            )
        for place, number in enumerate(shown):
            found = self._found[number]
            table.add_row(
                Text(
                    self._labels[number],
                    "bold" if place == 0 else "",
                    no_wrap=True,
                    overflow="ellipsis",
                ),
                f"{found.learning_rate:.3g}",
                self._score.show(found.validation),
                f"{found.diverged_runs}/{found.runs}",
                "running" if number == self._running else "",
            )
        more = len(ranked) - len(shown)
        return (Text(), table, Text(f"and {more} more", "dim")) if more else (Text(), table)


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
    """Progress of an experiment in its parts; a bar on a terminal, a line a part in a pipe."""

    def __init__(self, weights: Mapping[str, float], done: Sequence[str]):
        """Watch parts, each so heavy, of which some need not be measured."""
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
                f"{100 * self._done / total:3.0f} % {name}; {self._spent:.0f} s spent, about {left:.0f} s left"
            )


def show_experiments(found: Sequence[tuple[str, str, Mapping[str, Any] | None]]) -> None:
    """Name, question and last published run of each."""
    for name, question, last in found:
        console.print(Text.assemble((name, "bold"), f"  {question}"))
        console.print(
            Text(
                f"  python -m experiments.{name}{'  took ' + span(last['seconds']) if last else ''}"
            )
        )
        for verdict in last["verdicts"] if last else ():
            console.print(
                Text(f"  {verdict['claim']}: {verdict['verdict']} {verdict['when']}".rstrip())
            )
        console.print()


def show_verdicts(conclusion: Conclusion) -> None:
    """The finding, and a paragraph a claim; fits any width."""
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


def show_choices(choices: Sequence[Choice], score: Score, target: float) -> None:
    """One row a structure, best first; fits 80 columns, for which only long names are wrapped."""
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
        table.add_column(
            Text(title), justify=side, no_wrap=bool(title), overflow="fold"
        )  # long names fold, numbers stay whole
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
        f"decades: width of the good rates; steps: median to validation {score.title} {score.show(target)}"
    )
    if any(choice.edge for choice in choices):
        console.print("*: the lowest or highest rate tried")
    console.print()
