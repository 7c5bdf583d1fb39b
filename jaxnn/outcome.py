"""What the runs of one program have found so far: arrays only."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from jaxnn.metrics import METRICS
from jaxnn.segments import Segment

HELD_OUT = ("validation", "test")
JUDGED = ("loss", *METRICS)  # of what is evaluated there, what must be finite


@dataclass
class Outcome:
    """What one program found; nan where a run has not got so far, or has diverged.

    A run whose loss or score on held-out rows is not finite has diverged, as one that is not finite
    in training has: this is the only place where that is found out.

    steps: (segments,), the updates made at each point of the curves.
    done: bool (cells, seeds), which runs have ended.
    diverged_step: int (cells, seeds), the update that was not finite, or after which held-out rows
        were not; -1 where the run stayed finite.
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
        """Take in what a segment has brought; a run that is not finite is nan from there on.

        Args:
            segment: of this program; not the one before the first update.
        """
        known = self.diverged_step.copy()
        for name, values in segment.metrics.items():
            segment.layout.collect(values, self._curve(name)[segment.number - 1])
        for name, values in segment.final.items():
            segment.layout.collect(values, self._end(name))
        segment.layout.collect(segment.diverged_step, self.diverged_step)
        # What is lost stays lost, though its parameters are finite and its training goes on.
        self.diverged_step = np.where(known >= 0, known, self.diverged_step)
        self._mark_lost(segment)
        if segment.done:
            self.done |= segment.runs

    def _mark_lost(self, segment: Segment) -> None:
        """Runs whose held-out rows are not finite at a segment's end."""
        point = max(segment.number, 1) - 1
        found = {name: self.curves[name][point] for name in segment.metrics}
        found |= {name: self.final[name] for name in segment.final}
        finite = np.ones(self.done.shape, bool)
        for name, values in found.items():
            part, _, measure = name.partition("_")
            if part in HELD_OUT and measure in JUDGED:
                finite &= np.isfinite(values)
        lost = segment.runs & (self.diverged_step < 0) & ~finite
        self.diverged_step[lost] = self.steps[point]
        for values in found.values():
            values[segment.runs & (self.diverged_step >= 0)] = np.nan

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
