"""Data: from a name, a folder, a file or a URL to arrays that a network can train on."""

from experiments.lab.data.load import load
from experiments.lab.data.look import Look, look
from experiments.lab.data.prepare import Dataset, prepare
from experiments.lab.data.preprocessing import Preprocessing
from experiments.lab.data.rows import Rows, read_rows
from experiments.lab.data.source import Source

__all__ = [
    "Dataset",
    "Look",
    "Preprocessing",
    "Rows",
    "Source",
    "load",
    "look",
    "prepare",
    "read_rows",
]
