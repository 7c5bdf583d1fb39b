"""Variants: trainings that one compiled program serves, told apart by numbers of a call.

A program is compiled for a training's functions ``segment`` and ``evaluate``. Trainings that differ
in their initial draws and in numbers only, such as which activation they use, can have these two
functions in common: they read the numbers, which all runs of a call share, among the
hyperparameters. Runs that differ in such a number are in different calls, since under ``jax.vmap``
a branch by a number that differs from run to run computes every branch.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import jax
import numpy as np

from jaxnn.training import Hyperparameters, Metrics, State, Training
from jaxnn.types import Array

CHOICE = "choice"  # of the shared numbers, by which the program is told which variant it trains


class Variant(NamedTuple):
    """One of the trainings of a program.

    training: of one run. Variants with the same ``segment``, the same object, share a program.
    shared: name -> numbers that it reads among the hyperparameters, for ``Task.shared``.
    """

    training: Training
    shared: Mapping[str, np.ndarray] = MappingProxyType({})


def one_program(devices: Sequence[jax.Device]) -> bool:
    """Whether these devices better have one program for several variants than one for each.

    On a CPU a branch costs next to nothing, and compiling is a large part of a grid's time. An
    accelerator reads the number of a branch back before it goes on, in each layer of every step.

    Args:
        devices: to train on.

    Returns:
        True on CPUs.
    """
    return devices[0].platform == "cpu"


def share(
    own: Sequence[Training],
    choices: Sequence[int | Sequence[int]],
    make: Callable[[Array], Training],
) -> list[Variant]:
    """Trainings that differ in one choice, as variants of one program.

    Args:
        own: the training of each choice by itself; it makes the initial draws.
        choices: an integer, or a vector of as many for each.
        make: from a choice, traced, to the training with parameters of the same shapes, such as
            with ``activations.one_of``.

    Returns:
        A Variant for each choice.

    Example:
        >>> from jaxnn import HEADS, OPTIMIZERS, activations, make_training, mlp
        >>> def make(activation):
        ...     net = mlp((4, 8, 3), activation=activation)
        ...     return make_training(net, HEADS["multiclass"].loss, OPTIMIZERS["sgd"])
        >>> phis = "relu", "tanh"
        >>> relu, tanh = share(
        ...     [make(phi) for phi in phis], (0, 1), lambda i: make(activations.one_of(phis, i))
        ... )
        >>> relu.training.segment is tanh.training.segment
        True
    """

    def parts(hyperparameters: Hyperparameters) -> tuple[Training, Hyperparameters]:
        others = {name: each for name, each in hyperparameters.items() if name != CHOICE}
        return make(hyperparameters[CHOICE]), others

    def segment(
        state: State, hyperparameters: Hyperparameters, x: Array, y: Array, order: Array
    ) -> tuple[State, Metrics]:
        training, others = parts(hyperparameters)
        return training.segment(state, others, x, y, order)

    def evaluate(state: State, hyperparameters: Hyperparameters, x: Array, y: Array) -> Metrics:
        training, others = parts(hyperparameters)
        return training.evaluate(state, others, x, y)

    return [
        Variant(Training(training.init, segment, evaluate), {CHOICE: np.asarray(choice, np.int32)})
        for training, choice in zip(own, choices, strict=True)
    ]
