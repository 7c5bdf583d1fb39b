"""By what the experiment on output heads judges."""

from experiments.heads.findings import judge
from experiments.lab.evidence.rules import Rule

RULES = (
    Rule(
        "A8",
        "The lecture names a head per task: softmax for several classes, sigmoid for two (it "
        "allows linear there, and softmax with two outputs is the same model), linear for "
        "regression. The cost of another head is the named head's score minus its score, paired "
        "by seed, with its 95 % interval. A head costs something if the interval is above 0, "
        "and a lot if it is above 5 points. It is at least as good if the interval reaches down "
        "to 0 or below and its upper end is below 1 point. Anything else is unclear. The "
        "lecture expects an allowed head to be at least as good, and any other one to cost "
        "something. A8 holds if that is so for every head, task and number of steps; does not "
        "hold if no head that should cost something does so at any number of steps, and one of "
        "them is at least as good; is undecided if none costs something and none is at least as "
        "good; and otherwise holds only against those heads that cost something, which the "
        "verdict names with their task and, where it is not all, the number of steps.",
        judge,
    ),
)
