"""When do ReLU units die, do they come back, and which activations keep theirs alive?

    python -m experiments.dying_relu

Of random networks it is counted how many are dead at birth: some layer passes no gradient. Networks
of width 2 are fitted to |x|, by Adam at rate 0.001 in batches of 128 of 3,000 points; one has
collapsed if its outputs are constant. Networks trained on the digits are searched for dead units,
which pass no gradient on any training row, at every checkpoint.
"""

from dataclasses import dataclass

from experiments.dying_relu import measure_birth
from experiments.dying_relu.figure import draw
from experiments.dying_relu.findings import conclude
from experiments.dying_relu.measure import KINDS, ORDERS, collapse, digits, trainings
from experiments.dying_relu.measure_birth import CHUNK
from experiments.dying_relu.rules import RULES
from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least
from experiments.lab.io.errors import UserError


@dataclass(frozen=True)
class Configuration(Flags):
    """When do ReLU units die, do they come back, and which activations keep theirs alive?"""

    networks: int = 100_000
    """Random networks per width and depth, a multiple of 1,000."""
    width: tuple[int, ...] = (2, 3, 4, 5, 6, 8, 10)
    """Units per layer of the random networks."""
    depth: tuple[int, ...] = (1, 2, 5, 10, 20, 50)
    """Hidden layers of the random networks."""
    narrow: tuple[str, ...] = KINDS
    """Kinds of networks of width 2 to fit to |x|, as activation/initialisation."""
    narrow_runs: int = 1000
    """Networks of each kind that is fitted to |x|, a multiple of 50."""
    narrow_layers: int = 10
    """Layers of the networks that are fitted to |x|, the output layer included."""
    narrow_steps: int = 400
    """Updates of the networks that are fitted to |x| (Adam, batches of 128), a multiple of 4."""
    learning_rate: tuple[float, ...] = tuple(float(f"{10 ** (i / 3 - 2):.3g}") for i in range(8))
    """Learning rates of the networks trained on the digits (gradient descent, batches of 64)."""
    hidden_layers: tuple[int, ...] = (2, 4)
    """Hidden layers, of 64 units, of the ReLU networks trained on the digits."""
    alive: tuple[str, ...] = ("leaky_relu", "prelu", "maxout")
    """Activations said not to die, on the digits in networks as deep as the deepest of ReLU."""
    steps: int = 480
    """Updates of the networks trained on the digits, a multiple of --checkpoints."""
    checkpoints: int = 12
    """How often, in training on the digits, to look for dead units on all training rows."""
    seeds: int = 10
    """Networks per activation, depth, initialisation and learning rate on the digits."""


def parts(configuration: Configuration) -> list[Part]:
    """Dead at birth, by width; two repetitions of that; |x|, by kind; digits, by network."""
    _check(configuration)
    c = configuration

    def born(width):
        return lambda _: measure_birth.count_by_depth(c, width)

    def collapsed(kind):
        activation, init = kind.split("/")
        return lambda _: collapse(
            activation, init, layers=c.narrow_layers, runs=c.narrow_runs, steps=c.narrow_steps
        )

    def trained(activation, layers):
        return lambda _: digits(
            activation,
            layers,
            rates=c.learning_rate,
            seeds=c.seeds,
            steps=c.steps,
            checkpoints=c.checkpoints,
        )

    return [
        *(Part(f"born-{width}", born(width), 1 + width * width / 10) for width in c.width),
        Part("again", lambda found: measure_birth.count_again(c, found), 0.1),
        Part("doubled", lambda found: measure_birth.count_in_both_precisions(c, found), 3),
        *(Part(f"collapse-{kind.replace('/', '-')}", collapsed(kind), 15) for kind in c.narrow),
        *(
            Part(f"digits-{activation}-{layers}", trained(activation, layers), 10 + 2 * layers)
            for activation, layers in trainings(c)
        ),
    ]


def _check(configuration: Configuration) -> None:
    for flag, value, unit in (
        ("--networks", configuration.networks, CHUNK),
        ("--narrow-runs", configuration.narrow_runs, ORDERS),
    ):
        if value < unit or value % unit:
            raise UserError(f"{flag} {value}: give a multiple of {unit:,}")
    for flag, values in (
        ("--width", configuration.width),
        ("--depth", configuration.depth),
        ("--hidden-layers", configuration.hidden_layers),
        ("--narrow-steps", configuration.narrow_steps),
        ("--checkpoints", configuration.checkpoints),
    ):
        at_least(1, values, flag)
    if unknown := [kind for kind in configuration.narrow if kind not in KINDS]:
        raise UserError(f"--narrow {unknown[0]}: choose from {', '.join(KINDS)}")
    at_least(2, configuration.narrow_layers, "--narrow-layers")
    at_least(2, configuration.seeds, "--seeds")
    rates = configuration.learning_rate
    if len(set(rates)) < 3 or min(rates) <= 0:
        raise UserError(
            f"--learning-rate {' '.join(f'{rate:g}' for rate in rates)}: give at least three "
            "different numbers above 0"
        )
    if configuration.steps < 1 or configuration.steps % configuration.checkpoints:
        raise UserError(
            f"--steps {configuration.steps}: give a multiple of --checkpoints "
            f"{configuration.checkpoints}"
        )
    if configuration.narrow_steps % 4:
        raise UserError(f"--narrow-steps {configuration.narrow_steps}: give a multiple of 4")


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "networks": 2000,
        "width": (2,),
        "depth": (1, 5),
        "narrow": (),
        "learning_rate": (0.01, 0.1, 1.0),
        "hidden_layers": (1,),
        "alive": ("leaky_relu",),
        "steps": 20,
        "checkpoints": 4,
        "seeds": 2,
    },
    rules=RULES,
    parts=parts,
    conclude=conclude,
    draw=draw,
    panels={"EVIDENCE 1": 0, "A2": 2, "A3": 2},
)
