"""Does the output head have to match the task?

    python -m experiments.heads

Heads, each an output activation and a loss, are compared on ten classes (digits), two classes
(breast_cancer), and regression with targets of both signs (diabetes and generated waves) and with
targets from 0 to 1 (diabetes, rescaled). Softmax and sigmoid are trained on cross-entropy for
classes, and everything else on the squared error. Every seed has its own split, and each head the
learning rate that is best on that split's validation rows. Scores are of test rows, in points:
accuracy in %, or 100 R² for regression, at least 0; a diverged run scores 0.

Rules. The lecture names a head per task: softmax for several classes, sigmoid for two (it allows
linear there, and softmax with two outputs is the same model), linear for regression. The cost of
another head is the named head's score minus its score, paired by seed, with its 95 % interval. A
head costs something if the interval is above 0, and a lot if it is above 5 points. It is at
least as good if the interval reaches down to 0 or below and its upper end is below 1 point.
Anything else is unclear. The lecture expects an allowed head to be at least as good, and any other
one to cost something. A8 holds if that is so for every head, task and number of steps; does not
hold if no head that should cost something does so at any number of steps, and one of them is at
least as good; is undecided if none costs something and none is at least as good; and otherwise
holds only against those heads that cost something, which the verdict names with their task and,
where it is not all, the number of steps.
"""

from dataclasses import dataclass

from experiments.heads.figure import draw
from experiments.heads.findings import conclude
from experiments.heads.measure import train
from experiments.heads.tasks import TASKS
from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least
from experiments.lab.io.errors import UserError


@dataclass(frozen=True)
class Configuration(Flags):
    """Does the output head have to match the task?"""

    steps: tuple[int, ...] = (30, 300)
    """Updates per network, on batches of 32 rows."""
    learning_rate: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
    """Learning rates of plain gradient descent, the same for all heads."""
    seeds: int = 10
    """Splits, each with one network per head and learning rate."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per task and number of steps."""
    at_least(1, configuration.steps, "--steps")
    at_least(2, configuration.seeds, "--seeds")
    if min(configuration.learning_rate, default=0) <= 0:
        raise UserError("--learning-rate: give at least one number, each above 0")
    return [
        Part(
            f"{task}-{steps}",
            lambda _, task=task, steps=steps: train(task, steps, configuration),
            400 + steps,
        )
        for steps in configuration.steps
        for task in TASKS
    ]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={"steps": (20,), "learning_rate": (0.1, 1.0), "seeds": 2},
    claims=("A8",),
    parts=parts,
    conclude=conclude,
    draw=draw,
)
