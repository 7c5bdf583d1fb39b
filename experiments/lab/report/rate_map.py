"""Maps of the validation score: learning rate × each axis beside the activation."""

import numpy as np
import pandas as pd

from experiments.lab.engine.stages import main_rates
from experiments.lab.report.figure import Axis, Figure, Series, View
from experiments.lab.study import axes
from experiments.lab.study.choices import of_seeds
from experiments.lab.study.comparison import Comparison

RATE = "learning_rate"
MOST_TEXTS = 8  # columns with room for a number in each cell
FOOT = 0.3  # of a cell: where a point is that leaves room for the number in its middle


def maps(comparison: Comparison) -> list[Figure]:
    """One for each axis with several values, a view per activation; none where rates are one."""
    study = comparison.study
    rates = main_rates(study.asked)
    if len(rates) < 2:
        return []
    score = study.score
    seeds = np.array(study.asked.seed_numbers)
    trivial = np.broadcast_to(
        of_seeds(score.trivial["validation"], slice(len(seeds))), (len(seeds),)
    )
    runs = comparison.results
    runs = runs[runs["seed"].isin(seeds) & runs[RATE].isin(rates)]
    least = trivial[np.searchsorted(seeds, runs["seed"])]
    runs = runs.assign(score=np.fmax(runs[f"validation_{score.name}"], least))
    return [_map(comparison, runs, axis) for axis in study.axes if axis != "activation"]


def _map(comparison: Comparison, runs: pd.DataFrame, axis: str) -> Figure:
    study, score, name = comparison.study, comparison.study.score, axis.replace("_", " ")
    several = len(study.axes) > 2
    group = runs.groupby(["activation", axis, RATE], observed=True)["score"]
    means, counts = group.mean(), group.size()
    whole = counts == counts.max()  # a rate beyond those asked for, that not all of them have
    means = means[whole]
    low, high = float(means.min()), float(means.max())
    rates = np.sort(means.index.get_level_values(RATE).unique())
    values, with_texts = study.asked.structure[axis], len(rates) <= MOST_TEXTS
    views = []
    for activation in study.asked.structure["activation"]:
        x, y, shades, texts, hover = [], [], [], [], []
        for row, value in enumerate(values):
            for rate in rates:
                mean = means.get((activation, value, rate), np.nan)
                known = bool(np.isfinite(mean))
                x.append(float(np.log10(rate)))
                y.append(-row)
                shades.append((mean - low) / ((high - low) or 1.0))
                text = score.show(mean).removesuffix(" %") if known else ""
                texts.append(text * with_texts)
                hover.append(
                    f"{activation}, {name} {axes.shown(value)}\nlearning rate {rate:.3g}\n"
                    + (f"validation {score.title} {score.show(mean)}" if known else "not trained")
                )
        views.append(
            View(
                activation,
                Axis(
                    f"learning rate of {activation}, log scale",
                    ticks=tuple((float(np.log10(rate)), f"{rate:.2g}") for rate in rates),
                ),
                Axis(name, ticks=tuple((-n, axes.shown(v)) for n, v in enumerate(values))),
                (
                    Series("cells", 0, (), x, y, "cells", hover, shades=shades, texts=texts),
                    _chosen(comparison, axis, activation, FOOT * with_texts),
                ),
            )
        )
    over = ", and over the other axes" * several
    empty = " A square that is left out was not trained." * (
        len(means) < len(values) * len(rates) * len(views)
    )
    return Figure(
        f"map-{axis.replace('_', '-')}",
        f"Validation {score.title}: learning rate × {name}",
        f"Means over seeds{over}; the bluer, the better, from {score.show(low)} to "
        f"{score.show(high)}. A run counts as the trivial predictor at least. A point marks the "
        f"rate chosen for {'each choice with this' if several else 'the'} {name}.{empty}",
        tuple(views),
    )


def _chosen(comparison: Comparison, axis: str, activation: str, foot: float) -> Series:
    """The rates of the choices, in the rows of their values, a part of a row below the middle."""
    values = comparison.study.asked.structure[axis]
    own = [choice for choice in comparison.choices if choice.structure["activation"] == activation]
    return Series(
        "chosen rates",
        0,
        (),
        [float(np.log10(choice.learning_rate)) for choice in own],
        [-values.index(choice.structure[axis]) - foot for choice in own],
        "hollow",
    )
