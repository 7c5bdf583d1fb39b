"""What the networks were trained on: rows, inputs, classes or the target's range, and notes."""

from experiments.lab.data import Dataset, Source, look
from experiments.lab.report.markup import Cell, names_and_texts, table


def data_summary(source: Source, data: Dataset) -> str:
    """The facts, the classes or the range of the target by part, and each column, as HTML.

    The columns are folded away, since there may be many.

    Args:
        source: the rows as found.
        data: what was made of them.
    """
    found = look(source, data)
    parts = [names_and_texts(found.facts), _as_table(found.targets)]
    if found.columns:
        count = len(found.columns) - 1
        parts.append(
            f"<details><summary>{count} column{'s' * (count != 1)} and what became of "
            f"{'them' if count != 1 else 'it'}</summary>\n{_as_table(found.columns)}</details>"
        )
    return "\n".join(parts)


def _as_table(rows: tuple[tuple[str, ...], ...]) -> str:
    head, *others = rows
    return table([Cell(each) for each in head], [[Cell(each) for each in row] for row in others])
