"""Which activation function should this network use, each at its own best learning rate?

    python -m experiments.activations
    python -m experiments.activations --data my.csv --target price

Trains activation × learning rate × seed (by default 10 × 13 × 10 = 1,300 networks on scikit-learn's
handwritten digits, and 400 at rates between), each seed on a split of its own. Each activation's
learning rate is chosen on validation data; the verdict is on test data that this choice has not
seen. It takes about two minutes on two cores.
"""

from dataclasses import dataclass
from pathlib import Path

from experiments.lab.io import cli
from experiments.lab.study.flags import StudyFlags

QUESTION = "Which activation function, each at its own best learning rate?"


@dataclass(frozen=True)
class Configuration(StudyFlags):
    """Which activation function should this network use, each at its own best learning rate?

    Every axis takes one value or several; all their combinations are trained.
    """

    config: Path | None = None
    """The config.json of an earlier run, such as runs/activations-digits/config.json: its settings
    are asked for again, but for those that other flags give."""
    inspect: bool = False
    """Show what was understood of the data, and train nothing."""
    out: Path | None = None
    """Folder for the results; without it, runs/activations-DATA."""
    shard: str | None = None
    """i/n: train slice i of n and stop.
    The same command without --shard joins the slices in --out, and trains the rest."""
    distributed: bool = False
    """Share the grid among the processes of a Slurm job;
    elsewhere, of those that --coordinator, --processes and --process name. Process 0 writes."""
    coordinator: str | None = None
    """HOST:PORT of process 0, the same for all processes."""
    processes: int | None = None
    """How many processes there are."""
    process: int | None = None
    """The number of this process, from 0."""
    compile_cache: bool = True
    """Keep compiled programs in the user's cache folder for the next run."""
    tensorboard: bool = False
    """Also write the results for TensorBoard, into the folder's tensorboard/."""
    mlflow: bool = False
    """Also send the results to MLflow, at MLFLOW_TRACKING_URI or its default."""
    wandb: bool = False
    """Also send the results to Weights & Biases; WANDB_MODE=offline keeps them here."""
    twins: bool = True
    """Train the first seed at each rate once more, from parameters that differ in the last bit, and
    mark the rates at which that changes the loss as chaotic: about one seed more."""
    single: bool = False
    """Save one network as the model, in place of an ensemble of as many as there are seeds, at most
    10, whose mean prediction is better and whose spread says how sure it is."""
    figures: bool = False
    """Also write each figure of the report as PNG and SVG, into the folder's figures/."""


def main(configuration: Configuration) -> None:
    """From the flags to files and screen; what does it is imported only now: it takes seconds."""
    from experiments.lab import job

    job.run(configuration, QUESTION)


if __name__ == "__main__":
    cli.run(main, Configuration)
