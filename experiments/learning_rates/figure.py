"""The figure of the experiment on learning rates."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion
from experiments.learning_rates import descent
from experiments.learning_rates.finders import RANGE_TESTS
from experiments.learning_rates.findings_metalearning import PUBLISHED_RATE, metalearned_rates
from experiments.learning_rates.findings_rates import ADVISED, FAILED
from experiments.learning_rates.measure import CLASSIC, Setting


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """Error against rate, what finds a rate, descent on two weights, and what rates depend on."""
    with drawing.canvas(11.5, 13.2) as figure:
        (rate, regret), (inner, paths), (swish, sensitivity) = figure.subplots(3, 2)
        _errors(rate, configuration, conclusion.table)
        _regret(regret, conclusion)
        _metalearned(inner, configuration, found, conclusion.table)
        _paths(paths, configuration, found["descent"])
        _swish(swish, conclusion.table)
        _sensitivity(sensitivity, conclusion.table)
    return figure


def _errors(ax, configuration, table) -> None:
    data = configuration.data[0]
    grids = table[table["what"] == "grid"].set_index(list(Setting._fields)).sort_index()
    for number, optimizer in enumerate(configuration.optimizer):
        rows, style = grids.loc[(data, optimizer, "relu")], drawing.look(number)
        ax.plot(
            rows["learning_rate"],
            100 * rows["validation_error"],
            **style,
            markevery=4,
            label=optimizer,
        )
        low, high = (100 * rows[bound].clip(0.01, 1) for bound in ("low", "high"))
        ax.fill_between(
            rows["learning_rate"], low, high, color=style["color"], alpha=0.2, linewidth=0
        )
        failed = rows.loc[rows["failed"] > 0, "learning_rate"]
        ax.plot(
            failed,
            np.full(len(failed), 125 * 1.22**number),
            linestyle="",
            marker="x",
            color=style["color"],
            clip_on=False,
        )
    for classic in CLASSIC:
        ax.axvline(classic, color="black", linewidth=1, linestyle=":")
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="learning rate",
        ylabel="validation error, %",
        title=f"ReLU on {data} (×: some runs ≥ {100 * FAILED:g} % wrong)",
    )
    ax.set_xticks(10.0 ** np.arange(-5, 2), ["1e-5", "1e-4", "0.001", "0.01", "0.1", "1", "10"])
    ax.set_yticks([2, 5, 10, 20, 50, 100], ["2", "5", "10", "20", "50", "100"])
    ax.legend(loc="lower left")


def _regret(ax, conclusion) -> None:
    verdict = next(verdict for verdict in conclusion.verdicts if verdict.claim == "EVIDENCE 7")
    effects = {effect.name: effect for effect in verdict.effects}
    rows = conclusion.table[conclusion.table["what"] == "finder"]
    for number, name in enumerate(RANGE_TESTS):
        style, mean = drawing.look(number), effects[f"{name}: mean regret"]
        off = effects[f"{name}: median distance from the best rate"]
        bars = [[mean.value - mean.low], [mean.high - mean.value]]
        ax.barh(number, mean.value, color=style["color"], alpha=0.35, xerr=bars, capsize=5)
        each = 100 * rows.loc[rows["finder"] == name, "regret"]
        ax.plot(
            each,
            number + np.linspace(-0.25, 0.25, len(each)),
            style["marker"],
            color=style["color"],
            markersize=5,
        )
        side = "low" if off.value < 0 else "high"
        ax.annotate(
            f"{name}: median {abs(off.value):.1f} decades too {side}",
            (0, number - 0.46),
            fontsize=12,
            va="center",
        )
    ax.set(
        xlabel="test error above that at the best rate, points",
        yticks=[],
        ylim=(len(RANGE_TESTS) - 0.5, -0.75),
        title="What a finder's rate costs (one dot per setting)",
    )


def _metalearned(ax, configuration, found, table) -> None:
    rows = table[table["what"] == "metalearning grid"]
    blue = drawing.look(0)
    ax.plot(
        rows["learning_rate"],
        rows["mean_inner_loss"],
        color=blue["color"],
        label=f"grid, mean of {configuration.metalearning_seeds} seeds",
    )
    ax.fill_between(
        rows["learning_rate"],
        rows["low"],
        rows["high"],
        color=blue["color"],
        alpha=0.2,
        linewidth=0,
    )
    for place, (name, learned) in enumerate(metalearned_rates(found).items(), start=2):
        style, losses = drawing.look(place), found[f"metalearned-{name}"]["losses"]
        for seed, number in np.ndindex(learned.shape[:2]):
            ax.plot(
                learned[seed, number],
                losses[seed, number],
                color=style["color"],
                linewidth=0.8,
                alpha=0.6,
            )
        ax.plot(
            learned[..., -1].ravel(),
            losses[..., -1].ravel(),
            style["marker"],
            markersize=4,
            color=style["color"],
            label=f"{name} rule",
        )
    ax.axvline(
        PUBLISHED_RATE,
        color="black",
        linewidth=1.5,
        linestyle="--",
        label=f"published: {PUBLISHED_RATE}",
    )
    lowest = rows["mean_inner_loss"].min()
    ax.set(
        xscale="log",
        xlim=(0.08, 3),
        ylim=(lowest - 0.06, lowest + 0.5),
        xlabel="learning rate",
        ylabel="mean loss of 200 updates, nats",
        title="Where metalearned rates end (one dot per run)",
    )
    ax.set_xticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
    ax.legend(loc="upper left")


def _paths(ax, configuration, found) -> None:
    grid = np.linspace(-3, 3, 121)
    height = descent.by_hand(np.stack(np.meshgrid(grid, grid), axis=-1))
    ax.contour(
        grid, grid, height, levels=np.geomspace(0.02, 12, 10), colors="silver", linewidths=0.8
    )
    for number, (rate, path) in enumerate(
        zip(configuration.descent_rate, found["paths"], strict=True)
    ):
        outside = np.abs(path).max(axis=1) > 3
        last = int(np.argmax(outside)) + 1 if outside.any() else len(path)
        ax.plot(
            *path[:last].T,
            **drawing.look(number),
            markersize=5,
            label=f"rate {rate:g}, loss {_short(float(descent.by_hand(path[-1])))}",
        )
    for sign in (1, -1):
        ax.plot(
            *(sign * np.array(descent.BEST)), marker="*", markersize=18, color="black", linestyle=""
        )
    ax.set(
        xlim=(-3, 3),
        ylim=(-3, 3),
        xlabel="weight w",
        ylabel="weight v",
        title=f"{len(found['paths'][0]) - 1} steps down a loss of two weights",
    )
    ax.legend(loc="upper left", frameon=True)


def _swish(ax, table) -> None:
    """Swish's best rate over ReLU's, by data set and optimizer."""
    rows = table[table["what"] == "swish / relu"]
    at = np.arange(len(rows))
    bars = np.maximum(0, [rows["ratio"] - rows["low"], rows["high"] - rows["ratio"]])
    ax.errorbar(rows["ratio"], at, xerr=bars, **drawing.look(0) | {"linestyle": ""}, capsize=5)
    ax.axvspan(*ADVISED, color="silver", alpha=0.5, label="as advised")
    ax.axvline(1, color="black", linewidth=1, linestyle=":")
    ax.set_yticks(at, rows["optimizer"] + ", " + rows["data"])
    ax.set(
        xlabel="swish's best rate / ReLU's (dotted: the same)",
        ylim=(len(rows) - 0.5, -0.5),
        title="Does swish want a lower rate?",
    )
    ax.legend(loc="best")


def _sensitivity(ax, table) -> None:
    """The two measures of how much the rate matters, a mark per network."""
    rows = table[table["what"] == "sensitivity"]
    shapes = dict(zip(dict.fromkeys(rows["data"]), ("o", "s"), strict=False))
    for number, (optimizer, of) in enumerate(rows.groupby("optimizer", sort=False)):
        color = drawing.look(number)["color"]
        ax.plot([], "o", color=color, label=optimizer)
        for data, shape in shapes.items():
            here = of[of["data"] == data]
            ax.plot(here["decades"], here["sensitivity"], shape, color=color)
    names = {"o": "circles", "s": "squares"}
    said = ", ".join(f"{names[shape]}: {data}" for data, shape in shapes.items())
    ax.set(
        xlabel=f"decades of good rates\n({said})",
        ylabel="sensitivity: mean excess loss, nats",
        ylim=(0, None),
        title="How much the rate matters, measured twice",
    )
    ax.legend(loc="upper right")


def _short(loss: float) -> str:
    return f"{loss:.2g}" if loss < 100 else "over 100"
