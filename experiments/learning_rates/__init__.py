"""Which learning rate, how far may it be off, and what finds it?

    python -m experiments.learning_rates

Networks of each data set, optimizer and activation are trained at many learning rates; ReLU
networks also with more updates at low rates. The rate that each learning-rate finder suggests is
judged on these grids. A rate is metalearned as published, and descents on two weights show what a
gradient is.

An interval is a 95 % interval; a point is 1 % of error.
"""

from dataclasses import dataclass

import jaxnn
from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io import cli
from experiments.lab.io.errors import UserError
from experiments.learning_rates import descent, measure, metalearning
from experiments.learning_rates.figure import draw
from experiments.learning_rates.findings import conclude
from experiments.learning_rates.rules import RULES

TEN_CLASSES = ("digits", "mnist1d")
BLOCK = 20  # seeds per part


@dataclass(frozen=True)
class Configuration(Flags):
    """Which learning rate, how far may it be off, and what finds it?"""

    data: tuple[str, ...] = TEN_CLASSES
    """digits and mnist1d, or one of them; the figure shows the first."""
    optimizer: tuple[str, ...] = ("sgd", "momentum", "adam")
    """Names from jaxnn.OPTIMIZERS."""
    activation: tuple[str, ...] = ("relu", "tanh", "swish")
    """Names from jaxnn.ACTIVATIONS; relu and swish must be among them, they are compared."""
    finder_activation: tuple[str, ...] = ("relu", "tanh", "swish")
    """Activations whose networks the learning-rate finders are tried on."""
    learning_rate: tuple[str, ...] = ("1e-5:10:43",)
    """Learning rates of each grid: values, or low:high:count on a log scale."""
    seeds: int = 12
    """Seeds per learning rate, numbered from 0."""
    depth: int = 2
    """Hidden layers."""
    width: int = 32
    """Neurons per hidden layer."""
    steps: int = 300
    """Updates per network, a multiple of ten."""
    patience: int = 10
    """How many times as many updates low learning rates are given."""
    batch_size: int = 64
    """Rows per update."""
    metalearning_data: str = "mnist1d"
    """Data set of metalearning: mnist1d as published; digits only shows that it works."""
    metalearning_rate: tuple[str, ...] = ("0.01:10:31", "0.3:1.5:111")
    """Learning rates of the grid on which the optimum of metalearning is looked up."""
    metalearning_seeds: int = 100
    """Seeds per learning rate of the metalearning grid."""
    metalearned_seeds: int = 20
    """Seeds whose learning rate is metalearned, among those of the metalearning grid."""
    metalearning_start: tuple[float, ...] = (0.15, 1.5)
    """Learning rates from which metalearning starts."""
    metalearning_steps: int = 30
    """Updates of the metalearned rate's logarithm, 3 × gradient, at most 0.3 each; 0 for none."""
    published_steps: int = 50
    """Updates of the metalearned rate by the published rule, 0.3 × gradient; 0 for none."""
    descent_rate: tuple[float, ...] = (0.02, 0.5, 1.2)
    """The three learning rates of the descents that are drawn."""
    descent_starts: int = 1000
    """Random weights from which a single step is taken."""


# The same shapes and the same number of rates as there are classic ones: fewest programs.
SMOKE = {
    "data": ("digits",),
    "optimizer": ("sgd",),
    "activation": ("relu", "swish"),
    "finder_activation": ("relu",),
    "learning_rate": ("0.01:10:4",),
    "seeds": 2,
    "depth": 1,
    "width": 50,
    "steps": 40,
    "patience": 1,
    "metalearning_data": "digits",
    "metalearning_rate": ("0.001:0.1:4",),
    "metalearning_start": (0.003,),
    "metalearning_seeds": 2,
    "metalearned_seeds": 2,
    "metalearning_steps": 0,
    "published_steps": 4,
    "descent_starts": 20,
}


def parts(configuration: Configuration) -> list[Part]:
    """What is measured, piece by piece; patience needs the grids before it."""
    _check(configuration)
    c = configuration
    found = [Part("descent", lambda _: descent.descend(c.descent_rate, c.descent_starts), 2)]
    found += [
        Part(setting.part, lambda _, setting=setting: measure.grid(c, setting), 10)
        for setting in measure.settings(c)
    ]
    found += [
        Part(f"patient-{name}", lambda before, name=name: measure.patient(c, name, before), 10)
        for name in c.optimizer
    ]
    for start in range(0, c.metalearning_seeds, BLOCK):
        seeds = range(start, min(start + BLOCK, c.metalearning_seeds))
        found.append(
            Part(f"inner-{start}", lambda _, seeds=seeds: metalearning.inner_grid(c, seeds), 12)
        )
    for name, updates in _metalearning_updates(c).items():
        rule = metalearning.RULES[name]
        found.append(
            Part(
                f"metalearned-{name}",
                lambda _, rule=rule, updates=updates: metalearning.metalearn(c, rule, updates),
                12,
            )
        )
    return found


def _metalearning_updates(c: Configuration) -> dict[str, int]:
    """Updates of the rate by the name of the rule, without rules that are left out."""
    updates = {"bounded": c.metalearning_steps, "published": c.published_steps}
    return {name: count for name, count in updates.items() if count}


def _check(c: Configuration) -> None:
    """Refuse what cannot be measured.

    Raises:
        UserError: a name that is not known, a count that is too small, or flags that do not fit
            each other.
    """
    rates, inner_rates = measure.sweep(c), metalearning.inner_rates(c)
    for least, flag in (
        (2, "seeds"),
        (1, "depth"),
        (1, "width"),
        (1, "patience"),
        (1, "batch_size"),
        (1, "descent_starts"),
        (2, "metalearned_seeds"),
        (2, "metalearning_seeds"),
    ):
        cli.at_least(least, getattr(c, flag), f"--{flag.replace('_', '-')}")
    for flag, known in (
        ("data", TEN_CLASSES),
        ("optimizer", jaxnn.OPTIMIZERS),
        ("activation", jaxnn.ACTIVATIONS),
    ):
        for name in getattr(c, flag):
            cli.one_of(known, name, flag)
    cli.one_of(TEN_CLASSES, c.metalearning_data, "metalearning-data")
    if not {"relu", "swish"} <= set(c.activation):
        raise UserError(
            f"--activation {' '.join(c.activation)}: relu and swish are compared; name both"
        )
    if not set(c.finder_activation) & set(c.activation):
        raise UserError(
            f"--finder-activation {' '.join(c.finder_activation)}: give at least one of those of "
            f"--activation, {' '.join(c.activation)}"
        )
    if min(len(c.optimizer), len(c.data)) < 1 or min(len(rates), len(inner_rates)) < 3:
        raise UserError(
            "--data, --optimizer, --learning-rate and --metalearning-rate give "
            f"{len(c.data)}, {len(c.optimizer)}, {len(rates)} and {len(inner_rates)} values; give "
            "at least 1, 1, 3 and 3"
        )
    if c.steps < measure.POINTS or c.steps % measure.POINTS:
        raise UserError(
            f"--steps {c.steps}: give a multiple of {measure.POINTS}, since runs are evaluated at "
            f"{measure.POINTS} points"
        )
    if c.metalearned_seeds > c.metalearning_seeds:
        raise UserError(
            f"--metalearned-seeds {c.metalearned_seeds}: give 2 to {c.metalearning_seeds}, the "
            "number of --metalearning-seeds"
        )
    updates = _metalearning_updates(c)
    if not updates or min(updates.values()) < 1:
        raise UserError(
            f"--metalearning-steps {c.metalearning_steps} --published-steps {c.published_steps}: "
            "give whole numbers of at least 0, at least one of them above 0"
        )
    if len(c.descent_rate) != 3 or min(c.descent_rate) <= 0:
        raise UserError(
            f"--descent-rate {' '.join(map(str, c.descent_rate))}: give three rates above 0"
        )
    if not c.metalearning_start or min(c.metalearning_start) <= 0:
        raise UserError(
            f"--metalearning-start {' '.join(map(str, c.metalearning_start))}: give at least one "
            "rate above 0"
        )


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke=SMOKE,
    parts=parts,
    conclude=conclude,
    draw=draw,
    panels={"G4": 0, "EVIDENCE 7": 1, "EVIDENCE 5": 2, "G3": 3, "EVIDENCE 8": 4, "EVIDENCE 26": 5},
    rules=RULES,
)
