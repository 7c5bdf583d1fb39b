"""What follows for the best rate over widths and over depths."""

from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.data import load, prepare
from experiments.lab.evidence.effects import effect
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict
from experiments.rate_transfer.measure import rates
from experiments.rate_transfer.rules import agrees, best_power, judge_depth, judge_width

OPTIMIZERS = {"adam": "Adam", "sgd": "SGD"}
PARAMETRISATIONS = "standard", "μP"
TIMES = {"": -1, ", half of the updates": 0}


def conclude(configuration: Any, found: Found) -> Conclusion:
    """Both verdicts."""
    width, over_width = _width(configuration, found)
    depth, over_depth = _depth(configuration, found)
    return Conclusion(
        f"{width.found} {depth.found}",
        (width, depth),
        pd.DataFrame(over_width + over_depth),
        {configuration.data: prepare(load(configuration.data)).sha256},
    )


def _row(measure: str, at: int, kind: str, best: np.ndarray, powers: np.ndarray) -> dict:
    """One place of the figure: log₂ of the best rate, and how often that is at an end."""
    one = effect("", best)
    ends = float(np.isin(best, powers[[0, -1]]).mean())
    row = {"measure": measure, "size": at, "kind": kind, "value": one.value}
    return row | {"low": one.low, "high": one.high, "at_an_end": ends}


def _width(configuration: Any, found: Found) -> tuple[Verdict, list[dict]]:
    rows, shifts, effects = [], {}, []
    widths = sorted(configuration.width)
    for optimizer, named in OPTIMIZERS.items():
        powers = np.log2(rates(configuration, optimizer))
        for when, point in TIMES.items():
            best = {
                width: best_power(found[f"{named}; width {width}"]["loss"][point], powers, 1)
                for width in widths
            }
            both = []
            for number, kind in enumerate(PARAMETRISATIONS):
                moved = best[widths[-1]][number] - best[widths[0]][number]
                both.append(effect(f"shift, {kind}, {named}{when}", moved, "octaves"))
                if not when:
                    rows += [
                        _row("width", width, f"{named}, {kind}", best[width][number], powers)
                        for width in widths
                    ]
            shifts[f"{named}{when}"] = both[0], both[1]
            effects += both
    word, when = judge_width(shifts)
    tried = []
    for setting, pair in shifts.items():
        one = judge_width({setting: pair})[0]
        tried.append(Tried(f"{setting}: standard", one, pair[0]))
        tried.append(Tried(f"{setting}: μP", one, pair[1]))
    adam, sgd = shifts["Adam"], shifts["SGD"]
    times = widths[-1] / widths[0]
    return (
        Verdict(
            "EVIDENCE 9",
            word,
            tuple(effects),
            configuration.seeds,
            f"two hidden ReLU layers of {widths[0]} to {widths[-1]} neurons on "
            f"{configuration.data}, {configuration.steps} updates on batches of 32; both "
            f"parametrisations are the same at width {widths[0]}",
            when=when,
            note=_ends(rows),
            found=f"{times:g} × width moves the best rate by {adam[0].value:+.1f} octaves (Adam) "
            f"and {sgd[0].value:+.1f} (SGD), in μP by {adam[1].value:+.1f} and "
            f"{sgd[1].value:+.1f}.",
            do="Tune the rate on a narrow network only in μP, or tune it again at the full width.",
            tried=tuple(tried),
        ),
        rows,
    )


def _ends(rows: list[dict]) -> str:
    """Where the best rate is at an end of the grid, so that it may lie beyond."""
    ends = [f"{row['kind']} at {row['size']}" for row in rows if row["at_an_end"] > 0]
    return f"The best rate is at an end of the grid for {', '.join(ends)}" if ends else ""


def _depth(configuration: Any, found: Found) -> tuple[Verdict, list[dict]]:
    depths = sorted(configuration.depth)
    powers, rows, slopes, relu = np.asarray(configuration.depth_rate, float), [], {}, {}
    settings = {"all depths": (-1, 1), "from four layers on": (-1, 4)}
    settings |= {"half of the updates": (0, 1)}
    for number, name in enumerate(configuration.activation):
        for setting, (point, least) in settings.items():
            used = [depth for depth in depths if depth >= least]
            if len(used) < 2:
                used = depths
            best = np.stack(
                [best_power(found[f"depth {d}"]["loss"][point, number], powers, 0) for d in used]
            )
            exponents = np.polyfit(np.log2(used), best, 1)[0]
            one: Effect = effect(f"exponent of depth, {name}, {setting}", exponents)
            if setting == "all depths":
                slopes[name] = one
                rows += [
                    _row("depth", d, name, values, powers)
                    for d, values in zip(used, best, strict=True)
                ]
            if name == "relu":
                relu[setting] = one
    word, when = judge_depth(relu)
    others = [one for name, one in slopes.items() if name != "relu"]
    said = ", ".join(f"{name} {one.value:.2f}" for name, one in slopes.items())
    return (
        Verdict(
            "EVIDENCE 21",
            word,
            (*relu.values(), *others),
            configuration.seeds,
            f"{depths[0]} to {depths[-1]} hidden layers of {configuration.depth_width} neurons on "
            f"{configuration.data}, initialised by gain, plain gradient descent, "
            f"{configuration.steps} updates on batches of 32",
            when=when,
            note=_ends(rows),
            found=f"The best rate's exponent of depth: {said}.",
            do="Lower the rate when you add layers, and tune it again at the full depth.",
            tried=tuple(Tried(setting, agrees(one), one) for setting, one in relu.items()),
        ),
        rows,
    )
