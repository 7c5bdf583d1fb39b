"""What one program has found, and where it is, as named arrays for a checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

import jaxnn
from jaxnn.segments import Stand

Flat = dict[str, np.ndarray]


@dataclass
class Outcome(jaxnn.Outcome):
    """What one program found, the seconds that it took, and where an unfinished wave is.

    compile_seconds: of its compilation, summed over processes and interruptions.
    run_seconds: of its training, likewise.
    stand: what an unfinished wave goes on from; None between waves.
    """

    compile_seconds: float = 0.0
    run_seconds: float = 0.0
    stand: Stand | None = None

    def join(self, other: jaxnn.Outcome) -> None:
        """Add the runs that another outcome has finished, such as one from another process.

        Args:
            other: of the same program; its seconds are added, where it has them.
        """
        super().join(other)
        if isinstance(other, Outcome):
            self.compile_seconds += other.compile_seconds
            self.run_seconds += other.run_seconds

    def flat(self) -> Flat:
        """The outcome as named arrays, as ``of`` takes them."""
        arrays = {
            "steps": self.steps,
            "done": self.done,
            "diverged_step": self.diverged_step,
            "seconds": np.array([self.compile_seconds, self.run_seconds]),
            **{f"curves/{name}": values for name, values in self.curves.items()},
            **{f"final/{name}": values for name, values in self.final.items()},
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
        """The outcome from the named arrays that ``flat`` returned."""

        def under(group: str) -> Flat:
            return {
                name.removeprefix(f"{group}/"): array
                for name, array in flat.items()
                if name.startswith(f"{group}/")
            }

        stand, found = under("stand"), None
        if stand:
            count = sum(name.startswith("leaf/") for name in stand)
            leaves = [stand[f"leaf/{number}"] for number in range(count)]
            wave, segment = map(int, stand["at"])
            found = Stand(wave, segment, stand["runs"], leaves)
        compile_seconds, run_seconds = map(float, flat["seconds"])
        return cls(
            flat["steps"],
            flat["done"],
            flat["diverged_step"],
            under("curves"),
            under("final"),
            compile_seconds,
            run_seconds,
            found,
        )
