"""Does the verdict of python -m experiments.activations keep what it promises?

    python -m experiments.verdict_checks

Many seeds are trained on each data set, every seed on a split of its own. A job is ten of them; it
goes through the same functions as a job at the terminal: rates, choices, intervals, best set. What
it says is compared with what is true, which the seeds outside the job show, or tables drawn anew.
"""

from dataclasses import dataclass

from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least
from experiments.lab.io.errors import UserError
from experiments.verdict_checks import measure, tables
from experiments.verdict_checks.figure import draw
from experiments.verdict_checks.findings import conclude
from experiments.verdict_checks.findings_simulated import simulate
from experiments.verdict_checks.rules import RULES


@dataclass(frozen=True)
class Configuration(Flags):
    """Does the verdict of python -m experiments.activations keep what it promises?"""

    data: tuple[str, ...] = ("digits", "wine", "breast_cancer", "diabetes")
    """Data sets whose rows are split anew for each seed."""
    equal: tuple[str, ...] = ("digits", "breast_cancer")
    """Data sets on which networks that differ in their initial draws only are compared."""
    tables: tuple[str, ...] = ("generated_classes", "generated_numbers", "digits", "mnist")
    """Where tables of new rows are drawn from; mnist is left out where --mnist is not there."""
    mnist: str = "../shared/data/mnist"
    """A folder with MNIST's files."""
    activation: tuple[str, ...] = ("relu", "tanh", "elu", "swish")
    """What is compared."""
    learning_rate: tuple[float, ...] = (0.03, 0.1, 0.3, 1.0)
    """Learning rates, of which each job chooses."""
    width: int = 32
    """Neurons of the one hidden layer; the shuffled rows and the rates have two layers of 64."""
    steps: int = 100
    """Updates of each network; the rates have the main job's 200."""
    job: int = 10
    """Seeds of a job."""
    jobs: int = 40
    """Jobs without a seed in common."""
    new_tables: int = 100
    """Tables of new rows, a job each."""
    orders: int = 20
    """Orders of the breast-cancer rows, a job each."""
    rates_activation: tuple[str, ...] = (
        "linear",
        "sigmoid",
        "tanh",
        "relu",
        "leaky_relu",
        "elu",
        "selu",
        "gelu",
        "swish",
        "mish",
    )
    """Activations whose choice of a rate is checked on the digits."""
    rates: tuple[int, int] = (7, 13)
    """Of the main job's 13 rates, the first one trained and the end; no activation learns below."""
    rates_jobs: int = 10
    """Jobs without a seed in common that choose a rate."""
    trials: int = 200
    """Jobs drawn with replacement, for each power."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per data set and check."""
    for name in ("width", "steps", "jobs", "new_tables", "orders", "rates_jobs", "trials"):
        at_least(1, getattr(configuration, name), f"--{name}")
    at_least(2, configuration.job, "--job")
    if len(configuration.activation) < 2:
        raise UserError("--activation: name at least two to compare")
    if unknown := [name for name in configuration.tables if name not in tables.KNOWN]:
        raise UserError(f"--tables {unknown[0]}: known are {', '.join(tables.KNOWN)}")
    found = [
        Part(f"orders-{number}", lambda _, number=number: measure.orders(number, configuration), 4)
        for number in range(len(configuration.activation))
    ]
    found += [
        Part(f"splits-{name}", lambda _, name=name: measure.splits(name, configuration), 6)
        for name in configuration.data
    ]
    found += [
        Part(f"equal-{name}", lambda _, name=name: measure.equal(name, configuration), 6)
        for name in configuration.equal
    ]
    found += [
        Part(f"tables-{name}", lambda _, name=name: measure.new_tables(name, configuration), 4)
        for name in configuration.tables
        if name != "mnist" or tables.has_mnist(configuration.mnist)
    ]
    return found + [
        Part(f"rates-{name}", lambda _, name=name: measure.rates(name, configuration), 12)
        for name in configuration.rates_activation
    ]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "data": ("wine",),
        "equal": ("wine",),
        "tables": ("generated_classes",),
        "activation": ("relu", "tanh"),
        "learning_rate": (0.1, 1.0),
        "width": 8,
        "steps": 2,
        "job": 6,
        "jobs": 2,
        "new_tables": 2,
        "orders": 2,
        "rates_activation": ("relu",),
        "rates": (8, 11),
        "rates_jobs": 1,
        "trials": 4,
    },
    rules=RULES,
    parts=parts,
    derive=simulate,
    conclude=conclude,
    draw=draw,
    panels={rule.claim: panel for panel, rule in enumerate(RULES)},
)
