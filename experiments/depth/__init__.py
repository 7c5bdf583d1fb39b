"""How deep can a network be, and which activation and initialisation takes it there?

    python -m experiments.depth

Random networks are compared with mean-field theory layer by layer. Then networks are trained on
scikit-learn's digits, each at its own best learning rate: a ladder of depths for each activation,
deep ReLU networks with Xavier's and He's initialisation, and tanh networks of many weight variances
and depths. tanh networks also learn two spirals, and a forward pass is timed against depth.

An interval is a 95 % interval; differences in accuracy are test accuracies, paired by seed.
"""

from dataclasses import dataclass

import jaxnn
from experiments.depth import measure
from experiments.depth.figure import draw
from experiments.depth.findings import conclude
from experiments.depth.rules import RULES
from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.errors import UserError


@dataclass(frozen=True)
class Configuration(Flags):
    """How deep can a network be, and which activation and initialisation takes it there?"""

    theory_activation: tuple[str, ...] = (
        "relu",
        "elu",
        "selu",
        "gelu",
        "gelu_tanh",
        "swish",
        "mish",
        "softplus",
        "squareplus",
        "sigmoid",
        "tanh",
        "lecun_tanh",
        "softsign",
        "arctan",
        "sine",
        "snake",
        "gaussian",
    )
    """Activations whose random networks are compared with mean-field theory."""
    theory_depth: int = 40
    """Layers of each random network."""
    theory_width: int = 4096
    """Units per layer of each random network."""
    theory_networks: int = 64
    """Random networks per activation and initialisation."""
    selu_networks: int = 8
    """Random SELU networks with real weight matrices, a quarter as wide as theory_width."""
    activation: tuple[str, ...] = (
        "relu",
        "elu",
        "selu",
        "gelu",
        "swish",
        "mish",
        "tanh",
        "sigmoid",
    )
    """Activations trained at every depth (the ladder); relu and tanh must be among them."""
    depth: tuple[int, ...] = (1, 2, 5, 10, 20, 40)
    """Numbers of hidden layers of the ladder, ascending."""
    width: int = 32
    """Units per hidden layer of the ladder."""
    learning_rate: tuple[float, ...] = (3e-4, 1.2e-3, 5e-3, 2e-2, 8e-2, 0.3)
    """Learning rates from which each network's best is chosen, ascending."""
    choosing: int = 4
    """Seeds that choose the learning rate; they do not report."""
    seeds: int = 12
    """Seeds that report."""
    steps: int = 300
    """Updates per network."""
    batch_size: int = 32
    """Rows per update."""
    he_width: int = 64
    """Units per hidden layer of the deep ReLU networks with Xavier's and He's initialisation."""
    he_depth: int = 30
    """Hidden layers of the deep ReLU networks with Xavier's and He's initialisation."""
    map_width: int = 64
    """Units per hidden layer of the map, the tanh networks compared with theory's depth scale."""
    map_weight_variance: tuple[float, ...] = (1.0, 1.15, 1.3, 2.6, 3.0, 4.0)
    """Weight variances of the map, times fan-in (σ_w²), ascending; the bias variance is 0.05."""
    map_scale: tuple[float, ...] = (2.0, 4.0, 6.0, 9.0, 13.0)
    """Numbers of hidden layers of the map, in theory's depth scales, ascending."""
    map_learning_rate: tuple[float, ...] = (1e-2, 1e-1)
    """Learning rates of the map, plain gradient descent; the best one counts."""
    map_seeds: int = 2
    """Seeds of the map."""
    spiral_depth: tuple[int, ...] = (1, 2, 3, 5, 10, 20)
    """Numbers of hidden layers on the two spirals, ascending."""
    spiral_steps: int = 600
    """Updates per network on the two spirals."""
    forward_depth: tuple[int, ...] = (1, 8, 16, 32, 48, 64)
    """Numbers of hidden layers whose forward pass is timed."""
    repeats: int = 30
    """How often each forward pass is timed; the depths take turns."""


SMOKE = {
    "theory_activation": ("tanh",),
    "theory_depth": 4,
    "theory_width": 256,
    "theory_networks": 4,
    "selu_networks": 2,
    "activation": ("relu", "tanh"),
    "depth": (1, 4),
    "width": 8,
    "learning_rate": (1e-3, 1e-2),
    "choosing": 1,
    "seeds": 2,
    "steps": 20,
    "he_width": 8,
    "he_depth": 4,
    "map_width": 8,
    "map_weight_variance": (1.0, 1.3),
    "map_scale": (0.5, 1.0),
    "map_learning_rate": (1e-2,),
    "map_seeds": 2,
    "spiral_depth": (1, 3),
    "spiral_steps": 20,
    "forward_depth": (1, 2, 4),
    "repeats": 2,
}


def parts(configuration: Configuration) -> list[Part]:
    """What is measured, piece by piece."""
    _check(configuration)
    c = configuration
    found = [
        Part(f"theory-{name}", lambda _, name=name: measure.random_networks(c, name), 5)
        for name in c.theory_activation
    ]
    found.append(Part("selu", lambda _: measure.selu(c), 4))
    found += [
        Part(
            f"ladder-{name}-{depth}",
            lambda _, name=name, depth=depth: measure.ladder(c, name, depth),
            1 + depth / 8,
        )
        for name in c.activation
        for depth in c.depth
    ]
    found += [
        Part(f"init-{name}", lambda _, variance=variance: measure.initialised(c, variance), 6)
        for name, variance in measure.INITIALISED.items()
    ]
    found += [
        Part(f"map-{variance:g}", lambda _, variance=variance: measure.depth_map(c, variance), 6)
        for variance in c.map_weight_variance
    ]
    found += [
        Part(
            f"spirals-{depth}",
            lambda _, depth=depth: measure.on_spirals(c, depth),
            1 + depth / 8,
        )
        for depth in c.spiral_depth
    ]
    return [
        *found,
        Part("no_hidden_layer", lambda _: measure.no_hidden_layer()),
        Part("forward", lambda _: measure.forward_time(c), 8),
    ]


RISING = (
    "depth",
    "learning_rate",
    "map_scale",
    "map_weight_variance",
    "map_learning_rate",
    "spiral_depth",
    "forward_depth",
)
LEAST = {
    "theory_depth": 2,  # a layer has a next one
    "theory_width": 4,
    "theory_networks": 2,  # an interval has a spread
    "selu_networks": 2,
    "width": 1,
    "choosing": 1,
    "seeds": 2,
    "steps": 1,
    "batch_size": 1,
    "he_width": 1,
    "he_depth": 1,
    "map_width": 1,
    "map_seeds": 1,
    "spiral_steps": 1,
    "repeats": 1,
}


def _check(c: Configuration) -> None:
    """Refuse what cannot be measured.

    Raises:
        UserError: an activation that the networks cannot have; relu or tanh left out; a list that
            is too short, not above 0 or not ascending; or a count that is too small.
    """
    for name in c.theory_activation:
        if not _elementwise(name):
            raise UserError(
                f"--theory-activation {name}: give elementwise activations of jaxnn.ACTIVATIONS, "
                "such as relu"
            )
    for name in c.activation:
        if not _elementwise(name) or jaxnn.ACTIVATIONS[name].learned:
            raise UserError(
                f"--activation {name}: give elementwise activations of jaxnn.ACTIVATIONS without "
                "learned parameters, such as relu"
            )
    if missing := [name for name in ("relu", "tanh") if name not in c.activation]:
        raise UserError(
            f"--activation: {', '.join(missing)} is missing; add it, since the claims compare with "
            "relu and tanh"
        )
    for flag in RISING:
        values, least = getattr(c, flag), 2 if "depth" in flag or flag == "map_scale" else 1
        if len(values) < least or min(values) <= 0 or list(values) != sorted(set(values)):
            raise UserError(
                f"{_flag(flag)} {values}: give at least {least} values above 0 in ascending order"
            )
    for flag, least in LEAST.items():
        if getattr(c, flag) < least:
            raise UserError(
                f"{_flag(flag)} {getattr(c, flag)}: give a whole number of at least {least}"
            )


def _elementwise(name: str) -> bool:
    entry = jaxnn.ACTIVATIONS.get(name)
    return entry is not None and entry.elementwise and entry.units_in == 1 and not entry.stochastic


def _flag(field: str) -> str:
    return f"--{field.replace('_', '-')}"


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke=SMOKE,
    parts=parts,
    conclude=conclude,
    draw=draw,
    panels={
        "EVIDENCE 2": 0,
        "A7": 1,
        "A10": 2,
        "EVIDENCE 3": 3,
        "Y3": 4,
        "EVIDENCE 13": 6,
        "EVIDENCE 14": 7,
    },
    rules=RULES,
)
