"""Is the boundary between learning rates that train a network and those that do not a fractal?

    python -m experiments.trainability
    python -m experiments.trainability --activation gelu --centre 0.5 1.2 --half-width 0.1 \\
        --resolution 512

Each pixel of a map is a network of its own (`trainability/maps.py`), trained at one learning rate
of the hidden layer and one of the output layer. Each condition of the training is mapped for
several seeds. A seed draws data and weights, maps all learning rates coarsely, and zooms in, with
the same magnifications for all seeds, on a point drawn at random from the tenth of the boundary
that is most crowded with boundary.

The conditions are those of the paper (Sohl-Dickstein 2024): linear (no activation, as many data
points as inputs); relu; tanh; and with tanh one point (a single data point), minibatch (16 random
data points per step) and offset (a number added to the hidden weights, at every step as in the
paper's code, against the learning rate of both layers).
"""

from dataclasses import dataclass

import numpy as np

from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io import cli
from experiments.lab.io.errors import UserError
from experiments.trainability.figure import draw
from experiments.trainability.findings import conclude
from experiments.trainability.maps import RECENT, SIDE
from experiments.trainability.measure import (
    bands,
    conditions,
    in_both_precisions,
    large_map_band,
    part_name,
    zoom,
)
from experiments.trainability.rules import RULES


@dataclass(frozen=True)
class Configuration(Flags):
    """Is the boundary between learning rates that train a network and those that do not a
    fractal?"""

    activation: str = "tanh"
    """Activation of the large map and of one condition; a name, or my_module:my_function."""
    centre: tuple[float, float] = (1.5, 1.5)
    """Centre of the large map: log10 of the hidden and of the output layer's learning rate."""
    half_width: float = 4.5
    """Half the width of the large map, in decades."""
    resolution: int = 1024
    """Networks per side of the large map."""
    steps: int = 500
    """Steps of full-batch gradient descent."""
    width: int = 16
    """Number of inputs, and of hidden units."""
    # With twice as many, networks no longer fit the fastest cache and take three times as long.
    map_points: int = 8
    """Data points of the large map."""
    points: int = 16
    """Data points of the conditions that do not set their own; the paper has one per weight."""
    condition: tuple[str, ...] = ("linear", "relu", "one point", "minibatch", "tanh", "offset")
    """Conditions to map, as in the paper."""
    seeds: int = 5
    """Seeds per condition; each draws data, weights and the place to zoom in on."""
    coarse: int = 64
    """Networks per side of the map on which a seed looks for its boundary."""
    fine: int = 80
    """Networks per side of a zoom, in which boxes are counted."""
    magnification: tuple[float, ...] = (4.0, 12.0, 36.0)
    """Magnifications of the zooms of every seed, ascending."""


def parts(configuration: Configuration) -> list[Part]:
    """Bands of the large map; a zoom per condition and seed; each first zoom again in float64."""
    _check(configuration)
    every = conditions(configuration)

    def band(row):
        return lambda _: {"score": large_map_band(configuration, row)}

    def zoomed(name, seed):
        return lambda _: zoom(
            every[name]._replace(seed=seed),
            coarse=configuration.coarse,
            fine=configuration.fine,
            magnifications=configuration.magnification,
        )

    def again(name):
        return lambda found: in_both_precisions(every[name], found[part_name(name, 0)])

    return [
        *(Part(part_name("map", row), band(row)) for row in bands(configuration)),
        *(
            Part(part_name(name, seed), zoomed(name, seed))
            for name in every
            for seed in range(configuration.seeds)
        ),
        *(Part(part_name(name, "in float64"), again(name)) for name in every),
    ]


def _check(configuration: Configuration) -> None:
    cli.at_least(1, configuration.width, "--width")
    cli.at_least(1, configuration.points, "--points")
    cli.at_least(1, configuration.map_points, "--map-points")
    cli.at_least(2, configuration.seeds, "--seeds")
    for flag in ("resolution", "coarse", "fine"):
        side = getattr(configuration, flag)
        if side < 2 * SIDE or side % SIDE:
            raise UserError(f"--{flag} {side}: give a multiple of {SIDE} of at least {2 * SIDE}")
    if configuration.steps < 2 * RECENT or configuration.steps % RECENT:
        raise UserError(
            f"--steps {configuration.steps}: give a multiple of {RECENT} of at least {2 * RECENT}"
        )
    if not 0 < configuration.half_width < np.inf:
        raise UserError(
            f"--half-width {configuration.half_width}: give a finite number of decades above 0"
        )
    magnified = configuration.magnification
    if len(magnified) < 2 or magnified[0] <= 1 or list(magnified) != sorted(set(magnified)):
        raise UserError(f"--magnification {magnified}: give at least two above 1, ascending")
    if not np.all(np.isfinite(configuration.centre)):
        raise UserError(f"--centre {configuration.centre}: give two finite numbers")


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "resolution": 32,
        "steps": 60,
        "points": 8,
        "condition": ("tanh",),
        "seeds": 2,
        "coarse": 32,
        "fine": 32,
        "magnification": (4.0, 8.0),
    },
    rules=RULES,
    parts=parts,
    conclude=conclude,
    draw=draw,
    panels={"EVIDENCE 6": -1},
)
