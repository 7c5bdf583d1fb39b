"""By what the experiment on dying ReLUs judges."""

from experiments.dying_relu.findings import judge_birth, judge_dying, judge_others
from experiments.lab.evidence.rules import Former, Rule

RULES = (
    Rule(
        "A2",
        "A2 consists of two parts. 'Large rates make it worse' is true of a kind of network if, "
        "paired by seed, more units are dead at the highest learning rate than at the lowest (95 % "
        "interval over seeds above 0); every unit of a diverged run is dead. 'Never come back' is "
        "true of the first hidden layer, or of the deeper ones, if no unit there that was dead at "
        "one checkpoint is alive at a later one. A2 holds if both parts are true everywhere, only "
        "when restricted if each is true somewhere, and otherwise does not hold.",
        judge_dying,
        (
            Former(
                "As now, but 'large rates make it worse' is true if the slope of the share of dead "
                "units over the logarithm of the rate is above 0, without every rate at which any "
                "seed's run diverged.",
                "holds only when rates matter for 2 layers only and 'never' is said of the first "
                "hidden layer alone (42 % of deeper dead units came back)",
                "8ffc527",
                "The rates that it left out are those at which units die.",
            ),
            Former(
                "As now, but 'large rates make it worse' is true if the slope of the share of dead "
                "units over the logarithm of the rate is above 0, without the runs that diverged.",
                "holds only when 'large rates make it worse' is restricted to 2 layers and to 4 "
                "layers with Xavier's and PyTorch's variance, and 'never come back' to the first "
                "hidden layer (43 % of the dead units of deeper layers came back)",
                "5cdda0a",
                "A straight line through a step, without the runs that are missing because of the "
                "rate.",
            ),
        ),
    ),
    Rule(
        "A3",
        "An activation keeps its networks alive up to a learning rate if up to there no run "
        "diverges, none ends with constant outputs, no unit is without a gradient on all training "
        "rows, and less than 1 % of the units are inert, which means that their part in the next "
        "layer hardly changes over the training rows. A3 holds if that is so at every rate for "
        "every activation, and less than 1 % of the narrow leaky ReLU networks on |x| end up "
        "constant. It holds only up to the rates, and in the layers, for which that is so, and "
        "does not hold if no activation keeps its networks alive at any rate.",
        judge_others,
        (
            Former(
                "A3 holds if no network of the other activations has a dead unit at any "
                "checkpoint, and only for some of them if only some have none.",
                "holds",
                "8ffc527",
                "Without a unit of gradient exactly 0 it is true by definition for leaky ReLU, and "
                "runs that diverged counted as if they had not died.",
            ),
        ),
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
