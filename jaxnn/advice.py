"""The lecture's advice on activations, with its reasons and, where an experiment has spoken, its evidence."""

import difflib
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

VERY_DEEP = 40  # hidden layers, from which the lecture finds ELU useful

# Claim -> what an experiment found, in a sentence with its numbers; a claim not in here has not been measured.
EVIDENCE: Mapping[str, str] = MappingProxyType({})


class Rung(NamedTuple):
    """One activation to try, in the order of the ladder.

    activation: its name, in ACTIVATIONS; "maxout" is also a layer.
    reason: why the lecture puts it here.
    evidence: what an experiment found, or None.
    """

    activation: str
    reason: str
    evidence: str | None


class Recommendation(NamedTuple):
    """Which activations a network should use, and why.

    activation: of the hidden layers, the first to try; None where there are none.
    output_activation: what turns the output layer's linear values into the answer; the losses take the linear values.
    output_reason: why.
    ladder: what to try for the hidden layers, in order, each with its reason.
    evidence: what an experiment found about the output activation, or None.
    """

    activation: str | None
    output_activation: str
    output_reason: str
    ladder: tuple[Rung, ...]
    evidence: str | None


_OUTPUTS = {
    "regression": (
        "linear",
        "a value to predict can be any number, and linear neither bounds nor bends it",
    ),
    "binary": (
        "sigmoid",
        "maps to (0, 1), so the output reads as the probability of one of two classes",
    ),
    "multiclass": (
        "softmax",
        "the outputs are positive and add up to 1, so they read as one probability a class",
    ),
}

_FEEDFORWARD = {
    "relu": "start here: cheap, and does not saturate for positive sums, so its gradient does not vanish there",
    "leaky_relu": "if units die: its slope of 0.01 below 0 lets a dead ReLU come back",
    "prelu": "towards the end: learns the slope below 0 that leaky ReLU fixes, for one parameter more a unit",
    "maxout": "last: learns its own shape and does not die, for several times the weights; made for dropout",
}

_VERY_DEEP = {
    "swish": "very deep networks: smooth, and dips below zero instead of cutting off",
    "elu": "40 hidden layers or more: like ReLU with negative values; its positive side can explode",
}

_RECURRENT = {
    "tanh": "recurrent networks: bounded to (-1, 1) and zero-centred, so a state fed back time after time stays bounded",
}


def recommend(
    task: str, *, depth: int, recurrent: bool = False, evidence: Mapping[str, str] = EVIDENCE
) -> Recommendation:
    """The lecture's choice of activations for a task: what to start with, what to try next, and why.

    It is advice, not a result: the main job of jaxnn is to measure it.

    Args:
        task: "regression", "binary" or "multiclass".
        depth: hidden layers; from 40 on a network counts as very deep, and at 0 it has no hidden activation.
        recurrent: whether the hidden neurons feed back on themselves.
        evidence: activation -> what an experiment found about it, in a sentence.

    Returns:
        A Recommendation.

    Raises:
        ValueError: the task is unknown, the message lists the valid ones; depth is below 0, or 0 and recurrent.

    Example:
        >>> advice = recommend("multiclass", depth=3)
        >>> advice.activation, advice.output_activation, [rung.activation for rung in advice.ladder]
        ('relu', 'softmax', ['relu', 'leaky_relu', 'prelu', 'maxout'])

    Reference:
        The lecture, rows A4, A6, A8 and A9 of its list.
    """
    if task not in _OUTPUTS:
        nearest = difflib.get_close_matches(str(task), _OUTPUTS, n=len(_OUTPUTS), cutoff=0)
        raise ValueError(f"unknown task {task!r}; known, nearest first: {', '.join(nearest)}")
    if depth < 0 or (recurrent and depth == 0):
        raise ValueError(
            f"depth is the number of hidden layers, 0 or more, and 1 or more in a recurrent network, got {depth}"
        )
    if recurrent:
        reasons = _RECURRENT
    elif depth == 0:
        reasons = {}
    else:
        reasons = _VERY_DEEP | _FEEDFORWARD if depth >= VERY_DEEP else _FEEDFORWARD
    ladder = tuple(Rung(name, reason, evidence.get(name)) for name, reason in reasons.items())
    output, output_reason = _OUTPUTS[task]
    return Recommendation(
        ladder[0].activation if ladder else None,
        output,
        output_reason,
        ladder,
        evidence.get(output),
    )
