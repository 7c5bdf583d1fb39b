"""The figure: score against rows for each target, and the real data."""

from typing import Any

from matplotlib.figure import Figure

from experiments.interactions.measure import NETS
from experiments.interactions.tasks import REAL, TARGETS
from experiments.lab.drawing import style as drawing
from experiments.lab.drawing.ticks import number_log_axis
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion

MODELS = (
    "network",
    "network with feature",
    "linear",
    "linear with products",
    "linear with feature",
)


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """One panel per target, one line per model; and one for the real data."""
    usual = next(iter(NETS))
    table = conclusion.table[conclusion.table["net"] == usual]
    with drawing.canvas(14, 8) as figure:
        panels = list(figure.subplots(2, 3).flat)
        for axes, target in zip(panels, TARGETS, strict=False):
            for number, model in enumerate(MODELS):
                rows = table[(table["data"] == target) & (table["model"] == model)]
                axes.plot(rows["rows"], rows["score"], label=model, **drawing.look(number))
                axes.fill_between(
                    rows["rows"],
                    rows["low"],
                    rows["high"],
                    color=drawing.look(number)["color"],
                    alpha=0.15,
                    linewidth=0,
                )
            axes.set(
                xscale="log",
                ylim=(-4, 104),
                title=f"target: {target} of two inputs",
                xlabel="training rows",
                ylabel="100 R² on test rows",
            )
            number_log_axis(axes.xaxis)
        models = ("network", "linear", "linear with made features")
        axes = panels[len(TARGETS)]
        for number, model in enumerate(models):
            rows = table[table["data"].isin(configuration.real) & (table["model"] == model)]
            style = drawing.look((0, 2, 4)[number]) | {"linestyle": "none"}
            places = [place + 0.15 * (number - 1) for place in range(len(rows))]
            errors = [rows["score"] - rows["low"], rows["high"] - rows["score"]]
            axes.errorbar(places, rows["score"], yerr=errors, label=model, capsize=4, **style)
        axes.set_xticks(
            range(len(configuration.real)),
            [f"{name}\n({REAL[name]})" for name in configuration.real],
        )
        axes.set(title="real data", ylabel="100 R², or accuracy in %", xlim=(-0.5, 1.5))
        axes.legend(loc="center", bbox_to_anchor=(0.5, 0.6))
        panels[-1].set_axis_off()
        panels[-1].legend(*panels[0].get_legend_handles_labels(), loc="center", title=usual)
    return figure
