"""The parts of the experiment on learning rates: which networks each of them trains."""

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import jaxnn
from experiments.lab.data import Dataset, load, prepare
from experiments.lab.evidence.experiment import Arrays, Found
from experiments.lab.io import cli
from experiments.learning_rates.finders import RANGE_TESTS, STEPS
from experiments.learning_rates.rate_sweep import (
    Updates,
    best_of,
    initial_params,
    orders,
    sweep_rates,
)
from experiments.learning_rates.unrolled import Learner, over_runs, unrolled_losses
from jaxnn.training import OPTIMIZERS, Training

HEAD = jaxnn.HEADS["multiclass"]
CLASSIC = (0.001, 0.01, 0.1)  # the rates of the claim
POINTS = 10  # at which the runs are evaluated


class Setting(NamedTuple):
    """What is trained at every rate."""

    data: str
    optimizer: str
    activation: str

    @property
    def part(self) -> str:
        """The part of the measurement."""
        return "-".join(self)


def settings(configuration: Any) -> Iterator[Setting]:
    """The data set, optimizer and activation of each grid."""
    return map(
        Setting._make,
        product(configuration.data, configuration.optimizer, configuration.activation),
    )


def sweep(configuration: Any) -> tuple[float, ...]:
    """The rates of each grid."""
    return cli.numbers(configuration.learning_rate, "--learning-rate")


@cache
def dataset(name: str) -> Dataset:
    """Read once."""
    return prepare(load(name))


@cache
def make_run(setting: Setting, depth: int, width: int) -> tuple[Learner, Training]:
    """A network and its training; the same objects for the same names, so they compile once."""
    rows = dataset(setting.data)
    net = jaxnn.mlp(
        (rows.features, *[width] * depth, len(rows.classes)), activation=setting.activation
    )
    optimizer = OPTIMIZERS[setting.optimizer]
    return (
        Learner(net, HEAD.loss, optimizer),
        jaxnn.make_training(net, HEAD.loss, optimizer, correct=HEAD.correct),
    )


def grid(configuration: Any, setting: Setting) -> Arrays:
    """Every rate × seed, and for each seed the losses of the finders' range tests.

    The range tests have batches of their own.
    """
    learner, training = make_run(setting, configuration.depth, configuration.width)
    rates, rows, seeds = sweep(configuration), dataset(setting.data), range(configuration.seeds)
    found = sweep_rates(
        training,
        rows.parts,
        rates,
        seeds,
        Updates(configuration.steps, configuration.batch_size, POINTS),
    )
    if setting.activation not in configuration.finder_activation:
        return found
    x, y = jnp.asarray(rows.x["train"]), jnp.asarray(rows.y["train"])
    order = orders(
        seeds, examples=len(x), batch_size=configuration.batch_size, steps=STEPS, purpose=1
    )
    schedules = jnp.stack([jnp.asarray(rates, jnp.float32) for rates in RANGE_TESTS.values()])

    def range_tests(params, order):
        return jax.vmap(lambda rates: unrolled_losses(learner, params, x, y, order, rates))(
            schedules
        )

    return {
        **found,
        "range_losses": over_runs(  # type: ignore[dict-item]  # saved as NumPy
            range_tests, initial_params(training, rates, seeds), order
        ),
    }


def patient(configuration: Any, optimizer: str, before: Found) -> Arrays:
    """ReLU on the first data set with --patience times as many updates, at low and classic rates.

    The low rate is a tenth of the best, which the grid of an earlier part has shown.
    """
    setting = Setting(configuration.data[0], optimizer, "relu")
    rates = sweep(configuration)
    best = rates[best_of(before[setting.part]["validation_error"][-1])]
    chosen = (best / 10, *CLASSIC)
    _, training = make_run(setting, configuration.depth, configuration.width)
    rows = dataset(setting.data)
    # The low rate may be a classic one: it is trained once, and stands in both places.
    once, places = np.unique(np.array(chosen, np.float32), return_inverse=True)
    found = sweep_rates(
        training,
        rows.parts,
        once.tolist(),
        range(configuration.seeds),
        Updates(
            configuration.steps * configuration.patience,
            configuration.batch_size,
            POINTS * configuration.patience,
        ),
    )
    found = {name: each[..., places, :] for name, each in found.items()}
    return {**found, "rates": np.array(chosen)}
