"""What the experiment on trainability concludes: the dimension of each boundary, and their order.

In this module and in figure.py, ``configuration`` is the Configuration of
experiments.trainability, which imports them and so cannot be imported here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict, Word
from experiments.trainability.findings_boxes import box_dimension
from experiments.trainability.maps import edges
from experiments.trainability.measure import bands, conditions, part_name

PUBLISHED = {  # recalled, not read
    "linear": 1.17,
    "relu": 1.20,
    "one point": 1.41,
    "minibatch": 1.55,
    "tanh": 1.66,
    "offset": 1.98,
}
SMOOTH = 1.1  # a boundary whose dimension is below this is not called fractal
RESAMPLES = 9999


def conclude(configuration: Any, found: Found) -> Conclusion:
    """Apply the rule, and list every zoom."""
    c = configuration
    table = _table(c, found)
    dimensions = by_magnification(table)
    effects = {
        name: {
            each: over_seeds(f"dimension, {name}, magnified {each:g} times", values)
            for each, values in of_name.items()
        }
        for name, of_name in dimensions.items()
    }
    judged = [name for name in dimensions if name in PUBLISHED]
    smooth = circle(c.fine)
    order, pairs = order_of(
        {name: np.mean(list(dimensions[name].values()), axis=0) for name in judged},
        [PUBLISHED[name] for name in judged],
    )
    trend = rise_with_magnification(dimensions)
    word, when = judge({name: list(effects[name].values()) for name in judged}, smooth)
    fractal = [name for name in judged if min(each.low for each in effects[name].values()) > smooth]
    closest = max(c.magnification)
    finding = (
        f"{len(fractal)} of {len(judged)} boundaries have a box-counting dimension above a "
        f"circle's {smooth:.2f} at every magnification; at {closest:g} times: "
        f"{', '.join(f'{name} {effects[name][closest]:.2f}' for name in judged)} (mean and "
        f"95 % interval over {c.seeds} seeds). The dimension changes by {trend:.2f} per doubling "
        f"of the magnification. The rank correlation of its mean with the published dimensions is "
        f"{order:.2f}; {pairs}."
    )
    every = [each for name in dimensions for each in effects[name].values()]
    verdict = Verdict(
        "EVIDENCE 6",
        word,
        (trend, *every, Effect("dimension, circle by the same count", smooth), order),
        c.seeds,
        f"one hidden layer of {c.width} units, {c.steps} steps, {c.points} data points unless the "
        f"condition sets their number, float32; zooms of {c.fine}² networks into the same place of "
        "the most crowded tenth of each seed's boundary, magnified "
        f"{', '.join(f'{each:g}' for each in c.magnification)} times",
        when=when,
        note=f"The boundary of the figure's large map, {c.resolution}² networks with "
        f"{c.map_points} data points, has dimension "
        f"{dimension(large_map(c, found)):.2f}. The published dimensions are recalled, not read.",
        differs=_differs(c, found, {name: effects[name][closest] for name in judged}),
        found=f"{len(fractal)} of {len(judged)} boundaries stay rougher than a circle at every "
        f"magnification up to {closest:g}; the dimension changes by {trend.value:.2f} per "
        "doubling.",
        do="Near the largest rate that trains, expect the outcome to change with tiny changes; "
        "stay below it.",
        tried=tuple(
            Tried(f"{name}, magnified {at:g} times", _alone(each, smooth), each)
            for name in judged
            for at, each in effects[name].items()
        ),
    )
    return Conclusion(finding, (verdict,), table)


def _alone(effect: Effect, smooth: float) -> Word:
    return judge({"": [effect]}, smooth)[0]


def rise_with_magnification(dimensions: Mapping[str, Mapping[float, np.ndarray]]) -> Effect:
    """Change of the dimension per doubling of the magnification, with its interval over seeds.

    A slope for every condition and seed, by least squares over the magnifications of one place;
    the mean over conditions is a seed's.

    Args:
        dimensions: condition -> magnification -> dimensions, (seeds,).

    Example:
        >>> f"{rise_with_magnification({'a': {4: np.ones(3), 8: np.array([1.1, 1.2, 1.3])}}):.2f}"
        '0.20 [-0.05, 0.45]'
    """
    slopes = []
    for of_name in dimensions.values():
        doublings = np.log2(list(of_name))
        apart = doublings - doublings.mean()
        slopes.append(apart @ np.stack(list(of_name.values())) / (apart @ apart))
    name = "change of the dimension per doubling of the magnification"
    return over_seeds(name, np.mean(slopes, axis=0))


def dimension(score: np.ndarray) -> float:
    """Box-counting dimension of the boundary in a map of scores."""
    return box_dimension(edges(score < 0))


def circle(pixels: int) -> float:
    """What the same count gives for a smooth boundary, a circle.

    Args:
        pixels: per side of the map.
    """
    x = np.linspace(-1, 1, pixels)
    return box_dimension(edges(np.hypot(x, x[:, None]) < 0.8))


def large_map(configuration: Any, found: Found) -> np.ndarray:
    """The scores of the large map, (resolution, resolution)."""
    return np.concatenate([found[part_name("map", row)]["score"] for row in bands(configuration)])


def by_magnification(table: pd.DataFrame) -> dict[str, dict[float, np.ndarray]]:
    """condition -> magnification -> dimension of each seed's zoom, (seeds,)."""
    return {
        name: {
            float(each): rows["dimension"].to_numpy()
            for each, rows in group.groupby("magnification")
        }
        for name, group in table.groupby("condition", sort=False)
    }


def over_seeds(name: str, values: np.ndarray) -> Effect:
    """Mean and Student's 95 % interval.

    Args:
        name: of the effect.
        values: (seeds,).

    Example:
        >>> f"{over_seeds('', np.array([1.0, 1.2, 1.4])):.2f}"
        '1.20 [0.70, 1.70]'
    """
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return Effect(name, values.mean(), values.mean() - half, values.mean() + half)


def judge(effects: Mapping[str, Sequence[Effect]], smooth: float) -> tuple[Word, str]:
    """The verdict and its condition.

    Args:
        effects: condition -> dimension at each magnification with its interval.
        smooth: dimension of a smooth boundary by the same count.
    """
    fractal = [
        name for name, of_name in effects.items() if min(each.low for each in of_name) > smooth
    ]
    if len(fractal) == len(effects):
        return "holds", ""
    if fractal:
        return (
            "holds only when",
            f"training is one of: {', '.join(fractal)} (intervals above a circle's {smooth:.2f} at "
            "every magnification)",
        )
    not_fractal = all(
        each.high <= max(smooth, SMOOTH) for of_name in effects.values() for each in of_name
    )
    return "does not hold" if not_fractal else "undecided", ""


def order_of(
    dimensions: Mapping[str, np.ndarray], published: Sequence[float]
) -> tuple[Effect, str]:
    """Spearman's correlation with the published dimensions, and how many pairs agree in order.

    Args:
        dimensions: condition -> dimensions, (seeds,).
        published: dimension of each condition, in rising order.

    Returns:
        The correlation of the means, with a bootstrap interval over seeds; and a sentence on the
        pairs of conditions whose dimensions differ by Welch's test.
    """
    values = np.stack(list(dimensions.values()))
    expected = stats.rankdata(published) - (len(published) + 1) / 2

    def correlation(*seeds, axis):
        ranks = (
            stats.rankdata([each.mean(axis) for each in seeds], axis=0) - (len(published) + 1) / 2
        )
        norm = np.sqrt((ranks**2).sum(axis=0) * (expected**2).sum())
        return np.divide(expected @ ranks, norm, out=np.zeros_like(norm), where=norm > 0)

    found = stats.bootstrap(
        tuple(values),
        correlation,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    clear = [
        (np.mean(second) - np.mean(first))
        for at, first in enumerate(values)
        for second in values[at + 1 :]
        if np.ptp(first) + np.ptp(second) > 0
        and stats.ttest_ind(first, second, equal_var=False).pvalue < 0.05
    ]
    kept, opposite = sum(gap > 0 for gap in clear), sum(gap < 0 for gap in clear)
    total = len(values) * (len(values) - 1) // 2
    return (
        Effect(
            "rank correlation with the published dimensions",
            float(correlation(*values, axis=-1)),
            found.low,
            found.high,
        ),
        f"of {total} pairs, {kept} are clearly in the published order and {opposite} clearly in "
        "the opposite order (Welch's test, p < 0.05)",
    )


def _table(configuration: Any, found: Found) -> pd.DataFrame:
    """One row per condition, seed and magnification."""
    return pd.DataFrame(
        [
            {
                "condition": name,
                "seed": seed,
                "magnification": magnification,
                "rate_across": 10 ** zoom["centre"][0],
                "rate_up": 10 ** zoom["centre"][1],
                "half_width_decades": float(half_width),
                "converged": np.mean(fine < 0),
                "boundary": edges(fine < 0).mean(),
                "dimension": dimension(fine),
                "published": PUBLISHED.get(name),
            }
            for name in conditions(configuration)
            for seed in range(configuration.seeds)
            for zoom in [found[part_name(name, seed)]]
            for magnification, half_width, fine in zip(
                configuration.magnification, zoom["half_width"], zoom["fine"], strict=True
            )
        ]
    )


def _differs(configuration: Any, found: Found, effects: Mapping[str, Effect]) -> str:
    """The dimensions whose interval excludes the published one, and the check in float64."""
    off = [
        f"{name} {effect.value:.2f} (published {PUBLISHED[name]:.2f})"
        for name, effect in effects.items()
        if not effect.low <= PUBLISHED[name] <= effect.high
    ]
    if not off:
        return ""
    checks = [found[part_name(name, "in float64")] for name in effects]
    same = [np.mean((each["float32"] < 0) == (each["float64"] < 0)) for each in checks]
    moved = [dimension(each["float64"]) - dimension(each["float32"]) for each in checks]
    least, most = (f"{change:+.2f}".replace("-", "−") for change in (min(moved), max(moved)))
    closest = max(configuration.magnification)
    return (
        f"{', '.join(off)}. Here: random places in crowded parts of the boundary, magnified "
        f"{closest:g} times, {configuration.points} data points, float32; in the paper: places "
        "chosen by hand over ten decades, 272 data points, float64. Checked in float64: "
        f"{min(same):.1%} to {max(same):.1%} of a zoom's networks have the same outcome, and its "
        f"dimension changes by {least} to {most}"
    )
