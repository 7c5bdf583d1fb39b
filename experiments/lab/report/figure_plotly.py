"""The figures as Plotly's own objects, for a notebook; the page draws the same by page.js."""

from collections.abc import Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from experiments.lab.drawing.colours import LIGHT
from experiments.lab.report.figure import DASHES, MARKS, STRONG, SYMBOLS, Axis, Figure, Series, View


def drawn(figure: Figure) -> go.Figure:
    """A figure; of several views, a menu picks one, or they are side by side."""
    titles = [_text(view.title) for view in figure.views] if figure.together else None
    made = make_subplots(1, len(titles or "1"), subplot_titles=titles)
    owner: list[int] = []
    for number, view in enumerate(figure.views):
        traces = [trace for series in view.series for trace in _traces(series, _floor(view))]
        for trace in traces:
            trace.showlegend = trace.showlegend and (number == 0 or not figure.together)
            trace.visible = figure.together or number == 0
            made.add_trace(trace, 1, number + 1 if figure.together else 1)
        owner += [number] * len(traces)
        if figure.together or number == 0:
            x, y = _axes(view)
            made.update_xaxes(x, row=1, col=number + 1)
            made.update_yaxes(y, row=1, col=number + 1)
    made.update_layout(
        title=_text(figure.title),
        template="plotly_white",
        hovermode="closest",
        margin={"t": 90},
        height=max([450, *(130 + 30 * len(view.y.ticks) for view in figure.views)]),
    )
    if not figure.together and len(figure.views) > 1:
        made.update_layout(updatemenus=[_menu(figure.views, owner)])
    return made


def _menu(views: Sequence[View], owner: Sequence[int]) -> dict[str, Any]:
    buttons = [
        {
            "label": _text(view.title),
            "method": "update",
            "args": [
                {"visible": [each == number for each in owner]},
                dict(zip(("xaxis", "yaxis"), _axes(view), strict=True)),
            ],
        }
        for number, view in enumerate(views)
    ]
    return {"buttons": buttons, "x": 1, "xanchor": "right", "y": 1.16}


def _axes(view: View) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of x and y."""
    xs = [x for series in view.series for x in series.x]
    ys = [y for series in view.series for y in (*series.y, *(series.high or ()))]
    return _axis(view.x, xs), _axis(view.y, ys)


def _axis(axis: Axis, values: Sequence[float]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "title": {"text": _text(axis.title)},
        "type": "log" if axis.log else "linear",
        "rangemode": "tozero" if axis.zero else "normal",
        "automargin": True,
    }
    if axis.log:
        there = [value for value in values if _finite(value) and value > 0]
        few = max(there, default=1) < 1e3 * min(there, default=1)
        # Within three powers of ten 1, 2 and 5 times each of them; else only these.
        made |= {"dtick": "D2", "tickformat": "~g"} if few else {"dtick": 1}
        made |= {"exponentformat": "power"}
    if axis.ticks:
        made |= {"tickvals": [at for at, _ in axis.ticks]}
        made |= {"ticktext": [_text(name) for _, name in axis.ticks]}
    return made


def _floor(view: View) -> float:
    """To which a band is drawn that ends at 0 or below, on a logarithmic axis."""
    positive = [y for series in view.series for y in series.y if _finite(y) and y > 0]
    return min(positive, default=0) / 2 if view.y.log else -float("inf")


def _traces(series: Series, floor: float) -> list[Any]:
    colour = LIGHT[series.style % len(LIGHT)]
    strong = min(series.choices, default=0) < STRONG
    common: dict[str, Any] = {
        "x": series.x,
        "y": series.y,
        "name": _text(series.label),
        "legendgroup": str(series.style),
        "showlegend": False,
        "opacity": 1 if strong else 0.3,
        "text": [_text(hover) for hover in series.hover],
        "hoverinfo": "text" if series.hover else "skip",
    }
    if series.kind == "cells":
        return [_table(series, colour)]
    dash = DASHES[series.style // len(LIGHT) % len(DASHES)]
    marker: dict[str, Any] = {"symbol": SYMBOLS[series.style % len(SYMBOLS)], "size": 7}
    marker["color"] = colour
    if series.kind in MARKS:
        marks: dict[str, dict[str, Any]] = {
            "cross": {"symbol": "x-thin-open", "size": 12},
            "ring": {"symbol": "circle-open", "size": 14, "line": {"width": 2}},
            "hollow": {"color": "white", "line": {"color": colour, "width": 1.5}},
        }
        return [go.Scatter(**common, mode="markers", marker=marker | marks[series.kind])]
    if series.kind in ("dots", "row"):
        centre, side = (series.y, "error_y") if series.kind == "dots" else (series.x, "error_x")
        if series.low is not None:
            common[side] = {
                "array": [high - at for high, at in zip(series.high, centre, strict=True)],
                "arrayminus": [at - low for low, at in zip(series.low, centre, strict=True)],
                "thickness": 1.5,
            }
        legend = {"showlegend": series.kind == "dots"}
        return [go.Scatter(**common | legend, mode="markers", marker=marker)]
    line = {"color": colour, "dash": dash, "width": 1 if series.kind == "theory" else 2}
    mode = "lines+markers" if series.kind == "line" else "lines"
    legend = {"showlegend": series.kind != "theory"}
    curve = go.Scatter(**common | legend, mode=mode, line=line, marker=marker)
    if series.low is None or not strong:
        return [curve]
    # A gap would cut the band into shapes that cross each other.
    there = [
        number
        for number, (low, high) in enumerate(zip(series.low, series.high, strict=True))
        if _finite(low) and _finite(high)
    ]
    x = [series.x[number] for number in there]
    low = [max(series.low[number], floor) for number in there]
    high = [series.high[number] for number in there]
    band = go.Scatter(
        x=[*x, *x[::-1]],
        y=[*low, *high[::-1]],
        fill="toself",
        fillcolor=colour,
        opacity=0.14,
        mode="lines",
        line={"width": 0},
        hoverinfo="skip",
        legendgroup=str(series.style),
        showlegend=False,
    )
    return [band, curve]


def _table(series: Series, colour: str) -> go.Heatmap:
    xs, ys = list(dict.fromkeys(series.x)), list(dict.fromkeys(series.y))

    def rows(values: Sequence[Any]) -> list[list[Any]]:
        return [list(values[at : at + len(xs)]) for at in range(0, len(values), len(xs))]

    return go.Heatmap(
        x=xs,
        y=ys,
        z=rows(series.shades),
        zmin=0,
        zmax=1,
        showscale=False,
        colorscale=[[0, "white"], [1, colour]],
        text=rows([_text(text) for text in series.texts]),
        texttemplate="%{text}",
        hovertext=rows([_text(hover) for hover in series.hover]),
        hoverinfo="text",
    )


def _text(text: str) -> str:
    """Plotly reads tags in text: a name shows as it is."""
    return escape(text, quote=False).replace("\n", "<br>")


def _finite(value: float | None) -> bool:
    return value is not None and abs(value) < float("inf")
