"""Do networks keep improving with data where older methods flatten?

    python -m experiments.data_scaling

Test error against the number of training rows, for a network and for logistic regression, a support
vector machine, a random forest, nearest neighbours and gradient boosting, each of scikit-learn at
its defaults. The network's learning rate, Adam's, and its stopping point are chosen on a fifth of
the same rows, so that all methods get the same number. Each seed draws its own training rows, which
all methods share. The images of MNIST are halved to 14 × 14 pixels, so that the support vector
machine and boosting can be fitted to 20,000 of them within the budget; they are left out where the
files are not there. With ten classes boosting takes ten times as long, so it is fitted where there
are two: a generated function of ten inputs (Friedman 1991), or --data mnist-even.
"""

from dataclasses import dataclass

from experiments.data_scaling.figure import draw
from experiments.data_scaling.findings import conclude
from experiments.data_scaling.measure import methods, network, older
from experiments.data_scaling.rules import RULE
from experiments.data_scaling.tasks import data_sets
from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least
from experiments.lab.io.errors import UserError


@dataclass(frozen=True)
class Configuration(Flags):
    """Do networks keep improving with data where older methods flatten?"""

    data: tuple[str, ...] = ("mnist", "friedman")
    """Data sets: mnist, or mnist-even, whether its digits are even, both left out where --mnist is
    not there; friedman, generated; digits."""
    mnist: str = "../shared/data/mnist"
    """Folder with MNIST's files."""
    rows: tuple[int, ...] = (100, 500, 2000, 6000, 20_000)
    """Training rows, in rising order; the end is the last tenfold."""
    learning_rate: tuple[float, ...] = (0.0003, 0.001, 0.003)
    """Learning rates of Adam."""
    steps: int = 1200
    """Updates per network, on batches of 64 rows; a third as many below 2,000 rows."""
    seeds: int = 4
    """Draws of the training rows."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per data set, method and number of rows."""
    c = configuration
    at_least(2, c.seeds, "--seeds")
    at_least(20, c.rows, "--rows")
    if list(c.rows) != sorted(set(c.rows)) or c.rows[0] * 10 > c.rows[-1]:
        raise UserError(
            f"--rows {' '.join(map(str, c.rows))}: give rising numbers that span a tenfold"
        )
    names = data_sets(c)
    if not names:
        raise UserError(f"--mnist {c.mnist}: there is no such folder; give it, or other --data")
    return [
        Part(
            f"{data}-{method}-{rows}",
            lambda _, data=data, method=method, rows=rows: (
                network(data, rows, c) if method == "network" else older(data, method, rows, c)
            ),
            2 + rows / 400,
        )
        for data in names
        for method in ("network", *methods(data))
        for rows in c.rows
    ]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "data": ("digits",),
        "rows": (50, 500),
        "learning_rate": (0.003,),
        "steps": 20,
        "seeds": 2,
    },
    rules=(RULE,),
    parts=parts,
    conclude=conclude,
    draw=draw,
)
