"""A network at its own best learning rate: chosen on the validation rows of some seeds, reported on the test rows of others."""

from collections.abc import Mapping, Sequence

import numpy as np

import jaxnn
from experiments.depth.any_depth import Shape, Start, train
from experiments.lab.engine.program import Data
from experiments.lab.study import diagnostics

FURTHER = 3  # rates that are tried beyond an end of the grid that is best


def at_own_rate(
    shape: Shape,
    activation: str,
    depth: int,
    data: Data,
    *,
    rates: Sequence[float],
    choosing: int,
    seeds: int,
    steps: int,
    batch_size: int,
    start: Start = Start(),
) -> Mapping[str, np.ndarray]:
    """Choose a rate, then train other seeds with it.

    Args:
        shape, activation, depth, data, steps, batch_size, start: as in ``train``.
        rates: to choose from, rising; of equals the lowest is taken. If the best is an end of them, FURTHER ones beyond it, as far
            apart as there, are tried too. A diverged run has an accuracy of 0.
        choosing: seeds that choose, from 0 on.
        seeds: seeds that report, from there on; so many runs are trained at a time.

    Returns:
        chosen_on: mean validation accuracy of each rate tried, rising. rate: the best. test, train: accuracies, diverged: 0 or 1, and
        saturated: share of (unit, row) pairs in all hidden layers whose slope is below 5 % of the largest after training, nan where
        diverged; (seeds,).
    """

    def runs(rate, seed):
        return train(
            shape,
            activation,
            depth,
            data,
            learning_rate=rate,
            seeds=seed,
            steps=steps,
            batch_size=batch_size,
            start=start,
            at_once=seeds,
        )

    def chosen(rates):
        validation = runs(
            np.repeat(rates, choosing), np.tile(np.arange(choosing), len(rates))
        ).validation
        return validation.reshape(len(rates), choosing).mean(1)

    rates, chosen_on = np.array(rates), chosen(rates)
    if at_an_end(chosen_on) and len(rates) > 1:
        low = int(np.argmax(chosen_on)) == 0
        powers = np.arange(1, FURTHER + 1)
        further = (
            rates[0] * (rates[0] / rates[1]) ** powers[::-1]
            if low
            else rates[-1] * (rates[-1] / rates[-2]) ** powers
        )
        both = [(further, chosen(further)), (rates, chosen_on)]
        rates, chosen_on = (
            np.concatenate(each) for each in zip(*(both if low else both[::-1]), strict=True)
        )
    rate = float(rates[np.argmax(chosen_on)])
    found = runs([rate] * seeds, choosing + np.arange(seeds))
    first, rest, output = found.params
    layers = [
        first,
        *({name: leaf[:, i] for name, leaf in rest.items()} for i in range(depth - 1)),
        output,
    ]
    rows = slice(diagnostics.ROWS)
    with np.errstate(over="ignore", invalid="ignore"):  # of the diverged
        inside = diagnostics.measure(
            layers,
            (jaxnn.ACTIVATIONS[activation],) * depth,
            jaxnn.HEADS["multiclass"].loss,
            data.x["validation"][rows],
            data.y["validation"][rows],
        )
    return {
        "chosen_on": chosen_on,
        "rate": np.array([rate]),
        "test": found.test,
        "train": found.train,
        "diverged": found.diverged,
        "saturated": np.where(found.diverged, np.nan, inside.saturated.mean(1)),
    }


def at_an_end(chosen_on: np.ndarray) -> bool:
    """Whether the best of the rates tried is the lowest or the highest."""
    return int(np.argmax(chosen_on)) in (0, len(chosen_on) - 1)
