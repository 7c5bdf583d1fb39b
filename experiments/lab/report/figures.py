"""The report's figures, as Plotly makes them; colours that survive colour blindness, dashes and symbols that survive grey."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from experiments.lab.comparison import Choice, Score
from experiments.lab.statistics import interquartile_mean

OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#8F7F00", "#7A7A7A")
DASHES = ("solid", "dash", "dot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "star")


def _style(number: int) -> dict:
    colour = OKABE_ITO[number % len(OKABE_ITO)]
    return {"line": {"color": colour, "dash": DASHES[number // len(OKABE_ITO) % len(DASHES)], "width": 2},
            "marker": {"color": colour, "symbol": SYMBOLS[number % len(SYMBOLS)], "size": 7}}


def _of(table: pd.DataFrame, structure: Mapping) -> pd.DataFrame:
    return table[np.logical_and.reduce([table[name] == value for name, value in structure.items()])]


def _figure(traces: Sequence[go.Scatter], x: dict, y: dict) -> go.Figure:
    axis = {"automargin": True, "gridcolor": "rgba(128,128,128,.25)", "zeroline": False}
    return go.Figure(traces, {"template": "none", "xaxis": axis | x, "yaxis": axis | y, "hovermode": "closest", "height": 460,
                              "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "font": {"size": 13},
                              "margin": {"l": 60, "r": 10, "t": 10, "b": 50},
                              "legend": {"orientation": "h", "y": -0.2, "yanchor": "top"}})


def learning_rates(results: pd.DataFrame, choices: Sequence[Choice], score: Score) -> go.Figure:
    """Test score against learning rate: interquartile mean over seeds, all runs, crosses where runs have diverged."""
    traces = []
    column = f"test_{score.name}"
    scale = 100 if score.name == "accuracy" else 1
    for number, choice in enumerate(choices):
        cells = _of(results, choice.structure).groupby("learning_rate")
        middle = cells[column].apply(lambda values: float(interquartile_mean(values.to_numpy()))) * scale
        low, high = cells[column].min() * scale, cells[column].max() * scale
        failed, seeds = cells["diverged_step"].count(), cells.size()
        label = escape(choice.label)
        hover = [f"<b>{label}</b><br>learning rate {rate:.3g}<br>{score.title} {m:.4g}, from {a:.4g} to {b:.4g} over seeds"
                 f"<br>{f} of {n} runs diverged"
                 for rate, m, a, b, f, n in zip(middle.index, middle, low, high, failed, seeds, strict=True)]
        middle = middle.where(np.isfinite(middle))
        traces.append(go.Scatter(x=middle.index.tolist(), y=middle.tolist(), name=label, legendgroup=label, mode="lines+markers",
                                 hovertext=hover, hoverinfo="text", **_style(number)))
        bad = failed[failed > 0]
        if len(bad):
            traces.append(go.Scatter(x=bad.index.tolist(), y=middle[bad.index].fillna(0).tolist(), name=f"{label}: diverged", mode="markers",
                                     legendgroup=label, showlegend=False, hoverinfo="skip",
                                     marker={"symbol": "x-thin-open", "size": 13, "color": OKABE_ITO[number % len(OKABE_ITO)]}))
    title = f"test {score.title}" + (" (%)" if scale == 100 else "")
    y = {"title": title} if scale == 100 else {"title": title, "range": [-0.25, 1.02]}
    return _figure(traces, {"title": "learning rate (log scale)", "type": "log", "dtick": 1, "exponentformat": "power"}, y)


def training_curves(curves: pd.DataFrame, choices: Sequence[Choice]) -> go.Figure:
    """Validation loss against step for each structure at its best rate: median over seeds."""
    traces = []
    for number, choice in enumerate(choices):
        curve = _of(curves, choice.structure | {"learning_rate": choice.learning_rate})
        loss = curve["validation_loss"].where(np.isfinite(curve["validation_loss"]))
        label = escape(choice.label)
        hover = [f"<b>{label}</b> at {choice.learning_rate:.3g}<br>step {step:,}<br>validation loss {value:.4g}"
                 for step, value in zip(curve["step"], loss, strict=True)]
        traces.append(go.Scatter(x=curve["step"].tolist(), y=loss.tolist(), name=label, mode="lines+markers", hovertext=hover,
                                 hoverinfo="text", **_style(number)))
    return _figure(traces, {"title": "step (updates)"}, {"title": "validation loss (log scale)", "type": "log", "exponentformat": "power"})
