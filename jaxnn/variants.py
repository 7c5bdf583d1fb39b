"""Variants: trainings that one compiled program serves, told apart by numbers of a call.

A program is compiled for a training's functions ``segment`` and ``evaluate``. Trainings that differ
in their initial draws and in numbers only, such as which activation they use, can have these two
functions in common: they read the numbers, which all runs of a call share, among the
hyperparameters. Runs that differ in such a number are in different calls, since under ``jax.vmap``
a branch by a number that differs from run to run computes every branch.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from jaxnn.activations import ACTIVATIONS, is_plain, one_of
from jaxnn.training import Hyperparameters, Metrics, State, Training
from jaxnn.types import Activation, Array, Key

CHOICE = "choice"  # of the shared numbers, by which the program is told which variant it trains


class Variant(NamedTuple):
    """One of the trainings of a program.

    training: of one run. Variants with the same ``segment``, the same object, share a program.
    shared: name -> numbers that it reads among the hyperparameters, for ``Task.shared``.
    """

    training: Training
    shared: Mapping[str, np.ndarray] = MappingProxyType({})


class Unnamed(Activation):
    """An activation that stands for several: to ask what tells them apart is an AttributeError."""

    __slots__ = ()

    def __eq__(self, other):
        raise AttributeError("this activation stands for several, so it equals none of them")

    def __getattribute__(self, name):
        if name in FACTS:
            raise AttributeError(f"this activation stands for several, which differ in {name}")
        return super().__getattribute__(name)


FACTS = {*Activation._fields} - {"function", "elementwise", "learned", "stochastic", "units_in"}


def share(
    own: Sequence[Training],
    choices: Sequence[int | Sequence[int] | Mapping[str, Any]],
    make: Callable[[Any], Training],
) -> list[Variant]:
    """Trainings that differ in one choice, or in several numbers, as variants of one program.

    Args:
        own: the training of each choice by itself; it makes the initial draws.
        choices: an integer, or a vector of as many for each; or such numbers by name, such as
            {"dropout": 0.2}, which are floats where they are not whole.
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

    several = isinstance(choices[0], Mapping)
    shared = [_arrays(each if isinstance(each, Mapping) else {CHOICE: each}) for each in choices]

    def others(hyperparameters: Hyperparameters) -> Hyperparameters:
        return {name: each for name, each in hyperparameters.items() if name not in shared[0]}

    def made(hyperparameters: Hyperparameters) -> Training:
        chosen = {name: hyperparameters[name] for name in shared[0]}
        return make(chosen if several else chosen[CHOICE])

    def segment(
        state: State, hyperparameters: Hyperparameters, x: Array, y: Array, order: Array
    ) -> tuple[State, Metrics]:
        return made(hyperparameters).segment(state, others(hyperparameters), x, y, order)

    def evaluate(state: State, hyperparameters: Hyperparameters, x: Array, y: Array) -> Metrics:
        return made(hyperparameters).evaluate(state, others(hyperparameters), x, y)

    def variant(own: Training, shared: Mapping[str, np.ndarray]) -> Variant:
        def init(key: Key, hyperparameters: Hyperparameters) -> State:
            return own.init(key, others(hyperparameters))

        return Variant(Training(init, segment, evaluate), shared)

    return list(map(variant, own, shared))


def _arrays(numbers: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """As a program takes them: whole numbers as int32, others as float32."""
    arrays = {name: np.asarray(each) for name, each in numbers.items()}
    return {
        name: each.astype(np.int32 if np.issubdtype(each.dtype, np.integer) else np.float32)
        for name, each in arrays.items()
    }


def by_activation(
    own: Sequence[Training],
    activations: Sequence[Any],
    make: Callable[[Activation], Training],
    works: Callable[[Variant], object],
) -> list[Variant]:
    """Trainings that differ in their activation only: of those that can, variants of one program.

    Args:
        own: the training of each activation by itself.
        activations: names, Activations or functions; those that are elementwise, learn nothing and
            are not random can share a program. Of functions, only the table's are known to be.
        make: from an activation to the training, which own was made by too. It is called with an
            Activation that stands for all of them; where it looks at a name, or at what else tells
            them apart, each keeps a program of its own.
        works: is called with a variant, and raises where it cannot be trained.

    Returns:
        A Variant for each activation.

    Example:
        >>> from jaxnn import HEADS, OPTIMIZERS, make_training, mlp
        >>> def make(activation):
        ...     net = mlp((4, 8, 3), activation=activation)
        ...     return make_training(net, HEADS["multiclass"].loss, OPTIMIZERS["sgd"])
        >>> phis = "relu", "maxout", "tanh"
        >>> found = by_activation(list(map(make, phis)), phis, make, lambda variant: None)
        >>> len({variant.training.segment for variant in found})
        2
    """
    found = [Variant(training) for training in own]
    known = {entry.function for entry in ACTIVATIONS.values()}
    plain = [
        number
        for number, phi in enumerate(activations)
        if (isinstance(phi, str | Activation) or phi in known) and is_plain(phi)
    ]
    if len(plain) < 2:
        return found
    phis = [activations[number] for number in plain]
    variants = share(
        [own[number] for number in plain],
        range(len(plain)),
        lambda which: make(Unnamed(*one_of(phis, which))),
    )
    try:
        works(variants[0])
    except Exception:  # whatever foreign code raises of an activation without a name
        return found
    for number, variant in zip(plain, variants, strict=True):
        found[number] = variant
    return found
