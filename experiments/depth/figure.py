"""The figure of the experiment on depth."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.depth.before_training import INITIALISATIONS, SELU_VARIANCES
from experiments.depth.findings_before_training import before_training
from experiments.depth.findings_depth_scale import (
    PUBLISHED_SCALES,
    TRAINED,
    map_accuracy,
    map_depths,
    map_scales,
)
from experiments.depth.findings_trained import accuracy, seconds_per_layer
from experiments.depth.measure import FORWARD_ROWS, INITIALISED
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
    """What a network starts with, and what of it trains: a panel per claim."""
    with drawing.canvas(13.2, 20) as figure:
        (factors, products), (ladder, deepest), (tasks, seconds), (starts, kept) = figure.subplots(
            4, 2
        )
        rows = before_training(configuration, found)
        _factors(factors, rows)
        _products(products, configuration, rows)
        _ladder(ladder, configuration, found)
        _deepest(deepest, configuration, found)
        _tasks(tasks, configuration, found)
        _seconds(seconds, configuration, found)
        _starts(starts, configuration, found)
        _kept(kept, found)
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


def _tasks(ax, configuration, found) -> None:
    """Accuracy against depth on a task that needs layers and on one that does not."""
    c = configuration
    for number, (label, part, depths) in enumerate(
        (("two spirals", "spirals", c.spiral_depth), ("digits", "ladder-tanh", c.depth))
    ):
        scores = [accuracy(found, f"{part}-{depth}") for depth in depths]
        value, low, high = np.transpose([(each.value, each.low, each.high) for each in scores])
        bars = np.maximum(0, [value - low, high - value])
        ax.errorbar(depths, value, bars, **drawing.look(number), elinewidth=1, label=label)
    ax.set_xscale("log")
    every = sorted({*c.spiral_depth, *c.depth})
    ax.set_xticks(every, every)
    ax.set_xticks([], minor=True)
    ax.set(
        title="tanh, each at its own best rate, 95 % intervals",
        xlabel="hidden layers",
        ylabel="test accuracy",
    )
    ax.legend(loc="lower left")


def _seconds(ax, configuration, found) -> None:
    """The time of a forward pass against depth, and the line through the medians."""
    slope, medians = seconds_per_layer(configuration, found)
    depths, times = np.array(configuration.forward_depth), found["forward"]["forward_seconds"]
    look = drawing.look(0)
    ax.plot(np.repeat(depths, times.shape[1]), 1e6 * times.ravel(), ".", color="silver")
    ax.plot(depths, 1e6 * medians, color=look["color"], marker="o", label="median")
    ax.set(
        title=f"A layer costs {slope.value:.3g} µs",
        xlabel="hidden layers",
        ylabel=f"forward pass of {FORWARD_ROWS} rows, µs",
        ylim=(0, 2e6 * medians.max()),
    )
    ax.legend(loc="upper left")


def _starts(ax, configuration, found) -> None:
    """Test accuracy of deep ReLU networks by their initialisation, a dot per seed."""
    for number, name in enumerate(INITIALISED):
        of, values = accuracy(found, f"init-{name}"), found[f"init-{name}"]["test"]
        look = drawing.look(number)
        spread = number + np.linspace(-0.15, 0.15, len(values))
        ax.plot(values, spread, ".", color=look["color"], alpha=0.5)
        ax.errorbar(
            of.value, number, xerr=[[of.value - of.low], [of.high - of.value]], **look, capsize=5
        )
    ax.axvline(0.1, color="black", linewidth=1, linestyle=":")
    ax.set_yticks(range(len(INITIALISED)), [f"{name}'s weights" for name in INITIALISED])
    ax.set(
        title=f"{configuration.he_depth} ReLU layers, a dot per seed",
        xlabel="test accuracy (dotted: guessing)",
        xlim=(0, 1),
        ylim=(-0.5, len(INITIALISED) - 0.5),
    )


def _kept(ax, found) -> None:
    """SELU's mean and variance at each layer, a line per network, by the variance of the inputs."""
    for number, start in enumerate(SELU_VARIANCES):
        look = {"color": drawing.look(number)["color"], "linewidth": 1, "alpha": 0.5}
        ax.plot(found["selu"]["variance"][:, number].T, **look)
        ax.plot([], **look | {"alpha": 1, "label": f"variance, inputs of {start:g}"})
        ax.plot(found["selu"]["mean"][:, number].T, color="gray", linewidth=1, alpha=0.5)
    ax.plot([], color="gray", label="mean")
    for target in (0, 1):
        ax.axhline(target, color="black", linewidth=1, linestyle=":")
    ax.set(
        title="SELU: a line per network (dotted: the fixed point)",
        xlabel="layer (0: the inputs)",
        ylabel="of the activations",
    )
    ax.legend(loc="upper right")


def _borders(depths) -> np.ndarray:
    """Borders of the cells around ascending depths, halfway between them on a logarithmic scale."""
    logs = np.log(depths)
    middle = (logs[1:] + logs[:-1]) / 2
    return np.exp([2 * logs[0] - middle[0], *middle, 2 * logs[-1] - middle[-1]])
