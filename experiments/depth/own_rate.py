"""A network at its own best learning rate.

The rate is chosen on the validation rows of some seeds and reported on the test rows of others.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import numpy as np

import jaxnn
from experiments.depth.any_depth import Net
from experiments.depth.tasks import Parts
from experiments.depth.training import Updates, train
from experiments.lab.study import diagnostics

FURTHER = 3  # rates tried beyond an end of the grid when that end is best


class Choice(NamedTuple):
    """How a rate is chosen.

    rates: the rates to choose from, ascending. choosing: how many seeds choose, from seed 0 on.
    seeds: how many seeds report, the ones that follow; as many runs are trained at a time.
    """

    rates: Sequence[float]
    choosing: int
    seeds: int


def at_own_rate(
    net: Net, data: Parts, updates: Updates, choice: Choice
) -> Mapping[str, np.ndarray]:
    """Choose a learning rate, then train other seeds with it.

    The best rate has the highest mean validation accuracy over the choosing seeds; of equal ones
    the lowest is taken, and a diverged run has an accuracy of 0. If an end of the rates is best,
    FURTHER more are tried beyond it, as far apart as the last two.

    Args:
        net: what is trained.
        data: parts "train", "validation" and "test", with integer classes.
        updates: of each run.
        choice: how the rate is chosen.

    Returns:
        chosen_on: mean validation accuracy of each rate tried, in ascending order of the rates.
        rate: the best, (1,). test, train: accuracies, (seeds,). diverged: 0 or 1, (seeds,).
        saturated: share of (unit, row) pairs over all hidden layers where |φ′| is below 5 % of its
        maximum after training, nan where diverged, (seeds,).
    """
    choosing, seeds = choice.choosing, choice.seeds

    def runs(rate, seed):
        return train(net, data, updates, learning_rate=rate, seeds=seed, at_once=seeds)

    def chosen(rates):
        return runs(rates, range(choosing)).validation.mean(1)

    rates = np.array(choice.rates)
    chosen_on = chosen(rates)
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
    found = runs([rate], range(choosing, choosing + seeds))
    found = jax.tree.map(lambda values: values[0], found)
    first, rest, output = found.params
    layers = [
        first,
        *({name: leaf[:, i] for name, leaf in rest.items()} for i in range(net.depth - 1)),
        output,
    ]
    rows = slice(diagnostics.ROWS)
    with np.errstate(over="ignore", invalid="ignore"):  # diverged runs overflow
        inside = diagnostics.measure(
            layers,
            (jaxnn.ACTIVATIONS[net.activation],) * net.depth,
            jaxnn.HEADS["multiclass"].loss,
            *(values[rows] for values in data["validation"]),
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
