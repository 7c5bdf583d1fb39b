"""What follows from the trained networks: A10, EVIDENCE 13 and Y3."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from experiments.depth.measure import FORWARD_ROWS, INITIALISED
from experiments.depth.own_rate import FURTHER
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Effect, Tried, Verdict, Word
from experiments.lab.study.statistics import interquartile_mean, interval

STALLED, TRAINS = 0.2, 0.5  # test accuracy up to which a network stalls, and from which it trains


def accuracy(found: Found, part: str, name: str = "") -> Effect:
    """Test accuracy of a part's networks."""
    scores = found[part]["test"].astype(np.float64)
    return Effect(name or part, float(interquartile_mean(scores)), *interval(scores))


def apart(found: Found, ours: str, theirs: str, name: str = "") -> Effect:
    """Test accuracy of one part's networks minus another's, paired by seed."""
    difference = found[ours]["test"].astype(np.float64) - found[theirs]["test"]
    return Effect(
        name or f"accuracy, {ours} minus {theirs}".replace("ladder-", "").replace("-", " "),
        float(interquartile_mean(difference)),
        *interval(difference),
    )


def most_accurate(configuration: Any, found: Found, depth: int) -> str:
    """The activation of the ladder that is most accurate at a depth."""
    return max(
        configuration.activation, key=lambda name: accuracy(found, f"ladder-{name}-{depth}").value
    )


def setting(configuration: Any) -> str:
    """How the ladder is trained."""
    c = configuration
    return (
        f"digits, {c.width} units per layer, no normalisation, each activation's own gain, SGD "
        f"with momentum .9, {c.steps} steps of {c.batch_size} rows, test rows, each network at its "
        f"own best of {len(c.learning_rate)} rates from {min(c.learning_rate):g} to "
        f"{max(c.learning_rate):g} (and of {FURTHER} more beyond an end that is best), chosen on "
        f"the validation rows of {c.choosing} other seeds"
    )


def _layers(depths: Sequence[int]) -> str:
    return f"{', '.join(map(str, depths))} hidden layers" if depths else "no depth"


def saturated(found: Found, part: str) -> float:
    """Mean share of saturated pairs after training; nan if every run has diverged."""
    values = found[part]["saturated"]
    return float(np.nanmean(values)) if np.isfinite(values).any() else math.nan


def saturation(configuration: Any, found: Found) -> Verdict:
    """A10: whether ReLU is the more accurate because the others saturate.

    Holds if ReLU is better than sigmoid and tanh at every depth, and the other is the more
    saturated in each comparison; holds only when, if so in some comparisons; else does not hold.
    """
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
    better = [at for at, effect in compared.items() if effect.low > 0]
    because = [
        (other, depth)
        for other, depth in better
        if saturated(found, f"ladder-{other}-{depth}") > saturated(found, f"ladder-relu-{depth}")
    ]
    most = max(
        (saturated(found, f"ladder-{other}-{depth}") for other, depth in better), default=math.nan
    )
    word = judge_saturation(len(because), len(compared))
    deepest = max(configuration.depth)
    effects = [
        effect
        for (_, depth), effect in compared.items()
        if depth in (min(configuration.depth), 10, 40, deepest)
    ]
    effects += [
        Effect(f"saturated share, {name} {depth}", saturated(found, f"ladder-{name}-{depth}"))
        for name in ("relu", "tanh", "sigmoid")
        for depth in dict.fromkeys((min(configuration.depth), deepest))
    ]
    when = "ReLU is compared with " + ", ".join(
        f"{other} at {depth} hidden layers" for other, depth in because
    )
    return Verdict(
        "A10",
        word,
        tuple(effects),
        configuration.seeds,
        setting(configuration) + "; a unit is saturated where |φ′| is below 5 % of its maximum",
        when=when if word == "holds only when" else "",
        found=f"ReLU is more accurate in {len(better)} of {len(compared)} comparisons, and in "
        f"{len(because)} of these the other is the more saturated.",
        do="Do not choose ReLU for its lack of saturation; to 10 layers tanh does as well.",
        tried=tuple(
            Tried(
                f"{at[0]}, {at[1]} layers",
                "holds"
                if at in because
                else "undecided"
                if effect.high > 0 >= effect.low
                else "does not hold",
                effect,
            )
            for at, effect in compared.items()
        ),
        note=f"ReLU is better than both at {_layers(both)}. It is better in {len(better)} of "
        f"{len(compared)} comparisons, and in {len(because)} of these the other is the more "
        "saturated"
        + (f"; the other's saturated share in them is at most {most:.3f}" if better else "")
        + ". ReLU's flat side, z ≤ 0, counts as saturated too",
    )


def judge_saturation(because: int, comparisons: int) -> Word:
    """The verdict on A10.

    Args:
        because: comparisons in which ReLU is more accurate and the other the more saturated.
        comparisons: all of them.
    """
    if because == comparisons:
        return "holds"
    return "holds only when" if because else "does not hold"


def initialisation(configuration: Any, found: Found) -> Verdict:
    """EVIDENCE 13: Xavier's networks stall, He's train.

    They stall if the interval of their accuracy ends at STALLED or below, and train if it begins at
    TRAINS or above.
    """
    c = configuration
    xavier, he = (accuracy(found, f"init-{name}", f"test accuracy, {name}") for name in INITIALISED)
    rates = " and ".join(f"{found[f'init-{name}']['rate'].item():g}" for name in INITIALISED)
    return Verdict(
        "EVIDENCE 13",
        judge_initialisation(xavier, he),
        (xavier, he, apart(found, "init-He", "init-Xavier", "difference")),
        c.seeds,
        f"digits, ReLU, {c.he_depth} layers of {c.he_width} units, SGD with momentum .9, {c.steps} "
        f"steps of {c.batch_size} rows, own best rate",
        found=f"{c.he_depth} ReLU layers reach an accuracy of {he.value:.2f} with He's weights, "
        f"and of {xavier.value:.2f} with Xavier's.",
        do="Initialise deep ReLU networks with He's variance, 2 / fan-in.",
        note=f"The best rates are {rates}",
    )


def judge_initialisation(xavier: Effect, he: Effect) -> Word:
    """The verdict on EVIDENCE 13, from the accuracies with Xavier's and with He's weights."""
    if xavier.high <= STALLED and he.low >= TRAINS:
        return "holds"
    refuted = he.high < xavier.low or xavier.low > STALLED
    return "does not hold" if refuted else "undecided"


def seconds_per_layer(configuration: Any, found: Found) -> tuple[Effect, np.ndarray]:
    """The slope of a line through the medians over the repeats, and those medians, (depths,)."""
    medians = np.median(found["forward"]["forward_seconds"], 1)
    line = stats.linregress(configuration.forward_depth, medians)
    half = stats.t.ppf(0.975, max(1, len(medians) - 2)) * line.stderr
    value, low, high = (1e6 * (line.slope + shift) for shift in (0, -half, half))
    name = f"timing: forward pass of {FORWARD_ROWS} rows"
    slope = Effect(name, value, low, high, "µs per layer")
    return slope, medians


def more_layers(configuration: Any, found: Found) -> Verdict:
    """Y3: more layers are slower and solve more.

    Slower: the time per layer is above 0. They solve more if the best depth, as the choosing seeds
    see it, is more accurate than the least depth. Holds without a condition if that is so on both
    tasks, and the deepest is nowhere less accurate than the best.
    """
    c = configuration
    slower, _ = seconds_per_layer(c, found)
    tasks = {
        "spirals": [f"spirals-{depth}" for depth in c.spiral_depth],
        "digits": [f"ladder-tanh-{depth}" for depth in c.depth],
    }
    effects, falls, gains, helps, said = [], [], [], [], []
    for (task, names), depths in zip(tasks.items(), (c.spiral_depth, c.depth), strict=True):
        best = int(np.argmax([found[name]["chosen_on"].max() for name in names]))
        gain = apart(
            found,
            names[best],
            names[0],
            f"{task}: accuracy with {depths[best]} layers minus with {depths[0]}",
        )
        fall = apart(
            found,
            names[-1],
            names[best],
            f"{task}: accuracy with {depths[-1]} layers minus with {depths[best]}",
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
    word = judge_layers(slower, gains, falls)
    return Verdict(
        "Y3",
        word,
        (*effects, slower),
        c.seeds,
        f"tanh, {c.width} units per layer; two spirals ({c.spiral_steps:,} steps) and {setting(c)}",
        when=f"the task needs them: more layers help {', and '.join(helps)}"
        if word == "holds only when"
        else "",
        found=f"A layer costs {slower.value:.0f} µs; more layers help {', and '.join(helps)}.",
        do="Start with one or two hidden layers; add layers only while the validation score rises.",
        tried=tuple(
            Tried(
                task,
                "holds"
                if gained and not fell
                else "holds only when"
                if gained
                else "does not hold",
                gain,
            )
            for task, gain, gained, fell in zip(tasks, effects[::2], gains, falls, strict=True)
        ),
        note=f"Accuracy without a hidden layer (logistic regression): {', '.join(said)}. Timings "
        "vary from run to run",
    )


def judge_layers(slower: Effect, gains: Sequence[bool], falls: Sequence[bool]) -> Word:
    """The verdict on Y3.

    Args:
        slower: time per layer.
        gains: of each task, whether the best depth is more accurate than the least.
        falls: of each task, whether the deepest is less accurate than the best.
    """
    if slower.high <= 0 or not any(gains):
        return "does not hold"
    if not slower.low > 0:
        return "undecided"
    return "holds only when" if any(falls) or not all(gains) else "holds"
