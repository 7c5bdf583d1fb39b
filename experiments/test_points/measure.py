"""What is measured: wrong choices between two trained networks, and the fit to more points."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import jax
import numpy as np

import jaxnn
from experiments.lab.study.own_rows import Parts, Updates, own_best, train_own_rows
from experiments.test_points.closed_form import wrong_by_counts, wrong_by_mean

INPUTS, TRAINING, VALIDATION = 4, 300, 300
FLIPPED = 0.1  # of the labels: even the best model has so many wrong
BATCH, FIXED = 32, 4  # units of the network that is trained on more and more points
PAIRS: Mapping[str, tuple[int, int]] = {  # units of the hidden layer
    "2 or 16 units": (2, 16),
    "8 or 16 units": (8, 16),
    "16 or 32 units": (16, 32),
}
HEAD = jaxnn.HEADS["binary"]


def rows(count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points of two classes, y = [sin(3 x₁) + x₂ x₃ > 0], FLIPPED of them with the other label."""
    x = random.uniform(-1, 1, (count, INPUTS))
    y = (np.sin(3 * x[:, 0]) + x[:, 1] * x[:, 2] > 0) ^ (random.random(count) < FLIPPED)
    return (x * 3**0.5).astype(np.float32), y[:, None].astype(np.float32)


def choices(pair: str, configuration: Any) -> dict[str, np.ndarray]:
    """Wrong choices between the two networks of every seed.

    Returns:
        For the criteria "right" and "loss": the share of wrong choices and its closed form,
        "right", "right_form", "loss", "loss_form", (points, seeds). "only_better" and "only_worse",
        shares of the points that one network alone has right, (seeds,).
    """
    seeds = range(configuration.seeds)
    outputs = [_outputs(units, configuration) for units in PAIRS[pair]]
    found: dict[str, list] = {name: [] for name in ("right", "right_form", "loss", "loss_form")}
    shares: dict[str, list[float]] = {"only_better": [], "only_worse": []}
    for seed in seeds:
        _, y = _pool(configuration, seed)
        z = [each[seed] for each in outputs]
        sign = 2 * y - 1
        right = [(each * sign > 0).astype(int) for each in z]
        gains = {"right": right[0] - right[1]}
        gains["loss"] = np.logaddexp(0, -z[1] * sign) - np.logaddexp(0, -z[0] * sign)
        random = np.random.default_rng([seed, 1])
        for criterion, gain in gains.items():
            gain = gain if gain.mean() >= 0 else -gain  # of the better network, by all points
            if criterion == "right":
                better, worse = float((gain > 0).mean()), float((gain < 0).mean())
                shares["only_better"].append(better)
                shares["only_worse"].append(worse)
                form = [wrong_by_counts(better, worse, n) for n in configuration.points]
            else:
                form = [
                    wrong_by_mean(float(gain.mean()), float(gain.std()), n)
                    for n in configuration.points
                ]
            found[criterion].append(
                [wrong(gain, n, configuration.repeats, random) for n in configuration.points]
            )
            found[f"{criterion}_form"].append(form)
    return {name: np.array(each).T for name, each in found.items()} | {
        name: np.array(each) for name, each in shares.items()
    }


def wrong(gain: np.ndarray, points: int, repeats: int, random: np.random.Generator) -> float:
    """Share of choices by so many points, drawn without replacement, that are wrong; ties half.

    Args:
        gain: of the better model over the other, at each point.
        points: that each choice is made on.
        repeats: choices.
        random: draws the points.

    Example:
        >>> wrong(np.array([1, 0, 0, 0]), 4, 10, np.random.default_rng(0))
        0.0
        >>> wrong(np.array([0, 0]), 1, 10, np.random.default_rng(0))
        0.5
    """
    sums = np.array(
        [
            gain[random.choice(len(gain), points, replace=False, shuffle=False)].sum()
            for _ in range(repeats)
        ]
    )
    return float(np.mean(sums < 0) + np.mean(sums == 0) / 2)


def fit(configuration: Any) -> dict[str, np.ndarray]:
    """Accuracy of a network of FIXED units on its training points and on new ones, in %.

    Returns:
        "trained_on" and "new", (training rows, seeds), each number of rows at its own best rate.
    """
    counts, seeds = configuration.training_rows, configuration.seeds
    kinds = [(new, count) for new in (False, True) for count in counts]
    most = max(counts)

    # The same networks twice, tested on other points, so that one program does both.
    def parts(number: int) -> Parts:
        (new, count), seed = kinds[number // seeds], number % seeds
        random = np.random.default_rng([seed, 2])
        x, y = rows(most, random)
        data = {"train": (x, y), "validation": rows(most, random)}
        # The training points, repeated to as many for every number of them.
        own = np.resize(x[:count], x.shape), np.resize(y[:count], y.shape)
        return data | {"test": rows(most, np.random.default_rng([seed, 3])) if new else own}

    found = train_own_rows(
        _training(FIXED),
        {"learning_rate": configuration.learning_rate},
        parts,
        range(len(kinds) * seeds),
        Updates(configuration.steps, BATCH),
        count=lambda number: kinds[number // seeds][1],
    )
    shape = len(configuration.learning_rate), len(kinds), seeds
    validation, test = (
        np.moveaxis(metrics["accuracy"][-1].reshape(shape), 1, 0)
        for metrics in (found.validation, found.test)
    )
    scores = [100 * own_best(*each).test for each in zip(validation, test, strict=True)]
    own, new = np.reshape(scores, (2, len(counts), seeds))
    return {"trained_on": own, "new": new}


def _training(units: int) -> Any:
    return jaxnn.make_training(
        jaxnn.mlp((INPUTS, units, 1), activation="tanh"),
        HEAD.loss,
        jaxnn.OPTIMIZERS["adam"],
        correct=HEAD.correct,
    )


def _pool(configuration: Any, seed: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = rows(configuration.pool, np.random.default_rng([seed, 4]))
    return x, y[:, 0]


@cache
def _outputs(units: int, configuration: Any) -> np.ndarray:
    """Outputs of each seed's network for its pool, at its own best rate, (seeds, pool)."""
    seeds = range(configuration.seeds)

    def parts(seed: int) -> Parts:
        random = np.random.default_rng([seed, 5])
        sizes = {"train": TRAINING, "validation": VALIDATION, "test": VALIDATION}
        return {part: rows(count, random) for part, count in sizes.items()}

    found = train_own_rows(
        _training(units),
        {"learning_rate": configuration.learning_rate},
        parts,
        seeds,
        Updates(configuration.steps, BATCH),
        keep_params=True,
    )
    best = own_best(-found.validation["loss"][-1], found.test["loss"][-1]).index[-1]
    net = jaxnn.mlp((INPUTS, units, 1), activation="tanh")
    apply = jax.jit(jax.vmap(net.apply, in_axes=(None, 0)))
    own = [jax.tree.map(lambda leaf, at=(best, seed): leaf[at], found.params) for seed in seeds]
    return np.array(
        [
            apply(params, _pool(configuration, seed)[0])[:, 0]
            for params, seed in zip(own, seeds, strict=True)
        ]
    )
