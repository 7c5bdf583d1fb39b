"""How many points does it take to tell which of two models is better?

    python -m experiments.test_points

Pairs of networks, a small and a large one, are trained on generated rows of two classes and judged
on many new points. Then the choice between the two is made on n of these points only, drawn many
times: by the number of points that are right, and by the mean log-loss. How often that chooses the
worse network is compared with the closed form: exact for right and wrong, since the points on which
only one network is right decide (a binomial), and normal for the loss. The same networks show what
happens with more training points: how many of the points that a network of fixed size was trained
on it has right, and how many new ones.
"""

from dataclasses import dataclass

from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least, one_of
from experiments.test_points.figure import draw
from experiments.test_points.findings import conclude
from experiments.test_points.measure import PAIRS, choices, fit
from experiments.test_points.rules import RULE


@dataclass(frozen=True)
class Configuration(Flags):
    """How many points does it take to tell which of two models is better?"""

    pairs: tuple[str, ...] = tuple(PAIRS)
    """Pairs of networks, by the units of their hidden layer."""
    points: tuple[int, ...] = (1, 3, 10, 30, 100, 300, 1000, 3000)
    """Points that a choice is made on."""
    repeats: int = 2000
    """Choices for each number of points."""
    pool: int = 40_000
    """New points, on all of which the better network is found, and from which choices draw."""
    training_rows: tuple[int, ...] = (10, 30, 100, 300, 1000, 3000)
    """Training points of a network of fixed size."""
    learning_rate: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03)
    """Learning rates of Adam."""
    steps: int = 600
    """Updates per network, on batches of 32 rows."""
    seeds: int = 10
    """Draws of the training rows; of each, one pair of networks is compared."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per pair of networks, and one for more training points."""
    at_least(1, configuration.points, "--points")
    for pair in configuration.pairs:
        one_of(PAIRS, pair, "pairs")
    at_least(2, configuration.seeds, "--seeds")
    at_least(max(configuration.points), configuration.pool, "--pool")
    return [
        *(
            Part(pair, lambda _, pair=pair: choices(pair, configuration))
            for pair in configuration.pairs
        ),
        Part("fit", lambda _: fit(configuration)),
    ]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "pairs": ("2 or 16 units",),
        "points": (1, 10),
        "repeats": 100,
        "pool": 500,
        "training_rows": (10, 30),
        "learning_rate": (0.003,),
        "steps": 20,
        "seeds": 2,
    },
    rules=(RULE,),
    parts=parts,
    conclude=conclude,
    draw=draw,
)
