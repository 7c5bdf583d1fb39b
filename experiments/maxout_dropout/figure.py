"""The figure: accuracy without and with dropout."""

from typing import Any

from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion
from experiments.maxout_dropout.measure import KINDS, settings_there


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """One panel per setting, one line per kind of network."""
    table, names = conclusion.table, settings_there(configuration)
    with drawing.canvas(4.6 * len(names) + 1, 5) as figure:
        panels = figure.subplots(1, len(names), squeeze=False)[0]
        for axes, setting in zip(panels, names, strict=True):
            for number, kind in enumerate(KINDS):
                rows = table[(table["setting"] == setting) & (table["kind"] == kind)]
                axes.errorbar(
                    [0.06 * number, 1 + 0.06 * number],
                    rows["accuracy"],
                    yerr=[rows["accuracy"] - rows["low"], rows["high"] - rows["accuracy"]],
                    label={"relu": "ReLU"}.get(kind, kind),
                    capsize=4,
                    **drawing.look(number),
                )
            axes.set_xticks([0, 1], ["no dropout", "dropout"])
            axes.set(title=setting, xlim=(-0.3, 1.4))
        panels[0].set_ylabel("test accuracy, %")
        panels[0].legend()
    return figure
