"""What follows: the slopes at the end, and the rule on D3."""

from typing import Any

import numpy as np
import pandas as pd

from experiments.data_scaling.measure import LAYERS, methods
from experiments.data_scaling.rules import RULE, Slopes, flatten
from experiments.data_scaling.tasks import TEST, data_sets
from experiments.lab.data import load, prepare
from experiments.lab.evidence.effects import effect
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict
from experiments.lab.study.statistics import interquartile_mean, interval


def conclude(configuration: Any, found: Found) -> Conclusion:
    """The slope of every method over the last tenfold of rows."""
    names = data_sets(configuration)
    slopes = {data: slopes_on(data, configuration, found) for data in names}
    verdict, when = RULE.judge(slopes)
    pairs = [(data, method) for data in names for method in flatten(slopes[data])]
    table = table_of(configuration, found)
    last = table[table["rows"] == max(configuration.rows)]
    best = {data: last[last["data"] == data].sort_values("error").iloc[0] for data in names}
    compared = sum(len(each.excess) for each in slopes.values())
    missing = [name for name in configuration.data if name not in names]
    said = "; ".join(
        f"on {data}, {each['method']} with {each['error']:.1f} %" for data, each in best.items()
    )
    return Conclusion(
        f"With {max(configuration.rows):,} rows the least error has, {said}. "
        f"{len(pairs)} of {compared} older methods improve at less than half the "
        "network's pace.",
        (
            Verdict(
                "D3",
                verdict,
                tuple(effect for data in names for effect in effects(slopes[data])),
                configuration.seeds,
                f"{min(configuration.rows):,} to {max(configuration.rows):,} rows of "
                f"{' and '.join(names)} (MNIST at 14 × 14 pixels); network of "
                f"{' × '.join(map(str, LAYERS))} ReLU units, Adam; scikit-learn at its defaults",
                when=when,
                note="A slope of −0.3 halves the error per tenfold of rows. "
                + (
                    f"Left out, since the files are not there: {', '.join(missing)}."
                    * bool(missing)
                ),
                found=f"Over the last tenfold of rows, {len(pairs)} of {compared} older methods "
                "improve at less than half the network's pace.",
                do="Compare slopes on your own data before you pay for more rows or for a network.",
                tried=tuple(
                    Tried(
                        f"{method}, {data}",
                        "holds"
                        if (data, method) in pairs
                        else "does not hold"
                        if excess.high < 0
                        else "undecided",
                        excess,
                    )
                    for data in names
                    for method, excess in slopes[data].excess.items()
                ),
            ),
        ),
        table,
        {name: prepare(load(name)).sha256 for name in names if name == "digits"},
    )


def slopes_on(data: str, configuration: Any, found: Found) -> Slopes:
    """On one data set."""
    slope = {
        method: end_slope(
            configuration.rows,
            np.array([found[f"{data}-{method}-{rows}"]["error"] for rows in configuration.rows]),
            floor=50 / TEST[data],
        )
        for method in ("network", *methods(data))
    }
    half = slope.pop("network") / 2
    return Slopes(
        effect(f"slope of the network, {data}", 2 * half),
        {
            method: effect(f"slope of {method} − half the network's, {data}", each - half)
            for method, each in slope.items()
        },
    )


def end_slope(rows: tuple[int, ...], errors: np.ndarray, floor: float) -> np.ndarray:
    """Slope of log₁₀ error against log₁₀ rows over the last tenfold, by least squares.

    Args:
        rows: numbers of training rows, rising.
        errors: in %, (len(rows), seeds).
        floor: half an error among the test rows, in %, which stands for none.

    Returns:
        (seeds,).

    Example:
        >>> end_slope((10, 100, 1000), np.array([[50.0], [20.0], [2.0]]), 0.1).round(3).tolist()
        [-1.0]
    """
    x = np.log10(rows)
    end = x >= x[-1] - 1 - 1e-9
    x, y = x[end], np.log10(np.maximum(errors[end], floor))
    return ((x - x.mean()) @ y) / ((x - x.mean()) ** 2).sum()


def effects(found: Slopes) -> list[Effect]:
    """The network's slope, and every method's excess."""
    return [found.network, *found.excess.values()]


def table_of(configuration: Any, found: Found) -> pd.DataFrame:
    """One row per data set, method and number of rows."""
    rows = []
    for data in data_sets(configuration):
        for method in ("network", *methods(data)):
            for count in configuration.rows:
                error = found[f"{data}-{method}-{count}"]["error"]
                low, high = interval(error)
                row = {"data": data, "method": method, "rows": count}
                rows.append(
                    row | {"error": float(interquartile_mean(error)), "low": low, "high": high}
                )
    return pd.DataFrame(rows)
