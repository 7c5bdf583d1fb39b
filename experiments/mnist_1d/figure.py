"""The figure: accuracies beside the published ones, and the error over widths."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.drawing.ticks import number_log_axis
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion
from experiments.mnist_1d.findings import NOISE
from experiments.mnist_1d.rules import PUBLISHED


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """Two panels."""
    table = conclusion.table
    with drawing.canvas(13, 6) as figure:
        left, right = figure.subplots(1, 2)
        rows = table[(table["measure"] == "accuracy") & (table["rate"] == configuration.rate)]
        rows = (
            rows[rows["steps"] == rows["steps"].max()]
            .set_index("network")
            .loc[list(configuration.network)]
        )
        places = np.arange(len(rows))
        for place, network in zip(places, configuration.network, strict=True):
            low, high = PUBLISHED[network]
            label = "published" if place == 0 else None
            left.plot([low, high], [place, place], color="0.7", linewidth=12, label=label)
        left.errorbar(
            rows["value"],
            places,
            xerr=[rows["value"] - rows["low"], rows["high"] - rows["value"]],
            capsize=5,
            label=f"mean of {int(rows['seeds'].iloc[0])} seeds",
            **(drawing.look(0) | {"linestyle": "none"}),
        )
        left.set_yticks(places, list(configuration.network))
        left.set(title="MNIST-1D", xlabel="test rows right, %")
        left.legend(loc="lower right")
        errors = table[table["measure"] == "error"]
        errors = errors[errors["steps"] == errors["steps"].max()]
        for number, noise in enumerate(NOISE):
            of = errors[errors["noise"] == noise]
            right.errorbar(
                of["width"],
                of["value"],
                yerr=[of["value"] - of["low"], of["high"] - of["value"]],
                capsize=4,
                label=noise,
                **drawing.look(number),
            )
        right.set(xscale="log", title="Double descent", xlabel="width", ylabel="test error, %")
        number_log_axis(right.xaxis)
        right.legend()
    return figure
