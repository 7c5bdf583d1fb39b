"""What a report is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiments.lab.study.comparison import Comparison, Score
from experiments.lab.study.signals import Layers
from jaxnn.types import Activation


@dataclass(frozen=True)
class Program:
    """What one choice's program cost, all of its runs together."""

    compile_seconds: float
    run_seconds: float


@dataclass(frozen=True)
class Evidence:
    """All that a report tells; sequences have an item for each choice, in the comparison's order.

    activations: those of its hidden layers, by name; one, where all layers have the same.
    layers: as measured before training.
    theory: mean-field theory's gradient factor, None where there is none.
    widened: for which choices the grid was widened, and to where; empty for none.
    """

    question: str
    verdict: str
    comparison: Comparison
    score: Score
    curves: pd.DataFrame
    programs: Sequence[Program]
    activations: Sequence[Mapping[str, Activation]]
    layers: Sequence[Layers]
    theory: Sequence[float | None]
    config: Mapping[str, Any]
    widened: str = ""
