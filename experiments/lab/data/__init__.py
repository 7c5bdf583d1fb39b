"""Data: from a name, a folder, a file or a URL to arrays that a network can train on.

- ``load`` finds the data and returns a ``Source``: the rows as they were found.
- ``with_transform`` takes the logarithm of a target, and ``cautions`` says when a score of it says
  little.
- ``prepare`` splits them and returns a ``Dataset``: arrays to train on, with the ``Preprocessing``
  that was fitted to the training rows.
- ``look`` describes both in a ``Look``, before anything is trained.
- ``read_rows`` finds ``Rows`` to predict for, with the columns that a model was trained on.

Example:
    >>> source = load("wine")
    >>> data = prepare(source)
    >>> data.target, data.x["train"].shape, data.x["validation"].shape, data.x["test"].shape
    ('cultivar', (106, 13), (36, 13), (36, 13))
"""

from experiments.lab.data.load import load
from experiments.lab.data.look import Look, look
from experiments.lab.data.prepare import Dataset, prepare
from experiments.lab.data.preprocessing import Preprocessing
from experiments.lab.data.rows import Rows, read_rows
from experiments.lab.data.source import Source
from experiments.lab.data.target import cautions, with_transform

__all__ = [
    "Dataset",
    "Look",
    "Preprocessing",
    "Rows",
    "Source",
    "cautions",
    "load",
    "look",
    "prepare",
    "read_rows",
    "with_transform",
]
