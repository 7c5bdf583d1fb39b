"""Progress of training: the best so far and the time left, live on a terminal, lines in a pipe."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from rich import box
from rich.console import Group, RenderableType
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from experiments.lab.engine.outcome import Outcome
from experiments.lab.engine.stages import Runs
from experiments.lab.study import screen
from experiments.lab.study.choices import rank
from experiments.lab.study.study import Study

ROWS = 8  # of the best so far: with the rest of the live view they fit a small terminal
REFRESHES = 4  # per second


@dataclass(frozen=True)
class SoFar:
    """What a program has found that may not be finished.

    learning_rate: the one to recommend so far. validation, validation_loss: the score and the loss
        there.
    runs: how many have begun. diverged_runs: how many of them have diverged.
    """

    learning_rate: float
    validation: float
    diverged_runs: int
    runs: int
    validation_loss: float = field(default=np.nan, compare=False)


def so_far(study: Study, outcome: Outcome) -> SoFar | None:
    """The choice as it would be from each run's latest point; None before the first point."""
    if "validation_loss" not in outcome.curves:
        return None
    latest = {
        name: _latest(values)
        for name, values in outcome.curves.items()
        if name.startswith("validation_")
    }
    diverged = outcome.diverged_step >= 0
    begun = diverged | ~np.isnan(latest["validation_loss"])
    if not begun.any():
        return None
    scores = study.score.judged(latest, "validation", diverged)
    losses = np.where(diverged, np.inf, latest["validation_loss"])
    best = study.judged(losses, scores, begun).cell
    return SoFar(
        learning_rate=study.grid.cells[best]["learning_rate"],
        validation=float(scores[best, begun[best]].mean()),
        diverged_runs=int(diverged.sum()),
        runs=int(begun.sum()),
        validation_loss=float(study.clipped(losses)[best, begun[best]].mean()),
    )


class Watch:
    """Watches the programs of a stage, and passes on their outcomes to be kept.

    The time left is of training alone: it is estimated from the runs trained since the first
    segment, before which what all programs share is compiled, without the waits for the compiler.
    What an earlier call has finished took none of this call's time.
    """

    def __init__(
        self,
        study: Study,
        runs: Runs,
        known: Mapping[int, Outcome],
        keep: Callable[[int, Outcome], None],
        *,
        clock: Callable[[], float] = time.perf_counter,
    ):
        """Watch programs by number.

        Args:
            study: what is asked.
            runs: those to train.
            known: outcomes that exist before.
            keep: keeps the outcome of a number, in case training is interrupted.
            clock: in seconds.
        """
        self._study, self._runs, self._keep, self._clock = study, runs, keep, clock
        self._work = {number: int(mine.sum()) for number, mine in runs.items()}
        self._finished = {
            number
            for number, mine in runs.items()
            if number in known and known[number].done[mine].all()
        }
        self._found = {number: so_far(study, known[number]) for number in runs if number in known}
        self._running: int | None = None
        self._outcome: Outcome | None = None
        self._share = 0.0
        self._timed: tuple[float, float] | None = None  # since when, and from which share
        self._seconds, self._trained, self._began, self._shown = 0.0, 0.0, clock(), clock()
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(None),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=screen.console,
        )
        self._task = self._bar.add_task("", total=sum(self._work.values()), left="")
        self._live = screen.console.live(REFRESHES)

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

    def advance(self, number: int, share: float) -> None:
        """This share of a program's work is done."""
        now = self._clock()
        if self._timed:
            since, before = self._timed
            self._seconds += now - since
            self._trained += (share - before) * self._work[number]
        self._share, self._timed = share, (now, share)
        if self._live and now - self._shown > 1 / REFRESHES:
            self._find(number)
            self._show()

    def keep(self, number: int, outcome: Outcome) -> None:
        """A program's outcome can be kept; it may be finished."""
        self._keep(number, outcome)
        if outcome.done[self._runs[number]].all():
            self.finish(number)

    def finish(self, number: int) -> None:
        """A program is done."""
        self.advance(number, 1.0)
        self._find(number)
        self._finished.add(number)
        self._running, self._share, self._timed = None, 0.0, None
        self._show()
        if not self._live:
            found, left, score = self._found[number], self._left(), self._study.score
            spent = screen.span(self._clock() - self._began)
            best = f"at rate {found.learning_rate:.3g} validation {score.title} "
            best += score.show(found.validation)
            if found.diverged_runs == found.runs:
                best = f"all {found.runs} runs failed"
            screen.console.print(
                Text(
                    f"{len(self._finished)} of {len(self._runs)} done: "
                    f"{self._study.labels[number]}, {best}; {spent} spent"
                    f"{f', {left}' if left else ''}"
                )
            )

    def _find(self, number: int) -> None:
        self._found[number] = so_far(self._study, self._outcome)

    def _done(self) -> float:
        """Runs, and shares of runs."""
        finished = sum(self._work[number] for number in self._finished)
        return finished + self._share * self._work.get(self._running, 0)

    def _left(self) -> str:
        """The time left, in words; empty as long as nothing is known."""
        left = sum(self._work.values()) - self._done()
        if not (self._trained and left):
            return ""
        return f"about {screen.span(left * self._seconds / self._trained)} of training left"

    def _show(self) -> None:
        if self._live:
            self._shown = self._clock()
            doing = "training" if self._timed else "compiling"
            at = min(len(self._finished) + 1, len(self._runs))
            self._bar.update(
                self._task,
                completed=self._done(),
                left=self._left(),
                description=f"{doing} {at} of {len(self._runs)}",
            )
            # An empty line at the end takes the ^C of an interruption, which at the end of a full
            # line would wrap and spoil the erasing.
            self._live.update(Group(self._bar, *self._table(), Text()), refresh=True)

    def _table(self) -> Sequence[RenderableType]:
        """The best so far, best first, with the running one; nothing before there is any."""
        ranked = sorted(
            (number for number, found in self._found.items() if found),
            key=lambda number: (*rank(self._found[number]), self._study.labels[number]),
        )
        shown = ranked[:ROWS]
        if self._running in ranked[ROWS:]:
            shown[-1] = self._running
        if not shown:
            return ()
        score = self._study.score
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
        for title in ("best so far", "at rate", f"validation {score.title}", "diverged", ""):
            table.add_column(
                Text(title),
                justify="left" if title in ("best so far", "") else "right",
                no_wrap=title != "best so far",
            )
        for place, number in enumerate(shown):
            found = self._found[number]
            style = "bold" if place == 0 else ""
            table.add_row(
                Text(self._study.labels[number], style, no_wrap=True, overflow="ellipsis"),
                f"{found.learning_rate:.3g}",
                score.show(found.validation),
                f"{found.diverged_runs}/{found.runs}",
                "running" if number == self._running else "",
            )
        more = len(ranked) - len(shown)
        return (Text(), table, Text(f"and {more} more", "dim")) if more else (Text(), table)


def _latest(curve: np.ndarray) -> np.ndarray:
    """From (segments, cells, seeds), the last point that each run has, (cells, seeds)."""
    last = len(curve) - 1 - np.argmax(~np.isnan(curve[::-1]), axis=0)
    return np.take_along_axis(curve, last[None], axis=0)[0]
