"""What does an optimizer without a learning rate cost?

    python -m experiments.rate_free

Optimizers that set their own step (Prodigy, DoG, DoWG, COCOB, D-Adaptation, Mechanic and
schedule-free Adam, all of optax.contrib with their defaults) are compared with Adam, and with SGD
with momentum, each at the best rate of a grid, for several activations and data sets, paired by
seed.
"""

from dataclasses import dataclass

from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least
from experiments.lab.io.errors import UserError
from experiments.rate_free.figure import draw
from experiments.rate_free.findings import conclude
from experiments.rate_free.measure import train
from experiments.rate_free.optimizers import FREE, TUNED
from experiments.rate_free.rules import RULES


@dataclass(frozen=True)
class Configuration(Flags):
    """What does an optimizer without a learning rate cost?"""

    data: tuple[str, ...] = ("digits", "mnist1d")
    """Data sets of ten classes."""
    activation: tuple[str, ...] = ("relu", "tanh", "gelu")
    """Activations of both hidden layers."""
    optimizer: tuple[str, ...] = tuple(FREE)
    """Optimizers without a rate."""
    adam_rate: tuple[float, ...] = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
    """Adam's rates."""
    sgd_rate: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
    """Rates of SGD with momentum 0.9."""
    width: int = 32
    """Neurons of both hidden layers."""
    steps: int = 300
    """Updates of each network."""
    seeds: int = 40
    """Networks of each kind."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per data set and optimizer."""
    at_least(2, (configuration.seeds,), "--seeds")
    unknown = [name for name in configuration.optimizer if name not in FREE]
    if unknown or not configuration.optimizer:
        raise UserError(
            f"--optimizer {' '.join(unknown)}: give some of {', '.join(map(repr, FREE))}"
        )
    return [
        Part(
            f"{optimizer} on {data}",
            lambda _, data=data, optimizer=optimizer: train(data, optimizer, configuration),
            3 if optimizer in TUNED else 1,
        )
        for data in configuration.data
        for optimizer in (*TUNED, *configuration.optimizer)
    ]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "data": ("digits",),
        "activation": ("relu",),
        "optimizer": ("schedule-free",),
        "adam_rate": (0.01,),
        "sgd_rate": (0.1,),
        "width": 8,
        "steps": 4,
        "seeds": 2,
    },
    rules=RULES,
    parts=parts,
    conclude=conclude,
    draw=draw,
)
