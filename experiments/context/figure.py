"""The figure of the experiment on context neurons."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.context.findings import (
    ADDING,
    MEAN_ERROR,
    NAMES,
    SUNSPOTS,
    XOR,
    chosen_forecaster,
    sunspot_forecasts,
)
from experiments.context.measure import LAST_VALIDATED
from experiments.lab.data.sunspots import read_sunspots
from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion


def draw(configuration: Any, found: Found, conclusion: Conclusion) -> Figure:
    """Success on XOR; error against length; a forecast; the error of the forecasts."""
    table = conclusion.table
    with drawing.canvas(14, 10) as figure:
        ((success, errors), (forecast, rmse)) = figure.subplots(2, 2)
        _draw_intervals(success, table[table.task == XOR])
        success.set(
            title="Temporal XOR: which networks solve it?",
            xlabel=f"share of {configuration.seeds:,} 1-2-1 networks that succeed",
            xlim=(-0.02, None),
        )
        _draw_errors(errors, configuration, table[table.task == ADDING])
        _draw_forecast(forecast, configuration, found)
        _draw_intervals(rmse, table[table.task == SUNSPOTS])
        rmse.set(
            title="Sunspots: how large is the error?",
            xlabel=f"RMSE, {LAST_VALIDATED + 1}–2008, in sunspots",
            xlim=(0, None),
        )
    return figure


def _draw_errors(ax: Axes, configuration: Any, rows: pd.DataFrame) -> None:
    """The adding problem: one line per model."""
    for number, (name, own) in enumerate(rows.groupby("model", sort=False)):
        ax.errorbar(
            own.length * 1.04**number,
            own.value,
            [own.value - own.low, own.high - own.value],
            capsize=4,
            **drawing.look(number),
            label=name if name in ("GRU", "IRNN") else f"Elman, {name}",
        )
    ax.axhline(MEAN_ERROR, color="black", linewidth=1.2, linestyle=(0, (6, 2)))
    ax.annotate(
        "answering the mean",
        (min(configuration.lengths), MEAN_ERROR),
        xytext=(0, 4),
        textcoords="offset points",
    )
    ax.set(
        title="Adding problem: error against length",
        xlabel="steps per sequence",
        ylabel="squared error",
        xscale="log",
        yscale="log",
        ylim=(1.2e-5, 0.5),
    )
    ax.set_xticks(configuration.lengths, [str(length) for length in configuration.lengths])
    ax.set_yticks([1e-1, 1e-2, 1e-3, 1e-4], ["0.1", "0.01", "0.001", "0.0001"])
    ax.minorticks_off()
    ax.legend(loc="lower right", ncols=2)


def _draw_forecast(ax: Axes, configuration: Any, found: Found) -> None:
    """The test years: observed, forecast by the chosen network (mean over seeds) and by AR."""
    years, numbers = (each[1:] for each in read_sunspots()[:2])
    test = years > LAST_VALIDATED
    years, numbers = years[test], numbers[test]
    _, errors, order = sunspot_forecasts(configuration, found)
    ax.plot(years, numbers, color="black", marker=".", linewidth=1.5, label="observed")
    network = chosen_forecaster(configuration, found)
    for number, (name, label) in enumerate(((network, NAMES[network]), ("AR", f"AR({order})"))):
        style = drawing.look(number + 1) | {"linestyle": ("--", ":")[number], "markersize": 4}
        ax.plot(years, numbers + errors[name].mean(axis=0), label=label, **style)
    ax.set(
        title="Sunspots, one year ahead",
        xlabel="year",
        ylabel="sunspots",
        ylim=(None, 1.25 * numbers.max()),
    )
    ax.legend(loc="upper right", ncols=3)


def _draw_intervals(ax: Axes, rows: pd.DataFrame) -> None:
    """One line per model."""
    for place, row in enumerate(rows.itertuples()):
        ax.errorbar(
            row.value,
            place,
            xerr=[[row.value - row.low], [row.high - row.value]],
            capsize=5,
            **drawing.look(place) | {"linestyle": ""},
        )
    ax.set_yticks(range(len(rows)), rows.model)
    ax.invert_yaxis()
