"""Does each layer make the data easier to separate than the one before?

    python -m experiments.representations

A linear probe, ridge classification, is fitted to what each hidden layer makes of the training
rows, and scored on test rows: at the inputs, and after each hidden layer of the trained network and
of the same network before training. Each kind of network is trained at its own best learning rate.
Each seed has its own split, initial draw and batches, which trained and untrained networks share.
MNIST is used where its files are, and left out where they are not.
"""

from dataclasses import dataclass

from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least
from experiments.representations.figure import draw
from experiments.representations.findings import conclude
from experiments.representations.measure import data_sets, probe
from experiments.representations.rules import RULE


@dataclass(frozen=True)
class Configuration(Flags):
    """Does each layer make the data easier to separate than the one before?"""

    data: tuple[str, ...] = ("digits", "breast_cancer", "mnist", "waves")
    """Data sets; mnist is left out where --mnist is not there, and waves are generated."""
    mnist: str = "../shared/data/mnist"
    """Folder with MNIST's files."""
    activation: tuple[str, ...] = ("relu", "tanh")
    """Activations of the hidden layers."""
    layers: int = 4
    """Hidden layers."""
    width: int = 64
    """Units per hidden layer."""
    learning_rate: tuple[float, ...] = (0.0003, 0.001, 0.003, 0.01)
    """Learning rates of Adam."""
    steps: int = 600
    """Updates per network, on batches of 32 rows."""
    seeds: int = 10
    """Splits, each with one network per activation and learning rate."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per data set and activation."""
    at_least(1, configuration.layers, "--layers")
    at_least(2, configuration.seeds, "--seeds")
    return [
        Part(f"{data}-{phi}", lambda _, data=data, phi=phi: probe(data, phi, configuration))
        for data in data_sets(configuration)
        for phi in configuration.activation
    ]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "data": ("breast_cancer",),
        "activation": ("relu",),
        "layers": 2,
        "learning_rate": (0.001, 0.003),
        "steps": 20,
        "seeds": 2,
    },
    rules=(RULE,),
    parts=parts,
    conclude=conclude,
    draw=draw,
)
