"""Effects with their intervals: a row for each case, a mark for each series."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from experiments.lab.drawing.style import look

APART = 0.2  # of the marks of a row, whose height is 1


def draw_effects(
    axes: Axes, table: pd.DataFrame, effect: str, rows: str, series: Mapping[str, str], by: str
) -> None:
    """Draw effects with a line at none, cases from top to bottom in their order.

    Args:
        axes: to draw on.
        table: a line for each case and series, with "low" and "high".
        effect: its column of effects. rows: that of cases. by: that of series.
        series: which, and what to call each.
    """
    cases = list(dict.fromkeys(table[rows]))
    for number, (name, label) in enumerate(series.items()):
        of = table[table[by] == name].set_index(rows).loc[cases]
        axes.errorbar(
            of[effect],
            np.arange(len(cases)) + APART * (number - (len(series) - 1) / 2),
            xerr=[of[effect] - of["low"], of["high"] - of[effect]],
            **look(number) | {"linestyle": "none"},
            capsize=4,
            label=label,
        )
    axes.axvline(0, color="black", linewidth=1)
    axes.set_yticks(range(len(cases)), cases)
    axes.set_ylim(len(cases) - 0.5, -0.5)
