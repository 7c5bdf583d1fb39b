"""How does the best learning rate change with width and with depth?

    python -m experiments.rate_transfer

Over widths, networks of two hidden layers are trained in the standard parametrisation and in the
maximal update parametrisation (μP), with Adam and with SGD, at rates an octave apart. μP is made of
initial variances and of a rate per layer. Over depths, networks of several activations are trained
by plain gradient descent, and the best rate's exponent of depth is fitted.
"""

from dataclasses import dataclass

from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least
from experiments.lab.io.errors import UserError
from experiments.rate_transfer import measure
from experiments.rate_transfer.figure import draw
from experiments.rate_transfer.findings import OPTIMIZERS, conclude
from experiments.rate_transfer.rules import RULES


@dataclass(frozen=True)
class Configuration(Flags):
    """How does the best learning rate change with width and with depth?"""

    data: str = "digits"
    """Data set with classes."""
    width: tuple[int, ...] = (32, 128, 512)
    """Neurons of both hidden layers."""
    adam_rate: tuple[int, ...] = tuple(range(-14, -2))
    """Powers of 2 that are Adam's rates."""
    sgd_rate: tuple[int, ...] = tuple(range(-9, 3))
    """Powers of 2 that are SGD's rates."""
    depth: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    """Hidden layers."""
    depth_width: int = 64
    """Neurons of each of them."""
    depth_rate: tuple[int, ...] = tuple(range(-11, 1))
    """Powers of 2 that are the rates over depths."""
    activation: tuple[str, ...] = ("relu", "tanh", "gelu", "swish", "elu")
    """Activations over depths; relu is the one that is judged."""
    steps: int = 100
    """Updates of each network."""
    seeds: int = 6
    """Networks of each kind and rate."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per optimizer and width, and per depth."""
    at_least(2, (configuration.seeds, configuration.steps), "--seeds and --steps")
    at_least(2, (len(configuration.width), len(configuration.depth)), "--width and --depth: sizes")
    if "relu" not in configuration.activation:
        raise UserError("--activation: relu is what is judged; give it too")
    return [
        *[
            Part(
                f"{named}; width {width}",
                lambda _, optimizer=optimizer, width=width: measure.over_width(
                    optimizer, width, configuration
                ),
                1 + (width / 128) ** 2,
            )
            for optimizer, named in OPTIMIZERS.items()
            for width in configuration.width
        ],
        *[
            Part(
                f"depth {depth}",
                lambda _, depth=depth: measure.over_depth(depth, configuration),
                3 + depth,
            )
            for depth in configuration.depth
        ],
    ]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "width": (32, 64),
        "adam_rate": (-9, -8, -7),
        "sgd_rate": (-4, -3, -2),
        "depth": (1, 2),
        "depth_rate": (-4, -3, -2),
        "activation": ("relu",),
        "steps": 2,
        "seeds": 2,
    },
    rules=RULES,
    parts=parts,
    conclude=conclude,
    draw=draw,
    panels={"EVIDENCE 9": 0, "EVIDENCE 21": 1},
)
