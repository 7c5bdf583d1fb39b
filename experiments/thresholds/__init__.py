"""Where should an output become yes rather than no?

    python -m experiments.thresholds

Networks with a sigmoid output are trained on two classes, breast_cancer and generated rows of which
few are yes. Then their probability becomes yes above a threshold: ½; the one that the costs of the
two mistakes ask for, c / (1 + c) with c the cost of a false yes over that of a missed one; the one
with the least cost on validation rows; and the one with the best balanced accuracy there. What
counts is the mean cost of a test row. Each seed has its own split.
"""

from dataclasses import dataclass

from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least
from experiments.thresholds.figure import draw
from experiments.thresholds.findings import conclude
from experiments.thresholds.measure import DATA, outputs
from experiments.thresholds.rules import RULE


@dataclass(frozen=True)
class Configuration(Flags):
    """Where should an output become yes rather than no?"""

    data: tuple[str, ...] = ("breast_cancer", "generated")
    """Data sets."""
    learning_rate: tuple[float, ...] = (0.001, 0.003, 0.01)
    """Learning rates of Adam."""
    steps: int = 300
    """Updates per network, on batches of 32 rows."""
    seeds: int = 20
    """Splits, each with one network per learning rate."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per data set."""
    at_least(2, configuration.seeds, "--seeds")
    return [
        Part(name, lambda _, name=name: outputs(name, configuration))
        for name in DATA
        if name in configuration.data
    ]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={"data": ("generated",), "learning_rate": (0.01,), "steps": 20, "seeds": 2},
    rules=(RULE,),
    parts=parts,
    conclude=conclude,
    draw=draw,
)
