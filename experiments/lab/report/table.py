"""The table of the page: one row per choice, best first, and what each column says of it.

A page of 1280 pixels has room for about twelve columns, so what qualifies a number (its interval,
its p) is below it in small type rather than in a column of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from experiments.lab.report import markup
from experiments.lab.report.markup import Cell
from experiments.lab.study import wording
from experiments.lab.study.choices import Choice
from experiments.lab.study.comparison import Comparison


@dataclass(frozen=True)
class Row:
    """One choice in its comparison; number: from 0, best first."""

    comparison: Comparison
    number: int

    @property
    def choice(self) -> Choice:
        """The choice."""
        return self.comparison.choices[self.number]

    @property
    def first(self) -> Choice:
        """The best choice."""
        return self.comparison.choices[0]


@dataclass(frozen=True)
class Column:
    """One column.

    head: its title, in which {score} becomes the score's, and what is below the numbers.
    cell: what it says of a row.
    """

    head: Cell
    cell: Callable[[Row], Cell]


def _name(row: Row) -> Cell:
    return Cell(row.choice.label)


def _rate(row: Row) -> Cell:
    choice = row.choice
    edge = (f"{choice.edge} tried",) if choice.edge else ()
    as_good = "–".join(f"{end:.2g}" for end in dict.fromkeys(choice.rates))
    good = f"{wording.decades(choice)} decades"
    return Cell(f"{choice.learning_rate:.3g}", (*edge, as_good, good))


def _score(row: Row) -> Cell:
    score = row.comparison.study.score
    return Cell(score.show(row.choice.test), (wording.between(row.choice, score),))


def _middle(row: Row) -> Cell:
    return Cell(row.comparison.study.score.show(row.choice.middle))


def _best(row: Row) -> Cell:
    said, _, p = wording.may_be_best(row.choice).partition(" ")
    return Cell(said, (p,))


def _failed(row: Row) -> Cell:
    choice = row.choice
    low, high = (f"{100 * end:.0f}" for end in choice.failed_interval)
    return Cell(f"{choice.failed} of {len(choice.scores)}", (f"{low}–{high} %",))


def _diverged(row: Row) -> Cell:
    choice = row.choice
    return Cell(
        f"{choice.diverged_here} of {len(choice.scores)}",
        (f"{choice.diverged_runs} of {choice.runs}",),
    )


def _improving(row: Row) -> Cell:
    found = row.choice.improving
    return Cell("–" if found is None else "falls" if found else "flat")


def _steps(row: Row) -> Cell:
    reached = row.choice.reached
    below = () if reached is None else (f"{reached} of {len(row.choice.scores)} seeds",)
    return Cell(wording.steps(row.choice), below)


def _versus(row: Row) -> Cell:
    if row.choice.versus is None:
        return Cell("–", (wording.versus(row.choice),))
    probability, *interval, p = wording.versus(row.choice).split(" ")
    return Cell(probability, (" ".join(interval), p))


def _gradient(row: Row) -> Cell:
    factor = row.comparison.gradient_factors[row.number]
    return Cell("–" if factor is None else f"{factor:.3g}")


COLUMNS = (
    Column(Cell(""), _name),
    Column(Cell("rate", ("as good as it", "width of good ones")), _rate),
    Column(Cell("test {score}", ("95 % interval",)), _score),
    Column(Cell("interquartile mean"), _middle),
    Column(Cell("is it the best?"), _best),
    Column(Cell("failed", ("95 % interval",)), _failed),
    Column(Cell("diverged", ("at any rate",)), _diverged),
    Column(Cell("loss at the end"), _improving),
    Column(Cell("steps to target"), _steps),
    Column(Cell("P(better than baseline)", ("95 % interval, p",)), _versus),
    Column(Cell("gradient factor", ("theory",)), _gradient),
)


def _outside(comparison: Comparison, columns: Sequence[Column]) -> list[list[Cell]]:
    """The rows of models that are no networks: what they are called, and their scores."""
    score, blank = comparison.study.score, Cell("")
    rows = []
    for model in comparison.outside.models if comparison.outside else ():
        notes = (model.reference.note,) if model.reference.note else ()
        known: dict[Callable[[Row], Cell], Cell] = {
            _name: Cell(model.reference.title, notes),
            _score: Cell(score.show(model.score), (wording.between(model, score),)),
        }
        rows.append([known.get(column.cell, blank) for column in columns])
    return rows


def table(comparison: Comparison, columns: Sequence[Column] | None = None) -> str:
    """The table as HTML; rows that cannot be told apart from the first are shaded.

    Args:
        comparison: what was found.
        columns: in their order; COLUMNS without it.
    """
    columns = COLUMNS if columns is None else columns
    title = comparison.study.score.title
    rows = [Row(comparison, number) for number in range(len(comparison.choices))]
    return markup.table(
        [column.head._replace(text=column.head.text.format(score=title)) for column in columns],
        [[column.cell(row) for column in columns] for row in rows] + _outside(comparison, columns),
        "choices",
        [
            row.number
            for row in rows
            if row.choice is row.first or wording.standing(row.choice) == "tie"
        ],
    )
