"""The figure: a sequence of each series, and the errors over the naive rule's."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion
from experiments.series.findings import KINDS
from experiments.series.signals import LENGTH, SERIES


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """Above three sequences, below each model's error; one column per series."""
    table, names = conclusion.table, configuration.series
    with drawing.canvas(6 * len(names) + 1, 7.5) as figure:
        panels = figure.subplots(2, len(names), squeeze=False)
        for (above, below), name in zip(panels.T, names, strict=True):
            for number, values in enumerate(SERIES[name](np.random.default_rng(1), 3, LENGTH)):
                above.plot(values, **drawing.look(number) | {"marker": ""})
            above.set(title=f"{KINDS[name]}, three sequences", xlabel="time", ylabel="value")
            rows = table[table["series"] == name]
            below.errorbar(
                range(len(rows)),
                rows["error"],
                yerr=[rows["error"] - rows["low"], rows["high"] - rows["error"]],
                capsize=4,
                **drawing.look(0) | {"linestyle": "none"},
            )
            below.axhline(1, color="black", linewidth=1)
            below.set_xticks(range(len(rows)), rows["model"])
            below.set(xlim=(-0.5, len(rows) - 0.5), ylabel="error / naive rule's")
    return figure
