"""The index: three questions, a search, and every claim by chapter in three columns."""

from collections import Counter
from collections.abc import Sequence
from html import escape

from experiments.lab.evidence.book import html
from experiments.lab.evidence.book.lecture import WORKED
from experiments.lab.evidence.claims import CHAPTERS, CORRECTIONS, chapter, slug
from experiments.lab.evidence.entries import NOT_MEASURED, Entry
from experiments.lab.study.wording import listed

TITLE = "An introductory lecture on deep learning, measured"
HEAD = ("the textbook says", "we found", "do this")
# Question -> the claim that answers it, and where its answer stands.
QUESTIONS = {
    "Which activation for 40 layers?": ("A6", "do"),
    "What does too high a rate do?": ("G4", "found"),
    "Do I need feature engineering?": ("D2", "do"),
}
LONG = 160  # characters of a condition that the index still shows
# The rows that lack what is typed are hidden, and so are chapters without rows.
SEARCH = """<script>
const asked = document.querySelector("input");
asked.closest("p").hidden = false;
asked.addEventListener("input", () => {
  const words = asked.value.toLowerCase().split(/\\s+/);
  for (const row of document.querySelectorAll("tbody tr"))
    row.hidden = !words.every(word => row.textContent.toLowerCase().includes(word));
  for (const section of document.querySelectorAll("section"))
    section.hidden = !section.querySelector("tbody tr:not([hidden])");
});
</script>"""


def index(entries: Sequence[Entry], lecture: bool) -> str:
    """The index.

    Args:
        entries: every claim.
        lecture: whether the book has the page of worked examples.
    """
    words = [each.verdict["verdict"] for entry in entries for each in entry.judged]
    words += [NOT_MEASURED for entry in entries if not entry.judged]
    counts = listed([f"{number} “{word}”" for word, number in Counter(words).most_common()])
    body = [
        f"<h1>{escape(TITLE)}</h1>",
        html.paragraph(
            f"{len(entries)} claims of the lecture and of well-known papers, each judged by a rule "
            f"that is written down, on many seeds. The {len(words)} verdicts are {counts}. Every "
            "claim leads to its rule, its figure, the settings in which it was tried, and the "
            "numbers."
        ),
        _questions(entries),
        '<p class="search" hidden><label>Search the claims<br>'
        '<input type="search" placeholder="such as swish, rate, dead"></label></p>',
    ]
    for name in CHAPTERS:
        rows = [_row(entry) for entry in entries if chapter(entry.claim) == name]
        if name == "Forward propagation" and lecture:
            rows = [_worked(*each) for each in WORKED] + rows
        if rows:
            table = html.table(HEAD, rows, "three")
            body.append(f"<section><h2>{escape(name)}</h2>\n{table}</section>")
    body.append("<h2>Where the lecture is corrected</h2>")
    body += [html.paragraph(each) for each in CORRECTIONS]
    return html.page(TITLE, "\n".join([*body, SEARCH]))


def _questions(entries: Sequence[Entry]) -> str:
    claims = {entry.claim: entry for entry in entries}
    lines = []
    for question, (claim, part) in QUESTIONS.items():
        entry = claims[claim]
        answer = getattr(entry.judged[0], part) if entry.judged else f"{NOT_MEASURED} yet"
        lines.append(
            f"<li>{html.link(f'{slug(claim)}.html', question)}<span>{escape(answer)}</span></li>"
        )
    return f'<ul class="questions">{"".join(lines)}</ul>'


def _row(entry: Entry) -> tuple[str, str, str]:
    says = f"<b>{html.link(f'{slug(entry.claim)}.html', entry.claim)}</b> {escape(entry.words)}"
    if not entry.judged:
        return says, f"{html.word(NOT_MEASURED)} {escape(entry.why_not)}".strip(), ""
    found, do = [], []
    for judged in entry.judged:
        when = judged.verdict["when"]
        condition = f" {escape(when)}" if len(when) <= LONG else " … (its page says when)"
        found.append(
            f"<div>{html.word(judged.verdict['verdict'])}{condition}<br>{escape(judged.found)}"
            f"<small>{html.number(judged.effects[0])}</small></div>"
        )
        do.append(f"<div>{escape(judged.do)}</div>" if judged.do else "")
    return says, "".join(found), "".join(do)


def _worked(claim: str, words: str, result: str) -> tuple[str, str, str]:
    says = f"<b>{html.link('lecture.html', claim)}</b> {escape(words)}"
    return says, f"{html.word('holds')}<br>{escape(result)}", ""
