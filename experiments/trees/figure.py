"""The figure: every model's lead over the network, by table."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion
from experiments.trees.measure import MODELS

LABELS = {"MLP": "scikit-learn's MLP", "forest": "random forest", "boosting": "gradient boosting"}


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """One row per table, one mark per model."""
    table = conclusion.table
    with drawing.canvas(11, 6) as figure:
        axes = figure.subplots()
        for number, name in enumerate(MODELS[1:]):
            rows = table[table["model"] == name]
            axes.errorbar(
                rows["lead"],
                np.arange(len(rows)) + 0.2 * (number - 1),
                xerr=[rows["lead"] - rows["low"], rows["high"] - rows["lead"]],
                **drawing.look(number) | {"linestyle": ""},
                capsize=4,
                label=LABELS[name],
            )
        axes.axvline(0, color="black", linewidth=1)
        axes.set_yticks(range(len(configuration.data)), configuration.data)
        axes.set(
            ylim=(len(configuration.data) - 0.5, -0.5),
            xlabel="points better than our network (accuracy, or R² on diabetes)",
            title="Other models against networks whose activation and rate are chosen",
        )
        axes.legend(loc="best")
    return figure
