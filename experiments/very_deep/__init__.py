"""Is swish the better activation for very deep networks?

    python -m experiments.very_deep

Networks of 40 hidden layers learn scikit-learn's digits. The signal is kept by each activation's
own gain, by critical weights and biases, by layer normalisation, or by that and skips around each
layer. Every network is trained at its own best learning rate (gradient descent with momentum .9),
which other seeds choose on validation rows. A seed draws its own split, weights and batches, which
all networks share, so that test accuracies are paired by seed.

With its own gain the variance of the pre-activations is kept at a fixed point. The theory's dq′/dq
says whether the point is stable: where it is above 1, the signal leaves it.
"""

from dataclasses import dataclass

import jaxnn
from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least, one_of
from experiments.lab.io.errors import UserError
from experiments.very_deep.figure import draw
from experiments.very_deep.findings import conclude
from experiments.very_deep.measure import at_own_rate, cells
from experiments.very_deep.networks import OWN, SETTINGS
from experiments.very_deep.rules import RULES


@dataclass(frozen=True)
class Configuration(Flags):
    """Is swish the better activation for very deep networks?"""

    activation: tuple[str, ...] = ("selu", "elu", "tanh", "relu", "mish", "gelu", "swish")
    """Activations compared at the first width; relu, elu and swish must be among them."""
    setting: tuple[str, ...] = SETTINGS
    """How the signal is kept, of experiments/very_deep/networks.py; own gain among them."""
    depth: int = 40
    """Hidden layers."""
    shallower: tuple[int, ...] = (5, 10, 20)
    """Smaller numbers of hidden layers, with each activation's own gain, ascending."""
    width: tuple[int, ...] = (32, 64, 128)
    """Units per hidden layer: of all comparisons, of more updates, and of the widest networks."""
    steps: tuple[int, ...] = (300, 900)
    """Updates per network, multiples of the first."""
    learning_rate: tuple[float, ...] = (1e-4, 4e-4, 1.6e-3, 6.4e-3)
    """Learning rates from which each network's best is chosen, ascending; two more are tried
    beyond an end that is best."""
    choosing: int = 4
    """Seeds that choose the learning rate; they do not report."""
    seeds: int = 12
    """Seeds that report."""
    batch_size: int = 32
    """Rows per update."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per cell."""
    _check(configuration)
    return [
        Part(
            cell.part,
            lambda _, cell=cell: at_own_rate(configuration, cell),
            cell.depth * cell.steps * (cell.width + 30),
        )
        for cell in cells(configuration)
    ]


def _check(c: Configuration) -> None:
    if missing := [name for name in ("relu", "elu", "swish") if name not in c.activation]:
        raise UserError(
            f"--activation: {', '.join(missing)} is missing; add it, since the claims are about it"
        )
    for name in c.activation:
        entry = jaxnn.ACTIVATIONS.get(name)
        if entry is None or not entry.elementwise or entry.learned or entry.stochastic:
            raise UserError(
                f"--activation {name}: give elementwise activations of jaxnn.ACTIVATIONS without "
                "learned parameters, such as relu"
            )
    for setting in c.setting:
        one_of(dict.fromkeys(SETTINGS), setting, "setting")
    if OWN not in c.setting:
        raise UserError(f"--setting {c.setting}: add {OWN!r}, with which the others are compared")
    at_least(2, (c.depth, *c.shallower), "--depth")
    at_least(1, (*c.width, *c.steps, c.choosing, c.batch_size), "--steps")
    at_least(2, c.seeds, "--seeds")
    if any(steps % c.steps[0] for steps in c.steps):
        raise UserError(f"--steps {c.steps}: give multiples of the first")
    rates = c.learning_rate
    if not rates or min(rates) <= 0 or list(rates) != sorted(set(rates)):
        raise UserError(f"--learning-rate {rates}: give numbers above 0 in ascending order")


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "activation": ("relu", "elu", "swish"),
        "setting": ("own gain", "critical"),
        "depth": 3,
        "shallower": (),
        "width": (4,),
        "steps": (2,),
        "learning_rate": (1e-3,),
        "choosing": 1,
        "seeds": 2,
    },
    rules=RULES,
    parts=parts,
    conclude=conclude,
    draw=draw,
    panels={"A4": 0, "A6": 0, "A9": 1, "EVIDENCE 25": 0},
)
