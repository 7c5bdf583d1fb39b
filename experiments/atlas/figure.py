"""The figure: mean ranks with the critical difference, and what each activation costs where."""

from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from experiments.atlas.findings import on_each
from experiments.atlas.findings_ranks import ranking
from experiments.atlas.plan import activations
from experiments.lab.drawing import style as drawing
from experiments.lab.drawing.colours import LIGHT
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion

LEAST, MOST = 0.1, 100.0  # points of the colours


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """One row per activation, the best mean rank first."""
    names = activations(configuration)
    each = on_each(configuration, found)
    ranks = ranking(each)
    order = np.argsort(ranks.mean, kind="stable")
    with drawing.canvas(13, 3 + 0.29 * len(names)) as figure:
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(2, 3))
        _ranks(left, ranks, order, [names[number] for number in order])
        costs = np.array([one.costs.mean(axis=1) for one in each.values()]).T[order]
        image = right.imshow(
            np.clip(costs, LEAST, MOST), norm=LogNorm(LEAST, MOST), cmap="viridis_r", aspect="auto"
        )
        right.set_xticks(range(len(each)), list(each), rotation=60, ha="right")
        right.grid(visible=False)
        right.set_title("points below the best by validation", loc="left")
        figure.colorbar(image, ax=right, format="%g")
    return figure


def _ranks(axes, ranks, order: np.ndarray, names: list[str]) -> None:
    places = np.arange(len(names))
    inside = ranks.in_set[order]
    for number, (which, label) in enumerate(
        ((inside, "cannot be told from the best"), (~inside, "worse"))
    ):
        style = drawing.look(number) | {"linestyle": ""}
        axes.plot(ranks.mean[order][which], places[which], label=label, **style)
    low = ranks.mean.min()
    axes.axvspan(low, low + ranks.critical, color=LIGHT[2], alpha=0.15, linewidth=0)
    axes.set_yticks(places, names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_title("mean rank; shaded: critical difference", loc="left")
    axes.legend(loc="upper right")
