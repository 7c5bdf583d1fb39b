"""Which learning rate do the rules of a range test suggest, and how good are these?

    python -m experiments.find_rate
    python -m experiments.find_rate --data my.csv --target price --grid

Raises the rate at every update of one short run per seed, each seed on a split of its own, and says
what each known rule suggests on the training and on the validation loss, and how far the
suggestions of several seeds are apart. --grid also trains at a grid of rates, and says how much
worse each suggestion is than the grid's best.
"""

from dataclasses import dataclass
from pathlib import Path

from experiments.lab.io import cli
from experiments.lab.study.flags import DataFlags


@dataclass(frozen=True)
class Configuration(DataFlags):
    """Which learning rate do the rules of a range test suggest, and how good are these?"""

    activation: tuple[str, ...] = ("relu",)
    """Names in jaxnn.ACTIVATIONS, or your own as my_module:my_function."""
    learning_rate: tuple[str, ...] = ("1e-6:10:100",)
    """Learning rates of the range test, as low:high:count: one per update, rising."""
    grid: bool = False
    """Train at a grid of rates too, and show the regret of each suggestion."""
    grid_rate: tuple[str, ...] = ("1e-4:10:16",)
    """Learning rates of the grid: values, or low:high:count."""
    grid_steps: int = 200
    """Updates of each network of the grid."""
    seeds: int = 10
    """How many seeds; each draws a split, initial parameters and batches."""
    depth: int = 2
    """Hidden layers."""
    width: int = 64
    """Neurons per hidden layer."""
    batch_size: int = 64
    """Rows per update; at most the number of training rows."""
    optimizer: str = "sgd"
    """A name in jaxnn.OPTIMIZERS."""
    out: Path | None = None
    """Folder for the results; without it, runs/find_rate-DATA."""
    compile_cache: bool = True
    """Keep compiled programs in the user's cache folder for the next run."""


def main(configuration: Configuration) -> None:
    """From the flags to files and screen; what does it is imported only now: it takes seconds."""
    from experiments.lab.finder import job

    job.run(configuration)


if __name__ == "__main__":
    cli.run(main, Configuration)
