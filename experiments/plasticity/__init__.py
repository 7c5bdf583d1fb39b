"""Do networks lose the ability to learn when the task keeps changing?

    python -m experiments.plasticity

Slowly changing regression: of 20 bits, 5 are drawn anew with each example and one of the other 15
flips from time to time; the target is a sum of 100 threshold units of these bits. Learners with
five hidden neurons see one example at a time, with every activation, with SGD and Adam, at three
rates; the linear learner is beside them. All runs are trained at once, on as many examples as
published, with a tenth of the targets.
"""

from dataclasses import dataclass

import numpy as np

from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least
from experiments.lab.io.errors import UserError
from experiments.plasticity.figure import draw
from experiments.plasticity.findings import conclude
from experiments.plasticity.learners import Learners, learn
from experiments.plasticity.rules import RULES
from experiments.plasticity.stream import stream


@dataclass(frozen=True)
class Configuration(Flags):
    """Do networks lose the ability to learn when the task keeps changing?"""

    activation: tuple[str, ...] = (
        "relu",
        "tanh",
        "sigmoid",
        "elu",
        "leaky_relu",
        "swish",
        "linear",
    )
    """Activations of the learners; linear is what they are compared with."""
    learning_rate: tuple[float, ...] = (0.01, 0.003, 0.001)
    """Rates of SGD and of Adam."""
    steps: int = 1_000_000
    """Examples, as published."""
    every: int = 10_000
    """Examples after which a slow bit flips, as published."""
    bins: int = 50
    """Spans in which the error is averaged."""
    seeds: int = 10
    """Targets, each with one network of every kind; 100 as published."""


def parts(configuration: Configuration) -> list[Part]:
    """One part, since all runs are trained at once."""
    at_least(2, (configuration.seeds,), "--seeds")
    at_least(5, (configuration.bins,), "--bins")
    at_least(configuration.bins, (configuration.steps,), "--steps")
    if "linear" not in configuration.activation or len(configuration.activation) < 2:
        raise UserError("--activation: give linear, with which the others are compared, and others")

    def run(_: object) -> dict[str, np.ndarray]:
        seeds = range(configuration.seeds)
        streams = [stream(seed, configuration.steps, configuration.every) for seed in seeds]
        x, y = (np.stack(each, axis=1) for each in zip(*streams, strict=True))
        learners = Learners(configuration.activation, configuration.learning_rate)
        return {"error": learn(learners, seeds, x, y, configuration.bins)}

    return [Part("learners", run)]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "activation": ("relu", "linear"),
        "learning_rate": (0.01,),
        "steps": 100,
        "every": 20,
        "bins": 5,
        "seeds": 2,
    },
    rules=RULES,
    parts=parts,
    conclude=conclude,
    draw=draw,
)
