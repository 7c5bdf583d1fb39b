"""Do I need feature engineering?

    python -m experiments.interactions

Generated data: the target is the product, the distance |x₁ − x₂|, the ratio or, as a control, the
sum of two of six inputs, with noise. Compared are a linear model of the inputs, of the inputs with
all their squares and products, of the inputs with the one feature that the target is made of, and
networks of the raw inputs and of the inputs with that feature. Real data: diabetes and
breast_cancer, where the hand-made features are all squares and products or splines of each input,
whichever is better on the validation rows. Linear models are ridge or logistic regression, whose
regularisation validation chooses, as it chooses the learning rate and the stopping point of the
networks. Scores are of test rows, in points: 100 R², without the noise where that is known, or
accuracy in %, at least 0. Each seed draws its own rows.
"""

from dataclasses import dataclass

from experiments.interactions.figure import draw
from experiments.interactions.findings import conclude
from experiments.interactions.measure import generated, linear_on_generated, linear_on_real, real
from experiments.interactions.rules import RULE
from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least


@dataclass(frozen=True)
class Configuration(Flags):
    """Do I need feature engineering?"""

    rows: tuple[int, ...] = (30, 100, 300, 1000, 3000)
    """Training rows of the generated data, in rising order."""
    real: tuple[str, ...] = ("diabetes", "breast_cancer")
    """Real data sets."""
    learning_rate: tuple[float, ...] = (0.001, 0.004, 0.016)
    """Learning rates of Adam."""
    steps: int = 1200
    """Updates of the networks that are trained for longer, on batches of 32 rows; the others make
    half as many."""
    seeds: int = 8
    """Draws of the rows, each with one network per target and learning rate."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per activation and kind of data, and the linear models."""
    at_least(1, configuration.rows, "--rows")
    at_least(2, configuration.seeds, "--seeds")
    c = configuration
    return [
        Part("linear-generated", lambda _: linear_on_generated(c), 5),
        *(
            Part(f"{phi}-generated", lambda _, phi=phi: generated(phi, c), 40)
            for phi in ("relu", "tanh")
        ),
        *(
            part
            for name in c.real
            for part in (
                Part(f"linear-{name}", lambda _, name=name: linear_on_real(name, c), 5),
                *(
                    Part(f"{phi}-{name}", lambda _, phi=phi, name=name: real(phi, name, c), 5)
                    for phi in ("relu", "tanh")
                ),
            )
        ),
    ]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={"rows": (30,), "real": (), "learning_rate": (0.004,), "steps": 24, "seeds": 2},
    rules=(RULE,),
    parts=parts,
    conclude=conclude,
    draw=draw,
)
