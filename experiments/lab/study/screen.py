"""What the person at the terminal sees: the plan, one screen of results. Plain text in a pipe."""

from collections.abc import Sequence

import numpy as np
from rich import box
from rich.table import Table
from rich.text import Text

from experiments.lab.data import Look
from experiments.lab.io.terminal import Screen
from experiments.lab.io.text import shown
from experiments.lab.study import wording
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.next_steps import next_steps

NEXT = 3  # steps that are advised on the screen; the report has all

console = Screen()


def show_plan(lines: Sequence[tuple[str, str]]) -> None:
    """What is about to be done, one line each."""
    width = max([9, *(len(name) + 1 for name, _ in lines)])
    for name, text in lines:
        console.print(Text.assemble((f"{name:<{width}}", "bold"), shown(text)))


def show_bold(text: str) -> None:
    """A paragraph that stands out."""
    console.print("", Text(shown(text), "bold"), "", sep="\n")


def show_look(look: Look, command: str) -> None:
    """The facts, a row per column, a row per class, and the command that trains; 80 columns."""
    show_plan(look.facts)
    for header, *rows in filter(None, (look.columns, look.targets)):
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
        for position, title in enumerate(header):
            table.add_column(
                Text(shown(title)),
                justify="right" if title not in ("type", "becomes") and position else "left",
                no_wrap=title != "becomes",
            )
        for row in rows:
            table.add_row(*(Text(shown(cell)) for cell in row))
        console.print()
        console.print(table)
    console.print()
    console.print("Nothing was trained; this trains:")
    console.print(command, soft_wrap=True)


def span(seconds: float) -> str:
    """A time in words.

    Example:
        >>> span(12.3), span(200), span(9000)
        ('12 s', '3 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def cells(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """The table in words: its titles, and a row per choice and per model that is no network."""
    score = comparison.study.score
    titles = ["", "at rate", score.heading, "95 % interval", "failed", "decades", "steps"]
    rows = [
        [
            choice.label,
            f"{choice.learning_rate:.3g}{'*' if choice.edge else ' '}",
            score.show(choice.test),
            wording.between(choice, score),
            f"{choice.failed}/{len(choice.scores)}",
            wording.decades(choice),
            f"{wording.steps(choice)}{'↓' if choice.improving else ' '}",
            wording.may_be_best(choice),
        ]
        for choice in comparison.choices
    ]
    for model in comparison.outside.models if comparison.outside else ():
        shown_score = score.show(model.score), wording.between(model, score)
        rows.append([model.reference.title, "", *shown_score, "", "", "", ""])
    return [*titles, "the best?"], rows


def show_results(comparison: Comparison) -> None:
    """The table, one row per choice, best first, the verdict, and what to do next.

    The table fits 80 columns, for which only long names are wrapped.
    """
    if comparison.nothing_trained:
        show_bold(comparison.verdict)
        return
    choices, score = comparison.choices, comparison.study.score
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    (name, *titles, last), rows = cells(comparison)
    table.add_column(name, overflow="fold")  # long names fold, numbers stay whole
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column(last, no_wrap=True)
    for position, (name, *numbers) in enumerate(rows):
        style = "bold" if position == 0 else "dim" * (position >= len(choices))
        table.add_row(Text(shown(name), style), *numbers)
    console.print()
    console.print(table)
    console.print()
    steps = "steps: none, since no run of the baseline trained"
    if np.isfinite(comparison.target):
        target = f"{score.title} of {score.show(comparison.target)}"
        steps = f"steps: median number of updates to a validation {target}"
    console.print(f"decades: width of the range of good learning rates; {steps}")
    for model in comparison.outside.models if comparison.outside else ():
        if model.reference.note:
            console.print(f"{model.reference.title}: on {model.reference.note}")
    console.print(
        "interval: for the mean score on new rows; failed: runs at most half-way from the trivial "
        "predictor's score to the best choice's"
    )
    if any(choice.improving for choice in choices):
        console.print("↓: its validation loss was still falling at the end")
    if any(choice.edge for choice in choices):
        console.print("*: the lowest or highest rate tried")
    if chaotic := wording.chaotic(comparison):
        console.print(chaotic)
    if important := wording.at_own_rate(comparison):
        console.print(important)
    show_bold(comparison.verdict)
    if further := next_steps(comparison)[:NEXT]:
        show_plan([("next" if number == 0 else "", step) for number, step in enumerate(further)])
        console.print()
