"""Does dropout help maxout more than ReLU?

    python -m experiments.maxout_dropout

Networks of two maxout layers with two pieces per unit, and of two ReLU layers with as many
parameters, are trained without dropout and with it, each at its own best learning rate and, with
dropout, fraction dropped in the hidden layers, chosen on validation rows. Each seed has its own
split. MNIST, of which 2,000 rows are trained on, is left out where its files are not there. The
published results of maxout with dropout on all of MNIST (EVIDENCE 12) take hours of training and a
cap on the weights' norms; these short runs say nothing about them.
"""

from dataclasses import dataclass

from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least, one_of
from experiments.maxout_dropout.figure import draw
from experiments.maxout_dropout.findings import conclude
from experiments.maxout_dropout.measure import KINDS, SETTINGS, settings_there, train
from experiments.maxout_dropout.rules import RULE


@dataclass(frozen=True)
class Configuration(Flags):
    """Does dropout help maxout more than ReLU?"""

    settings: tuple[str, ...] = tuple(SETTINGS)
    """Data and size; those with MNIST are left out where --mnist is not there."""
    mnist: str = "../shared/data/mnist"
    """Folder with MNIST's files."""
    dropout: tuple[float, ...] = (0.5,)
    """Fractions of the hidden units that are dropped; 0 is added."""
    learning_rate: tuple[float, ...] = (0.0005, 0.0015, 0.005)
    """Learning rates of Adam."""
    steps: int = 500
    """Updates per network, on batches of 32 rows."""
    seeds: int = 8
    """Splits, each with one network per kind, fraction dropped and learning rate."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per setting and kind of network."""
    at_least(2, configuration.seeds, "--seeds")
    for setting in configuration.settings:
        one_of(SETTINGS, setting, "settings")
    return [
        Part(
            f"{setting}, {kind}",
            lambda _, setting=setting, kind=kind: train(setting, kind, configuration),
        )
        for setting in settings_there(configuration)
        for kind in KINDS
    ]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "settings": ("digits, 32 units",),
        "dropout": (0.5,),
        "learning_rate": (0.003,),
        "steps": 20,
        "seeds": 2,
    },
    rules=(RULE,),
    parts=parts,
    conclude=conclude,
    draw=draw,
)
