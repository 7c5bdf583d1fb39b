"""The table of the page that says how much each axis matters."""

from html import escape

from experiments.lab.report.markup import Cell, table
from experiments.lab.study import wording
from experiments.lab.study.best_set import FEWEST_BLOCKS
from experiments.lab.study.comparison import Comparison

MOST_ROWS = 12
HOW = (
    "Functional ANOVA over all combinations of the values asked for; a run counts as the trivial "
    "predictor at least. “×”: what two axes explain together, beyond each alone. What seeds make "
    "of it is taken out; in brackets, 95 % intervals by bootstrap over seeds"
)


def importance(comparison: Comparison) -> str:
    """A section of HTML; empty where fewer than two axes have several values."""
    everywhere, own = comparison.importance, comparison.at_own_rate
    columns = [
        (title, {effect.name: effect.shown for effect in found.effects})
        for title, found in (("all rates, validation", everywhere), ("own best rate, test", own))
        if found and found.effects
    ]
    if not everywhere:
        return ""
    said = " ".join(filter(None, (wording.importance(comparison), wording.at_own_rate(comparison))))
    seeds = len(comparison.study.asked.seed_numbers)
    how = f"{HOW}{f', from {FEWEST_BLOCKS} seeds on' * (seeds < FEWEST_BLOCKS)}."
    # The largest first, those at the own rates too, where there are both.
    names = dict.fromkeys(name for _, shares in columns[::-1] for name in shares)
    rows = [
        [Cell(name), *(Cell(shares.get(name, "–")) for _, shares in columns)]
        for name in list(names)[:MOST_ROWS]
    ]
    drawn = table([Cell("axis"), *(Cell(title) for title, _ in columns)], rows) if rows else ""
    return (
        f'<section class="data"><h2>How much each axis matters</h2>\n<p>{escape(said)}</p>\n'
        f'{drawn}<p class="note">{escape(how)}</p></section>'
    )
