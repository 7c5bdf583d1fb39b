"""Figures of the inside: signals and gradients per layer, dead and saturated units, activations."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from experiments.lab.report.compared import over_steps
from experiments.lab.report.figure import Axis, Figure, Series, View, log_if_positive, series_of
from experiments.lab.study.choices import Choice
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.diagnostics import curve

UNITS = {"dead": "dead units (%)", "saturated": "saturated (%)"}
WHAT = (
    "A dead unit has derivative 0 on every row measured, and learns nothing from them; saturated "
    "are the pairs of unit and row whose derivative is below 5 % of the activation’s largest."
)


def signals(comparison: Comparison) -> Figure:
    """Mean squares of pre-activations and of gradients, one dot per layer, and the theory."""
    views = [
        _by_layer(
            comparison.choices,
            [
                (getattr(layers, name), getattr(layers, f"{name}_theory"))
                for layers in comparison.layers
            ],
            title,
            what,
        )
        for name, title, what in (
            ("signal", "signal forward", "mean square of z"),
            ("gradient", "gradient backward", "mean square of ∂L/∂z, output’s = 1"),
        )
    ]
    return Figure(
        "signals",
        "Signal and gradient, layer by layer, before training",
        "z are a layer’s sums before the activation, L is the loss. Dots are measured on the "
        "initial parameters and a batch of the training rows (the mean over seeds, bars from the "
        "lowest to the highest seed); lines are mean-field theory of wide layers. Where gradients "
        "differ by orders of magnitude between layers, they vanish or explode. The last layer is "
        "the output.",
        tuple(views),
        together=True,
    )


def units_over_time(comparison: Comparison) -> Figure:
    """Dead and saturated units of all hidden layers against step, where the curves have them."""
    views = [
        over_steps(comparison, f"validation_{name}", title, lambda share: 100 * share)
        for name, title in UNITS.items()
        if f"validation_{name}" in comparison.curves
    ]
    views = [replace(view, y=Axis(view.title, zero=True)) for view in views]
    return Figure(
        "units",
        "Dead and saturated units over time",
        f"{WHAT} Of all hidden layers together, on validation rows, at the chosen rate. Lines are "
        "medians over seeds, bands the middle half of the seeds. The units of an activation that "
        "mixes its inputs have no derivative of their own, and there is no line for them.",
        tuple(views),
        together=True,
    )


def units_at_start(comparison: Comparison) -> Figure:
    """Dead and saturated units before training, one dot per layer."""
    views = [
        _by_layer(
            comparison.choices,
            [(100 * getattr(layers, name), None) for layers in comparison.layers],
            title,
            title,
        )
        for name, title in UNITS.items()
    ]
    return Figure(
        "start",
        "Dead and saturated units before training",
        f"{WHAT} Layer by layer, on training rows: means over seeds, bars from the lowest to the "
        "highest seed.",
        tuple(views),
        together=True,
    )


def _by_layer(
    choices: Sequence[Choice],
    found: Sequence[tuple[np.ndarray, np.ndarray | None]],
    title: str,
    what: str,
) -> View:
    """Values (seeds, layers), and theory (layers,) if any, against the layer's number.

    The choices are drawn a little apart. One without hidden layers, or whose activation has no
    derivative per unit, has no finite values and is left out.
    """
    series, most = [], 0
    for number, (choice, (values, theory)) in enumerate(zip(choices, found, strict=True)):
        if not np.any(np.isfinite(values)):
            continue
        place = np.arange(1, values.shape[1] + 1)
        x = place + (number - (len(choices) - 1) / 2) * min(0.08, 0.6 / len(choices))
        most = max(most, len(x))
        hover = [
            f"{choice.label}, layer {layer}\n{what} {value:.4g}"
            for layer, value in zip(place, values.mean(axis=0), strict=True)
        ]
        if theory is not None and np.any(np.isfinite(theory)):
            series.append(series_of(number, choice, x, theory, kind="theory"))
            hover = [
                f"{text}\ntheory {value:.4g}" for text, value in zip(hover, theory, strict=True)
            ]
        bars = {"low": values.min(axis=0), "high": values.max(axis=0)}
        series.append(
            series_of(number, choice, x, values.mean(axis=0), kind="dots", hover=hover, **bars)
        )
    with_theory = any(theory is not None for _, theory in found)
    y = log_if_positive(what, series) if with_theory else Axis(what, zero=True)
    ticks = tuple((place, str(place)) for place in range(1, most + 1))
    return View(title, Axis("layer", ticks=ticks), y, tuple(series))


def activations(comparison: Comparison) -> Figure:
    """Each activation and its derivative, those of mixtures by part.

    One that mixes its inputs has no curve.
    """
    labels = [choice.structure["activation"] for choice in comparison.choices]
    parts = [comparison.study.named(label) for label in labels]
    entries = {name: entry for part in parts for name, entry in part.items()}
    users = {name: [n for n, part in enumerate(parts) if name in part] for name in entries}
    alone = {
        name: min((n for n in numbers if len(parts[n]) == 1), default=None)
        for name, numbers in users.items()
    }
    # An activation that is only a part of mixtures has a style of its own.
    extra = iter(range(len(parts), len(parts) + len(users)))
    styles = {name: next(extra) if number is None else number for name, number in alone.items()}
    views = []
    for field, title, symbol in (
        ("value", "activation", "φ(z)"),
        ("derivative", "derivative", "φ′(z)"),
    ):
        series = []
        for name, entry in entries.items():
            found = curve(entry)
            if found is not None:
                first, last = np.searchsorted(found.z, (-5, 5.001))
                shown = slice(int(first), int(last), 4)
                x, y = found.z[shown], getattr(found, field)[shown]
                hover = [
                    f"{name}\n{symbol} = {value:.4g} at z = {at:.3g}"
                    for at, value in zip(x, y, strict=True)
                ]
                series.append(
                    Series(
                        name,
                        styles[name],
                        tuple(users[name]),
                        x.tolist(),
                        y.tolist(),
                        "curve",
                        hover,
                    )
                )
        views.append(View(title, Axis("pre-activation z"), Axis(symbol), tuple(series)))
    return Figure(
        "shapes",
        "The activations themselves",
        "Learned parameters have their starting values.",
        tuple(views),
        together=True,
    )
