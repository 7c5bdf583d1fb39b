"""Does it ever pay to climb from ReLU to leaky ReLU, PReLU and maxout?

    python -m experiments.ladder

The lecture's advice is to start with ReLU, then to try leaky ReLU, and last PReLU or maxout. All
four are trained on several tasks, in networks of 2 and of 10 hidden layers, each at its own best
learning rate by gradient descent with momentum .9. A maxout unit has two pieces, and its layers
are narrower, so that all networks have about as many parameters. A seed draws its own split,
weights and batches. Scores are of test rows, in points: accuracy in %, or 100 R², at least 0; a
diverged run scores 0.
"""

from dataclasses import dataclass

from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least, one_of
from experiments.lab.io.errors import UserError
from experiments.ladder.figure import draw
from experiments.ladder.findings import conclude
from experiments.ladder.measure import RUNGS, TASKS, part_of, train
from experiments.ladder.rules import RULES


@dataclass(frozen=True)
class Configuration(Flags):
    """Does it ever pay to climb from ReLU to leaky ReLU, PReLU and maxout?"""

    task: tuple[str, ...] = tuple(TASKS)
    """Tasks, from experiments/ladder/measure.py."""
    width: int = 32
    """Units per hidden layer; maxout has fewer."""
    steps: int = 300
    """Updates per network."""
    learning_rate: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
    """Learning rates from which each activation's best is chosen on validation rows."""
    seeds: int = 12
    """Splits, each with one network per activation and learning rate."""
    batch_size: int = 32
    """Rows per update."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per task and activation."""
    c = configuration
    for name in c.task:
        one_of(TASKS, name, "task")
    at_least(2, c.width, "--width")
    at_least(1, (c.steps, c.batch_size), "--steps")
    at_least(2, c.seeds, "--seeds")
    if min(c.learning_rate, default=0) <= 0:
        raise UserError("--learning-rate: give at least one number, each above 0")
    return [
        Part(part_of(task, name), lambda _, task=task, name=name: train(task, name, c), 2 + layers)
        for task, (_, layers) in TASKS.items()
        if task in c.task
        for name in RUNGS
    ]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "task": ("breast_cancer",),
        "width": 4,
        "steps": 4,
        "learning_rate": (0.01,),
        "seeds": 2,
    },
    rules=RULES,
    parts=parts,
    conclude=conclude,
    draw=draw,
    panels={"A9": 0},
)
