"""jaxnn's engine on a workload, used as the experiments use it."""

import time
from typing import NamedTuple

import jax
import numpy as np

import jaxnn
from experiments.benchmark.contest import calibrate
from experiments.benchmark.workloads import Workload
from experiments.lab.engine.program import lay_out
from jaxnn.grid import Layout
from jaxnn.sweep import Sweep
from jaxnn.training import Training

# Updates of each run in a segment, enough that bringing its parameters into the cache costs little.
SHORTEST = 10


class Program(NamedTuple):
    """A workload's compiled segment.

    together: how many groups a device trains at a time; None means all.
    seconds: how long tracing, lowering and compiling took.
    """

    sweep: Sweep
    layout: Layout
    together: int | None
    compiled: jax.stages.Compiled
    seconds: float

    @property
    def memory(self) -> int:
        """Peak bytes on all devices.

        Arguments, results that do not take an argument's place, and temporaries.
        """
        plan = self.compiled.memory_analysis()
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


def make_program(workload: Workload, steps: int) -> Program:
    """Compile a segment, in which every run makes ``steps`` updates."""
    training = make_training(workload)
    rates = workload.learning_rates()[: workload.runs // workload.seeds]
    grid = jaxnn.Grid({}, {"learning_rate": tuple(map(float, rates))}, workload.seeds)
    layout, together = lay_out(grid, training, jax.devices())
    sweep = jaxnn.make_sweep(training, together=together)
    state, h = sweep.shapes(
        (jax.eval_shape(lambda: sweep.init(layout)), dict(layout.hyperparameters))
    )
    data = sweep.shapes(workload.data(), shared=True)
    order = sweep.shapes(
        jax.ShapeDtypeStruct((len(layout.seeds), steps, workload.batch_size), np.int32)
    )
    began = time.perf_counter()
    compiled = sweep.segment.lower(state, h, *data, order).compile()
    return Program(sweep, layout, together, compiled, time.perf_counter() - began)


class Engine:
    """All runs of a workload, trained on all devices, one segment per turn.

    updates: how many each run has made so far.
    compile_seconds: how long the first compilation took, before JAX had seen this network.
    """

    def __init__(self, workload: Workload, seconds: float):
        """Compile, and choose the steps of a segment so that it takes about ``seconds``."""
        self.workload, self.updates = workload, 0
        self._start(make_program(workload, SHORTEST), SHORTEST)
        self.compile_seconds = self.program.seconds
        self.turn()  # the first touch of its memory
        segments = calibrate(lambda count: [self.turn() for _ in range(count)], seconds)
        if segments > 1:
            self._start(make_program(workload, SHORTEST * segments), SHORTEST * segments)
            self.turn()

    def _start(self, program: Program, steps: int) -> None:
        sweep, layout = program.sweep, program.layout
        self.program, self.steps, self.updates = program, steps, 0
        h = {name: sweep.place(values) for name, values in layout.hyperparameters.items()}
        data = (sweep.place(array, shared=True) for array in self.workload.data())
        order = sweep.order(
            layout,
            examples=self.workload.examples,
            batch_size=self.workload.batch_size,
            steps=steps,
        )
        self._arguments = (h, *data, order)
        self._state = sweep.init(layout)
        self.metrics = None

    def turn(self) -> int:
        """Train one segment, from where the last one ended; returns the updates of all runs."""
        self._state, self.metrics = jax.block_until_ready(
            self.program.compiled(self._state, *self._arguments)
        )
        self.updates += self.steps
        return self.steps * self.workload.runs

    def check(self) -> None:
        """Check that the work was done.

        Raises:
            RuntimeError: a run has not made all its updates, or has diverged.
        """
        steps, diverged = (
            self.program.layout.collect(values)
            for values in (self._state.step, self._state.diverged_step)
        )
        if np.any(steps != self.updates) or np.any(diverged >= 0):
            raise RuntimeError(
                f"{self.workload.title}: runs made {steps.min()} to {steps.max()} of "
                f"{self.updates} updates and {(diverged >= 0).sum()} runs diverged, so its times "
                "mean nothing"
            )
