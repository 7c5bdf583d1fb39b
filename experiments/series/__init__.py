"""Which series do networks with context neurons forecast?

    python -m experiments.series

Beside the sunspots of experiments.context: a generated signal like speech, pulses of a wandering
pitch through two resonances, with noise, and a random walk, as prices are if markets leave nothing
to predict. Elman's network and a GRU forecast the next change of the series from its present value
and their state. They are compared with the naive rule, that the next value is the present one, and
with a linear rule of past values (AR), whose order validation chooses, as it chooses learning rate
and stopping point of the networks. Each seed draws its own sequences, which all share.
"""

from dataclasses import dataclass

from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least, one_of
from experiments.series.figure import draw
from experiments.series.findings import conclude
from experiments.series.measure import CELLS, linear, network
from experiments.series.rules import RULE
from experiments.series.signals import SERIES


@dataclass(frozen=True)
class Configuration(Flags):
    """Which series do networks with context neurons forecast?"""

    series: tuple[str, ...] = tuple(SERIES)
    """Kinds of series."""
    cells: tuple[str, ...] = tuple(CELLS)
    """Kinds of context neurons."""
    width: int = 16
    """Context neurons."""
    learning_rate: tuple[float, ...] = (0.003, 0.01, 0.03)
    """Learning rates of Adam."""
    steps: int = 300
    """Updates per network, on batches of 8 sequences."""
    seeds: int = 8
    """Draws of the sequences, each with one network per learning rate."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per series and model."""
    at_least(2, configuration.seeds, "--seeds")
    c = configuration
    for name in c.series:
        one_of(SERIES, name, "series")
    for name in c.cells:
        one_of(CELLS, name, "cells")
    return [
        *(Part(f"{name}-linear", lambda _, name=name: linear(name, c)) for name in c.series),
        *(
            Part(f"{name}-{cell}", lambda _, name=name, cell=cell: network(name, cell, c), 10)
            for name in c.series
            for cell in c.cells
        ),
    ]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "series": ("walk",),
        "cells": ("Elman",),
        "width": 4,
        "learning_rate": (0.01,),
        "steps": 10,
        "seeds": 2,
    },
    rules=(RULE,),
    parts=parts,
    conclude=conclude,
    draw=draw,
)
