"""The table of the page that says how much each axis matters."""

from html import escape

from experiments.lab.report.markup import Cell, table
from experiments.lab.study import wording
from experiments.lab.study.best_set import FEWEST_BLOCKS
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.importance import SAID

LEAST = 0.005  # a pair that explains less, everywhere, has no row
HOW = (
    "Functional ANOVA over all combinations of the values asked for; a run counts as the trivial "
    "predictor at least. “×”: what two axes explain together, beyond each alone. What seeds make "
    "of it is taken out: {seeds:.0f} % of the variance of a single run."
)


def importance(comparison: Comparison) -> str:
    """A section of HTML; empty where fewer than two axes have several values."""
    titles = {
        "all rates, validation": comparison.importance,
        "own best rate, test": comparison.at_own_rate,
    }
    known = {title: found for title, found in titles.items() if found}
    if not known:
        return ""
    columns = {
        title: {effect.axes: effect for effect in found.effects}
        for title, found in known.items()
        if found.effects
    }
    said = " ".join(filter(None, (wording.importance(comparison), wording.at_own_rate(comparison))))
    seeds = len(comparison.study.asked.seed_numbers)
    how = HOW.format(seeds=100 * next(iter(known.values())).seeds) + (
        f" Intervals take {FEWEST_BLOCKS} seeds."
        if seeds < FEWEST_BLOCKS
        else " In brackets, 95 % intervals by bootstrap over seeds."
    )
    rows = []
    every = dict.fromkeys(axes for found in columns.values() for axes in found)
    of_axes = {axes: [found.get(axes) for found in columns.values()] for axes in every}
    most = {axes: max(each.share for each in filter(None, of_axes[axes])) for axes in every}
    for axes in sorted(every, key=lambda axes: -most[axes]):
        if len(axes) == 1 or most[axes] >= LEAST:
            cells = of_axes[axes]
            name = next(filter(None, cells)).name
            # A share and its interval stay on one line.
            shown = [each.shown.replace(" ", "\u00a0") if each else "–" for each in cells]
            rows.append([Cell(name), *map(Cell, shown)])
    drawn = ""
    if len(every) > SAID:  # fewer are all in the sentence
        drawn = table([Cell("axis"), *map(Cell, columns)], rows)
        how += " Pairs without a row explain less than 0.5 %." * (len(rows) < len(every))
    return (
        f'<section class="data"><h2>How much each axis matters</h2>\n<p>{escape(said)}</p>\n'
        f'{drawn}<p class="note">{escape(how)}</p></section>'
    )
