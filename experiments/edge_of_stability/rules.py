"""By what sharpness at the end, and the largest rate that converges, are judged."""

from collections.abc import Mapping

import numpy as np

from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.verdicts import Word

EDGE = 0.95, 1.1
CLOSE = 4 / 3
PUBLISHED = {"linear": 4.0, "relu": 12.0}


def at_edge(stability: float) -> bool:
    """Whether sharpness · rate / 2 is just above 1; never for a run that diverged."""
    return EDGE[0] <= stability <= EDGE[1]


def judge_edge(passed: Mapping[tuple[str, float], tuple[int, int]]) -> tuple[Word, str]:
    """The verdict on EVIDENCE 4.

    Args:
        passed: (setting, share of the first unstable rate) -> how many combinations are at the
            edge, and how many there are.

    Example:
        >>> judge_edge({("own init", 0.3): (0, 9), ("own init", 0.9): (9, 9)})[1]
        'the rate is .9 of the first unstable one (own init)'
        >>> judge_edge({("own init", 0.3): (0, 9), ("own init", 0.9): (6, 9)})[1]
        'the sharpness has risen that far (6 of 18 combinations)'
    """
    whole = [case for case, (at, every) in passed.items() if at == every]
    if len(whole) == len(passed):
        return "holds", ""
    if not any(at for at, _ in passed.values()):
        return "does not hold", ""
    if whole:
        where = "; ".join(f"{_short(share)} of the first unstable one ({s})" for s, share in whole)
        return "holds only when", f"the rate is {where}"
    at, every = map(sum, zip(*passed.values(), strict=True))
    return "holds only when", f"the sharpness has risen that far ({at} of {every} combinations)"


def _short(share: float) -> str:
    return f"{share:g}".removeprefix("0")


def largest(loss: np.ndarray, multiples: np.ndarray, trivial: float = 1.0) -> np.ndarray:
    """The largest multiple of 1 / λ₀ up to which every rate converges.

    Args:
        loss: the training error in the end, (multiples, seeds); not finite where diverged.
        multiples: ascending, evenly spaced in their logarithm.
        trivial: the error of predicting 0. A run has converged where its own is below half of it.

    Returns:
        (seeds,); one step below the first multiple where already that does not converge.

    Example:
        >>> loss = np.array([[0.1, 0.9], [0.2, 0.1], [np.nan, 0.1], [0.1, 0.1]])
        >>> largest(loss, np.array([2.0, 4.0, 8.0, 16.0])).tolist()
        [4.0, 1.0]
    """
    converged = np.nan_to_num(loss, nan=np.inf) < trivial / 2
    number = np.cumprod(converged, axis=0).sum(axis=0)
    below = multiples[0] ** 2 / multiples[1]
    return np.concatenate([[below], multiples])[number]


def judge_catapult(largest_of: Mapping[tuple[str, str], float]) -> tuple[Word, str]:
    """The verdict on EVIDENCE 20.

    Args:
        largest_of: (setting, activation), linear and relu -> the largest converging multiple.

    Example:
        >>> judge_catapult({("a", "linear"): 4.0, ("a", "relu"): 3.4, ("b", "linear"): 4.8,
        ...     ("b", "relu"): 11.3})
        ('holds only when', 'the setting is b')
    """
    right = {
        (setting, name): 1 / CLOSE <= value / PUBLISHED[name] <= CLOSE
        for (setting, name), value in largest_of.items()
    }
    settings = list(dict.fromkeys(setting for setting, _ in right))
    both = [setting for setting in settings if all(right[setting, name] for name in PUBLISHED)]
    if len(both) == len(settings):
        return "holds", ""
    if both:
        return "holds only when", f"the setting is {' or '.join(both)}"
    if all(right[setting, "linear"] for setting in settings):
        return "holds only when", "the network is linear"
    return (
        ("holds only when", "it is one of some settings")
        if any(right.values())
        else (
            "does not hold",
            "",
        )
    )


RULES = (
    Rule(
        "EVIDENCE 4",
        "A combination of task, activation and rate is at the edge if the median over seeds and "
        "over the last quarter of training of sharpness · rate / 2 is from 0.95 to 1.1; a run that "
        "diverged is not. Holds if every combination is; does not hold if none is; otherwise it "
        "holds only at the rates, as shares of the first unstable one at the start, at which all "
        "combinations are, and where there is no such rate the counts are given.",
        judge_edge,
    ),
    Rule(
        "EVIDENCE 20",
        "A run converges if it ends below half the training error of predicting 0. The largest "
        "converging rate, in multiples of 1 / λ₀, is that up to which every rate of the grid "
        "converges, as the geometric mean over seeds. Holds if it is within a factor of 4/3 of 4 "
        "for linear networks and of 12 for ReLU in each of four settings; does not hold if it is "
        "so nowhere; otherwise it holds only in the settings in which both are, or for linear "
        "networks.",
        judge_catapult,
    ),
)
