"""Do bipolar inputs (−1, 1) learn faster than binary ones (0, 1)?

    python -m experiments.encodings

The same bits are encoded as 0 and 1, −1 and 1, −½ and ½, and with --one-hot as two inputs per bit.
The same networks start from the same draws and see the same batches, each encoding at its own best
learning rate. Data: the parity of four of eight bits, a random Boolean formula of ten bits, and the
digits' pixels, dark or bright. Speed is the number of updates until a target accuracy is reached; a
run that never reaches it, or diverges, counts as twice all updates. The rate is chosen on
validation rows, and the updates are counted on test rows.
"""

from dataclasses import dataclass

from experiments.encodings.figure import draw
from experiments.encodings.findings import conclude
from experiments.encodings.measure import SETTINGS, train
from experiments.encodings.rules import RULE
from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least, one_of


@dataclass(frozen=True)
class Configuration(Flags):
    """Do bipolar inputs (−1, 1) learn faster than binary ones (0, 1)?"""

    settings: tuple[str, ...] = tuple(SETTINGS)
    """Data, activation and optimizer of the networks."""
    one_hot: bool = False
    """Whether one-hot inputs are compared too."""
    powers: int = 8
    """Learning rates, each three times the one before."""
    steps: int = 500
    """Updates per network, on batches of 32 rows."""
    seeds: int = 10
    """Splits, each with one network per encoding, setting and learning rate."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per setting."""
    at_least(2, configuration.seeds, "--seeds")
    at_least(1, configuration.powers, "--powers")
    for setting in configuration.settings:
        one_of(SETTINGS, setting, "settings")
    return [
        Part(setting, lambda _, setting=setting: train(setting, configuration))
        for setting in configuration.settings
    ]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "settings": ("formula, tanh, SGD",),
        "powers": 2,
        "steps": 50,
        "seeds": 2,
    },
    rules=(RULE,),
    parts=parts,
    conclude=conclude,
    draw=draw,
)
