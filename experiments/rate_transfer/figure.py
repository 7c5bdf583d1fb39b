"""The figure: the best rate against width and against depth."""

from typing import Any

from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """Two panels."""
    table = conclusion.table
    with drawing.canvas(13, 6) as figure:
        for axes, (measure, label) in zip(
            figure.subplots(1, 2),
            (("width", "neurons in a layer"), ("depth", "hidden layers")),
            strict=True,
        ):
            rows = table[table["measure"] == measure]
            for number, (kind, of) in enumerate(rows.groupby("kind", sort=False)):
                axes.errorbar(
                    of["size"],
                    of["value"],
                    yerr=[of["value"] - of["low"], of["high"] - of["value"]],
                    capsize=4,
                    label=kind,
                    **drawing.look(number),
                )
            axes.set_xscale("log", base=2)
            sizes = sorted(rows["size"].unique())
            axes.set_xticks(sizes, list(map(str, sizes)))
            axes.set(title=f"The best rate over {measure}", xlabel=label, ylabel="log₂ best rate")
            axes.legend()
    return figure
