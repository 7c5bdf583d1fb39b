"""What is measured: updates to the target and end accuracy of each encoding, at each rate."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

import jaxnn
from experiments.encodings.tasks import ENCODINGS, TASKS, rows
from experiments.lab.study.own_rows import Parts, Updates, train_own_rows

LAYERS, BATCH, POINTS = (32, 32), 32, 25
HEAD = jaxnn.HEADS["multiclass"]


class Setting(NamedTuple):
    """Task, activation and optimizer, and the lowest learning rate."""

    task: str
    activation: str
    optimizer: str
    lowest: float


SETTINGS: Mapping[str, Setting] = {
    f"{task}, {activation}, {words}": Setting(task, activation, optimizer, lowest)
    for task in TASKS
    for activation, words, optimizer, lowest in (
        ("relu", "SGD", "sgd", 0.003),
        ("tanh", "SGD", "sgd", 0.003),
        ("sigmoid", "SGD", "sgd", 0.03),
        ("relu", "Adam", "adam", 0.0003),
    )
}


def rates(setting: str, powers: int) -> tuple[float, ...]:
    """The learning rates of a setting, each three times the one before."""
    return tuple(SETTINGS[setting].lowest * 3.0**power for power in range(powers))


def train(setting: str, configuration: Any) -> dict[str, np.ndarray]:
    """Accuracy curves on held-out rows, nan from where a run has diverged.

    Returns:
        "steps", (points,); and for each encoding "ENCODING validation" and "ENCODING test",
        (points, rates, seeds).
    """
    task, activation, optimizer, _ = SETTINGS[setting]
    found: dict[str, np.ndarray] = {}
    numbers = {name: ends for name, ends in ENCODINGS.items() if ends}
    groups: list[Mapping[str, tuple[float, float]]] = [numbers]
    if configuration.one_hot:
        groups.append({"one-hot": (0.0, 1.0)})
    for encodings in groups:

        def parts(seed: int, hot: bool = "one-hot" in encodings) -> Parts:
            return rows(task, seed, hot=hot)

        inputs = parts(0)["train"][0].shape[1]
        net = jaxnn.mlp((inputs, *LAYERS, TASKS[task].classes), activation=activation)
        trained = train_own_rows(
            jaxnn.make_training(
                encoded(net, list(encodings.values())),
                HEAD.loss,
                jaxnn.OPTIMIZERS[optimizer],
                correct=HEAD.correct,
            ),
            {
                "encoding": range(len(encodings)),
                "learning_rate": rates(setting, configuration.powers),
            },
            parts,
            range(configuration.seeds),
            Updates(configuration.steps, BATCH, POINTS),
        )
        found["steps"] = trained.steps
        for name, metrics in (("validation", trained.validation), ("test", trained.test)):
            for number, encoding in enumerate(encodings):
                found[f"{encoding} {name}"] = metrics["accuracy"][:, number]
    return found


def encoded(
    net: jaxnn.Network, ends: Sequence[tuple[float, float]]
) -> Callable[[Mapping[str, Any]], jaxnn.Network]:
    """A network of bits 0 and 1 that encodes them by the hyperparameter "encoding", a number.

    So that all encodings share one program, the initial draws and the batches.

    Args:
        net: of the encoded inputs.
        ends: of each encoding, the numbers of a false and a true bit.

    Example:
        >>> net = encoded(jaxnn.mlp((2, 1), bias=False), [(0, 1), (-1, 1)])
        >>> params = ({"weight": jnp.ones((2, 1))},)
        >>> net({"encoding": 1}).apply(params, jnp.array([0.0, 0.0])).tolist()
        [-2.0]
    """
    table = jnp.asarray(ends, jnp.float32)

    def made(h: Mapping[str, Any]) -> jaxnn.Network:
        low, high = table[jnp.int32(h["encoding"])]

        def numbers(x: jaxnn.Array) -> jaxnn.Array:
            return low + (high - low) * x

        return jaxnn.Network(
            net.init,
            lambda params, x, *, key=None: net.apply(params, numbers(x), key=key),
            lambda params, x: net.columns(params, numbers(x)),
        )

    return made


def updates_to(accuracy: np.ndarray, target: float, steps: np.ndarray) -> np.ndarray:
    """Updates until the accuracy is first at the target; twice all of them where it never is.

    Args:
        accuracy: (points, …), nan where diverged.
        target: the accuracy.
        steps: (points,), the updates made.

    Example:
        >>> curves = np.array([[0.5, 0.5], [0.95, np.nan], [0.9, np.nan]])
        >>> updates_to(curves, 0.9, np.array([10, 20, 30])).tolist()
        [20, 60]
    """
    with np.errstate(invalid="ignore"):
        there = accuracy >= target
    first = steps[there.argmax(axis=0)]
    return np.where(there.any(axis=0), first, 2 * steps[-1])


def encodings_of(configuration: Any) -> list[str]:
    """The encodings that are compared."""
    return [name for name in ENCODINGS if configuration.one_hot or name != "one-hot"]
