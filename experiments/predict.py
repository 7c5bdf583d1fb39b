"""Predict with the model that an experiment has saved, an ensemble of networks or one.

    python -m experiments.predict runs/activations-my my.csv

The table needs the columns that the networks were trained on. If it has the target too, the
predictions are compared with it. Of the columns of the result, "row" is the row's number in the
data, from 1, and "spread" says how far the networks are apart.
"""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from experiments.lab.io import cli


@dataclass(frozen=True)
class Configuration:
    """Predict with the model that an experiment has saved, an ensemble of networks or one."""

    run: Positional[Path]
    """Folder of a finished run, such as runs/activations-digits."""
    data: Positional[str]
    """Path or URL of a CSV, TSV, Parquet or .npz file (array x) with the training columns,
    with or without the target; or a name that --data of experiments.activations takes."""
    drop: tuple[str, ...] = ()
    """Columns to leave out, which the training data did not have."""
    keep: tuple[str, ...] = ()
    """Columns to show beside the predictions, such as an identifier; others than those trained on
    may be among them."""
    out: Path | None = None
    """CSV file to write, one row per row of the data; without it, RUN/predictions-DATA.csv."""


def main(configuration: Configuration) -> None:
    """Read the model and the rows, and write the predictions; imports take seconds, so only now."""
    from experiments.lab.results import predict

    predict.run(configuration)


if __name__ == "__main__":
    cli.run(main, Configuration)
