"""What follows from the very deep networks: the verdicts, the finding and the table."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, stats

import jaxnn
from experiments.lab.data import load, prepare
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict, Word
from experiments.lab.study.statistics import interquartile_mean, interval
from experiments.lab.study.wording import listed
from experiments.very_deep.measure import MOMENTUM, Cell, cells
from experiments.very_deep.networks import CRITICAL, NORMALISED, OWN, RESIDUAL
from experiments.very_deep.rules import (
    grouped,
    judge_choice,
    judge_critical,
    judge_elu,
    judge_swish,
    leads_from,
    standing,
    word_of,
)
from jaxnn.criticality import critical_initialisation
from jaxnn.expectations import moments

IN_WORDS = {
    OWN: "its own gain",
    CRITICAL: "critical initialisation",
    NORMALISED: "layer norm",
    RESIDUAL: "layer norm and skips",
}
RESAMPLES = 2000
UNSTABLE = "swish", "gelu"  # their own gain keeps the variance at an unstable point


def conclude(configuration: Any, found: Found) -> Conclusion:
    """Apply the rules, and list every cell."""
    c = configuration
    table = _table(c, found)
    verdicts = (
        _on_swish(c, found),
        _on_elu(c, found),
        _on_choice(c, found),
        _on_critical(c, found),
    )
    return Conclusion(
        _finding(c, found), verdicts, table, {"digits": prepare(load("digits")).sha256}
    )


def scores(found: Found, cell: Cell) -> np.ndarray:
    """Test accuracy of a cell's seeds."""
    return found[cell.measured().part]["test"].astype(np.float64)


def accuracy(found: Found, cell: Cell) -> Effect:
    """Test accuracy of a cell."""
    values = scores(found, cell)
    return Effect(cell.part, float(interquartile_mean(values)), *interval(values))


def apart(found: Found, cell: Cell, name: str, other: str) -> Effect:
    """Test accuracy with one activation minus that with another, paired by seed."""
    difference = scores(found, cell._replace(activation=name)) - scores(
        found, cell._replace(activation=other)
    )
    said = f"accuracy, {name} minus {other}, {setting_of(cell)}"
    return Effect(said, float(interquartile_mean(difference)), *interval(difference))


def setting_of(cell: Cell) -> str:
    """A setting in words."""
    return f"{IN_WORDS[cell.setting]}, {cell.width} units × {cell.steps} updates"


def settings(c: Any, *names: str) -> dict[str, Cell]:
    """The settings at full depth in which all these activations were trained."""
    trained = set(cells(c))
    every = {cell._replace(activation=names[0]) for cell in trained if cell.depth == c.depth}
    every |= {cell._replace(setting=CRITICAL) for cell in every if cell.setting == OWN}
    order = [*IN_WORDS]
    shared = [
        cell
        for cell in every
        if all(cell._replace(activation=name).measured() in trained for name in names)
        and cell.setting in c.setting
    ]
    # A critical own gain makes the setting no second one unless the other activation has it too.
    shared = [
        cell
        for cell in shared
        if cell.setting != CRITICAL
        or any(cell._replace(activation=name) in trained for name in names)
    ]
    shared.sort(key=lambda cell: (order.index(cell.setting), cell.width, cell.steps))
    return {setting_of(cell): cell for cell in shared}


def stability(name: str) -> float:
    """dq′/dq at q = 1 of an activation's own gain: above 1 the signal's variance leaves it."""
    return float(jaxnn.initializers.gain(name) ** 2 * moments(name, 1.0).mean_square_slope)


def ladder(c: Any, found: Found) -> Effect:
    """Rank correlation of dq′/dq and accuracy with own gain, over activations; seeds resampled."""
    cell = Cell("", OWN, c.width[0], c.steps[0], c.depth)
    values = np.array([scores(found, cell._replace(activation=name)) for name in c.activation])
    theory = np.array([stability(name) for name in c.activation])

    theory = stats.rankdata(theory) - (len(theory) + 1) / 2

    def correlation(columns: np.ndarray) -> np.ndarray:
        ranks = stats.rankdata(values[:, columns].mean(-1), axis=0) - (len(theory) + 1) / 2
        spread = np.sqrt(np.sum(theory**2) * np.sum(ranks**2, axis=0))
        return np.divide(theory @ ranks, spread, out=np.zeros_like(spread), where=spread > 0)

    seeds = np.random.default_rng(0).integers(0, c.seeds, (RESAMPLES, c.seeds))
    low, high = np.quantile(correlation(seeds), (0.025, 0.975))
    (value,) = correlation(np.arange(c.seeds)[None])
    name = "rank correlation of dq′/dq with accuracy, own gain"
    return Effect(name, float(value), float(low), float(high))


def _tried(effects: Mapping[Any, Effect], names: Mapping[Any, str]) -> tuple[Tried, ...]:
    return tuple(Tried(names[key], word_of(effect), effect) for key, effect in effects.items())


def _on_swish(c: Any, found: Found) -> Verdict:
    """A6."""
    every = settings(c, "swish", "relu")
    effects = {said: apart(found, cell, "swish", "relu") for said, cell in every.items()}
    lowest = optimize.minimize_scalar(
        lambda z: z / (1 + math.exp(-z)), bounds=(-3, 0), method="bounded", options={"xatol": 1e-10}
    )
    word, when = judge_swish(effects, jaxnn.ACTIVATIONS["swish"].smooth, float(lowest.fun))
    return Verdict(
        "A6",
        word,
        (*effects.values(), Effect("minimum of swish", float(lowest.fun)), ladder(c, found)),
        c.seeds,
        _setting(c),
        when=when,
        note=f"{_standings(effects)}. With its own gain dq′/dq is {stability('swish'):.2f} for "
        f"swish and {stability('relu'):.2f} for ReLU, whose own gain is critical. "
        f"{_lost(c, found, every, ('swish', 'relu'))}{_ends(c, found)}",
        found=_found(word, effects, "Swish"),
        do=_advice(c, found),
        tried=_tried(effects, {said: said for said in effects}),
    )


def _on_elu(c: Any, found: Found) -> Verdict:
    """A4."""
    every = settings(c, "elu", "relu")
    effects = {said: apart(found, cell, "elu", "relu") for said, cell in every.items()}
    shallower = {
        depth: apart(found, Cell("", OWN, c.width[0], c.steps[0], depth), "elu", "relu")
        for depth in c.shallower
    }
    word, when = judge_elu(effects, shallower)
    first = leads_from(shallower)
    names: dict[Any, str] = {said: said for said in effects}
    names |= {depth: f"{depth} layers, {IN_WORDS[OWN]}" for depth in shallower}
    since = f"with its own gain it leads from {first} layers on" if first else ""
    return Verdict(
        "A4",
        word,
        tuple(effects.values()),
        c.seeds,
        _setting(c),
        when=when,
        note=". ".join(filter(None, (_standings(effects), since.capitalize()))),
        found=_found(word, effects, "ELU") + (f" {since.capitalize()}." if since else ""),
        do=f"Without skips, prefer ELU to ReLU from about {first or c.depth} layers on.",
        tried=_tried({**effects, **shallower}, names),
    )


def _on_choice(c: Any, found: Found) -> Verdict:
    """A9, its part on very deep networks."""
    every = settings(c, "swish", "relu")
    relu = {said: apart(found, cell, "swish", "relu") for said, cell in every.items()}
    trained = set(cells(c))
    others = {
        said: [
            apart(found, cell, name, "swish")
            for name in c.activation
            if name not in ("swish", "relu")
            and cell._replace(activation=name).measured() in trained
        ]
        for said, cell in every.items()
    }
    word, when = judge_choice(relu, others)
    best = {
        said: max(
            [name for name in c.activation if cell._replace(activation=name).measured() in trained],
            key=lambda name, cell=cell: accuracy(found, cell._replace(activation=name)).value,
        )
        for said, cell in every.items()
        if cell.width == c.width[0]
    }
    rivals = [max(each, key=lambda effect: effect.value) for each in others.values() if each]
    leaders = ", ".join(f"{name} with {said}" for said, name in best.items())
    return Verdict(
        "A9",
        word,
        (*rivals, *relu.values()),
        c.seeds,
        _setting(c),
        when=when,
        note=f"The part on very deep networks. The most accurate of all tried is {leaders}",
        found="The best activation depends on what keeps the signal: "
        f"{', '.join(f'{name} ({said.partition(chr(44))[0]})' for said, name in best.items())}.",
        do="Choose how the signal is kept first (layer norm, skips), then the activation.",
        tried=_tried(relu, {said: said for said in relu}),
    )


def _on_critical(c: Any, found: Found) -> Verdict:
    """EVIDENCE 25."""
    every = _critical_over_own(c, found)
    effects = {
        f"{cell.activation}, {cell.width} units × {cell.steps} updates": effect
        for cell, effect in every.items()
        if cell.activation in UNSTABLE
    }
    worse = [cell.activation for cell, effect in every.items() if standing(effect) == "worse"]
    word, when = judge_critical(effects)
    better = sum(standing(each) == "better" for each in effects.values())
    values = [each.value for each in effects.values()]
    # Without the setting, the verdict rests on nothing but the own gain's accuracy.
    own = accuracy(found, Cell("swish", OWN, c.width[0], c.steps[0], c.depth))
    theory = (
        f"With the own gain dq′/dq is {stability('swish'):.2f} for swish and "
        f"{stability('gelu'):.2f} for GELU: above 1, the signal leaves the fixed point"
    )
    return Verdict(
        "EVIDENCE 25",
        word,
        tuple(effects.values()) or (own,),
        c.seeds,
        _setting(c),
        when=when,
        note=". ".join(filter(None, (_standings(effects), theory, _ends(c, found)))),
        found=f"Critical initialisation is better than the own gain in {better} of {len(effects)} "
        f"comparisons; the differences are from {min(values):.2f} to {max(values):.2f}."
        if effects
        else "Critical initialisation was not tried.",
        do='With swish or GELU, deep and not normalised, try initializer="critical"'
        + (f"; not with {listed(list(dict.fromkeys(worse)))}." if worse else "."),
        tried=_tried(effects, {said: said for said in effects}),
    )


def _critical_over_own(c: Any, found: Found) -> dict[Cell, Effect]:
    """Accuracy with critical initialisation minus that with the own gain, paired by seed."""
    trained, effects = set(cells(c)), {}
    for cell in cells(c):
        own = cell._replace(setting=OWN)
        if cell.setting == CRITICAL and own in trained:
            difference = scores(found, cell) - scores(found, own)
            effects[cell] = Effect(
                "accuracy, critical minus own gain, "
                f"{cell.activation}, {cell.width} units × {cell.steps} updates",
                float(interquartile_mean(difference)),
                *interval(difference),
            )
    return effects


def _standings(effects: Mapping[str, Effect]) -> str:
    said = {
        word: [setting for setting, effect in effects.items() if standing(effect) == word]
        for word in ("better", "level", "worse")
    }
    return ". ".join(
        f"{word.capitalize()} with {grouped(found, effects)}"
        for word, found in said.items()
        if found
    )


def _found(word: Word, effects: Mapping[str, Effect], name: str) -> str:
    better, level, worse = (
        sum(standing(effect) == each for effect in effects.values())
        for each in ("better", "level", "worse")
    )
    values = [effect.value for effect in effects.values()]
    return (
        f"{name} is better than ReLU in {better} of {len(effects)} settings"
        f"{f' (by up to {max(values):.2f})' if better else ''}, level in {level} and worse in "
        f"{worse}{f' (by up to {-min(values):.2f})' if worse else ''}."
    )


def _advice(c: Any, found: Found) -> str:
    """What to use in a very deep network."""
    skips = [
        accuracy(found, cell).value
        for cell in cells(c)
        if cell.setting == RESIDUAL and cell.depth == c.depth
    ]
    plain = {
        cell.activation: accuracy(found, cell).value
        for cell in cells(c)
        if cell[1:] == (OWN, c.width[0], c.steps[0], c.depth)
    }
    best = max(plain, key=lambda name: plain[name]).upper()
    if not skips:
        return f"With {c.depth} layers and no skips use {best}."
    return (
        f"With {c.depth} layers use skips and layer norm (accuracy {min(skips):.2f} or more with "
        f"each); without them {best}."
    )


def _lost(c: Any, found: Found, every: Mapping[str, Cell], names: tuple[str, ...]) -> str:
    lost = [
        f"{int(count)} of {c.seeds} {name} networks with {said}"
        for said, cell in every.items()
        for name in names
        if (count := found[cell._replace(activation=name).measured().part]["diverged"].sum())
    ]
    return f"Diverged, which counts as accuracy 0: {', '.join(lost) or 'none'}. "


def _ends(c: Any, found: Found) -> str:
    """The cells whose best rate is still an end of those tried."""
    ends = [
        cell.part
        for cell in cells(c)
        if int(np.argmax(found[cell.part]["chosen_on"])) in (0, len(found[cell.part]["rates"]) - 1)
    ]
    return f"The best rate is still an end of those tried for: {', '.join(ends) or 'none'}"


def _setting(c: Any) -> str:
    return (
        f"digits, {c.depth} hidden layers, gradient descent with momentum {MOMENTUM}, batches of "
        f"{c.batch_size}, each network at its own best of {len(c.learning_rate)} rates from "
        f"{min(c.learning_rate):g} to {max(c.learning_rate):g} or beyond, chosen by {c.choosing} "
        "other seeds; every seed has a split of its own"
    )


def _finding(c: Any, found: Found) -> str:
    said = []
    for setting, cell in settings(c, "swish", "relu").items():
        ours, theirs = (
            accuracy(found, cell._replace(activation=name)) for name in ("swish", "relu")
        )
        said.append(f"{ours.value:.2f} against {theirs.value:.2f} with {setting}")
    order = ladder(c, found)
    return (
        f"Test accuracy of swish against ReLU with {c.depth} hidden layers: {'; '.join(said)}. "
        f"With their own gains the activations' accuracy follows the theory's dq′/dq with a rank "
        f"correlation of {order:.2f}."
    )


def _table(c: Any, found: Found) -> pd.DataFrame:
    """One row per trained cell."""
    every = cells(c)
    points = {name: critical_initialisation(name) for name in {cell.activation for cell in every}}
    rows = []
    for cell in every:
        score, one, point = accuracy(found, cell), found[cell.part], points[cell.activation]
        rows.append(
            cell._asdict()
            | {
                "accuracy": score.value,
                "low": score.low,
                "high": score.high,
                "rate": float(one["rate"][0]),
                "diverged": int(one["diverged"].sum()),
                "stability": stability(cell.activation),
                "critical_weight_variance": point.weight_variance,
                "critical_bias_variance": point.bias_variance,
            }
        )
    return pd.DataFrame(rows)
