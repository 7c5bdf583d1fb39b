"""The figure: the probe's accuracy against the layer."""

from typing import Any

from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion
from experiments.representations.findings import KINDS, said


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """One panel per data set, a line per activation, trained and untrained."""
    table = conclusion.table
    names = list(dict.fromkeys(part.rpartition("-")[0] for part in found))
    with drawing.canvas(5 * len(names) + 1, 5.5) as figure:
        panels = figure.subplots(1, len(names), squeeze=False)[0]
        for axes, name in zip(panels, names, strict=True):
            for number, phi in enumerate(configuration.activation):
                for kind in KINDS:
                    rows = table[table["setting"] == said(f"{name}-{phi}")]
                    rows = rows[rows["kind"] == kind]
                    style = drawing.look(number) | {"linestyle": "-" if kind == "trained" else ":"}
                    axes.errorbar(
                        rows["layer"],
                        rows["accuracy"],
                        yerr=[rows["accuracy"] - rows["low"], rows["high"] - rows["accuracy"]],
                        label=f"{phi}, {kind}",
                        capsize=3,
                        **style,
                    )
            axes.set(title=name, xlabel="hidden layer (0: inputs)")
            axes.set_xticks(range(configuration.layers + 1))
        panels[0].set_ylabel("test accuracy of the probe, %")
        panels[0].legend()
    return figure
