"""The figure: error over time relative to the linear learner's."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion
from experiments.plasticity.findings import beside_linear
from experiments.plasticity.learners import OPTIMIZERS


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """One panel per optimizer and rate, one line per activation."""
    errors = found["learners"]["error"]
    linear = configuration.activation.index("linear")
    # Relative to the linear learner of the same seed at its best rate, in tenths.
    floors = np.stack([beside_linear(errors[:, linear, i]) for i in range(len(OPTIMIZERS))], axis=1)
    tenths = np.array_split(np.arange(len(errors)), min(10, len(errors)))
    errors, floors = (
        np.stack([each[tenth].mean(axis=0) for tenth in tenths]) for each in (errors, floors)
    )
    errors = errors / floors[:, None, :, None]
    time = (np.arange(len(errors)) + 0.5) * configuration.steps / len(errors) / 1000
    rates = configuration.learning_rate
    with drawing.canvas(14, 8) as figure:
        panels = figure.subplots(len(OPTIMIZERS), len(rates), sharex=True, squeeze=False)
        for i, optimizer in enumerate(OPTIMIZERS):
            for j, rate in enumerate(rates):
                axes = panels[i, j]
                for k, name in enumerate(configuration.activation):
                    look = drawing.look(k) | {"marker": "", "linewidth": 1.6}
                    axes.plot(time, np.median(errors[:, k, i, j], axis=-1), label=name, **look)
                axes.set(title=f"{optimizer}, rate {rate:g}")
                if i == len(OPTIMIZERS) - 1:
                    axes.set_xlabel("examples, thousands")
            panels[i, 0].set_ylabel("error / linear learner's")
        figure.legend(
            *panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=7
        )
    return figure
