"""By what the best rate's shift with width, and its exponent of depth, are judged."""

from collections.abc import Mapping

import numpy as np

from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.settings import over_settings
from experiments.lab.evidence.verdicts import Effect, Word

STAYS, MOVES = 1.0, 2.0  # octaves
PUBLISHED, AROUND = -1.5, 0.5


def best_power(loss: np.ndarray, powers: np.ndarray, axis: int) -> np.ndarray:
    """log₂ of the rate with the least loss, between rates by a parabola through three points.

    Args:
        loss: above 0; nan where diverged.
        powers: log₂ of the rates, evenly spaced, ascending.
        axis: of the rates.

    Returns:
        The loss's shape without that axis. Where the best rate is at an end, or a neighbour
        diverged, it is that rate itself.

    Example:
        >>> loss = np.exp((np.arange(4.0) - 1.25) ** 2)
        >>> float(best_power(loss, np.arange(4.0), 0))
        1.25
    """
    values = np.moveaxis(
        np.where(np.isfinite(loss), np.log(np.maximum(loss, 1e-30)), np.inf), axis, 0
    )
    best = values.argmin(axis=0)
    inner = np.clip(best, 1, len(powers) - 2)
    low, middle, high = (
        np.take_along_axis(values, (inner + shift)[None], 0)[0] for shift in (-1, 0, 1)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        moved = 0.5 * (low - high) / (low - 2 * middle + high)
    known = (best == inner) & np.isfinite(low) & np.isfinite(high) & (low + high > 2 * middle)
    return powers[best] + np.where(known, moved, 0) * (powers[1] - powers[0])


def judge_width(shifts: Mapping[str, tuple[Effect, Effect]]) -> tuple[Word, str]:
    """The verdict on EVIDENCE 9.

    Args:
        shifts: setting -> the shift of the best rate in octaves, in the standard parametrisation
            and in μP.

    Example:
        >>> moves, stays = Effect("", -3.5, -4, -3), Effect("", 0.2, -0.5, 0.9)
        >>> judge_width({"Adam": (moves, stays), "SGD": (stays, stays)})
        ('holds only when', 'the setting is Adam')
    """
    right = [
        setting
        for setting, (standard, maximal) in shifts.items()
        if max(abs(maximal.low or 0), abs(maximal.high or 0)) <= STAYS
        and abs(standard.value) >= MOVES
        and (standard.low or 0) * (standard.high or 0) > 0
    ]
    if len(right) == len(shifts):
        return "holds", ""
    if right:
        return "holds only when", f"the setting is {' or '.join(right)}"
    refuted = all(
        abs(maximal.value) > STAYS or abs(standard.value) < MOVES
        for standard, maximal in shifts.values()
    )
    return ("does not hold" if refuted else "undecided"), ""


def agrees(slope: Effect) -> Word:
    """Whether an exponent's interval is within a half of −3/2, outside of it, or neither."""
    low, high = PUBLISHED - AROUND, PUBLISHED + AROUND
    if slope.low is None or slope.high is None:
        return "undecided"
    if low <= slope.low and slope.high <= high:
        return "holds"
    return "does not hold" if slope.high < low or slope.low > high else "undecided"


def judge_depth(slopes: Mapping[str, Effect]) -> tuple[Word, str]:
    """The verdict on EVIDENCE 21, from ReLU's exponent in each setting.

    Example:
        >>> judge_depth({"all depths": Effect("", -0.8, -0.9, -0.7)})
        ('does not hold', '')
    """
    words = {setting: agrees(slope) for setting, slope in slopes.items()}
    return over_settings(
        words, lambda holds: f"the setting is {' or '.join(holds)}", refuted_by=all
    )


RULES = (
    Rule(
        "EVIDENCE 9",
        "The best rate of a seed has the least validation loss, between the rates of the grid by a "
        "parabola; a diverged run has an infinite loss. Its shift is the change of log₂ from the "
        "narrowest network to the one 16 times as wide. In a setting the claim holds if the 95 % "
        "interval of the shift in μP is within one octave, and in the standard parametrisation the "
        "shift is at least two octaves with an interval on one side of 0. Settings are Adam and "
        "SGD, each after all and after half of the updates. Holds if it does in all, does not hold "
        "if all refute it, and holds otherwise only in those where it does.",
        judge_width,
    ),
    Rule(
        "EVIDENCE 21",
        "The exponent is the slope of log best rate against log number of hidden layers, by least "
        "squares for each seed. It agrees with −3/2 if its 95 % interval is between −2 and −1, and "
        "does not if the interval is outside of these. Settings are ReLU at all depths, from four "
        "layers on, and after half of the updates. Holds if all agree, does not hold if none can, "
        "and holds otherwise only in those that agree.",
        judge_depth,
    ),
)
