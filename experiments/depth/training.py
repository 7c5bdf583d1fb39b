"""Training networks of any depth: all runs of one shape share one compiled program."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxnn
from experiments.depth.any_depth import Net, Shape, apply, initial
from experiments.depth.tasks import Parts
from jaxnn.program import Plan, Program, Task, make_program
from jaxnn.segments import Batches, program_segments
from jaxnn.sweep import make_sweep
from jaxnn.training import State, Training, training_of_cost
from jaxnn.types import Array, Key, Params

HEAD = jaxnn.HEADS["multiclass"]
PARTS = "train", "validation", "test"


class Updates(NamedTuple):
    """Gradient descent: how many updates, on how many rows each; a momentum of 0 is plain SGD."""

    steps: int
    batch_size: int
    momentum: float = 0.9


class Trained(NamedTuple):
    """Trained networks of every learning rate and seed.

    train, validation, test: accuracies, 0 where a run has diverged, (rates, seeds).
    diverged: bool (rates, seeds).
    params: leaves (rates, seeds, …).
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    diverged: np.ndarray
    params: Params


def train(
    net: Net,
    data: Parts,
    updates: Updates,
    *,
    learning_rate: Sequence[float],
    seeds: Sequence[int],
    at_once: int | None = None,
) -> Trained:
    """Train a network at every learning rate with every seed.

    Runs with the same seed share initial parameters and batches.

    Args:
        net: what every run trains.
        data: parts "train", "validation" and "test", with integer classes.
        updates: of each run.
        learning_rate, seeds: all combinations are trained.
        at_once: runs per call of the program, so that any number of runs needs one program only;
            None means all.
    """
    numbers = {
        "learning_rate": tuple(map(float, learning_rate)),
        "momentum": (updates.momentum,),
        "which": (net.shape.activations.index(net.activation),),
        "depth": (net.depth,),
    }
    grid, devices = jaxnn.Grid({}, numbers, seeds), len(jax.local_devices())
    chunk = -(-(at_once or grid.runs) // devices) * devices
    # One run at a time, so that its depth and its activation are real branches of the program.
    plan = Plan(devices, members=1, together=1, chunk=chunk, wave=chunk)
    program = _program(net.shape, plan)
    init = make_sweep(training_of(net), devices=jax.local_devices()).init
    program = program._replace(sweep=program.sweep._replace(init=init))
    task = Task(data, [updates.steps], updates.batch_size, each=(), last=PARTS)
    outcome = jaxnn.Outcome.empty(task.steps, grid.shape)
    draw = _batches(len(data["train"][0]), updates.batch_size)
    params = None
    for segment in program_segments(program, grid, task, draw=draw):
        outcome.add(segment)
        found, runs = segment.params(), segment.layout.runs
        params = (
            found
            if params is None
            else jax.tree.map(
                lambda new, old, runs=runs: np.where(
                    runs.reshape(runs.shape + (1,) * (new.ndim - 2)), new, old
                ),
                found,
                params,
            )
        )
    train, validation, test = (np.nan_to_num(outcome.final[f"{part}_accuracy"]) for part in PARTS)
    return Trained(train, validation, test, outcome.diverged_step >= 0, params)


def training_of(net: Net) -> Training:
    """One run of a network, whose activation and depth are hyperparameters.

    The initial parameters are the network's own; the rest is the same for all of its shape.
    """
    shape = net.shape

    def momentum(h: Mapping[str, Array]) -> optax.GradientTransformation:
        return jaxnn.OPTIMIZERS["momentum"]({"learning_rate": h["learning_rate"]})

    def logits(params: Params, h: Mapping[str, Array], x: Array) -> Array:
        which, depth = (h[name].astype(jnp.int32) for name in ("which", "depth"))
        return apply(shape, which, params, x, depth)

    def batch_cost(params: Params, h: Mapping[str, Array], key: Key, x: Array, y: Array) -> Array:
        return jnp.mean(jax.vmap(HEAD.loss)(logits(params, h, x), y))

    def evaluate(params: Params, h: Mapping[str, Array], x: Array, y: Array) -> dict[str, Array]:
        return {"accuracy": jnp.mean(jax.vmap(HEAD.correct)(logits(params, h, x), y))}

    def init(key: Key, h: Mapping[str, Array]) -> State:
        params = initial(net, key)
        zero = jnp.zeros((), jnp.int32)
        return State(params, momentum(h).init(params), key, zero, zero - 1)

    training = training_of_cost(lambda key, h: initial(net, key), batch_cost, momentum, evaluate)
    return training._replace(init=init)


@cache
def _program(shape: Shape, plan: Plan) -> Program:
    """Kept, since each new one compiles anew; its initial draws are those of some network."""
    numbers = dict.fromkeys(("learning_rate", "momentum", "which", "depth"), (0.0,))
    return make_program(
        training_of(Net(shape, shape.activations[0], 1)), jaxnn.Grid({}, numbers), plan
    )


_batches = cache(Batches)
