"""The figure: what every other head costs."""

from typing import Any

from matplotlib.figure import Figure

from experiments.heads.outputs import OUTPUTS
from experiments.heads.tasks import TASKS
from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """One panel per task, one row per head, one mark per number of steps."""
    table = conclusion.table
    with drawing.canvas(14, 8) as figure:
        panels = figure.subplots(2, 3).flat
        for axes, (task, (kind, *_)) in zip(panels, TASKS.items(), strict=False):
            named, *others = OUTPUTS[kind]
            for number, steps in enumerate(configuration.steps):
                rows = table[(table["task"] == task) & (table["steps"] == steps)]
                rows = rows.set_index("head").loc[others]
                shift = 0.25 * (number - (len(configuration.steps) - 1) / 2)
                style = drawing.look(number) | {"linestyle": "none"}
                axes.errorbar(
                    rows["cost"],
                    [place + shift for place in range(len(others))],
                    xerr=[rows["cost"] - rows["low"], rows["high"] - rows["cost"]],
                    label=f"{steps} steps",
                    capsize=4,
                    **style,
                )
            axes.axvline(0, color="black", linewidth=1)
            axes.set_yticks(
                range(len(others)), [head.replace(" with ", " with\n") for head in others]
            )
            axes.set(
                ylim=(len(others) - 0.5, -0.5), title=task, xlabel=f"points worse than {named}"
            )
        panels = figure.axes
        panels[-1].set_axis_off()
        panels[-1].legend(*panels[0].get_legend_handles_labels(), loc="center")
    return figure
