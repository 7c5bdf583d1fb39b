"""Which activation keeps deep networks accurate on MNIST, and which helps at five layers?

    python -m experiments.mnist_depth

Mish, swish and ReLU in 15 to 25 hidden layers, each with its own initialisation by gain, with the
critical one of mean-field theory and, at the greatest depth, with layer normalisation; each at one
untuned rate and at its own best one. And sigmoid, tanh and softsign in five hidden layers, with the
initialisation U(−1/√n, 1/√n) that was standard before 2010 and with Glorot's. Narrower and shorter
than published, on a part of MNIST at half its resolution.
"""

from dataclasses import dataclass

from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least
from experiments.lab.io.errors import UserError
from experiments.mnist_depth import measure
from experiments.mnist_depth.figure import draw
from experiments.mnist_depth.findings import conclude
from experiments.mnist_depth.images import rows
from experiments.mnist_depth.rules import RULES


@dataclass(frozen=True)
class Configuration(Flags):
    """Which activation keeps deep networks accurate on MNIST, and which helps at five layers?"""

    data: str = "../shared/data/mnist"
    """Folder of MNIST's four idx files, or digits for scikit-learn's small images."""
    depth: tuple[int, ...] = (15, 20, 25)
    """Hidden layers of the deep networks."""
    init: tuple[str, ...] = tuple(measure.INITIALIZERS)
    """Initialisations of the deep networks; layer norm at the greatest depth only."""
    width: int = 64
    """Neurons of every hidden layer."""
    steps: int = 200
    """Updates of each deep network, on batches of 64 rows."""
    learning_rate: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03)
    """Rates of the deep networks."""
    untuned: float = 0.01
    """The rate among them that stands for one that nobody tuned."""
    five_steps: int = 600
    """Updates of each network of five layers."""
    five_rate: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3)
    """Rates of the networks of five layers."""
    seeds: int = 10
    """Networks of each kind and rate."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per activation, initialisation and depth."""
    at_least(2, (configuration.seeds, configuration.steps, configuration.five_steps), "--seeds")
    if configuration.untuned not in configuration.learning_rate:
        raise UserError(
            f"--untuned {configuration.untuned:g}: give one of the rates of --learning-rate"
        )
    rows(configuration.data)
    deepest = max(configuration.depth)
    cases = [
        (name, init, depth)
        for depth in configuration.depth
        for init in configuration.init
        for name in measure.DEEP
        if init != "layer norm" or depth == deepest
    ]
    return [
        *[
            Part(
                f"{name}; {init}; {depth} layers",
                lambda _, name=name, init=init, depth=depth: measure.deep(
                    name, init, depth, configuration
                ),
                depth / 5,
            )
            for name, init, depth in cases
        ],
        *[
            Part(
                f"{name}; {init}",
                lambda _, name=name, init=init: measure.five(name, init, configuration),
                4,
            )
            for name in measure.FIVE
            for init in (measure.OLD, measure.NEW)
        ],
    ]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "data": "digits",
        "depth": (3,),
        "init": ("own init",),
        "width": 8,
        "steps": 4,
        "learning_rate": (0.01,),
        "five_steps": 4,
        "five_rate": (0.1,),
        "seeds": 2,
    },
    rules=RULES,
    parts=parts,
    conclude=conclude,
    draw=draw,
    panels={"EVIDENCE 10": 0, "EVIDENCE 11": 3},
)
