"""When do ReLU units die, do they come back, and which activations keep theirs alive?

    python -m experiments.dying_relu

Time: 4 minutes on two cores. Result: Of 42 kinds of random ReLU networks, 100,000 each, all are born dead as often as 1 − (1 −
2^−N)^L says (largest |z| 2.41); of 10-layer width-2 networks fitted to |x| these collapse: 93.5 [91.8, 94.9] % from ReLU, He
(published: 91.9 %), 47.8 [44.7, 50.9] % from ReLU, RAI (published: 29.2 %), 34.0 [31.1, 37.0] % from leaky ReLU, He. On the
digits the share of dead units grows by 0.097 [-0.018, 0.221] a decade of the rate (4 layers, He); of units once dead, 0.0 [0.0,
0.0] % in the first layer and 41.7 [36.3, 46.4] % in deeper ones were alive again later; 0 networks of leaky_relu, prelu, maxout
had a dead unit.
"""

from dataclasses import dataclass

import numpy as np

from experiments.dying_relu import figure
from experiments.dying_relu.findings import (
    CONTROLS,
    MORE,
    NARROW,
    beyond_chance,
    conclude,
    trainings,
)
from experiments.dying_relu.measure import CHUNK, ORDERS, born_dead, collapse, digits
from experiments.lab.evidence.experiment import Arrays, Experiment, Flags, Found, Part
from experiments.lab.io.cli import at_least
from experiments.lab.io.errors import UserError


@dataclass(frozen=True)
class Configuration(Flags):
    """When do ReLU units die, do they come back, and which activations keep theirs alive?"""

    networks: int = 100_000
    """Random networks of each width and depth, a multiple of 1,000."""
    width: tuple[int, ...] = (2, 3, 4, 5, 6, 8, 10)
    """Units a layer of the random networks."""
    depth: tuple[int, ...] = (1, 2, 5, 10, 20, 50)
    """Hidden layers of the random networks."""
    narrow: tuple[str, ...] = tuple(NARROW)
    """Kinds of networks of width 2 that are fitted to |x|: activation/start."""
    narrow_runs: int = 1000
    """Networks of each kind, a multiple of 50."""
    narrow_layers: int = 10
    """Their layers, the output layer included."""
    narrow_steps: int = 400
    """Their updates (Adam, rate 0.001, batches of 128 of 3,000 points)."""
    learning_rate: tuple[float, ...] = tuple(float(f"{10 ** (i / 3 - 2):.3g}") for i in range(8))
    """Rates at which networks are trained on the digits (gradient descent in batches of 64)."""
    hidden_layers: tuple[int, ...] = (2, 4)
    """Hidden layers of 64 units of these networks."""
    alive: tuple[str, ...] = ("leaky_relu", "prelu", "maxout")
    """Activations that are said not to die, trained beside ReLU in the deepest of these networks."""
    steps: int = 480
    """Their updates."""
    checkpoints: int = 12
    """How often dead units are looked for, on all training rows."""
    seeds: int = 10
    """Networks of each kind and rate."""


def parts(configuration: Configuration) -> list[Part]:
    """The law by width; what is beyond 3 standard errors again; |x| by network; digits by activation and depth."""
    _check(configuration)
    cells = [(width, depth) for width in configuration.width for depth in configuration.depth]

    def law(width: int) -> Arrays:
        names = ("relu", *CONTROLS * (width == min(configuration.width)))
        counts = [
            born_dead(names, width=width, depth=depth, networks=configuration.networks, seed=0)
            for depth in configuration.depth
        ]
        return {name: np.array([count[name] for count in counts]) for name in names}

    def again(found: Found) -> Arrays:
        beyond = [cell for cell in cells if beyond_chance(configuration, found, cell)]
        counts = [
            born_dead(
                ("relu",), width=width, depth=depth, networks=MORE * configuration.networks, seed=1
            )["relu"]
            for width, depth in beyond
        ]
        return {"cells": np.array(beyond, int).reshape(-1, 2), "relu": np.array(counts, int)}

    def doubled(found: Found) -> Arrays:
        width, depth = min(configuration.width), max(configuration.depth)
        died = tuple(name for name in CONTROLS if found[f"born-{width}"][name].any())
        counts = {
            dtype: born_dead(
                died, width=width, depth=depth, networks=configuration.networks, seed=2, dtype=dtype
            )
            for dtype in ("float32", "float64")
            if died
        }
        return {
            f"{dtype}-{name}": np.array([count])
            for dtype, each in counts.items()
            for name, count in each.items()
        }

    return [
        *(
            Part(f"born-{width}", lambda _, width=width: law(width), 1 + width * width / 10)
            for width in configuration.width
        ),
        Part("again", again, 0.1),
        Part("doubled", doubled, 3),
        *(
            Part(
                f"collapse-{kind.replace('/', '-')}",
                lambda _, kind=kind: collapse(
                    *kind.split("/"),
                    layers=configuration.narrow_layers,
                    runs=configuration.narrow_runs,
                    steps=configuration.narrow_steps,
                ),
                15,
            )
            for kind in configuration.narrow
        ),
        *(
            Part(
                f"digits-{activation}-{layers}",
                lambda _, a=activation, n=layers: digits(
                    a,
                    n,
                    rates=configuration.learning_rate,
                    seeds=configuration.seeds,
                    steps=configuration.steps,
                    checkpoints=configuration.checkpoints,
                ),
                10 + 2 * layers,
            )
            for activation, layers in trainings(configuration)
        ),
    ]


def _check(configuration: Configuration) -> None:
    for flag, value, unit in (
        ("--networks", configuration.networks, CHUNK),
        ("--narrow-runs", configuration.narrow_runs, ORDERS),
    ):
        if value < unit or value % unit:
            raise UserError(f"{flag} {value}: give a multiple of {unit:,}")
    for flag, values in (
        ("--width", configuration.width),
        ("--depth", configuration.depth),
        ("--hidden-layers", configuration.hidden_layers),
        ("--narrow-steps", configuration.narrow_steps),
        ("--checkpoints", configuration.checkpoints),
    ):
        at_least(1, values, flag)
    if unknown := [kind for kind in configuration.narrow if kind not in NARROW]:
        raise UserError(f"--narrow {unknown[0]}: choose from {', '.join(NARROW)}")
    at_least(2, configuration.narrow_layers, "--narrow-layers")
    at_least(2, configuration.seeds, "--seeds")
    if len(set(configuration.learning_rate)) < 3 or min(configuration.learning_rate) <= 0:
        raise UserError(
            f"--learning-rate {configuration.learning_rate}: give at least three different ones above 0"
        )
    if configuration.steps < 1 or configuration.steps % configuration.checkpoints:
        raise UserError(
            f"--steps {configuration.steps}: give a multiple of --checkpoints {configuration.checkpoints}"
        )
    if configuration.narrow_steps % 4:
        raise UserError(f"--narrow-steps {configuration.narrow_steps}: give a multiple of 4")


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "networks": 2000,
        "width": (2,),
        "depth": (1, 5),
        "narrow": (),
        "learning_rate": (0.01, 0.1, 1.0),
        "hidden_layers": (1,),
        "alive": ("leaky_relu",),
        "steps": 20,
        "checkpoints": 4,
        "seeds": 2,
    },
    claims=("A2", "A3", "EVIDENCE 1"),
    parts=parts,
    conclude=conclude,
    draw=figure.draw,
)
