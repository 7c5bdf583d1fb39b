"""A peer as a contestant: as many runs and steps per turn as fit in the time."""

import time

from experiments.benchmark.contest import calibrate
from experiments.benchmark.peers import Peer
from experiments.benchmark.workloads import Workload

# Most steps per run of a peer that trains run after run. Its time is linear in the runs, so that a
# turn may train only a few of them.
STEPS = 64


class Rival:
    """A peer on a workload.

    title: its name in tables.
    runs, steps: how many runs it trains per turn, and for how many steps.
    first_seconds: how long its first call took, compilation included.
    """

    def __init__(self, peer: Peer, workload: Workload, seconds: float):
        """Prepare it, and choose what a turn does.

        Raises:
            Unsupported: it does not train networks of this kind.
        """
        self.title = peer.title
        self._train = peer.prepare(workload, *workload.data(), workload.learning_rates())
        self.runs, self.steps = (workload.runs if peer.together else 1), 1
        began = time.perf_counter()
        self.turn()
        self.first_seconds = time.perf_counter() - began
        self.steps = calibrate(
            lambda steps: self._train(self.runs, steps),
            seconds,
            least=4,
            most=10**9 if peer.together else STEPS,
        )
        if not peer.together:
            self.runs = calibrate(
                lambda runs: self._train(runs, self.steps), seconds, most=workload.runs
            )

    def turn(self) -> int:
        """Train from the initial parameters; returns the updates of all runs together."""
        return self._train(self.runs, self.steps).updates
