"""Does the output head have to match the task?

    python -m experiments.heads

Heads, each an output activation and a loss, are compared on ten classes (digits), two classes
(breast_cancer), and regression with targets of both signs (diabetes and generated waves) and with
targets from 0 to 1 (diabetes, rescaled). Softmax and sigmoid are trained on cross-entropy for
classes, and everything else on the squared error. Every seed has its own split, and each head the
learning rate that is best on that split's validation rows. Scores are of test rows, in points:
accuracy in %, or 100 R² for regression, at least 0; a diverged run scores 0.
"""

from dataclasses import dataclass

from experiments.heads.figure import draw
from experiments.heads.findings import conclude
from experiments.heads.measure import train
from experiments.heads.rules import RULES
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
    rules=RULES,
    parts=parts,
    conclude=conclude,
    draw=draw,
)
