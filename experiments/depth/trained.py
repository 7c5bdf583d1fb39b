"""What follows from the networks that the experiment on depth has trained: a rule a claim, each able to come out otherwise."""

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from scipy import optimize, stats

import jaxnn
from experiments.depth.own_rate import FURTHER, at_an_end
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Effect, Verdict, Word
from experiments.lab.study.statistics import interquartile_mean, interval
from jaxnn import criticality

TRAINED = 0.5  # training accuracy from which a network on the ten digits counts as trained; guessing gives .1
STALLED, TRAINS = (
    0.2,
    0.5,
)  # test accuracy up to which a network counts as stalled, and from which as trained
VERY_DEEP = 40
MAP_BIAS_VARIANCE = 0.05


def accuracy(found: Found, part: str) -> Effect:
    """Test accuracy of a part's networks."""
    scores = found[part]["test"].astype(np.float64)
    return Effect(part, float(interquartile_mean(scores)), *interval(scores))


def apart(found: Found, ours: str, theirs: str, name: str = "") -> Effect:
    """Difference of two parts' test accuracy, paired by seed."""
    difference = found[ours]["test"].astype(np.float64) - found[theirs]["test"]
    return Effect(
        name or f"accuracy, {ours} minus {theirs}".replace("ladder-", "").replace("-", " "),
        float(interquartile_mean(difference)),
        *interval(difference),
    )


def setting(configuration: Any) -> str:
    """Of the ladder."""
    c = configuration
    return (
        f"digits, {c.width} units a layer, no normalisation, each activation's own gain, SGD with momentum .9, {c.steps} steps of "
        f"{c.batch_size} rows, test rows, each network at its own best of {len(c.learning_rate)} rates from {min(c.learning_rate):g} "
        f"to {max(c.learning_rate):g}, and of {FURTHER} beyond an end that is best, chosen on the validation rows of {c.choosing} other "
        "seeds"
    )


@cache
def chaos_depth_scale(weight_variance: float, bias_variance: float) -> float:
    """ξ of tanh: −1 / log of the correlation map's slope at the correlation that two inputs settle at.

    Below the edge of chaos that is 1, and the slope is χ; above it lies below 1, where criticality.depth_scales only has the
    gradient's growth.

    Example:
        >>> round(chaos_depth_scale(1.0, 0.05), 2)
        3.63
    """
    scales = criticality.depth_scales("tanh", weight_variance, bias_variance)
    if scales.gradient_factor < 1:
        return scales.correlation

    def drift(correlation: float) -> float:
        return (
            criticality.correlation_map(
                "tanh", correlation, scales.q, weight_variance, bias_variance
            ).correlation
            - correlation
        )

    settled = optimize.brentq(drift, 0, 1 - 1e-6)
    return -1 / math.log(
        criticality.correlation_map("tanh", settled, scales.q, weight_variance, bias_variance).slope
    )


def trained_depth(depths: Sequence[int], accuracies: np.ndarray) -> float:
    """The deepest that trains: where accuracy, over the logarithm of depth, last falls below TRAINED.

    nan where it never does, or always is.

    Example:
        >>> round(trained_depth((10, 40), np.array([0.9, 0.1])), 6), trained_depth((10, 40), np.array([0.9, 0.8]))
        (20.0, nan)
    """
    above = np.flatnonzero(accuracies >= TRAINED)
    if len(above) == 0 or above[-1] == len(depths) - 1:
        return math.nan
    last = above[-1]
    share = (accuracies[last] - TRAINED) / (accuracies[last] - accuracies[last + 1])
    return float(depths[last] * (depths[last + 1] / depths[last]) ** share)


def depth_scale(configuration: Any, found: Found) -> Verdict:
    """EVIDENCE 3: holds if the interval of deepest depth over ξ lies within half and twice 6, and both grow together (rank correlation)."""
    c = configuration
    measured = map_depths(configuration, found)
    scales = np.array(
        [chaos_depth_scale(variance, MAP_BIAS_VARIANCE) for variance in c.map_weight_variance]
    )
    known = np.isfinite(measured)
    if known.sum() < 3:
        few = Effect(
            "weight variances whose deepest trained depth lies within the depths tried",
            int(known.sum()),
        )
        return Verdict(
            "EVIDENCE 3",
            "undecided",
            (few,),
            c.map_seeds,
            _map_setting(c),
            note="At least three are needed",
        )
    ratio = measured[known] / scales[known]
    logs = np.log(ratio)
    half = stats.t.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / math.sqrt(len(logs))
    middle, low, high = (float(np.exp(logs.mean() + shift)) for shift in (0, -half, half))
    together = stats.spearmanr(scales[known], measured[known])
    ordered = (
        np.array(c.map_weight_variance)[known]
        < criticality.critical_points("tanh", MAP_BIAS_VARIANCE)[0].weight_variance
    )
    grow = together.statistic > 0 and together.pvalue < 0.05
    within = 3 <= low and high <= 12
    word: Word = (
        "holds" if within and grow else "undecided" if low <= 12 and high >= 3 else "does not hold"
    )
    sides = [
        Effect(
            f"the same {name} the edge of chaos",
            float(np.exp(logs[side].mean())),
            float(np.exp(logs[side].min())),
            float(np.exp(logs[side].max())),
        )
        for name, side in (("below", ordered), ("above", ~ordered))
        if side.any()
    ]
    return Verdict(
        "EVIDENCE 3",
        word,
        (
            Effect("deepest trained depth over ξ", middle, low, high),
            Effect(
                "rank correlation of the two over the weight variances", float(together.statistic)
            ),
            *sides,
        ),
        c.map_seeds,
        _map_setting(c),
        note="Rule: the interval over the weight variances lies between 3 and 12, the rank correlation is above 0 with p < .05. "
        "A side's brackets are its smallest and largest. Left out, since every depth tried trains or none: σ_w² "
        f"{', '.join(f'{v:g}' for v, k in zip(c.map_weight_variance, known, strict=True) if not k) or 'none'}",
    )


def _map_setting(c: Any) -> str:
    return (
        f"digits, tanh, {c.map_width} units a layer, bias variance {MAP_BIAS_VARIANCE}, {len(c.map_weight_variance)} weight variances, "
        f"depths {min(c.map_depth)} to {max(c.map_depth)}, {c.steps} steps of plain SGD, the best of {len(c.map_learning_rate)} rates; "
        f"trained is a mean training accuracy of {TRAINED}, between two depths interpolated"
    )


def map_accuracy(configuration: Any, found: Found) -> np.ndarray:
    """Training accuracy at the best rate, the mean over seeds, (weight variances, depths)."""
    return np.array(
        [
            found[f"map-{variance:g}"]["train"].mean(2).max(1)
            for variance in configuration.map_weight_variance
        ]
    )


def map_depths(configuration: Any, found: Found) -> np.ndarray:
    """The deepest that trains, for each weight variance."""
    return np.array(
        [
            trained_depth(configuration.map_depth, each)
            for each in map_accuracy(configuration, found)
        ]
    )


def very_deep(configuration: Any, found: Found, claim: str, name: str) -> Verdict:
    """A4 and A6: from 40 layers on (or the ladder's deepest), better than ReLU with paired intervals above 0 at every depth."""
    deep = [depth for depth in configuration.depth if depth >= VERY_DEEP] or [
        max(configuration.depth)
    ]
    compared = {
        depth: apart(found, f"ladder-{name}-{depth}", f"ladder-relu-{depth}")
        for depth in configuration.depth
    }
    better = [depth for depth in configuration.depth if compared[depth].low > 0]
    worse = [depth for depth in configuration.depth if compared[depth].high < 0]
    good = [depth for depth in deep if depth in better]
    word: Word = (
        "holds"
        if len(good) == len(deep)
        else "holds only when"
        if good
        else "does not hold"
        if any(depth in worse for depth in deep)
        else "undecided"
    )
    effects = [compared[depth] for depth in deep]
    effects += [
        Effect(f"accuracy, {name} {depth}", *_numbers(accuracy(found, f"ladder-{name}-{depth}")))
        for depth in deep
    ]
    best = {
        depth: max(
            configuration.activation,
            key=lambda other: accuracy(found, f"ladder-{other}-{depth}").value,
        )
        for depth in deep
    }
    note = (
        f"Better than ReLU at {_list(better)} layers, worse at {_list(worse)}; the best of all is "
        + ", ".join(f"{best[depth]} at {depth}" for depth in deep)
    )
    ends = [
        f"{other} {depth}"
        for other in (name, "relu")
        for depth in deep
        if at_an_end(found[f"ladder-{other}-{depth}"]["chosen_on"])
    ]
    note += f". Best rate still an end of those tried: {', '.join(ends) or 'none'}"
    note += "".join(
        f". {lost} of {configuration.seeds} {other} networks of {depth} layers diverged"
        for other in (name, "relu")
        for depth in deep
        if (lost := int(found[f"ladder-{other}-{depth}"]["diverged"].sum()))
    )
    if name == "swish":
        lowest = optimize.minimize_scalar(
            lambda z: z / (1 + math.exp(-z)),
            bounds=(-3, 0),
            method="bounded",
            options={"xatol": 1e-10},
        )
        effects.append(Effect("minimum of swish", float(lowest.fun)))
        note += f". It is smooth, and its minimum lies at x = {lowest.x:.3f}"
        if abs(lowest.fun + 0.278) > 5e-4 or not jaxnn.ACTIVATIONS["swish"].smooth:
            word = "does not hold"
    return Verdict(
        claim,
        word,
        tuple(effects),
        configuration.seeds,
        setting(configuration),
        note=note,
        when=f"layers number {_list(good)}, of {_list(deep)}" if word == "holds only when" else "",
    )


def _numbers(effect: Effect) -> tuple[float, float | None, float | None]:
    return effect.value, effect.low, effect.high


def _list(depths: Sequence[int]) -> str:
    return ", ".join(map(str, depths)) or "none"


def saturated(found: Found, part: str) -> float:
    """Mean share of saturated pairs after training; nan where every run has diverged."""
    values = found[part]["saturated"]
    return float(np.nanmean(values)) if np.isfinite(values).any() else math.nan


def saturation(configuration: Any, found: Found) -> Verdict:
    """A10: better than both at every depth, and where it is better the loser is the more saturated; else where it is so, or nowhere."""
    compared = {
        (other, depth): apart(found, f"ladder-relu-{depth}", f"ladder-{other}-{depth}")
        for other in ("sigmoid", "tanh")
        for depth in configuration.depth
    }
    both = [
        depth
        for depth in configuration.depth
        if all(compared[other, depth].low > 0 for other in ("sigmoid", "tanh"))
    ]
    because = [
        (other, depth)
        for (other, depth), effect in compared.items()
        if effect.low > 0
        and saturated(found, f"ladder-{other}-{depth}") > saturated(found, f"ladder-relu-{depth}")
    ]
    better = [at for at, effect in compared.items() if effect.low > 0]
    most = max(
        (saturated(found, f"ladder-{other}-{depth}") for other, depth in better), default=math.nan
    )
    word: Word = (
        "holds"
        if len(because) == len(compared)
        else "holds only when"
        if because
        else "does not hold"
    )
    deepest = max(configuration.depth)
    effects = [
        effect
        for (_, depth), effect in compared.items()
        if depth in (min(configuration.depth), 10, 40, deepest)
    ]
    effects += [
        Effect(f"saturated share, {name} {depth}", saturated(found, f"ladder-{name}-{depth}"))
        for name in ("relu", "tanh", "sigmoid")
        for depth in {min(configuration.depth): 0, deepest: 0}
    ]
    when = "hidden layers number " + "; ".join(
        f"{depth}, against {other}" for other, depth in because
    )
    return Verdict(
        "A10",
        word,
        tuple(effects),
        configuration.seeds,
        setting(configuration) + "; saturated is a slope below 5 % of the largest",
        when=when if word == "holds only when" else "",
        note=f"ReLU is better than both at {_list(both)} layers, better than one in {len(better)} of {len(compared)} "
        f"comparisons, in {len(because)} of which the other is the more saturated"
        + (f"; the other's share in them is at most {most:.3f}" if better else "")
        + ". ReLU's flat side, z ≤ 0, counts as saturated too",
    )


def initialisation(configuration: Any, found: Found) -> Verdict:
    """EVIDENCE 13: stalls is an interval up to STALLED, trains an interval from TRAINS on."""
    c = configuration
    xavier, he = (
        Effect(f"test accuracy, {name}", *_numbers(accuracy(found, f"init-{name}")))
        for name in ("Xavier", "He")
    )
    rates = " and ".join(f"{found[f'init-{name}']['rate'].item():g}" for name in ("Xavier", "He"))
    stalls, trains = xavier.high <= STALLED, he.low >= TRAINS
    word: Word = (
        "holds"
        if stalls and trains
        else "does not hold"
        if he.high < xavier.low or xavier.low > STALLED
        else "undecided"
    )
    return Verdict(
        "EVIDENCE 13",
        word,
        (xavier, he, apart(found, "init-He", "init-Xavier", "difference")),
        c.seeds,
        f"digits, ReLU, {c.he_depth} layers of {c.he_width} units, SGD with momentum .9, {c.steps} steps of {c.batch_size} "
        "rows, own best rate",
        note=f"Rule: an interval up to {STALLED} stalls, one from {TRAINS} on trains; best rates {rates}",
    )


def seconds_per_layer(configuration: Any, found: Found) -> tuple[Effect, np.ndarray]:
    """Slope of a line through the medians over the repeats, and those medians."""
    medians = np.median(found["forward"]["forward_seconds"], 1)
    line = stats.linregress(configuration.forward_depth, medians)
    half = stats.t.ppf(0.975, max(1, len(medians) - 2)) * line.stderr
    slope = Effect(
        "timing: forward pass of 256 rows",
        *(1e6 * (line.slope + shift) for shift in (0, -half, half)),
        "µs per layer",
    )
    return slope, medians


def more_layers(configuration: Any, found: Found) -> Verdict:
    """Y3: slower is a slope above 0; more solved, that the best depth (by the choosing seeds) beats the least.

    Without condition, if that is so on both tasks and the deepest is nowhere worse than the best.
    """
    c = configuration
    slower, _ = seconds_per_layer(c, found)
    tasks = {
        "spirals": [f"spirals-{depth}" for depth in c.spiral_depth],
        "digits": [f"ladder-tanh-{depth}" for depth in c.depth],
    }
    effects, falls, gains, helps, said = [slower], [], [], [], []
    for (task, names), depths in zip(tasks.items(), (c.spiral_depth, c.depth), strict=True):
        best = int(np.argmax([found[name]["chosen_on"].max() for name in names]))
        gain = apart(
            found,
            names[best],
            names[0],
            f"{task}: accuracy with {depths[best]} layers minus with {depths[0]}",
        )
        fall = apart(
            found, names[-1], names[best], f"{task}: with {depths[-1]} minus with {depths[best]}"
        )
        effects += [gain, fall]
        gains.append(gain.low > 0)
        falls.append(fall.high < 0)
        helps.append(
            f"up to {depths[best]} layers on the {task}"
            if gains[-1]
            else f"not on the {task}, where {depths[best]} is best"
        )
        said.append(f"{task} {found['no_hidden_layer'][task].item():.3f}")
    word: Word = (
        "does not hold"
        if slower.high <= 0 or not any(gains)
        else "undecided"
        if not slower.low > 0
        else "holds only when"
        if any(falls) or not all(gains)
        else "holds"
    )
    return Verdict(
        "Y3",
        word,
        tuple(effects),
        c.seeds,
        f"tanh, {c.width} units a layer; two spirals ({c.spiral_steps:,} steps) and {setting(c)}",
        when=f"the task needs them: more layers help {', and '.join(helps)}"
        if word == "holds only when"
        else "",
        note=f"No hidden layer (logistic regression): {', '.join(said)}. Timings vary from run to run",
    )
