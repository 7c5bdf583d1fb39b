"""The figure: every model's lead over the network, by table."""

from typing import Any

from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.drawing.effects import draw_effects
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion

LABELS = {"MLP": "scikit-learn's MLP", "forest": "random forest", "boosting": "gradient boosting"}


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """One row per table, one mark per model."""
    with drawing.canvas(11, 6) as figure:
        axes = figure.subplots()
        draw_effects(axes, conclusion.table, "lead", "table", LABELS, by="model")
        axes.set(
            xlabel="points better than our network (accuracy, or R² on diabetes)",
            title="Other models against networks whose activation and rate are chosen",
        )
        axes.legend(loc="best")
    return figure
