"""By what the experiment on dying ReLUs judges."""

from experiments.dying_relu.findings import judge_birth, judge_dying, judge_others
from experiments.lab.evidence.rules import Rule

RULES = (
    Rule(
        "A2",
        "A2 consists of two parts. 'Large rates make it worse' is true of a kind of network if "
        "the share of dead units at the end rises with the logarithm of the learning rate (95 % "
        "interval over seeds above 0). 'Never come back' is true of the first hidden layer, or "
        "of the deeper ones, if no unit there that was dead at one checkpoint is alive at a "
        "later one. A2 holds if both parts are true everywhere, only when restricted if each is "
        "true somewhere, and otherwise does not hold.",
        judge_dying,
    ),
    Rule(
        "A3",
        "A3 holds if no network of the other activations has a dead unit at any checkpoint, and "
        "only for some of them if only some have none.",
        judge_others,
    ),
    Rule(
        "EVIDENCE 1",
        "EVIDENCE 1 holds if no width and depth has a number of dead networks as unlikely under "
        "the closed form as a deviation of 3 standard errors (exact binomial test; where one "
        "has, a second draw with 10 times as many networks decides), and no leaky ReLU network "
        "is dead at birth.",
        judge_birth,
    ),
)
