"""Data: from a name, a folder, a file or a URL to arrays that a network can train on.

- ``load`` finds the data and returns a ``Source``: the rows as they were found. A ``Reading`` is
  what the user says about how a table is written.
- ``Splits`` splits them anew for each seed; a split is a ``Dataset``: arrays to train on, with the
  ``Preprocessing`` that was fitted to the training rows.
- ``prepare`` returns a single split.
- ``with_transform`` takes the logarithm of a target, and ``cautions`` says when a score of it says
  little.
- ``look`` describes both in a ``Look``, before anything is trained.
- ``read_rows`` finds ``Rows`` to predict for, with the columns that a model was trained on.

Example:
    >>> source = load("wine")
    >>> data = prepare(source)
    >>> data.target, data.x["train"].shape, data.x["validation"].shape, data.x["test"].shape
    ('cultivar', (106, 13), (36, 13), (36, 13))
"""

from experiments.lab.data.dataset import Dataset
from experiments.lab.data.dialect import Reading
from experiments.lab.data.load import load
from experiments.lab.data.look import Look, look
from experiments.lab.data.prepare import prepare
from experiments.lab.data.preprocessing import Preprocessing
from experiments.lab.data.rows import Rows, read_rows
from experiments.lab.data.source import Source
from experiments.lab.data.splits import Splits
from experiments.lab.data.target import cautions, with_transform

__all__ = [
    "Dataset",
    "Look",
    "Preprocessing",
    "Reading",
    "Rows",
    "Source",
    "Splits",
    "cautions",
    "load",
    "look",
    "prepare",
    "read_rows",
    "with_transform",
]
