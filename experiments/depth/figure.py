"""The figure of the experiment on depth."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.depth.before_training import INITIALISATIONS
from experiments.depth.findings_before_training import before_training
from experiments.depth.findings_depth_scale import (
    PUBLISHED_SCALES,
    TRAINED,
    map_accuracy,
    map_depths,
    map_scales,
)
from experiments.depth.findings_trained import accuracy
from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion

LINES = (
    ("sigmoid", "Xavier"),
    ("tanh", "Xavier"),
    ("tanh", "computed"),
    ("relu", "Xavier"),
    ("relu", "He"),
    ("gelu", "He"),
    ("elu", "computed"),
)


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """Gradient per layer and its product, accuracy against depth, and trained depth against 6 ξ."""
    with drawing.canvas(13.2, 10.3) as figure:
        (factors, products), (ladder, deepest) = figure.subplots(2, 2)
        rows = before_training(configuration, found)
        _factors(factors, rows)
        _products(products, configuration, rows)
        _ladder(ladder, configuration, found)
        _deepest(deepest, configuration, found)
    return figure


def _factors(ax, rows) -> None:
    """The gradient's mean square at each layer over that at the output of the last."""
    for number, row in enumerate(row for row in LINES if row in rows):
        each, look = rows[row], drawing.look(number)
        layers = np.arange(1, len(each.theory) + 1)
        measured, theory = (
            np.cumsum(np.log10(factor)[::-1])[::-1] for factor in (each.factor, each.theory)
        )
        ax.plot(layers, theory, color=look["color"], linestyle=look["linestyle"])
        ax.plot(
            layers[::3],
            measured[::3],
            color=look["color"],
            linestyle="",
            marker=look["marker"],
            label=" ".join(row),
        )
    ax.set(
        title="Gradient before training: dots measured, lines theory",
        xlabel="layer",
        ylabel="mean square, relative to the output's",
        ylim=(-16.5, 12),
    )
    ax.yaxis.set_major_formatter(lambda power, _: f"1e{power:.0f}".replace("-", "−"))
    ax.legend(ncols=2, loc="upper right")


def _products(ax, configuration, rows) -> None:
    names = configuration.theory_activation
    for number, init in enumerate(INITIALISATIONS):
        low, middle, high = np.array([rows[name, init].spread for name in names]).T
        theory = np.array([rows[name, init].product_in_theory for name in names])
        at, look = np.arange(len(names)) + 0.17 * (number - 1.5), drawing.look(number)
        ax.vlines(at, low, high, color=look["color"], linewidth=5, alpha=0.5)
        ax.plot(at, middle, color=look["color"], marker=look["marker"], linestyle="", label=init)
        ax.plot(
            at,
            theory,
            color="black",
            marker="_",
            linestyle="",
            markersize=9,
            label="theory" if number == 3 else None,
        )
    ax.axhline(0, color="black", linewidth=1)
    ax.set_xticks(range(len(names)), names, rotation=60, ha="right")
    ax.set_yscale("symlog", linthresh=1)
    ax.yaxis.set_major_formatter(lambda power, _: f"{power:g}".replace("-", "−"))
    ax.set(
        title=f"Product over {configuration.theory_depth} layers: median, middle 95 % of networks",
        ylabel="power of ten",
        ylim=(-1500, 60),
    )
    ax.legend(ncols=3, loc="lower left")


def _ladder(ax, configuration, found) -> None:
    for number, name in enumerate(configuration.activation):
        scores = [accuracy(found, f"ladder-{name}-{depth}") for depth in configuration.depth]
        at = np.array(configuration.depth) * 1.012 ** (number - len(configuration.activation) / 2)
        look = drawing.look(number) | ({"color": "black", "linestyle": "-"} if number >= 8 else {})
        value, low, high = np.transpose([(score.value, score.low, score.high) for score in scores])
        ax.errorbar(
            at, value, np.maximum(0, [value - low, high - value]), **look, elinewidth=1, label=name
        )
    ax.axhline(0.1, color="black", linewidth=1, linestyle=":")
    ax.set_xscale("log")
    ax.set_xticks(configuration.depth, configuration.depth)
    ax.set_xticks([], minor=True)
    ax.set(
        title="Digits, each at its own best rate, 95 % intervals",
        xlabel="hidden layers",
        ylabel="test accuracy (dotted: guessing)",
        ylim=(-0.27, 1),
        yticks=np.linspace(0, 1, 6),
    )
    ax.legend(ncols=3, loc="lower left")


def _deepest(ax, configuration, found) -> None:
    c = configuration
    mesh = ax.pcolormesh(
        np.arange(len(c.map_weight_variance) + 1) - 0.5,
        _borders(c.map_scale),
        map_accuracy(c, found).T,
        cmap="cividis",
        vmin=0.1,
        vmax=1,
        rasterized=True,
    )
    ax.figure.colorbar(mesh, ax=ax, label="training accuracy, best rate")
    at = np.arange(len(c.map_weight_variance))
    ax.axhline(PUBLISHED_SCALES, color="#D55E00", linestyle="--", label="published: 6 ξ")
    ax.plot(
        at,
        map_depths(c, found) / map_scales(c),
        color="white",
        marker="s",
        markeredgecolor="black",
        label=f"deepest with accuracy {TRAINED:g} (measured)",
    )
    ax.set_yscale("log")
    ax.set_yticks(c.map_scale, [f"{scale:g} ξ" for scale in c.map_scale])
    ax.set_yticks([], minor=True)
    ax.set_xticks(
        at,
        [
            f"{variance:g}\n(ξ {scale:.0f})"
            for variance, scale in zip(c.map_weight_variance, map_scales(c), strict=True)
        ],
    )
    ax.set(
        title="tanh: how deep plain SGD trains",
        xlabel="weight variance × fan-in, σ_w² (depth scale)",
        ylabel="hidden layers, in depth scales",
        ylim=_borders(c.map_scale)[[0, -1]],
    )
    ax.legend(loc="lower right", frameon=True)


def _borders(depths) -> np.ndarray:
    """Borders of the cells around ascending depths, halfway between them on a logarithmic scale."""
    logs = np.log(depths)
    middle = (logs[1:] + logs[:-1]) / 2
    return np.exp([2 * logs[0] - middle[0], *middle, 2 * logs[-1] - middle[-1]])
