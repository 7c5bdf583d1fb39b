"""The benchmark's figure: how much of the peak each contestant reaches on each workload."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.drawing.ticks import number_log_axis

# Okabe and Ito's colours, which colour-blind readers can tell apart, and a marker for each.
MARKS = {
    "ours": ("#D55E00", "o"),
    "torch_compiled": ("#0072B2", "s"),
    "torch_stacked": ("#56B4E9", "s"),
    "torch_func": ("#56B4E9", "D"),
    "torch_loop": ("#0072B2", "D"),
    "jax_loop": ("#009E73", "^"),
    "jax_vmap": ("#009E73", "s"),
    "equinox_vmap": ("#009E73", "D"),
    "flax_nnx": ("#009E73", "v"),
    "before": ("#E69F00", "o"),
    "sklearn_mlp": ("#CC79A7", "P"),
}


def draw(report: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write fraction_of_peak.png and .svg from what benchmark.json holds."""
    workloads = report["workloads"]
    figure = Figure(figsize=(9, 2 + len(workloads)), layout="constrained")
    axes = figure.add_subplot()
    titles = {"ours": "jaxnn"} | {
        name: peer["title"] for each in workloads.values() for name, peer in each["peers"].items()
    }
    for number, (name, title) in enumerate(titles.items()):
        below = 0.6 * (number / max(1, len(titles) - 1) - 0.5)  # so that no spread hides another
        found = {
            row + below: each["ours"] if name == "ours" else each["peers"].get(name)
            for row, each in enumerate(workloads.values())
        }
        spreads = {row: one["fraction_of_peak"] for row, one in found.items() if one}
        colour, marker = MARKS[name]
        axes.plot(
            [100 * one["median"] for one in spreads.values()],
            list(spreads),
            marker,
            color=colour,
            label=title,
            markersize=13 if name == "ours" else 9,
            markeredgecolor="white",
            zorder=4 if name == "ours" else 3,
        )
        axes.hlines(
            list(spreads),
            [100 * one["low"] for one in spreads.values()],
            [100 * one["high"] for one in spreads.values()],
            color=colour,
            linewidth=2,
            zorder=2,
        )
    axes.set_yticks(
        range(len(workloads)),
        [f"{name}\n{each['runs']:,} runs" for name, each in workloads.items()],
        fontsize=14,
    )
    axes.invert_yaxis()
    axes.set_ylim(len(workloads) - 0.5, -0.5)
    axes.set_xscale("log")
    axes.set_xlim(right=130)
    axes.axvline(100, color="black", linewidth=1)
    number_log_axis(axes.xaxis)
    axes.tick_params(axis="x", labelsize=14)
    axes.set_xlabel(
        "% of the machine's matrix-product peak, "
        f"{report['peak']['gflops']['median']:,.0f} GFLOP/s",
        fontsize=14,
    )
    axes.grid(axis="x", color="0.9")
    axes.hlines(
        [row + 0.5 for row in range(len(workloads) - 1)],
        0,
        1,
        transform=axes.get_yaxis_transform(),
        color="0.9",
    )
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.legend(loc="outside upper center", ncols=2, fontsize=13, frameon=False)
    return drawing.write(figure, folder, "fraction_of_peak", dpi=120, fonts={})
