"""The ledger: one line per claim, written from the result files; the book has the details."""

from collections.abc import Iterable

from experiments.lab.evidence import published
from experiments.lab.evidence.entries import NOT_MEASURED, Entry, Judged, entries
from experiments.lab.evidence.experiment import Experiment

FILE = published.RESULTS.parent / "LEDGER.md"
LONGEST = 200  # characters of a cell


def ledger(experiments: Iterable[Experiment]) -> str:
    """LEDGER.md: one row per claim, or more where several experiments have judged it."""
    return "\n".join(
        [
            "# The ledger",
            "",
            "Written by `python -m experiments all` from the files in `results/`; never by hand. "
            "Brackets are 95 % intervals, or wider where several must hold together. "
            "`python -m experiments book` writes the details of each line: its rule and the "
            "commit that set it, figure, settings tried, numbers.",
            "",
            "| claim | says | verdict | we found | main effect | rule set in | results |",
            "|---|---|---|---|---|---|---|",
            *(
                _row(entry, judged)
                for entry in entries(experiments)
                for judged in entry.judged or (None,)
            ),
            "",
        ]
    )


def _row(entry: Entry, judged: Judged | None) -> str:
    if judged is None:
        return _cells(entry.claim, entry.words, NOT_MEASURED, entry.why_not, "", "", "")
    verdict, name = judged.verdict, judged.experiment
    changed = ", changed after a result" * bool(judged.rule["former"])
    return _cells(
        entry.claim,
        entry.words,
        f"**{verdict['verdict']}** {verdict['when']}".strip(),
        judged.found,
        str(judged.effects[0]),
        f"{judged.commit}{changed}",
        f"[{name}](results/{name})",
    )


def _cells(*texts: str) -> str:
    """A row of a table, in which the bars of |x| are no borders."""
    return f"| {' | '.join(shortened(text).replace('|', chr(92) + '|') for text in texts)} |"


def shortened(text: str, longest: int = LONGEST - 20) -> str:
    """A text that ends with "…" after a whole word where it is too long.

    Example:
        >>> shortened("one two three", 9)
        'one two …'
    """
    if len(text) <= longest:
        return text
    return f"{text[: longest - 1].rpartition(' ')[0]} …"
