"""The lecture's advice on activations, with its reasons and, where measured, the evidence."""

import difflib
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from jaxnn.findings import FINDINGS

VERY_DEEP = 40  # hidden layers; from this depth on the lecture finds ELU useful

# Activation -> the claim of the lecture that its place rests on, and the experiment that judged it.
JUDGED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "relu": ("A9", "ladder"),
        "leaky_relu": ("A3", "dying_relu"),
        "prelu": ("A3", "dying_relu"),
        "maxout": ("A3", "dying_relu"),
        "swish": ("A6", "very_deep"),
        "elu": ("A4", "very_deep"),
        "tanh": ("A9", "context"),
        "softmax": ("A8", "heads"),
        "sigmoid": ("A8", "heads"),
        "linear": ("A8", "heads"),
    }
)
Findings = Mapping[tuple[str, str], Mapping[str, str]]
# How far a verdict supports a claim, the best first.
_STANDINGS = ("holds", "holds only when", "undecided", "does not hold")


class Rung(NamedTuple):
    """One activation to try; the rungs of a ladder are in the order in which to try them.

    activation: a name in ACTIVATIONS.
    reason: the lecture's reason for this place in the order.
    evidence: what experiments found on the claim that its place rests on, or None.
    """

    activation: str
    reason: str
    evidence: str | None


class Recommendation(NamedTuple):
    """The activations that a network should use, with the reasons.

    activation: the first activation to try in the hidden layers; None without hidden layers.
    output_activation: the activation that turns the output layer's linear values into predictions;
        the losses take the linear values.
    output_reason: the reason for the output activation.
    ladder: the activations to try in the hidden layers, in order, each with its reason.
    evidence: what experiments found on the claim behind the output activation, or None.
    """

    activation: str | None
    output_activation: str
    output_reason: str
    ladder: tuple[Rung, ...]
    evidence: str | None


_OUTPUTS = {
    "regression": (
        "linear",
        "the predicted value can be any number, and linear neither bounds nor distorts it",
    ),
    "binary": (
        "sigmoid",
        "maps to (0, 1), so the output can be read as the probability of one of two classes",
    ),
    "multiclass": (
        "softmax",
        "the outputs are positive and sum to 1, so each can be read as the probability of a class",
    ),
}

_FEEDFORWARD = {
    "relu": "start here: cheap, and does not saturate for positive pre-activations, "
    "so the gradient does not vanish there",
    "leaky_relu": "if units die: its slope of 0.01 below 0 lets a dead unit recover",
    "prelu": "among the last: learns the slope below 0 that leaky ReLU fixes, "
    "for one more parameter per unit",
    "maxout": "last: learns its own shape and does not die, for several times as many weights; "
    "designed for use with dropout",
}

_VERY_DEEP = {
    "swish": "for very deep networks: smooth, and dips below 0 instead of being cut off there",
    "elu": "for 40 hidden layers or more: like ReLU, but with negative values; "
    "on its positive side values can explode",
}

_RECURRENT = {
    "tanh": "for recurrent networks: bounded to (-1, 1) and zero-centred, "
    "so a state that is fed back at every time step stays bounded",
}


def recommend(
    task: str,
    *,
    depth: int,
    recurrent: bool = False,
    findings: Findings = FINDINGS,
) -> Recommendation:
    """The lecture's choice of activations for a task: what to try first, what to try next, and why.

    Each comes with what experiments found on it. For very deep networks the lecture has two
    choices; the one whose claim holds better comes first, of equal ones the one that holds with the
    default initialisation, and one whose claim does not hold comes last. What is best on your data,
    ``experiments.activations`` measures.

    Args:
        task: "regression", "binary" or "multiclass".
        depth: number of hidden layers; a network with 40 or more counts as very deep, and one with
            0 has no hidden activation.
        recurrent: whether the hidden neurons feed back into themselves.
        findings: (claim, experiment) -> its "verdict", the condition "when", and a sentence each
            on what was "found" and what to "do".

    Returns:
        A Recommendation.

    Raises:
        ValueError: the task is unknown (the message lists the valid ones); depth is below 0, or it
            is 0 and recurrent is true.

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
            "depth is the number of hidden layers: give 0 or more, and 1 or more for a recurrent "
            f"network; got {depth}"
        )
    if recurrent:
        reasons = _RECURRENT
    elif depth == 0:
        reasons = {}
    else:
        reasons = _very_deep(findings) if depth >= VERY_DEEP else _FEEDFORWARD
    ladder = tuple(Rung(name, reason, evidence(name, findings)) for name, reason in reasons.items())
    output, output_reason = _OUTPUTS[task]
    return Recommendation(
        ladder[0].activation if ladder else None,
        output,
        output_reason,
        ladder,
        evidence(output, findings),
    )


def evidence(activation: str, findings: Findings = FINDINGS) -> str | None:
    """What experiments found on the claim behind an activation, and what to do; or None.

    Args:
        activation: a name.
        findings: as for ``recommend``.

    Example:
        >>> said = {"verdict": "holds only when", "when": "it is deep", "found": "It is.", "do": ""}
        >>> evidence("swish", {("A6", "very_deep"): said})
        'A6 holds only when it is deep. It is.'
    """
    judged = JUDGED.get(activation)
    if judged is None or judged not in findings:
        return None
    finding = findings[judged]
    words = f"{judged[0]} {finding['verdict']} {finding['when']}".rstrip()
    return " ".join(filter(None, (f"{words}.", finding["found"], finding["do"])))


def _very_deep(findings: Findings) -> dict[str, str]:
    """The activations for very deep networks with their reasons, in the order of their claims."""

    def standing(name: str) -> int:
        finding = findings.get(JUDGED[name], {"verdict": "undecided"})
        return _STANDINGS.index(finding["verdict"])

    def elsewhere(name: str) -> bool:
        """Whether the claim asks for another initialisation than a network has by default."""
        when = findings.get(JUDGED[name], {"when": ""})["when"]
        return bool(when) and "its own gain" not in when

    order = sorted(_VERY_DEEP, key=lambda name: (standing(name), elsewhere(name)))
    refuted = [name for name in order if standing(name) == len(_STANDINGS) - 1]
    reasons = {name: _VERY_DEEP[name] for name in order if name not in refuted}
    return reasons | _FEEDFORWARD | {name: _VERY_DEEP[name] for name in refuted}
