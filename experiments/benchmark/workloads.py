"""What the benchmark trains: six workloads that represent the ways in which grids differ."""

from typing import NamedTuple

import numpy as np


class Workload(NamedTuple):
    """Many runs of one network.

    title: its name in tables.
    kind: mlp; deep, an mlp with many hidden layers, all alike; or elman, a recurrent layer and a
        linear head at its last time step.
    sizes: of an mlp, from input to output; of an elman, (inputs per time step, context neurons,
        outputs).
    batch_size: examples per update.
    runs: networks trained at once, seeds × learning rates.
    seeds: how many; runs of one seed share initial parameters and batches.
    length: time steps of an elman's sequences.
    examples: rows of the data.
    activation: of the hidden layers.
    """

    title: str
    kind: str
    sizes: tuple[int, ...]
    batch_size: int
    runs: int
    seeds: int
    length: int = 1
    examples: int = 2048
    activation: str = "relu"

    @property
    def flops(self) -> int:
        """Operations in the matrix products of one update of one network.

        These are the forward pass, the weight gradients, and the gradients of every layer's inputs
        except the first layer's.
        """
        pairs = list(zip(self.sizes, self.sizes[1:], strict=False))
        if self.kind == "elman":
            inputs, width, outputs = self.sizes
            step = 2 * 2 * inputs * width + 3 * 2 * width * width
            return self.batch_size * (self.length * step + 3 * 2 * width * outputs)
        products = [inputs * outputs for inputs, outputs in pairs]
        return 2 * self.batch_size * (3 * sum(products) - products[0])

    def scaled(self, times: int) -> "Workload":
        """The same with so many times as many seeds."""
        return self._replace(seeds=self.seeds * times, runs=self.runs * times)

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Synthetic examples; the classes come from a linear rule, so that training works.

        The speed of a matrix product does not depend on its numbers.

        Returns:
            x: float32 (examples, inputs) or (examples, length, inputs). y: int32 (examples,).
        """
        rng = np.random.default_rng(0)
        shape = (
            (self.examples, self.length, self.sizes[0])
            if self.kind == "elman"
            else (self.examples, self.sizes[0])
        )
        x = rng.standard_normal(shape, np.float32)
        rule = rng.standard_normal((self.sizes[0], self.sizes[-1]), np.float32)
        return x, np.argmax((x[:, -1] if self.kind == "elman" else x) @ rule, axis=1).astype(
            np.int32
        )

    def learning_rates(self) -> np.ndarray:
        """One per run, seed by seed: float32 (runs,), low enough that no network diverges."""
        return np.tile(
            np.geomspace(1e-3, 1e-2, self.runs // self.seeds, dtype=np.float32), self.seeds
        )


WORKLOADS = {
    "digits": Workload(
        "64-64-64-10, batch 64", "mlp", (64, 64, 64, 10), 64, runs=256, seeds=16, examples=1347
    ),
    "mnist": Workload(
        "784-128-128-10, batch 128",
        "mlp",
        (784, 128, 128, 10),
        128,
        runs=64,
        seeds=8,
        examples=8192,
    ),
    "tiny": Workload("16-16-16-10, batch 64", "mlp", (16, 16, 16, 10), 64, runs=4096, seeds=64),
    "wide": Workload(
        "784-1024-1024-10, batch 128", "mlp", (784, 1024, 1024, 10), 128, runs=4, seeds=1
    ),
    "deep": Workload(
        "depth 50 × width 64, batch 64", "deep", (64, *[64] * 50, 10), 64, runs=64, seeds=8
    ),
    "elman": Workload(
        "Elman 8-32-10, length 32, batch 64",
        "elman",
        (8, 32, 10),
        64,
        runs=256,
        seeds=16,
        length=32,
        activation="tanh",
    ),
}
