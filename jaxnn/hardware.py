"""Hardware: the devices that grids are trained on, what they hold, and how they like to work."""

from collections.abc import Sequence
from typing import NamedTuple

import jax

# Updates of a run after which an accelerator has lost to branches what one program saves it: on an
# H100, 70 µs per update of two hidden layers against about a second to compile one more program.
BRANCHED = 10_000


class Hardware(NamedTuple):
    """Devices that are alike, and what decides how runs are cut up for them.

    devices: to train on.
    memory: bytes that a program may take on each; infinite where it is not known.
    accelerator: whether each trains all runs of a chunk at once, to be full; a CPU trains as few at
        a time as its cache holds. It may be said of a CPU too, to try an accelerator's path there.
    """

    devices: Sequence[jax.Device]
    memory: float
    accelerator: bool

    def one_program(self, steps: int) -> bool:
        """Whether variants (``jaxnn.variants``) better share a program than have one each.

        On a CPU a branch costs next to nothing, and compiling is a large part of a grid's time. An
        accelerator reads the number of a branch back before it goes on, in each layer of every
        step, so there only short runs gain.

        Args:
            steps: updates of each run.

        Example:
            >>> hardware = Hardware.of()._replace(accelerator=True)
            >>> hardware.one_program(300), hardware.one_program(100_000)
            (True, False)
        """
        return not self.accelerator or steps <= BRANCHED

    @classmethod
    def of(cls, devices: Sequence[jax.Device] | None = None) -> "Hardware":
        """As the devices say: half of the memory that they report, the rest being for the data.

        Args:
            devices: all that this process has when absent.

        Example:
            >>> Hardware.of(jax.local_devices()[:1]).accelerator
            False
        """
        devices = devices or jax.local_devices()
        memory = (devices[0].memory_stats() or {}).get("bytes_limit", float("inf")) / 2
        return cls(devices, memory, devices[0].platform != "cpu")
