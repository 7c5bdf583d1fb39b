"""What one program has found so far, and where it stands: arrays only, so that a checkpoint is a file of named arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

Flat = dict[str, np.ndarray]


@dataclass
class Stand:
    """Where an unfinished wave of runs stands.

    wave: its number. segment: segments done. runs: bool (cells, seeds), those that still train.
    leaves: of their State, (groups, members, …), in the order of jax.tree.leaves.
    """

    wave: int
    segment: int
    runs: np.ndarray
    leaves: list[np.ndarray]


@dataclass
class Outcome:
    """What one program found; every array has (cells, seeds) last, and nan where a run has not got so far or has diverged.

    steps: (segments,), the updates made at each point of the curves.
    done: which runs are finished.
    diverged_step: -1 where the run stayed finite.
    curves: name -> (segments, cells, seeds). test: name -> (cells, seeds).
    stand: of the wave in work; None between waves.
    """

    steps: np.ndarray
    done: np.ndarray
    diverged_step: np.ndarray
    curves: dict[str, np.ndarray] = field(default_factory=dict)
    test: dict[str, np.ndarray] = field(default_factory=dict)
    compile_seconds: float = 0.0
    run_seconds: float = 0.0
    stand: Stand | None = None

    @classmethod
    def empty(cls, steps: np.ndarray, shape: tuple[int, int]) -> "Outcome":
        """Nothing found yet of (cells, seeds)."""
        return cls(steps, np.zeros(shape, bool), np.full(shape, -1, np.int32))

    def curve(self, name: str) -> np.ndarray:
        """The curves of that name."""
        return self.curves.setdefault(
            name, np.full((len(self.steps), *self.done.shape), np.nan, np.float32)
        )

    def last(self, name: str) -> np.ndarray:
        """The test metric of that name."""
        return self.test.setdefault(name, np.full(self.done.shape, np.nan, np.float32))

    def join(self, other: "Outcome") -> None:
        """Take over what another has finished, such as another process or an earlier one."""
        new = other.done & ~self.done
        for name in other.curves:
            self.curve(name)[:, new] = other.curves[name][:, new]
        for name in other.test:
            self.last(name)[new] = other.test[name][new]
        self.diverged_step[new] = other.diverged_step[new]
        self.done |= new
        self.compile_seconds += other.compile_seconds
        self.run_seconds += other.run_seconds

    def flat(self) -> Flat:
        """As named arrays."""
        arrays = {
            "steps": self.steps,
            "done": self.done,
            "diverged_step": self.diverged_step,
            "seconds": np.array([self.compile_seconds, self.run_seconds]),
            **{f"curves/{name}": values for name, values in self.curves.items()},
            **{f"test/{name}": values for name, values in self.test.items()},
        }
        if self.stand:
            arrays |= {
                "stand/at": np.array([self.stand.wave, self.stand.segment]),
                "stand/runs": self.stand.runs,
                **{f"stand/leaf/{number}": leaf for number, leaf in enumerate(self.stand.leaves)},
            }
        return arrays

    @classmethod
    def of(cls, flat: Mapping[str, np.ndarray]) -> "Outcome":
        """From named arrays."""

        def under(group: str) -> Flat:
            return {
                name.removeprefix(f"{group}/"): array
                for name, array in flat.items()
                if name.startswith(f"{group}/")
            }

        stand = under("stand")
        if stand:
            leaves = [
                stand[f"leaf/{number}"]
                for number in range(sum(name.startswith("leaf/") for name in stand))
            ]
            stand = Stand(*map(int, stand["at"]), stand["runs"], leaves)
        return cls(
            flat["steps"],
            flat["done"],
            flat["diverged_step"],
            under("curves"),
            under("test"),
            *map(float, flat["seconds"]),
            stand or None,
        )
