"""What is trained: one task and activation at every learning rate and seed."""

import math
from functools import cache
from typing import Any

import numpy as np

import jaxnn
from experiments.lab.data import Dataset, load, prepare
from experiments.lab.engine.devices import hardware
from jaxnn import DataBySeed
from jaxnn.program import Task, compile_program
from jaxnn.segments import program_segments

RUNGS = "relu", "leaky_relu", "prelu", "maxout"  # as the lecture climbs them
MOMENTUM = 0.9
# Task -> data set and hidden layers.
TASKS = {
    "digits": ("digits", 2),
    "digits, 10 layers": ("digits", 10),
    "breast_cancer": ("breast_cancer", 2),
    "diabetes": ("diabetes", 2),
    "diabetes, 10 layers": ("diabetes", 10),
}


def part_of(task: str, activation: str) -> str:
    """The name of a part, which must be usable as a file's.

    Example:
        >>> part_of("digits, 10 layers", "relu")
        'digits-10-layers-relu'
    """
    return f"{task.replace(',', '').replace(' ', '-')}-{activation}"


def train(task: str, activation: str, c: Any) -> dict[str, np.ndarray]:
    """Validation and test scores, (rates, seeds); 0 where a run diverged.

    Args:
        task: a key of TASKS.
        activation: one of RUNGS.
        c: the experiment's Configuration.
    """
    source, layers = TASKS[task]
    data = _split(source, 0)
    head = jaxnn.HEADS[data.head]
    outputs = head.outputs(len(data.classes))
    net = jaxnn.mlp(
        sizes(activation, data.features, c.width, layers, outputs), activation=activation
    )
    optimizer = jaxnn.OPTIMIZERS["momentum"]
    training = jaxnn.make_training(net, head.loss, optimizer, correct=head.correct)
    numbers = {"learning_rate": c.learning_rate, "momentum": (MOMENTUM,)}
    grid = jaxnn.Grid({}, numbers, c.seeds)
    schedule = Task(
        data.parts,
        [c.steps],
        c.batch_size,
        each=(),
        last=("validation", "test"),
        by_seed=DataBySeed(lambda s: s, lambda s: _split(source, s).parts, held=c.seeds),
    )
    program = compile_program(training, grid, schedule, hardware=hardware())
    outcome = jaxnn.Outcome.empty(schedule.steps, grid.shape)
    for segment in program_segments(program, grid, schedule):
        outcome.add(segment)
    if head.correct is not None:
        return {part: np.nan_to_num(outcome.final[f"{part}_accuracy"]) for part in schedule.last}
    # The mean of squared errors over the variance of a seed's targets is 1 − R².
    spread = {
        part: [_split(source, seed).parts[part][1].var() for seed in range(c.seeds)]
        for part in schedule.last
    }
    return {
        part: np.maximum(0, np.nan_to_num(1 - outcome.final[f"{part}_loss"] / spread[part]))
        for part in schedule.last
    }


def sizes(activation: str, in_dim: int, width: int, layers: int, out_dim: int) -> tuple[int, ...]:
    """Units per layer; maxout's hidden layers are narrower, for about as many weights.

    Example:
        >>> sizes("relu", 64, 32, 2, 10), sizes("maxout", 64, 32, 2, 10)
        ((64, 32, 32, 10), (64, 19, 19, 10))
    """
    if activation == "maxout":
        # Two pieces: 2 (in w + (layers − 1) w²) + w out weights, and as many as with one piece.
        weights = in_dim * width + (layers - 1) * width**2 + width * out_dim
        a, b = 2 * (layers - 1), 2 * in_dim + out_dim
        root = math.sqrt(b * b + 4 * a * weights)
        width = max(1, round((root - b) / (2 * a) if a else weights / b))
    return (in_dim, *[width] * layers, out_dim)


@cache
def _split(source: str, seed: int) -> Dataset:
    return prepare(load(source), split_seed=seed)
