"""Are ensembles of trees better than networks on small tables?

    python -m experiments.trees

GridMLPClassifier and GridMLPRegressor, which choose their activation and learning rate, against
scikit-learn's MLP, random forest and histogram gradient boosting at their defaults, on the tables
that come with scikit-learn. All see the same splits of the rows.
"""

from dataclasses import dataclass

from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least, one_of
from experiments.trees.figure import draw
from experiments.trees.findings import conclude
from experiments.trees.measure import DATA, train
from experiments.trees.rules import RULES


@dataclass(frozen=True)
class Configuration(Flags):
    """Are ensembles of trees better than networks on small tables?"""

    data: tuple[str, ...] = DATA
    """Tables: digits, breast_cancer, wine, iris, diabetes."""
    seeds: int = 20
    """Splits of the rows, a quarter of them for testing."""
    steps: int | None = None
    """Updates of each of our networks; without it, the estimators' own."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per table."""
    c = configuration
    at_least(2, c.seeds, "--seeds")
    if c.steps is not None:
        at_least(1, c.steps, "--steps")
    for name in c.data:
        one_of(DATA, name, "data")
    return [Part(name, lambda _, name=name: train(name, c.seeds, c.steps)) for name in c.data]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={"data": ("iris",), "seeds": 2, "steps": 50},
    rules=RULES,
    parts=parts,
    conclude=conclude,
    draw=draw,
    panels={"EVIDENCE 24": 0},
)
