"""Is the boundary between learning rates that train a network and those that do not a fractal?

    python -m experiments.trainability
    python -m experiments.trainability --activation gelu --centre 0.5 1.2 --half-width 0.1 --resolution 512

Time: 4 minutes on two cores, the large map being half of it. Result: 5 of 6 boundaries have a box-counting dimension above a
circle's 0.97: linear 1.32 [1.22, 1.43], relu 1.26 [1.11, 1.42], one point 1.07 [0.92, 1.21], minibatch 1.47 [1.38, 1.57], tanh
1.41 [1.17, 1.65], offset 1.35 [1.17, 1.54] (mean and 95 % interval over 6 seeds). Their order follows the published one with a
rank correlation of 0.54 [-0.09, 0.66]; of 15 pairs 5 lie clearly in the published order and 2 clearly against it (Welch's test, p
< 0.05).

Each pixel is a network of its own (`lab/rate_maps.py`). A condition is mapped for several seeds; each seed draws data and weights, maps
all rates coarsely, and zooms to a point drawn at random from the tenth of the boundary that is most crowded by boundary. A zoom's
dimension is the slope of its boundary's box counts; a condition is called fractal where the 95 % interval over its seeds lies above
what the same count makes of a circle. The offset is added at every step, as in the paper's code.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from scipy import ndimage, stats

from experiments.lab import drawing
from experiments.lab.drawing.colours import LIGHT
from experiments.lab.evidence.experiment import Experiment, Flags, Found, Part
from experiments.lab.evidence.verdicts import Conclusion, Effect, Verdict
from experiments.lab.io import cli
from experiments.lab.io.errors import UserError
from experiments.lab.study import named_activations
from experiments.trainability.boxes import box_dimension, edges
from experiments.trainability.rate_maps import RECENT, SIDE, Setting, rate_map

DECADES = -3.0, 6.0  # of both rates: the published map
BAND = 32  # rows of the large map that are a part
CHECKED = 64  # pixels a side of the map that is repeated in float64
NEAR = 9  # pixels a side of the coarse map in which a boundary is crowded or not
RESAMPLES = 9999
SHADES = 32  # of each colour


class Condition(NamedTuple):
    """What is mapped, and the dimension that was published for it (recalled), if any."""

    words: str
    setting: Setting
    published: float | None = None


@dataclass(frozen=True)
class Configuration(Flags):
    """Is the boundary between learning rates that train a network and those that do not a fractal?"""

    activation: str = "tanh"
    """Of the large map, and of a condition of its own; a name, or my_module:my_function."""
    centre: tuple[float, float] = (1.5, 1.5)
    """Of the large map: log10 of the hidden layer's rate and of the output layer's."""
    half_width: float = 4.5
    """Of the large map, decades."""
    resolution: int = 1024
    """Networks a side of the large map."""
    steps: int = 500
    """Of full-batch gradient descent."""
    width: int = 16
    """Inputs, and hidden units."""
    map_points: int = 8
    """Data points of the large map: with twice as many, networks leave the fastest cache, and take three times as long."""
    points: int = 16
    """Data points of the conditions that do not say otherwise; 272 in the paper, one a weight."""
    condition: tuple[str, ...] = ("linear", "relu", "one point", "minibatch", "tanh", "offset")
    """What is trained, of the paper's."""
    seeds: int = 6
    """Of each condition: data, weights and the place that is zoomed to."""
    coarse: int = 64
    """Networks a side of the map in which a seed seeks its boundary."""
    fine: int = 128
    """Networks a side of a zoom, whose boxes are counted."""


def parts(configuration: Configuration) -> list[Part]:
    """Bands of the large map; a condition's zoom for each seed; a condition's first zoom again in float64."""
    cli.at_least(1, configuration.width, "--width")
    cli.at_least(1, configuration.points, "--points")
    cli.at_least(1, configuration.map_points, "--map-points")
    cli.at_least(2, configuration.seeds, "--seeds")
    for flag in ("resolution", "coarse", "fine"):
        side = getattr(configuration, flag)
        if side < 2 * SIDE or side % SIDE:
            raise UserError(f"--{flag} {side}: give a multiple of {SIDE} of at least {2 * SIDE}")
    if configuration.steps < 2 * RECENT or configuration.steps % RECENT:
        raise UserError(
            f"--steps {configuration.steps}: give a multiple of {RECENT} of at least {2 * RECENT}"
        )
    if not 0 < configuration.half_width < np.inf or not np.all(np.isfinite(configuration.centre)):
        raise UserError(
            f"--half-width {configuration.half_width} --centre {configuration.centre}: give finite decades, a width above 0"
        )
    every = conditions(configuration)
    across, up = rates(configuration.centre, configuration.half_width, configuration.resolution)

    large = every[named_activations.canonical(configuration.activation)].setting._replace(
        points=configuration.map_points
    )

    def band(row):
        return lambda _: {"score": rate_map(large, across, up[row : row + BAND])}

    def zoom(name, seed):
        return lambda _: zoomed(every[name].setting._replace(seed=seed), seed, configuration)

    def again(name):
        return lambda found: in_float64(every[name].setting, found[part(name, 0)])

    return [
        *(Part(f"map {row}", band(row)) for row in range(0, configuration.resolution, BAND)),
        *(
            Part(part(name, seed), zoom(name, seed))
            for name in every
            for seed in range(configuration.seeds)
        ),
        *(Part(part(name, "in float64"), again(name)) for name in every),
    ]


def conditions(configuration: Configuration) -> dict[str, Condition]:
    """The published ones, in the order of their dimensions, and the large map's activation."""
    base = Setting(
        jnp.tanh, width=configuration.width, points=configuration.points, steps=configuration.steps
    )
    found = {
        "linear": Condition(
            "no activation, as many points as inputs",
            base._replace(
                function=named_activations.find("linear")[0].function,
                scale=1.0,
                points=configuration.width,
            ),
            1.17,
        ),
        "relu": Condition(
            "ReLU", base._replace(function=named_activations.find("relu")[0].function), 1.20
        ),
        "one point": Condition("tanh, one data point", base._replace(points=1), 1.41),
        "minibatch": Condition("tanh, 16 random points a step", base._replace(batch=16), 1.55),
        "tanh": Condition("tanh", base, 1.66),
        "offset": Condition(
            "tanh, offset of the hidden weights against rate", base._replace(offset=True), 1.98
        ),
    }
    name = named_activations.canonical(configuration.activation)
    (entry,) = named_activations.find(name, (1,))
    if not entry.elementwise or entry.learned or entry.stochastic:
        raise UserError(
            f"--activation {name}: give one that works element by element, and neither learns nor draws"
        )
    for each in configuration.condition:
        cli.one_of(found, each, "condition")
    own_one = found.get(name, Condition(name, base._replace(function=entry.function)))
    return {each: found[each] for each in found if each in configuration.condition} | {
        name: own_one
    }


def zoomed(setting: Setting, seed: int, configuration: Configuration) -> dict[str, np.ndarray]:
    """All rates coarsely, and a random point of the boundary's most crowded tenth, magnified 4 to 32 times."""
    decades = np.linspace(*DECADES, configuration.coarse)
    coarse = rate_map(setting, 10**decades, 10**decades)
    boundary = edges(coarse < 0)
    crowd = ndimage.uniform_filter(boundary.astype(float), NEAR, mode="constant") * boundary
    places = (
        np.argwhere(boundary & (crowd >= np.quantile(crowd[boundary], 0.9)))
        if boundary.any()
        else []
    )
    if not len(places):
        raise UserError(
            f"--width {setting.width} --steps {setting.steps}: no boundary between 10^{DECADES[0]:g} and 10^{DECADES[1]:g}; "
            "train longer or wider"
        )
    up, across = (
        decades[place] + decades[place + 1] for place in np.random.default_rng(seed).choice(places)
    )
    centre, half_width = (
        np.array([across, up]) / 2,
        (DECADES[1] - DECADES[0]) / 2 / 2 ** (2 + seed % 4),
    )
    return {
        "coarse": coarse,
        "fine": rate_map(setting, *rates(centre, half_width, configuration.fine)),
        "centre": centre,
        "half_width": np.array(half_width),
    }


def rates(centre, half_width: float, pixels: int) -> list[np.ndarray]:
    """Of the pixels across and up."""
    return [
        10 ** np.linspace(middle - half_width, middle + half_width, pixels) for middle in centre
    ]


def in_float64(setting: Setting, first: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The first seed's zoom with fewer pixels, in either precision."""
    pixels = rates(first["centre"], first["half_width"], CHECKED)
    return {
        dtype.__name__: rate_map(setting, *pixels, dtype=dtype)
        for dtype in (np.float32, np.float64)
    }


def conclude(configuration: Configuration, found: Found) -> Conclusion:
    """Each condition's dimension beside a circle's, and their order beside the published one."""
    every = conditions(configuration)
    rows = [
        {
            "condition": name,
            "seed": seed,
            "rate_across": 10 ** zoom["centre"][0],
            "rate_up": 10 ** zoom["centre"][1],
            "half_width_decades": float(zoom["half_width"]),
            "converged": np.mean(zoom["fine"] < 0),
            "boundary": edges(zoom["fine"] < 0).mean(),
            "dimension": box_dimension(edges(zoom["fine"] < 0)),
            "published": every[name].published,
        }
        for name in every
        for seed in range(configuration.seeds)
        for zoom in [found[part(name, seed)]]
    ]
    table = pd.DataFrame(rows)
    dimensions = {
        name: group["dimension"].to_numpy()
        for name, group in table.groupby("condition", sort=False)
    }
    effects = {
        name: over_seeds(f"dimension, {name}", values) for name, values in dimensions.items()
    }
    smooth, whole = (
        circle(configuration.fine),
        box_dimension(edges(large_map(configuration, found) < 0)),
    )
    judged = {name: values for name, values in dimensions.items() if every[name].published}
    order, pairs = order_of(judged, [every[name].published for name in judged])
    verdict, when = judge([effects[name] for name in judged], list(judged), smooth)
    checks = [found[part(name, "in float64")] for name in judged]
    same = [np.mean((each["float32"] < 0) == (each["float64"] < 0)) for each in checks]
    moved = [
        box_dimension(edges(each["float64"] < 0)) - box_dimension(edges(each["float32"] < 0))
        for each in checks
    ]
    off = [
        f"{name} {effect.value:.2f} for {every[name].published:.2f}"
        for name, effect in effects.items()
        if every[name].published and not effect.low <= every[name].published <= effect.high
    ]
    differs = (
        ""
        if not off
        else (
            f"{', '.join(off)} (ours: crowded places at random, magnified 4 to 32 times, {configuration.points} points, "
            f"float32; the paper's: places chosen by hand over ten decades, 272 points, float64). Checked in float64: {min(same):.1%} to "
            f"{max(same):.1%} of a zoom's networks end alike, and its dimension moves by {min(moved):+.2f} to {max(moved):+.2f}".replace(
                "-", "−"
            )
        )
    )
    listed = ", ".join(
        f"{name} {effects[name].value:.2f} [{effects[name].low:.2f}, {effects[name].high:.2f}]"
        for name in judged
    )
    fractal = sum(effects[name].low > smooth for name in judged)
    finding = (
        f"{fractal} of {len(judged)} boundaries have a box-counting dimension above a circle's {smooth:.2f}: {listed} "
        f"(mean and 95 % interval over {configuration.seeds} seeds). Their order follows the published one with a rank correlation of "
        f"{order.value:.2f} [{order.low:.2f}, {order.high:.2f}]; {pairs}."
    )
    return Conclusion(
        finding,
        (
            Verdict(
                "EVIDENCE 6",
                verdict,
                (*effects.values(), Effect("dimension, circle by the same count", smooth), order),
                configuration.seeds,
                f"one hidden layer of {configuration.width}, {configuration.steps} steps, {configuration.points} data points where the condition does "
                f"not say otherwise, float32; zooms of {configuration.fine}² networks in the most crowded tenth of each seed's boundary",
                when=when,
                note=f"The boundary of the figure's large map, {configuration.resolution}² networks of {configuration.map_points} data points, has "
                f"dimension {whole:.2f}. "
                "The published order is recalled, not read.",
                differs=differs,
            ),
        ),
        table,
    )


def over_seeds(name: str, values: np.ndarray) -> Effect:
    """Mean and Student's 95 % interval."""
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return Effect(name, values.mean(), values.mean() - half, values.mean() + half)


def circle(pixels: int) -> float:
    """What the count makes of a smooth boundary."""
    x = np.linspace(-1, 1, pixels)
    return box_dimension(edges(np.hypot(x, x[:, None]) < 0.8))


def judge(effects: list[Effect], names: list[str], smooth: float) -> tuple[str, str]:
    """The verdict and its condition: fractal is what has its interval above a smooth boundary's dimension."""
    fractal = [name for name, effect in zip(names, effects, strict=True) if effect.low > smooth]
    if len(fractal) == len(names):
        return "holds", ""
    if fractal:
        return (
            "holds only when",
            f"training is one of: {', '.join(fractal)} (interval above a circle's {smooth:.2f})",
        )
    return (
        ("does not hold", "")
        if all(effect.high <= max(smooth, 1.1) for effect in effects)
        else ("undecided", "")
    )


def order_of(dimensions: dict[str, np.ndarray], published: list[float]) -> tuple[Effect, str]:
    """Spearman's correlation of the means with the published numbers, seeds drawn again; and how many pairs are in their order."""
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
    kept, turned = sum(gap > 0 for gap in clear), sum(gap < 0 for gap in clear)
    total = len(values) * (len(values) - 1) // 2
    return (
        Effect(
            "rank correlation with the published dimensions",
            float(correlation(*values, axis=-1)),
            found.low,
            found.high,
        ),
        f"of {total} pairs {kept} lie clearly in the published order and {turned} clearly against it (Welch's test, p < 0.05)",
    )


def draw(configuration: Configuration, found: Found, conclusion: Conclusion) -> Figure:
    """The large map; a zoom of each condition; their dimensions."""
    every = conditions(configuration)
    name, half_width = named_activations.canonical(configuration.activation), configuration.half_width
    with drawing.canvas(17, 9.2) as figure:
        left, right = figure.add_gridspec(1, 2, width_ratios=(1.18, 1))
        ax = figure.add_subplot(left)
        show(ax, large_map(configuration, found), configuration.centre, half_width)
        ax.set(
            xlabel="hidden layer's learning rate, log₁₀",
            ylabel="output layer's learning rate, log₁₀",
            title=f"{name}: {configuration.resolution:,} × {configuration.resolution:,} networks, {configuration.steps} steps\n"
            "blue: converged (pale: soon)   orange: not (dark: blew up soon)",
        )
        above, below = right.subgridspec(2, 1, height_ratios=(1.25, 1))
        rows = 1 + (len(every) > 2)
        for place, each in zip(
            above.subgridspec(rows, -(-len(every) // rows)), every, strict=False
        ):
            panel, zoom = figure.add_subplot(place), found[part(each, 0)]
            show(panel, zoom["fine"], zoom["centre"], zoom["half_width"])
            dimension = box_dimension(edges(zoom["fine"] < 0))
            panel.set(
                title=f"{each}: {dimension:.2f}",
                xticks=[],
                yticks=[],
                xlabel=f"{2 * zoom['half_width']:.2g} decades",
            )
        dots = figure.add_subplot(below)
        effects = {
            effect.name.removeprefix("dimension, "): effect
            for effect in conclusion.verdicts[0].effects
        }
        for row, (each, condition) in enumerate(every.items()):
            effect = effects[each]
            dots.errorbar(
                effect.value,
                row,
                xerr=[[effect.value - effect.low], [effect.high - effect.value]],
                color=LIGHT[0],
                marker="o",
                capsize=5,
                label="measured, 95 % interval over seeds" if not row else None,
            )
            if condition.published:
                dots.plot(
                    condition.published,
                    row,
                    color=LIGHT[3],
                    marker="D",
                    linestyle="",
                    markerfacecolor="none",
                    markersize=9,
                    markeredgewidth=2,
                    label="published" if not row else None,
                )
        dots.axvline(
            effects["circle by the same count"].value,
            color="black",
            linestyle=":",
            linewidth=1.5,
            label="a circle",
        )
        dots.set(
            yticks=range(len(every)),
            yticklabels=list(every),
            ylim=(-0.6, len(every) + 0.6),
            xlabel="box-counting dimension of the boundary",
        )
        dots.legend(loc="upper right", ncols=3, fontsize=11, columnspacing=0.7, handletextpad=0.3)
    return figure


def large_map(configuration: Configuration, found: Found) -> np.ndarray:
    """Its bands."""
    return np.concatenate(
        [found[f"map {row}"]["score"] for row in range(0, configuration.resolution, BAND)]
    )


def show(ax, score: np.ndarray, centre, half_width: float) -> None:
    """A map in colour: blue, dark in grey print, where training converged; orange, light, where not; by rank within either."""
    image = np.zeros((*score.shape, 4))
    for side, ends in ((score < 0, ("#021d33", "#5fa8d3")), (score > 0, ("#c97a1b", "#fff6df"))):
        shade = stats.rankdata(score[side], method="average") / max(1, side.sum())
        image[side] = LinearSegmentedColormap.from_list("", ends, SHADES)(shade)
    ax.imshow(
        image,
        origin="lower",
        interpolation="nearest",
        extent=(
            *(centre[0] + half_width * np.array([-1, 1])),
            *(centre[1] + half_width * np.array([-1, 1])),
        ),
    )
    ax.grid(False)


def part(name: str, what: int | str) -> str:
    """A part's name is a file's."""
    return f"{name.replace(':', '.')} {what}"


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "resolution": 32,
        "steps": 60,
        "points": 8,
        "condition": ("tanh",),
        "seeds": 2,
        "coarse": 32,
        "fine": 32,
    },
    claims=("EVIDENCE 6",),
    parts=parts,
    conclude=conclude,
    draw=draw,
)
