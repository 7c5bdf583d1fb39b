"""Tables as HTML; every cell is shown as text, whatever it contains."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple


class Cell(NamedTuple):
    """What a cell says, and lines below it in small type, such as an interval below its score."""

    text: str
    below: tuple[str, ...] = ()

    @property
    def html(self) -> str:
        """Its content."""
        return escape(self.text) + "".join(f"<small>{escape(line)}</small>" for line in self.below)


def table(
    head: Sequence[Cell], rows: Sequence[Sequence[Cell]], kind: str = "", marked: Sequence[int] = ()
) -> str:
    """A table in a box of its own, in which it scrolls where the page is too narrow for it.

    Args:
        head: of each column.
        rows: as many cells each.
        kind: the class of the table, by which the page's style knows it.
        marked: the numbers of the rows that are shaded.

    Returns:
        HTML.

    Example:
        >>> table([Cell("a")], [[Cell("1 < 2", ("p",))]])
        '<div class="scroll"><table class=""><thead><tr><th>a</th></tr></thead>\\n...</div>'
    """
    lines = (
        f'<tr class="{"tied" if number in marked else ""}">'
        + "".join(f"<td>{cell.html}</td>" for cell in cells)
        + "</tr>"
        for number, cells in enumerate(rows)
    )
    titles = "".join(f"<th>{cell.html}</th>" for cell in head)
    return (
        f'<div class="scroll"><table class="{kind}"><thead><tr>{titles}</tr></thead>\n<tbody>\n'
        + "\n".join(lines)
        + "\n</tbody></table></div>"
    )


def names_and_texts(rows: Sequence[tuple[str, str]]) -> str:
    """A table of two columns: a name, and what is to be said of it.

    Args:
        rows: (name, text) pairs.

    Returns:
        HTML.
    """
    lines = (f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows)
    return '<div class="scroll"><table class="named">\n' + "\n".join(lines) + "\n</table></div>"
