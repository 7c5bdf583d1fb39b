"""What follows from the map of tanh networks: how deep they train against theory's depth scale."""

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from scipy import optimize, stats

from experiments.depth.measure import MAP_BIAS_VARIANCE
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Effect, Verdict, Word
from jaxnn import criticality

# Training accuracy on the ten digits from which a network counts as trained; guessing gives 0.1.
TRAINED = 0.5
PUBLISHED_SCALES = 6  # up to how many depth scales networks train
FEWEST = 3  # weight variances with a known deepest depth


@cache
def chaos_depth_scale(weight_variance: float, bias_variance: float) -> float:
    """ξ of tanh: −1 / log of the correlation map's slope at the correlation where inputs settle.

    Below the edge of chaos that correlation is 1 and the slope is χ. Above the edge it is below 1,
    and criticality.depth_scales has only the gradient's growth there.

    Example:
        >>> round(chaos_depth_scale(1.0, 0.05), 2)
        3.63
    """
    scales = criticality.depth_scales("tanh", weight_variance, bias_variance)
    if scales.gradient_factor < 1:
        return scales.correlation

    def following(correlation: float):
        return criticality.correlation_map(
            "tanh", correlation, scales.q, weight_variance, bias_variance
        )

    settled = optimize.brentq(lambda c: following(c).correlation - c, 0, 1 - 1e-6)
    return -1 / math.log(following(settled).slope)


def trained_depth(depths: Sequence[int], accuracies: np.ndarray) -> float:
    """The deepest network that trains: where accuracy last falls below TRAINED.

    Accuracy is interpolated over the logarithm of depth. nan if every depth trains, or none.

    Example:
        >>> round(trained_depth((10, 40), np.array([0.9, 0.1])), 6)
        20.0
        >>> trained_depth((10, 40), np.array([0.9, 0.8]))
        nan
    """
    above = np.flatnonzero(accuracies >= TRAINED)
    if len(above) == 0 or above[-1] == len(depths) - 1:
        return math.nan
    last = above[-1]
    share = (accuracies[last] - TRAINED) / (accuracies[last] - accuracies[last + 1])
    return float(depths[last] * (depths[last + 1] / depths[last]) ** share)


def map_accuracy(configuration: Any, found: Found) -> np.ndarray:
    """Mean training accuracy over seeds at the best rate, (weight variances, depths)."""
    return np.array(
        [
            found[f"map-{variance:g}"]["train"].mean(2).max(1)
            for variance in configuration.map_weight_variance
        ]
    )


def map_depths(configuration: Any, found: Found) -> np.ndarray:
    """The deepest network that trains, (weight variances,)."""
    return np.array(
        [
            trained_depth(configuration.map_depth, each)
            for each in map_accuracy(configuration, found)
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


def depth_scale(configuration: Any, found: Found) -> Verdict:
    """EVIDENCE 3: the deepest trained depth over ξ.

    Holds if its interval is within half and twice the published 6, and the two grow together (rank
    correlation). Undecided if the interval only overlaps that range.
    """
    c = configuration
    measured, scales = map_depths(c, found), map_scales(c)
    known = np.isfinite(measured)
    if known.sum() < FEWEST:
        few = Effect(
            "weight variances whose deepest trained depth is within the depths tried",
            int(known.sum()),
        )
        return Verdict(
            "EVIDENCE 3",
            "undecided",
            (few,),
            c.map_seeds,
            _setting(c),
            note=f"At least {FEWEST} are needed",
        )
    logs = np.log(measured[known] / scales[known])
    half = stats.t.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / math.sqrt(len(logs))
    middle, low, high = (float(np.exp(logs.mean() + shift)) for shift in (0, -half, half))
    together = stats.spearmanr(scales[known], measured[known])
    ordered = (
        np.array(c.map_weight_variance)[known]
        < criticality.critical_points("tanh", MAP_BIAS_VARIANCE)[0].weight_variance
    )
    word = judge_depth_scale(low, high, together.statistic > 0 and together.pvalue < 0.05)
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
    left_out = ", ".join(
        f"{variance:g}"
        for variance, is_known in zip(c.map_weight_variance, known, strict=True)
        if not is_known
    )
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
        _setting(c),
        note="The brackets of one side of the edge are its smallest and its largest ratio. Left "
        "out, because every depth tried trains or none "
        f"does: σ_w² {left_out or 'none'}",
    )


def judge_depth_scale(low: float, high: float, grow: bool) -> Word:
    """The verdict on EVIDENCE 3.

    Args:
        low, high: the interval of the deepest trained depth over ξ.
        grow: whether the two grow together.
    """
    least, most = PUBLISHED_SCALES / 2, 2 * PUBLISHED_SCALES
    if least <= low and high <= most and grow:
        return "holds"
    return "undecided" if low <= most and high >= least else "does not hold"


def _setting(c: Any) -> str:
    return (
        f"digits, tanh, {c.map_width} units per layer, bias variance {MAP_BIAS_VARIANCE}, "
        f"{len(c.map_weight_variance)} weight variances, depths {min(c.map_depth)} to "
        f"{max(c.map_depth)}, {c.steps} steps of plain SGD, the best of {len(c.map_learning_rate)} "
        f"rates; trained means a mean training accuracy of {TRAINED}, interpolated between depths"
    )
