"""Which activation is good on many data sets, and what does choosing another one cost?

    python -m experiments.atlas
    python -m experiments.atlas --activation my_module:my_function

Every activation of the table on bundled and generated data sets, at a grid of learning rates, with
a split of its own for each seed: about 62,000 small networks. Each activation is judged at its own
best rate, which validation rows choose, and ranked over data sets. --activation adds rows to what
is stored, without training the others again. The page is atlas.html.
"""

from dataclasses import dataclass
from pathlib import Path

from experiments.atlas import plan
from experiments.atlas.datasets import NAMES
from experiments.atlas.figure import draw
from experiments.atlas.figure_page import page
from experiments.atlas.findings import conclude
from experiments.atlas.rules import RULES
from experiments.lab.evidence.experiment import Experiment, Flags, Part


@dataclass(frozen=True)
class Configuration(Flags):
    """Which activation is good on many data sets, and what does choosing another one cost?"""

    data: tuple[str, ...] = NAMES
    """Data sets: digits, breast_cancer, wine, iris, diabetes, mnist1d, friedman1, friedman2,
    friedman3, spirals, parity, sine, sparse_linear, imbalanced, heavy_tailed."""
    mnist: Path | None = None
    """Folder of MNIST's four idx files: a data set more."""
    activation: tuple[str, ...] = ()
    """Further activations, as my_module:my_function, beside all of the table."""
    only: tuple[str, ...] = ()
    """Only these of the table; without it, all."""
    learning_rate: tuple[str, ...] = ("1e-4:1:9",)
    """Learning rates: values, or low:high:count on a log scale."""
    seeds: int = 10
    """Networks of each activation and rate, each on a split of its own."""
    depth: int = 2
    """Hidden layers."""
    width: int = 32
    """Neurons per hidden layer."""
    steps: int = 300
    """Updates of each network."""
    batch_size: int = 32
    """Rows per update."""
    optimizer: str = "adam"
    """A name in jaxnn.OPTIMIZERS."""


SMOKE = {
    "data": ("iris", "sine"),
    "only": ("relu", "selu", "swish", "gelu", "mish"),
    "learning_rate": ("0.003:0.3:3",),
    "seeds": 2,
    "depth": 1,
    "width": 4,
    "steps": 20,
}


def parts(configuration: Configuration) -> list[Part]:
    """One part per data set, and one per data set and further activation."""
    return plan.parts(configuration, plan.stored(configuration))


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke=SMOKE,
    rules=RULES,
    parts=parts,
    conclude=conclude,
    draw=draw,
    page=page,
)
