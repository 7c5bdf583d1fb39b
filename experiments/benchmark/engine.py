"""jaxnn's engine on a workload, used as the experiments use it."""

import time
from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np

import jaxnn
from experiments.benchmark.contest import calibrate
from experiments.benchmark.workloads import Workload
from experiments.lab.engine.devices import hardware
from jaxnn.program import Program, Task, make_program, plan_runs
from jaxnn.segments import Batches, program_segments
from jaxnn.sweep import runs_at_once
from jaxnn.training import Training

# Updates of each run in a segment, enough that bringing its parameters into the cache costs little.
SHORTEST = 10
MOST = 100_000  # turns, more than a contest has


class Compiled(NamedTuple):
    """A workload's program, whose segment is compiled.

    grid: the runs.
    steps: updates of each run in a segment.
    seconds: how long tracing, lowering and compiling took.
    """

    program: Program
    grid: jaxnn.Grid
    steps: int
    seconds: float

    @property
    def memory(self) -> int:
        """Peak bytes on all devices.

        Arguments, results that do not take an argument's place, and temporaries.
        """
        # Program declares segments as Callable; these are compiled, so they have memory_analysis.
        plan = self.program.segments[self.steps].memory_analysis()  # type: ignore[attr-defined]
        own = (
            plan.argument_size_in_bytes
            + plan.output_size_in_bytes
            + plan.temp_size_in_bytes
            - plan.alias_size_in_bytes
        )
        return own * jax.device_count()


def make_training(workload: Workload) -> Training:
    """One run of a workload."""
    phi = workload.activation
    if workload.kind == "elman":
        inputs, width, outputs = workload.sizes
        net = jaxnn.recurrent_network(
            jaxnn.elman(inputs, width, activation=phi),
            readout=jaxnn.dense(width, outputs),
            last=True,
        )
    elif workload.kind == "deep":
        inputs, *hidden, outputs = workload.sizes
        net = jaxnn.deep_mlp(inputs, hidden[0], len(hidden), outputs, activation=phi)
    else:
        net = jaxnn.mlp(workload.sizes, activation=phi)
    return jaxnn.make_training(net, jaxnn.losses.softmax_cross_entropy, jaxnn.OPTIMIZERS["sgd"])


def compiled(workload: Workload, steps: int) -> Compiled:
    """Compile a segment, in which every run makes ``steps`` updates."""
    training = make_training(workload)
    rates = workload.learning_rates()[: workload.runs // workload.seeds]
    grid = jaxnn.Grid({}, {"learning_rate": tuple(map(float, rates))}, workload.seeds)
    task = _task(workload, [steps])
    members = runs_at_once(training, grid.hyperparameters, task.batch)
    plan = plan_runs(grid, training, hardware(), members=members)
    program = make_program(training, grid, plan)
    began = time.perf_counter()
    program = program.compiled(grid, task)
    return Compiled(program, grid, steps, time.perf_counter() - began)


def _task(workload: Workload, lengths: Sequence[int]) -> Task:
    return Task({"train": workload.data()}, lengths, workload.batch_size, each=(), last=())


class Engine:
    """All runs of a workload, trained on all devices, one segment per turn.

    updates: how many each run has made so far.
    compile_seconds: how long the first compilation took, before JAX had seen this network.
    """

    def __init__(self, workload: Workload, seconds: float):
        """Compile, and choose the steps of a segment so that it takes about ``seconds``."""
        self.workload = workload
        self._start(compiled(workload, SHORTEST))
        self.compile_seconds = self.program.seconds
        self.turn()  # the first touch of its memory
        segments = calibrate(lambda count: [self.turn() for _ in range(count)], seconds)
        if segments > 1:
            self._start(compiled(workload, SHORTEST * segments))
            self.turn()

    def _start(self, program: Compiled) -> None:
        workload = self.workload
        self.program, self.steps, self.updates = program, program.steps, 0
        order = Batches(workload.examples, workload.batch_size)(
            np.arange(workload.seeds), 0, program.steps
        )
        self._segments = program_segments(
            program.program,
            program.grid,
            _task(workload, [program.steps] * MOST),
            draw=lambda *_: order,  # drawn once: the contest is about training
        )

    def turn(self) -> int:
        """Train one segment, from where the last one ended; returns the updates of all runs."""
        self.last = next(self._segments)
        self.updates += self.steps
        return self.steps * self.workload.runs

    def check(self) -> None:
        """Check that the work was done.

        Raises:
            RuntimeError: a run has not made all its updates, or has diverged.
        """
        (state,) = self.last.states
        steps = self.last.layout.collect(state.step)
        diverged = self.last.layout.collect(self.last.diverged_step)
        if np.any(steps != self.updates) or np.any(diverged >= 0):
            raise RuntimeError(
                f"{self.workload.title}: runs made {steps.min()} to {steps.max()} of "
                f"{self.updates} updates and {(diverged >= 0).sum()} runs diverged, so its times "
                "mean nothing"
            )
