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
_LOG = {"type": "log", "dtick": "D2", "tickformat": "~g"}
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
                              "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "#999", "activecolor": "#0072B2"},
                              "legend": {"orientation": "h", "y": -0.2, "yanchor": "top"}})


def learning_rates(results: pd.DataFrame, choices: Sequence[Choice], score: Score) -> go.Figure:
    """Test error against learning rate: interquartile mean over seeds, crosses where runs have diverged.

    The error is 1 − accuracy, or 1 − R², the share of the variance left unexplained; worse than twice the variance is
    drawn at twice.
    """
    traces = []
    scale, worst, unit = (100, 100, " (%)") if score.name == "accuracy" else (1, 2, " (1 − R²)")
    for number, choice in enumerate(choices):
        rows = _of(results, choice.structure)
        cells = rows.assign(error=scale * (1 - rows[f"test_{score.name}"])).groupby("learning_rate")
        middle = cells["error"].apply(lambda values: float(interquartile_mean(values.to_numpy())))
        failed, label = cells["diverged_step"].count(), escape(choice.label)
        hover = [f"<b>{label}</b><br>learning rate {rate:.3g}<br>test error {m:.4g}{unit}, from {low:.4g} to {high:.4g} over seeds"
                 f"<br>{f} of {n} runs diverged"
                 for rate, m, low, high, f, n in zip(middle.index, middle, cells["error"].min(), cells["error"].max(), failed,
                                                     cells.size(), strict=True)]
        drawn = middle.clip(upper=worst)
        traces.append(go.Scatter(x=drawn.index.tolist(), y=drawn.tolist(), name=label, legendgroup=label, mode="lines+markers",
                                 hovertext=hover, hoverinfo="text", **_style(number)))
        bad = drawn[failed > 0]
        traces.append(go.Scatter(x=bad.index.tolist(), y=bad.tolist(), mode="markers", legendgroup=label, showlegend=False,
                                 hoverinfo="skip", marker={"symbol": "x-thin-open", "size": 13,
                                                           "color": OKABE_ITO[number % len(OKABE_ITO)]}))
    lowest = min(min(trace.y, default=worst) for trace in traces)
    y = _LOG | {"title": {"text": f"test error{unit}, log scale"}} if lowest > 0 else {"title": {"text": f"test error{unit}"}}
    return _figure(traces, _LOG | {"dtick": 1, "title": {"text": "learning rate, log scale"}}, y)


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
    return _figure(traces, {"title": {"text": "step (updates)"}}, _LOG | {"title": {"text": "validation loss, log scale"}})
