"""The lecture's worked examples, from the doctested page of the documentation."""

from pathlib import Path

from markdown_it import MarkdownIt

from experiments.lab.evidence.book import html

SOURCE = Path(__file__).parents[4] / "docs" / "lecture.md"
# Row of the lecture, what it computes, and what comes out; the page runs them.
WORKED = (
    ("F1", "(2, 3) through two hidden nodes without an activation", "hidden 5 and 1, output 9"),
    ("F2", "(−1, 2) through two hidden sigmoid nodes", "output 0.905271648220853 in float64"),
    (
        "G6",
        "one step of gradient descent from weights (1, 2) at rate 0.01",
        "gradient (30, 40), new weights (0.7, 1.6), error 5 before and 2.5 after",
    ),
)


def lecture_page() -> str:
    """The page; its text is shown as Markdown, and what is HTML in it as text."""
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    text = SOURCE.read_text(encoding="utf-8")
    shown = made.render(text).replace("\n\n</code>", "\n</code>")  # the end of a doctest
    links = f"<nav>{html.link('index.html', 'All claims')}</nav>"
    return html.page("The lecture's worked examples", f"{links}\n{shown}")
