"""Pieces of the book's pages; whatever text is given is shown as text."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import escape
from importlib.resources import files
from string import Template

from experiments.lab.evidence.verdicts import Effect

CLASSES = {"holds": "holds", "holds only when": "part", "does not hold": "not"}
SIGNS = {"holds": "✓", "holds only when": "◐", "does not hold": "✗"}


def number(effect: Effect, *, named: bool = True) -> str:
    """A number with its interval, as HTML; a minus is one.

    Example:
        >>> number(Effect("gain, e-3", -0.5, -1, 0, "points"), named=False)
        '−0.5 [−1, 0] points'
    """
    text = str(replace(effect, name=""))
    text = re.sub(r"(?<![\w-])-(?=\d)", "−", text)
    return escape(f"{effect.name}: {text}" if named else text)


def page(title: str, body: str) -> str:
    """A whole page.

    Args:
        title: text.
        body: HTML.
    """
    template = files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    return Template(template).substitute(title=escape(title), body=body)


def word(verdict: str) -> str:
    """A verdict's word, with a sign and a colour.

    Example:
        >>> word("holds")
        '<span class="word holds">✓ holds</span>'
    """
    sign, kind = SIGNS.get(verdict, "?"), CLASSES.get(verdict, "open")
    return f'<span class="word {kind}">{sign} {escape(verdict)}</span>'


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph; empty where the text is."""
    attribute = f' class="{kind}"' if kind else ""
    return f"<p{attribute}>{escape(text)}</p>" if text else ""


def link(address: str, text: str) -> str:
    """A link to another file of the book.

    Example:
        >>> link("a6.html", "a < b")
        '<a href="a6.html">a &lt; b</a>'
    """
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str) -> str:
    """A table that scrolls where the page is too narrow for it.

    Args:
        head: text of each column.
        rows: HTML of each cell.
        kind: its class.
    """
    titles = "".join(f"<th>{escape(each)}</th>" for each in head)
    lines = "\n".join(
        "<tr>"
        + "".join(
            f'<td data-is="{escape(name)}">{cell}</td>'
            for name, cell in zip(head, cells, strict=True)
        )
        + "</tr>"
        for cells in rows
    )
    return (
        f'<div class="scroll"><table class="{kind}"><thead><tr>{titles}</tr></thead>\n'
        f"<tbody>\n{lines}\n</tbody></table></div>"
    )


def nothing(effects: Sequence[Effect]) -> float | None:
    """The number that says that there is no effect, 0 or for ratios 1, where bars are drawn.

    Example:
        >>> nothing([Effect("", 2.0, 1.0, 3.0, "times")])
        1.0
        >>> nothing([Effect("", 2.0, 1.0, 3.0, "times"), Effect("", 0.2, 0.1, 0.3)])
    """
    units = {each.unit for each in effects}
    if len(units) > 1 or all(each.low is None for each in effects):
        return None
    return 1.0 if units == {"times"} else 0.0


def bars(effects: Sequence[Effect]) -> list[str]:
    """A drawing of each number and its interval, all on one axis with that of no effect.

    Returns:
        Empty texts where the numbers have different units, or none has an interval.
    """
    ends = [
        end
        for each in effects
        for end in (each.value, each.low, each.high)
        if end is not None and abs(end) < float("inf") and end == end
    ]
    if (none := nothing(effects)) is None:
        return [""] * len(effects)
    least, most = min(none, *ends), max(none, *ends)
    width = (most - least) or 1.0
    return [_bar(each, none, least, width) for each in effects]


def _bar(effect: Effect, none: float, least: float, width: float) -> str:
    if effect.value != effect.value or effect.low is None or effect.high is None:
        return ""

    def at(number: float) -> str:
        return f"{2 + 96 * (number - least) / width:.2f}"

    low, high, value = at(effect.low), at(effect.high), at(effect.value)
    return (
        '<svg class="bar" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true">'
        f'<line class="zero" x1="{at(none)}" x2="{at(none)}" y1="0" y2="20"/>'
        f'<line x1="{low}" x2="{high}" y1="10" y2="10"/>'
        f'<line x1="{value}" x2="{value}" y1="4" y2="16"/></svg>'
    )
