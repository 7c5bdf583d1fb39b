"""By what the experiment on trainability judges."""

from experiments.lab.evidence.rules import Former, Rule
from experiments.trainability.findings import judge

RULES = (
    Rule(
        "EVIDENCE 6",
        "The dimension of a zoom is the slope of its boundary's box counts on log axes. Every "
        "seed's place on the boundary is magnified by the same factors. A condition is called "
        "fractal if at each of them the 95 % interval of its dimension over seeds is above what "
        "the same count gives for a circle. EVIDENCE 6 holds if every condition with a published "
        "dimension is fractal, and only for some if only some are. It does not hold if every "
        "interval ends below 1.1 (or the circle's dimension, if that is higher).",
        judge,
        (
            Former(
                "A condition is called fractal if the 95 % interval of its dimension over seeds, "
                "each magnified by a factor of its own from 4 to 32, is above a circle's.",
                "holds only when training is one of: linear, relu, minibatch, tanh, offset",
                "32df986",
                "The dimension rises with the magnification (rank correlation 0.43), so that the "
                "interval over seeds mixed the two.",
            ),
        ),
    ),
)
