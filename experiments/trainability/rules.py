"""By what the experiment on trainability judges."""

from experiments.lab.evidence.rules import Rule
from experiments.trainability.findings import judge

RULES = (
    Rule(
        "EVIDENCE 6",
        "The dimension of a zoom is the slope of its boundary's box counts on log axes. A "
        "condition is called fractal if the 95 % interval of its dimension over seeds is above "
        "what the same count gives for a circle. EVIDENCE 6 holds if every condition with a "
        "published dimension is fractal, and only for some if only some are. It does not hold "
        "if every interval ends below 1.1 (or the circle's dimension, if that is higher).",
        judge,
    ),
)
