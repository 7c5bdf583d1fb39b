"""What follows from the map of tanh networks: how deep they train against theory's depth scale."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from experiments.depth.depth_scale import MAP_BIAS_VARIANCE, chaos_depth_scale, depths
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Effect, Tried, Verdict, Word
from jaxnn import criticality

# Training accuracy on the ten digits from which a network counts as trained; guessing gives 0.1.
TRAINED = 0.5
PUBLISHED_SCALES = 6  # up to how many depth scales networks train


def trained_depth(depths: Sequence[float], accuracies: np.ndarray) -> float:
    """The deepest network that trains: where accuracy last falls below TRAINED.

    Accuracy is interpolated over the logarithm of depth. The shallowest depth if none trains, and
    the deepest if that one does: the true depth is beyond.

    Example:
        >>> round(trained_depth((10, 40), np.array([0.9, 0.1])), 6)
        20.0
        >>> trained_depth((10, 40), np.array([0.9, 0.8])), trained_depth((10, 40), np.zeros(2))
        (40.0, 10.0)
    """
    above = np.flatnonzero(accuracies >= TRAINED)
    if len(above) == 0 or above[-1] == len(depths) - 1:
        return float(depths[-1] if len(above) else depths[0])
    last = above[-1]
    share = (accuracies[last] - TRAINED) / (accuracies[last] - accuracies[last + 1])
    return float(depths[last] * (depths[last + 1] / depths[last]) ** share)


def map_accuracy(configuration: Any, found: Found) -> np.ndarray:
    """Mean training accuracy over seeds at the best rate, (weight variances, multiples of ξ)."""
    return np.array(
        [
            found[f"map-{variance:g}"]["train"].mean(2).max(1)
            for variance in configuration.map_weight_variance
        ]
    )


def map_depths(configuration: Any, found: Found) -> np.ndarray:
    """The deepest network that trains, (weight variances,)."""
    c = configuration
    accuracies = map_accuracy(c, found)
    return np.array(
        [
            trained_depth(depths(c.map_scale, variance), each)
            for variance, each in zip(c.map_weight_variance, accuracies, strict=True)
        ]
    )


def map_scales(configuration: Any) -> np.ndarray:
    """Theory's depth scale ξ, (weight variances,)."""
    return np.array(
        [
            chaos_depth_scale(variance, MAP_BIAS_VARIANCE)
            for variance in configuration.map_weight_variance
        ]
    )


def at_an_end(configuration: Any, found: Found) -> list[float]:
    """The weight variances at which every depth tried trains, or none."""
    trains = map_accuracy(configuration, found) >= TRAINED
    ends = trains[:, -1] | ~trains.any(1)
    return [
        variance
        for variance, end in zip(configuration.map_weight_variance, ends, strict=True)
        if end
    ]


def depth_scale(configuration: Any, found: Found) -> Verdict:
    """EVIDENCE 3: the deepest trained depth over ξ."""
    c = configuration
    measured, scales = map_depths(c, found), map_scales(c)
    logs = np.log(measured / scales)
    spread = logs.std(ddof=1) / math.sqrt(len(logs)) if len(logs) > 1 else 0.0
    half = stats.t.ppf(0.975, max(1, len(logs) - 1)) * spread
    middle, low, high = (float(np.exp(logs.mean() + shift)) for shift in (0, -half, half))
    together = stats.spearmanr(scales, measured)
    ordered = (
        np.array(c.map_weight_variance)
        < criticality.critical_points("tanh", MAP_BIAS_VARIANCE)[0].weight_variance
    )
    ends = at_an_end(c, found)
    grow = bool(together.statistic > 0 and together.pvalue < 0.05)
    sides = [
        Effect(
            f"deepest trained depth over ξ, {name} the edge of chaos",
            float(np.exp(logs[side].mean())),
            float(np.exp(logs[side].min())),
            float(np.exp(logs[side].max())),
        )
        for name, side in (("below", ordered), ("above", ~ordered))
        if side.any()
    ]
    return Verdict(
        "EVIDENCE 3",
        judge_depth_scale(low, high, grow, len(ends) / len(logs)),
        (
            Effect("deepest trained depth over ξ", middle, low, high),
            Effect(
                "rank correlation of the two over the weight variances", float(together.statistic)
            ),
            *sides,
        ),
        c.map_seeds,
        _setting(c),
        note="The brackets of one side of the edge are its smallest and its largest ratio. Every "
        "depth tried trains, or none, at σ_w² "
        f"{', '.join(f'{variance:g}' for variance in ends) or 'none'}; the true ratio is beyond "
        "the last one tried there",
        found=f"tanh networks train to {middle:.1f} [{low:.1f}, {high:.1f}] depth scales; depths "
        f"up to {max(c.map_scale):g} were tried.",
        do="Before training a very deep network, compute its depth scale; beyond 6 of them it will "
        "not learn.",
        tried=tuple(Tried(side.name.rpartition(", ")[2], _side_word(side), side) for side in sides),
    )


def _side_word(side: Effect) -> Word:
    if side.low is None or side.high is None:
        return "undecided"
    return judge_depth_scale(side.low, side.high, True)


def judge_depth_scale(low: float, high: float, grow: bool, ends: float = 0.0) -> Word:
    """The verdict on EVIDENCE 3.

    Args:
        low, high: the interval of the deepest trained depth over ξ.
        grow: whether the two grow together.
        ends: share of the weight variances whose ratio is beyond the depths tried.
    """
    least, most = PUBLISHED_SCALES / 2, 2 * PUBLISHED_SCALES
    if least <= low and high <= most and grow and ends <= 1 / 4:
        return "holds"
    return "undecided" if low <= most and high >= least else "does not hold"


def _setting(c: Any) -> str:
    return (
        f"digits, tanh, {c.map_width} units per layer, bias variance {MAP_BIAS_VARIANCE}, "
        f"{len(c.map_weight_variance)} weight variances, depths of {min(c.map_scale):g} to "
        f"{max(c.map_scale):g} ξ, {c.steps} steps of plain SGD, the best of "
        f"{len(c.map_learning_rate)} rates; trained means a mean training accuracy of {TRAINED}, "
        "interpolated between depths"
    )
