"""The figure: updates to the target, and end accuracy, by encoding."""

from typing import Any

from matplotlib.figure import Figure

from experiments.encodings.measure import encodings_of
from experiments.lab.drawing import style as drawing
from experiments.lab.drawing.ticks import number_log_axis
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """One row per setting, one mark per encoding."""
    table, encodings = conclusion.table, encodings_of(configuration)
    with drawing.canvas(14, 2 + 0.55 * len(configuration.settings)) as figure:
        panels = figure.subplots(1, 2, sharey=True)
        for axes, name in zip(panels, ("updates", "accuracy"), strict=True):
            for number, encoding in enumerate(encodings):
                rows = table[table["encoding"] == encoding]
                shift = 0.18 * (number - (len(encodings) - 1) / 2)
                value = rows[f"{name}_value"]
                axes.errorbar(
                    value,
                    [place + shift for place in range(len(rows))],
                    xerr=[value - rows[f"{name}_low"], rows[f"{name}_high"] - value],
                    label=encoding,
                    capsize=3,
                    **drawing.look(number) | {"linestyle": "none"},
                )
        panels[0].set_yticks(range(len(configuration.settings)), configuration.settings)
        panels[0].set(
            # Before the scale, which would look for limits: equal values have none.
            xlim=(configuration.steps / 60, 2.4 * configuration.steps),
            xscale="log",
            xlabel="updates to the target (twice all updates: not reached)",
            ylim=(len(configuration.settings) - 0.5, -0.5),
        )
        number_log_axis(panels[0].xaxis)
        panels[1].set(xlabel="test accuracy at the end, %")
        panels[1].legend(title="inputs")
    return figure
