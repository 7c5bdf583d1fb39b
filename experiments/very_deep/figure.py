"""The figure: swish against ReLU in every setting, and the ladder by dq′/dq."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion
from experiments.very_deep.findings import IN_WORDS, accuracy, settings, stability
from experiments.very_deep.measure import Cell, cells
from experiments.very_deep.networks import CRITICAL, OWN


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """Accuracy in every setting; accuracy against the stability of the signal."""
    with drawing.canvas(15, 7.5) as figure:
        left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
        _settings(left, configuration, found)
        _ladder(right, configuration, found)
    return figure


def _settings(ax: Axes, c: Any, found: Found) -> None:
    every, trained = settings(c, "swish", "relu"), set(cells(c))
    for number, name in enumerate(("swish", "relu", "elu")):
        of_name = {
            at: cell._replace(activation=name)
            for at, cell in enumerate(every.values())
            if cell._replace(activation=name).measured() in trained
        }
        effects = [accuracy(found, cell) for cell in of_name.values()]
        value, low, high = np.transpose([(each.value, each.low, each.high) for each in effects])
        ax.errorbar(
            value,
            np.array(list(of_name)) + 0.2 * (number - 1),
            xerr=np.maximum(0, [value - low, high - value]),
            **drawing.look(number) | {"linestyle": ""},
            capsize=4,
            label=name,
        )
    ax.set_yticks(
        range(len(every)),
        [
            f"{IN_WORDS[cell.setting]}\n{cell.width} units, {cell.steps} updates"
            for cell in every.values()
        ],
        fontsize=11,
    )
    ax.axvline(0.1, color="black", linestyle=":", linewidth=1.5)
    ax.set(
        ylim=(len(every) - 0.5, -0.5),
        xlim=(0, 1),
        xlabel="test accuracy, 95 % intervals (dotted: guessing)",
        title=f"{c.depth} hidden layers, each at its own best rate",
    )
    ax.legend(loc="lower left")


def _ladder(ax: Axes, c: Any, found: Found) -> None:
    at = [stability(name) for name in c.activation]
    for number, setting in enumerate(one for one in (OWN, CRITICAL) if one in c.setting):
        effects = [
            accuracy(found, Cell(name, setting, c.width[0], c.steps[0], c.depth))
            for name in c.activation
        ]
        value, low, high = np.transpose([(each.value, each.low, each.high) for each in effects])
        ax.errorbar(
            at,
            value,
            np.maximum(0, [value - low, high - value]),
            **drawing.look(number) | {"linestyle": ""},
            capsize=4,
            label=IN_WORDS[setting].replace("its own", "own"),
        )
        if setting == OWN:
            for name, x, y in zip(c.activation, at, high, strict=True):
                ax.annotate(
                    name, (x, y), (0, 6), textcoords="offset points", ha="center", fontsize=12
                )
    ax.axvline(1, color="black", linestyle=":", linewidth=1.5)
    ax.set(
        ylim=(0, 1),
        xlabel="dq′/dq of the own gain (above 1: unstable)",
        ylabel="test accuracy",
        title=f"{c.width[0]} units, {c.steps[0]} updates",
    )
    ax.legend(loc="upper right")
