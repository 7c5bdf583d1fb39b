"""What is measured: the probabilities that trained networks give to held-out rows."""

from typing import Any

import jax
import numpy as np

import jaxnn
from experiments.lab.data import load, prepare
from experiments.lab.study.own_rows import HELD_OUT, Parts, Updates, own_best, train_own_rows

DATA = ("breast_cancer", "generated")
HIDDEN, BATCH = 32, 32
SIZES = {"train": 400, "validation": 400, "test": 2000}
FEW, APART = 0.1, 1.5  # share of yes; distance of the classes' means, in standard deviations
HEAD = jaxnn.HEADS["binary"]


def rows(name: str, seed: int) -> Parts:
    """The parts of a seed; generated classes are normal with means that are APART."""
    if name == "breast_cancer":
        return prepare(load(name), split_seed=seed).parts
    random, found = np.random.default_rng(seed), {}
    for part, count in SIZES.items():
        y = random.random((count, 1)) < FEW
        x = random.normal(size=(count, 4))
        x[:, :1] += APART * y
        found[part] = x.astype(np.float32), y.astype(np.float32)
    return found


def outputs(name: str, configuration: Any) -> dict[str, np.ndarray]:
    """Of the network at its own best rate, by log-loss on validation rows.

    Returns:
        "validation" and "test", probabilities of yes, and "validation_y" and "test_y", whether it
        is, each (seeds, rows); "rate", (1,).
    """
    seeds = range(configuration.seeds)
    inputs = rows(name, 0)["train"][0].shape[1]
    net = jaxnn.mlp((inputs, HIDDEN, 1))
    found = train_own_rows(
        jaxnn.make_training(net, HEAD.loss, jaxnn.OPTIMIZERS["adam"], correct=HEAD.correct),
        {"learning_rate": configuration.learning_rate},
        lambda seed: rows(name, seed),
        seeds,
        Updates(configuration.steps, BATCH),
        keep_params=True,
    )
    best = own_best(-found.validation["loss"][-1], found.test["loss"][-1]).index[-1]
    apply = jax.jit(jax.vmap(net.apply, in_axes=(None, 0)))
    arrays: dict[str, list[np.ndarray]] = {}
    for seed in seeds:
        params = jax.tree.map(lambda leaf, at=(best, seed): leaf[at], found.params)
        parts = rows(name, seed)
        for part in HELD_OUT:
            x, y = parts[part]
            probability = np.asarray(HEAD.activation(apply(params, x)))[:, 0]
            arrays.setdefault(part, []).append(probability)
            arrays.setdefault(f"{part}_y", []).append(y[:, 0] > 0.5)
    rate = np.array([configuration.learning_rate[best]])
    return {key: np.stack(each) for key, each in arrays.items()} | {"rate": rate}
