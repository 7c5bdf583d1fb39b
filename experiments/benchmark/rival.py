"""A peer as a contestant: as many runs and steps a turn as fit in the time."""

import time

from experiments.benchmark.contest import calibrate
from experiments.benchmark.peers import Peer
from experiments.benchmark.workloads import Workload

STEPS = 64  # of each run, of a peer that trains run after run: its time is linear in runs, so a turn may do a few of them only


class Rival:
    """A peer on a workload.

    title: how a table calls it.
    runs, steps: trained each turn.
    first_seconds: of its first call, which compiles whatever it compiles.
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
        """Train from the start; returns the updates of all runs together."""
        return self._train(self.runs, self.steps).updates
