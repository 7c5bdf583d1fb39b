"""Can a network learn something useful from rows without labels?

    python -m experiments.unlabelled

An autoencoder is trained to reproduce rows whose labels it does not see. Then a few of the rows get
labels, and logistic regression is fitted to them: on the autoencoder's code, on as many principal
components, on a random projection to as many numbers, and on the raw inputs. Inputs of the
classifier are standardised by all the rows without labels. The autoencoder's learning rate is the
one with the least error of reproduction on validation rows; labels play no part in it. Each seed
has its own split, initial draw and labels, which all four share. MNIST is left out where its files
are not there.
"""

from dataclasses import dataclass

from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least
from experiments.unlabelled.figure import draw
from experiments.unlabelled.findings import conclude
from experiments.unlabelled.measure import codes, data_sets
from experiments.unlabelled.rules import RULE


@dataclass(frozen=True)
class Configuration(Flags):
    """Can a network learn something useful from rows without labels?"""

    data: tuple[str, ...] = ("digits", "mnist")
    """Data sets; mnist is left out where --mnist is not there."""
    mnist: str = "../shared/data/mnist"
    """Folder with MNIST's files."""
    code: tuple[int, ...] = (8, 32)
    """Numbers of a code."""
    labels: tuple[int, ...] = (10, 20, 50, 100, 200)
    """Rows with labels."""
    learning_rate: tuple[float, ...] = (0.0005, 0.0015, 0.005)
    """Learning rates of Adam."""
    steps: int = 500
    """Updates of each autoencoder, on batches of 64 rows."""
    seeds: int = 8
    """Splits, each with one autoencoder per code and learning rate."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per data set and code."""
    at_least(1, configuration.code, "--code")
    at_least(10, configuration.labels, "--labels")
    at_least(2, configuration.seeds, "--seeds")
    return [
        Part(f"{data}-{code}", lambda _, data=data, code=code: codes(data, code, configuration))
        for data in data_sets(configuration)
        for code in configuration.code
    ]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "data": ("digits",),
        "code": (8,),
        "labels": (20,),
        "learning_rate": (0.003,),
        "steps": 20,
        "seeds": 2,
    },
    rules=(RULE,),
    parts=parts,
    conclude=conclude,
    draw=draw,
)
