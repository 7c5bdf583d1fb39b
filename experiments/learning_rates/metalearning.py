"""Metalearning: gradient descent on the learning rate itself, through all updates of a training.

The problem is the published one: a tanh network of 50 neurons, 200 updates of 50 rows; what is
lowered is the mean loss of these updates.

Reference:
    Greydanus & Kobak 2024, arXiv 2011.14439.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxnn
from experiments.lab.data import load
from experiments.lab.evidence.experiment import Arrays
from experiments.lab.io import cli
from experiments.learning_rates.rate_sweep import Updates, initial_params, orders, sweep_rates
from experiments.learning_rates.unrolled import Learner, over_runs, unrolled_losses
from jaxnn.initializers import pytorch_default
from jaxnn.training import OPTIMIZERS, Training
from jaxnn.types import Array, Network

HEAD = jaxnn.HEADS["multiclass"]
STEPS, BATCH_SIZE = 200, 50

Rule = Callable[[Array, Array], Array]

# From a rate and its gradient to the next rate. Bounded, since the gradient through 200 updates at
# a high rate can be huge.
RULES: dict[str, Rule] = {
    "bounded": lambda rate, gradient: rate * jnp.exp(-jnp.clip(3 * rate * gradient, -0.3, 0.3)),
    "published": lambda rate, gradient: rate - 0.3 * gradient,
}


def inner_rates(configuration: Any) -> tuple[float, ...]:
    """The rates of the grid on which the optimum is looked up."""
    return cli.numbers(configuration.metalearning_rate, "--metalearning-rate")


def as_in_pytorch(features: int) -> Network:
    """The published notebook's network: tanh, 50 hidden neurons, 10 outputs.

    Initial weights and biases are PyTorch's, uniform on ±1/√fan_in.
    """
    net = jaxnn.mlp((features, 50, 10), activation="tanh", initializer=pytorch_default())

    def init(key):
        layers = net.init(key)
        keys = jax.random.split(jax.random.fold_in(key, 2), len(layers))
        return tuple(
            {
                **layer,
                "bias": jax.random.uniform(key, layer["bias"].shape, minval=-1, maxval=1)
                / len(layer["weight"]) ** 0.5,
            }
            for key, layer in zip(keys, layers, strict=True)
        )

    return net._replace(init=init)


@cache
def inner(data: str) -> tuple[Learner, Training, Array, Array]:
    """The network, its training, and all rows in the order in which they come, x and y.

    MNIST-1D has 4,000 training rows.
    """
    source = load(data)
    net = as_in_pytorch(source.x.shape[1])
    return (
        Learner(net, HEAD.loss, OPTIMIZERS["sgd"]),
        jaxnn.make_training(net, HEAD.loss, OPTIMIZERS["sgd"]),
        jnp.asarray(source.x),
        jnp.asarray(source.y, jnp.int32),
    )


def inner_grid(configuration: Any, seeds: range) -> Arrays:
    """The mean loss of all updates, (rates, seeds)."""
    _, training, x, y = inner(configuration.metalearning_data)
    found = sweep_rates(
        training,
        {"train": (x, y)},
        inner_rates(configuration),
        seeds,
        Updates(STEPS, BATCH_SIZE, points=1),
    )
    return {"mean_loss": found["train_loss"][0]}


def metalearn(configuration: Any, rule: Rule, updates: int) -> Arrays:
    """Descent of the mean loss by the rate, through all updates; one per seed and start.

    Returns:
        rates: before each update of the rate. losses: the mean loss at it. Both (seeds, starts,
        updates).
    """
    learner, training, x, y = inner(configuration.metalearning_data)
    seeds = range(configuration.metalearned_seeds)
    order = orders(seeds, examples=len(x), batch_size=BATCH_SIZE, steps=STEPS)

    def descent_of(params, order):
        def mean_loss(rate):
            return unrolled_losses(learner, params, x, y, order, jnp.full(len(order), rate)).mean()

        def step(rate, _):
            value, gradient = jax.value_and_grad(mean_loss)(rate)
            return rule(rate, gradient), (rate, value)

        return jax.vmap(lambda start: jax.lax.scan(step, start, length=updates)[1])(
            jnp.array(configuration.metalearning_start)
        )

    rates, losses = over_runs(
        descent_of, initial_params(training, inner_rates(configuration), seeds), order
    )
    return {"rates": np.asarray(rates), "losses": np.asarray(losses)}
