"""Figures of what goes on inside: signals and gradients a layer, dead and saturated units, the activations as curves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from experiments.lab.report.chart import Axis, Figure, Series, View, log_if_positive
from experiments.lab.report.compared import over_steps
from experiments.lab.study.comparison import Choice
from experiments.lab.study.signals import SLOPES_AT, Layers, curve
from jaxnn.types import Activation

SHOWN = slice(*np.searchsorted(SLOPES_AT, (-5, 5.001)), 4)
UNITS = {"dead": "dead units (%)", "saturated": "saturated (%)"}
WHAT = (
    "A dead unit has slope 0 on every row measured and learns nothing from them; saturated are the pairs of unit and row whose "
    "slope is below 5 % of the activation’s largest."
)


def signals(choices: Sequence[Choice], layers: Sequence[Layers]) -> Figure:
    """Mean squares of pre-activations and of gradients, a dot a layer, over the theory's line."""
    views = [
        _by_layer(
            choices,
            [(getattr(found, field), getattr(found, f"{field}_theory")) for found in layers],
            title,
            what,
        )
        for field, title, what in (
            ("signal", "signal forward", "mean square of z"),
            ("gradient", "gradient backward", "mean square of ∂L/∂z, output’s = 1"),
        )
    ]
    return Figure(
        "signals",
        "Signal and gradient, layer by layer, before training",
        "z are a layer’s sums before the activation, L is the loss. Dots are measured on the initial parameters and a batch of the training rows (the mean over seeds, bars from the "
        "lowest to the highest seed); lines are mean-field theory of wide layers. Where gradients differ by orders of "
        "magnitude between layers, they vanish or explode. The last layer is the output.",
        tuple(views),
        together=True,
    )


def units_over_time(choices: Sequence[Choice], curves: pd.DataFrame) -> Figure:
    """Dead and saturated units of all hidden layers against step, where the curves hold them."""
    views = [
        over_steps(curves, choices, f"validation_{name}", title, lambda share: 100 * share)
        for name, title in UNITS.items()
        if f"validation_{name}" in curves
    ]
    views = [replace(view, y=Axis(view.title, zero=True)) for view in views]
    return Figure(
        "units",
        "Dead and saturated units over time",
        f"{WHAT} Of all hidden layers together, on validation rows, at the chosen rate. Lines are medians over seeds, bands the "
        "middle half of the seeds. An activation that mixes its inputs has no slope of its own and no line.",
        tuple(views),
        together=True,
    )


def units_at_start(choices: Sequence[Choice], layers: Sequence[Layers]) -> Figure:
    """Dead and saturated units before training, a dot a layer."""
    views = [
        _by_layer(choices, [(100 * getattr(found, name), None) for found in layers], title, title)
        for name, title in UNITS.items()
    ]
    return Figure(
        "start",
        "Dead and saturated units before training",
        f"{WHAT} Layer by layer, on training rows: means over "
        "seeds, bars from the lowest to the highest seed.",
        tuple(views),
        together=True,
    )


def _by_layer(
    choices: Sequence[Choice],
    found: Sequence[tuple[np.ndarray, np.ndarray | None]],
    title: str,
    what: str,
) -> View:
    """Values (seeds, layers) and theory (layers,) against the layer's number, the choices a little apart."""
    series, most = [], 0
    for number, (choice, (values, theory)) in enumerate(zip(choices, found, strict=True)):
        if not np.any(np.isfinite(values)):  # no hidden layer, or an activation without slopes
            continue
        place = np.arange(1, values.shape[1] + 1)
        x = (place + (number - (len(choices) - 1) / 2) * min(0.08, 0.6 / len(choices))).tolist()
        most, own = max(most, len(x)), (choice.label, number, (number,))
        hover = [
            f"{choice.label}, layer {layer}\n{what} {value:.4g}"
            for layer, value in zip(place, values.mean(axis=0), strict=True)
        ]
        if theory is not None:
            series.append(Series(*own, x, theory.tolist(), "theory"))
            hover = [
                f"{text}\ntheory {value:.4g}" for text, value in zip(hover, theory, strict=True)
            ]
        series.append(
            Series(
                *own,
                x,
                values.mean(axis=0).tolist(),
                "dots",
                hover,
                values.min(axis=0).tolist(),
                values.max(axis=0).tolist(),
            )
        )
    y = (
        log_if_positive(what, series)
        if any(each.kind == "theory" for each in series)
        else Axis(what, zero=True)
    )
    return View(
        title,
        Axis("layer", ticks=tuple((place, str(place)) for place in range(1, most + 1))),
        y,
        tuple(series),
    )


def shapes(choices: Sequence[Choice], activations: Sequence[Mapping[str, Activation]]) -> Figure:
    """Each activation and its derivative, those of mixtures by part; one that mixes its inputs has no curve."""
    users: dict[str, list[int]] = {}
    for number, parts in enumerate(activations):
        for name in parts:
            users.setdefault(name, []).append(number)
    entries = {name: entry for parts in activations for name, entry in parts.items()}
    alone = {
        name: min((n for n in numbers if len(activations[n]) == 1), default=None)
        for name, numbers in users.items()
    }
    extra = iter(
        range(len(choices), len(choices) + len(users))
    )  # a part of mixtures only has a style of its own
    styles = {name: next(extra) if number is None else number for name, number in alone.items()}
    x = SLOPES_AT[SHOWN]
    views = []
    for field, symbol in (("value", "φ(z)"), ("slope", "φ′(z)")):
        series = []
        for name, numbers in users.items():
            found = curve(entries[name])
            if found is not None:
                y = getattr(found, field)[SHOWN]
                hover = [
                    f"{name}\n{symbol} = {value:.4g} at z = {at:.3g}"
                    for at, value in zip(x, y, strict=True)
                ]
                series.append(
                    Series(
                        name, styles[name], tuple(numbers), x.tolist(), y.tolist(), "curve", hover
                    )
                )
        views.append(
            View(
                "activation" if field == "value" else "derivative",
                Axis("pre-activation z"),
                Axis(symbol),
                tuple(series),
            )
        )
    return Figure(
        "shapes",
        "The activations themselves",
        "Learned parameters stand at their starting values.",
        tuple(views),
        together=True,
    )
