"""Data that differ by seed: each seed's runs train on a split of their own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxnn.layout import Layout
from jaxnn.types import Array

Parts = Mapping[str, tuple[Array | np.ndarray, Array | np.ndarray]]


class DataBySeed(NamedTuple):
    """The split of the data that each seed trains on; several seeds may share one.

    split: seed -> number of its split.
    data: number of a split -> part -> (x, y). A part has the same shape in every split.
    held: splits on a device at a time, at least 1; the others wait for their wave.
    rows: number of a split -> how many rows of "train", from the first on, batches are drawn from;
        all when absent. It lets a part be padded to the shape that all splits have.

    Example:
        >>> x = np.arange(6.0)[:, None]
        >>> halves = [{"train": (part, part)} for part in (x[:3], x[3:])]
        >>> by_seed = DataBySeed(lambda seed: seed % 2, halves.__getitem__, held=2)
        >>> by_seed.numbers([5, 6]).tolist(), by_seed.examples(5)
        ([1, 0], 3)
    """

    split: Callable[[int], int]
    data: Callable[[int], Parts]
    held: int
    rows: Callable[[int], int] | None = None

    def numbers(self, seeds: Sequence[int] | np.ndarray) -> np.ndarray:
        """The number of each seed's split, int (seeds,)."""
        return np.array([self.split(int(seed)) for seed in seeds], int)

    def examples(self, seed: int) -> int:
        """Training rows of a seed."""
        number = self.split(int(seed))
        return self.rows(number) if self.rows else len(self.data(number)["train"][0])

    def stacked(self, numbers: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Splits side by side: part -> (x, y) with (held,) in front.

        Args:
            numbers: of at most ``held`` splits; the last one is repeated to fill the rest.
        """
        filled = [*numbers, *[numbers[-1]] * (self.held - len(numbers))]
        splits = [self.data(int(number)) for number in filled]
        return {
            part: (
                np.stack([np.asarray(split[part][0]) for split in splits]),
                np.stack([np.asarray(split[part][1]) for split in splits]),
            )
            for part in splits[0]
        }

    def waves(self, layout: Layout, wave: int, chunk: int) -> Iterator[tuple[int, int]]:
        """Chunks cut into waves of at most so many groups, and of no more splits than are held.

        Args:
            layout: in whole chunks.
            wave: groups at most.
            chunk: groups of a chunk.

        Yields:
            (start, stop) of a wave's groups.
        """
        numbers, start = self.numbers(layout.seeds), 0
        for stop in range(chunk, layout.groups + 1, chunk):
            after = stop + chunk
            if (
                after > layout.groups
                or after - start > wave
                or len(set(numbers[start:after].tolist())) > self.held
            ):
                yield start, stop
                start = stop
