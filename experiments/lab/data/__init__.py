"""Data: from a name, a folder or a file to arrays that a network can train on."""

from experiments.lab.data.load import load
from experiments.lab.data.prepare import Dataset, prepare
from experiments.lab.data.preprocessing import Preprocessing
from experiments.lab.data.source import Source

__all__ = ["Dataset", "Preprocessing", "Source", "load", "prepare"]
