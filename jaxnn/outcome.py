"""What the runs of one program have found so far: arrays only."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from jaxnn.segments import Segment


@dataclass
class Outcome:
    """What one program found; nan where a run has not got so far, or has diverged.

    steps: (segments,), the updates made at each point of the curves.
    done: bool (cells, seeds), which runs have ended.
    diverged_step: int (cells, seeds); -1 where the run stayed finite.
    curves: name -> (segments, cells, seeds), such as "train_loss" and "validation_loss".
    final: name -> (cells, seeds), what was evaluated only at the end, such as "test_loss".
    """

    steps: np.ndarray
    done: np.ndarray
    diverged_step: np.ndarray
    curves: dict[str, np.ndarray] = field(default_factory=dict)
    final: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def empty(cls, steps: np.ndarray, shape: tuple[int, int]) -> Self:
        """Nothing found yet.

        Args:
            steps: the updates made at each point of the curves.
            shape: (cells, seeds).
        """
        return cls(steps, np.zeros(shape, bool), np.full(shape, -1, np.int32))

    def add(self, segment: Segment) -> None:
        """Take in what a segment has brought.

        Args:
            segment: of this program; not the one before the first update.
        """
        for name, values in segment.metrics.items():
            segment.layout.collect(values, self._curve(name)[segment.number - 1])
        for name, values in segment.final.items():
            segment.layout.collect(values, self._end(name))
        segment.layout.collect(segment.diverged_step, self.diverged_step)
        if segment.done:
            self.done |= segment.runs

    def join(self, other: "Outcome") -> None:
        """Take over the runs that another has finished, such as another process."""
        new = other.done & ~self.done
        for name in other.curves:
            self._curve(name)[:, new] = other.curves[name][:, new]
        for name in other.final:
            self._end(name)[new] = other.final[name][new]
        self.diverged_step[new] = other.diverged_step[new]
        self.done |= new

    def _curve(self, name: str) -> np.ndarray:
        empty = np.full((len(self.steps), *self.done.shape), np.nan, np.float32)
        return self.curves.setdefault(name, empty)

    def _end(self, name: str) -> np.ndarray:
        return self.final.setdefault(name, np.full(self.done.shape, np.nan, np.float32))
