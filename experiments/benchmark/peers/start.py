"""Where every peer starts: the same initial parameters, and the same batches."""

import math

import numpy as np

from experiments.benchmark.workloads import Workload


def initial(workload: Workload, seed: int) -> list[np.ndarray]:
    """Initial parameters of the networks of one seed.

    Weights are (in_dim, out_dim), normal with variance gain² / in_dim; biases are 0.

    Returns:
        Weight and bias of each layer; of an elman, weight, context and bias of its recurrent layer,
        then weight and bias of the head.
    """
    rng = np.random.default_rng([seed, 0])

    def weight(in_dim: int, out_dim: int, gain: float = 1.0) -> np.ndarray:
        return rng.standard_normal((in_dim, out_dim), np.float32) * np.float32(
            gain / math.sqrt(in_dim)
        )

    if workload.kind == "elman":
        inputs, width, outputs = workload.sizes
        layers = [(weight(inputs, width), weight(width, width), np.zeros(width, np.float32))]
        return [*layers[0], weight(width, outputs), np.zeros(outputs, np.float32)]
    gains = [math.sqrt(2) if workload.activation == "relu" else 1.0] * (len(workload.sizes) - 2) + [
        1.0
    ]
    pairs = zip(workload.sizes, workload.sizes[1:], gains, strict=False)
    return [
        array for a, b, gain in pairs for array in (weight(a, b, gain), np.zeros(b, np.float32))
    ]


def order(workload: Workload, seed: int, steps: int) -> np.ndarray:
    """Row numbers of each update's batch, int64 (steps, batch_size).

    They are an endless stream of shuffled epochs, as in jaxnn.batch_order.

    Example:
        >>> from experiments.benchmark.workloads import WORKLOADS
        >>> rows = order(WORKLOADS["tiny"], seed=0, steps=32)  # one epoch
        >>> rows.shape, bool((np.sort(rows, axis=None) == np.arange(2048)).all())
        ((32, 64), True)
    """
    rng = np.random.default_rng([seed, 1])
    epochs = -(-steps * workload.batch_size // workload.examples)
    stream = np.concatenate([rng.permutation(workload.examples) for _ in range(epochs)])
    return stream[: steps * workload.batch_size].reshape(steps, workload.batch_size)


def groups(workload: Workload, runs: int) -> tuple[np.ndarray, int]:
    """The first runs as a rectangle of groups × members; the members of a group share a seed.

    Returns:
        The seed of each group, and how many members each has.

    Example:
        >>> from experiments.benchmark.workloads import WORKLOADS
        >>> seeds, members = groups(WORKLOADS["digits"], 48)  # 16 runs per seed
        >>> seeds.tolist(), members
        ([0, 1, 2], 16)
    """
    of_seed = workload.runs // workload.seeds
    members = math.gcd(runs, of_seed)
    return np.arange(0, runs, members) // of_seed, members


def seed_of(workload: Workload, run: int) -> int:
    """The seed of a run."""
    return run // (workload.runs // workload.seeds)
