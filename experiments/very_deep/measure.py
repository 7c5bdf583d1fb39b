"""What is trained: every cell at its own best learning rate."""

from functools import cache
from typing import Any, NamedTuple

import numpy as np

import jaxnn
from experiments.lab.data import load, prepare
from experiments.lab.engine.devices import hardware
from experiments.very_deep.networks import CRITICAL, OWN, network
from jaxnn import DataBySeed, activations
from jaxnn.program import Plan, Program, Task, make_program
from jaxnn.segments import program_segments
from jaxnn.training import Training
from jaxnn.variants import Unnamed, Variant, share

PARTS = "train", "validation", "test"
TOGETHER = 4  # runs per call of a program; a multiple of the devices is taken
FURTHER = 2  # rates tried beyond an end of the rates that is best
MOMENTUM = 0.9
COMPARED = "relu", "elu", "swish"
EQUAL = "relu", "leaky_relu"  # whose own gain is critical already


class Cell(NamedTuple):
    """One comparison's network: activation, setting, width, updates and hidden layers."""

    activation: str
    setting: str
    width: int
    steps: int
    depth: int

    @property
    def part(self) -> str:
        """The name of its part, which must be usable as a file's."""
        setting = self.setting.replace(" + ", "-").replace(" ", "-")
        return f"{self.activation}-{setting}-{self.width}-{self.steps}-{self.depth}"

    def measured(self) -> "Cell":
        """The cell that is trained for it: an own gain that is critical needs no second one."""
        equal = self.setting == CRITICAL and self.activation in EQUAL
        return self._replace(setting=OWN) if equal else self


def cells(c: Any) -> list[Cell]:
    """All cells to train, each once.

    At the first width and number of steps all activations without normalisation, and swish, ELU and
    ReLU with it; at the second width swish and ReLU in all settings, and ELU once; with more steps
    or more units these two without normalisation; at smaller depths all three with their own gain.
    """
    narrow, *wider = c.width
    first, *more = c.steps
    plain = [setting for setting in (OWN, CRITICAL) if setting in c.setting]
    found = [
        Cell(name, setting, narrow, first, c.depth)
        for setting in c.setting
        for name in (c.activation if setting in plain else COMPARED)
    ]
    found += [Cell("elu", OWN, width, first, c.depth) for width in wider[:1]]
    found += [
        Cell(name, setting, width, steps, c.depth)
        for width, steps, settings in (
            *((width, first, c.setting) for width in wider[:1]),
            *((width, steps, plain) for width in wider[:1] for steps in more),
            *((width, first, plain) for width in wider[1:]),
        )
        for setting in settings
        for name in ("relu", "swish")
    ]
    found += [Cell(name, OWN, narrow, first, depth) for depth in c.shallower for name in COMPARED]
    return list(dict.fromkeys(cell.measured() for cell in found))


def at_own_rate(c: Any, cell: Cell) -> dict[str, np.ndarray]:
    """Choose a cell's learning rate on the validation rows of some seeds, then train others.

    The best rate has the highest mean validation accuracy; a diverged run counts as 0. If an end of
    the rates is best, FURTHER more are tried beyond it.

    Returns:
        rates: those tried, ascending. chosen_on: their mean validation accuracy.
        rate: the best, (1,). test: accuracy, 0 where diverged, (seeds,). diverged: bool, (seeds,).
    """
    choosing = range(c.choosing)
    rates = np.array(c.learning_rate)
    chosen_on = _accuracy(c, cell, rates, choosing)["validation"].mean(1)
    best, last = int(np.argmax(chosen_on)), len(rates) - 1
    if last and best in (0, last):
        ratio = rates[0] / rates[1] if best == 0 else rates[-1] / rates[-2]
        further = rates[best] * ratio ** np.arange(1, FURTHER + 1)
        more = _accuracy(c, cell, further, choosing)["validation"].mean(1)
        rates, chosen_on = np.append(rates, further), np.append(chosen_on, more)
        order = np.argsort(rates)
        rates, chosen_on = rates[order], chosen_on[order]
    rate = rates[[np.argmax(chosen_on)]]
    found = _accuracy(c, cell, rate, range(c.choosing, c.choosing + c.seeds))
    return {
        "rates": rates,
        "chosen_on": chosen_on,
        "rate": rate,
        "test": found["test"][0],
        "diverged": found["diverged"][0],
    }


def _accuracy(c: Any, cell: Cell, rates: np.ndarray, seeds: range) -> dict[str, np.ndarray]:
    """Validation and test accuracy, and whether a run diverged, each (rates, seeds)."""
    numbers = {"learning_rate": tuple(map(float, rates)), "momentum": (MOMENTUM,)}
    grid = jaxnn.Grid({}, numbers, seeds)
    variant, program = _program(c.activation, cell._replace(steps=0, activation=""), cell)
    segment = min(c.steps)  # one compiled length for every number of steps
    task = Task(
        _split(seeds[0]),
        [segment] * (cell.steps // segment),
        c.batch_size,
        each=(),
        last=PARTS[1:],
        by_seed=DataBySeed(lambda seed: seed, _split, held=program.plan.chunk),
        shared=variant.shared,
    )
    outcome = jaxnn.Outcome.empty(task.steps, grid.shape)
    for step in program_segments(program.of(variant.training), grid, task):
        outcome.add(step)
    found = {part: np.nan_to_num(outcome.final[f"{part}_accuracy"]) for part in task.last}
    return found | {"diverged": outcome.diverged_step >= 0}


@cache
def _split(seed: int) -> Any:
    return prepare(load("digits"), split_seed=seed).parts


def _training(activation: Any, cell: Cell) -> Training:
    net = network(
        activation, cell.setting, in_dim=64, width=cell.width, depth=cell.depth, out_dim=10
    )
    head = jaxnn.HEADS["multiclass"]
    optimizer = jaxnn.OPTIMIZERS["momentum"]
    return jaxnn.make_training(net, head.loss, optimizer, correct=head.correct)


def _program(names: tuple[str, ...], kind: Cell, cell: Cell) -> tuple[Variant, Program]:
    """A cell's training, and the program that it shares with those of its kind.

    Own gain and critical differ in the initial draws only, and activations in a number.
    """
    same = kind._replace(setting=OWN) if kind.setting == CRITICAL else kind
    variants, program = _shared(names, same)
    variant, own = variants[names.index(cell.activation)], _training(cell.activation, cell)

    def init(key, hyperparameters):
        plain = {name: value for name, value in hyperparameters.items() if name != "choice"}
        return own.init(key, plain)

    return variant._replace(training=variant.training._replace(init=init)), program


@cache
def _shared(names: tuple[str, ...], kind: Cell) -> tuple[list[Variant], Program]:
    variants = share(
        [_training(name, kind) for name in names],
        range(len(names)),
        lambda which: _training(Unnamed(*activations.one_of(names, which)), kind),
    )
    devices = len(hardware().devices)
    chunk = -(-TOGETHER // devices) * devices
    plan = Plan(devices, members=1, together=None, chunk=chunk, wave=chunk)
    numbers = {"learning_rate": (0.0,), "momentum": (0.0,)}
    return variants, make_program(variants[0].training, jaxnn.Grid({}, numbers), plan)
