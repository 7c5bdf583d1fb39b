"""The figure: the regret of every optimizer."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """One panel per data set, one row per optimizer, one mark per activation."""
    table = conclusion.table
    with drawing.canvas(13, 6) as figure:
        panels = figure.subplots(1, len(configuration.data), sharey=True, squeeze=False)[0]
        places = np.arange(len(configuration.optimizer))
        for axes, data in zip(panels, configuration.data, strict=True):
            for number, activation in enumerate(configuration.activation):
                of = table[(table["data"] == data) & (table["activation"] == activation)]
                of = of.set_index("optimizer").loc[list(configuration.optimizer)]
                shift = 0.22 * (number - (len(configuration.activation) - 1) / 2)
                axes.errorbar(
                    of["regret"],
                    places + shift,
                    xerr=[of["regret"] - of["low"], of["high"] - of["regret"]],
                    capsize=3,
                    label=activation,
                    **(drawing.look(number) | {"linestyle": "none"}),
                )
            axes.axvline(0, color="black", linewidth=1)
            axes.set(title=data, xlabel="points worse than Adam at its best rate")
        panels[0].set_yticks(places, configuration.optimizer)
        panels[0].invert_yaxis()
        panels[-1].legend()
    return figure
