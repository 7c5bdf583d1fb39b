"""Do the published results on MNIST-1D hold over many seeds?

    python -m experiments.mnist_1d

The four networks of the published table are trained by Adam: logistic regression, a multilayer
perceptron with a skip connection, three convolutions, and a GRU in both directions. And 40-h-h-10
networks of many widths are trained by gradient descent with momentum, with and without noise in the
labels, to see whether the error peaks at a width. Both are shorter than published.
"""

from dataclasses import dataclass

from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least
from experiments.lab.io.errors import UserError
from experiments.mnist_1d import measure
from experiments.mnist_1d.figure import draw
from experiments.mnist_1d.findings import conclude
from experiments.mnist_1d.networks import NETWORKS
from experiments.mnist_1d.rules import AROUND, BEFORE, RULES


@dataclass(frozen=True)
class Configuration(Flags):
    """Do the published results on MNIST-1D hold over many seeds?"""

    network: tuple[str, ...] = tuple(NETWORKS)
    """Rows of the table."""
    rate: float = 0.01
    """Adam's rate, the published one."""
    other_rate: float = 0.003
    """Another, tried with a third of the seeds."""
    steps: int = 2400
    """Updates of each network of the table; 6,000 as published."""
    seeds: int = 30
    """Networks of each kind."""
    width: tuple[int, ...] = (8, 16, 27, 36, 47, 64, 100, 200)
    """Widths of the other networks; 19 from 2 to 300 as published."""
    width_steps: int = 8000
    """Updates of each of them; 20,000 as published."""
    width_seeds: int = 5
    """Networks of each width, without and with noise."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per network and rate, and per width."""
    at_least(6, (configuration.seeds,), "--seeds")
    at_least(2, (configuration.width_seeds,), "--width-seeds")
    at_least(measure.POINTS, (configuration.steps, configuration.width_steps), "--steps")
    if BEFORE not in configuration.width or not {*AROUND} & {*configuration.width}:
        raise UserError(f"--width: give {BEFORE} and one of {', '.join(map(str, AROUND))} too")
    weights = {"logistic": 1, "MLP": 8, "CNN": 40, "GRU": 40}
    rates = {
        configuration.rate: configuration.seeds,
        configuration.other_rate: configuration.seeds // 3,
    }
    return [
        *[
            Part(
                f"{network} at {rate:g}",
                lambda _, network=network, rate=rate, seeds=seeds: measure.table(
                    network, rate, seeds, configuration.steps
                ),
                weights[network] * seeds / configuration.seeds,
            )
            for network in configuration.network
            for rate, seeds in rates.items()
        ],
        *[
            Part(
                f"width {width}",
                lambda _, width=width: measure.widths(width, configuration),
                4 + width / 10,
            )
            for width in configuration.width
        ],
    ]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "network": ("logistic",),
        "steps": 6,
        "seeds": 6,
        "width": (16, 47),
        "width_steps": 6,
        "width_seeds": 2,
    },
    rules=RULES,
    parts=parts,
    conclude=conclude,
    draw=draw,
    panels={"EVIDENCE 15": 0, "EVIDENCE 16": 1},
)
