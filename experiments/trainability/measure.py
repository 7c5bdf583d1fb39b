"""What is mapped: one large map, in bands, and zooms in on the boundary of each condition."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from scipy import ndimage

from experiments.lab.evidence.experiment import Arrays
from experiments.lab.io import cli
from experiments.lab.io.errors import UserError
from experiments.lab.study import named_activations
from experiments.trainability.maps import Setting, edges, rate_map

DECADES = -3.0, 6.0  # log10 of both learning rates: the published map
BAND = 32  # rows of the large map per part
CHECKED = 64  # pixels per side of the map that is repeated in float64
NEAR = 9  # pixels per side of the neighbourhood in which boundary pixels are counted


def conditions(configuration: Any) -> dict[str, Setting]:
    """The conditions to map, in the order of their published dimensions, and the large map's.

    Args:
        configuration: the experiment's Configuration.

    Returns:
        name -> what is trained, with seed 0. The large map's condition has its activation's name.

    Raises:
        UserError: a condition is unknown, or the activation is not a fixed elementwise function.
    """
    base = Setting(
        jnp.tanh, width=configuration.width, points=configuration.points, steps=configuration.steps
    )
    found = {
        "linear": base._replace(
            function=named_activations.find("linear")[0].function,
            scale=1.0,
            points=configuration.width,
        ),
        "relu": base._replace(function=named_activations.find("relu")[0].function),
        "one point": base._replace(points=1),
        "minibatch": base._replace(batch=16),
        "tanh": base,
        "offset": base._replace(offset=True),
    }
    for each in configuration.condition:
        cli.one_of(found, each, "condition")
    name = named_activations.canonical(configuration.activation)
    (entry,) = named_activations.find(name, (1,))
    if not entry.elementwise or entry.learned or entry.stochastic:
        raise UserError(
            f"--activation {name}: give one that works element by element, without learned "
            "parameters and without randomness"
        )
    chosen = {each: found[each] for each in found if each in configuration.condition}
    return chosen | {name: found.get(name, base._replace(function=entry.function))}


def bands(configuration: Any) -> range:
    """The first row of each band of the large map."""
    return range(0, configuration.resolution, BAND)


def large_map_band(configuration: Any, row: int) -> np.ndarray:
    """The band of the large map that starts at a row: scores, (up to BAND, resolution)."""
    setting = conditions(configuration)[named_activations.canonical(configuration.activation)]
    across, up = rates(configuration.centre, configuration.half_width, configuration.resolution)
    return rate_map(setting._replace(points=configuration.map_points), across, up[row : row + BAND])


def zoom(
    setting: Setting, *, coarse: int, fine: int, magnifications: Sequence[float]
) -> dict[str, np.ndarray]:
    """Map all learning rates coarsely, then a crowded place on the boundary, magnified.

    The place is a random one of the tenth of boundary pixels with most boundary around them; all
    magnifications of a seed show the same place.

    Args:
        setting: what is trained; its seed also draws the place.
        coarse: pixels per side of the map of all learning rates.
        fine: pixels per side of a zoom.
        magnifications: of the zooms.

    Returns:
        coarse: scores, (coarse, coarse). fine: scores, (magnifications, fine, fine). centre: log10
        of the rates in the middle of the zooms, (2,). half_width: half of each zoom's width in
        decades, (magnifications,).

    Raises:
        UserError: there is no boundary, since all networks train or none does.
    """
    decades = np.linspace(*DECADES, coarse)
    score = rate_map(setting, 10**decades, 10**decades)
    boundary = edges(score < 0)
    if not boundary.any():
        raise UserError(
            f"--width {setting.width} --steps {setting.steps}: there is no boundary between "
            f"learning rates of 10^{DECADES[0]:g} and 10^{DECADES[1]:g}; raise --steps or --width"
        )
    crowd = ndimage.uniform_filter(boundary.astype(float), NEAR, mode="constant") * boundary
    places = np.argwhere(boundary & (crowd >= np.quantile(crowd[boundary], 0.9)))
    place = np.random.default_rng(setting.seed).choice(places)
    up, across = (decades[pixel] + decades[pixel + 1] for pixel in place)
    centre = np.array([across, up]) / 2
    half_width = (DECADES[1] - DECADES[0]) / 2 / np.array(magnifications)
    return {
        "coarse": score,
        "fine": np.stack([rate_map(setting, *rates(centre, each, fine)) for each in half_width]),
        "centre": centre,
        "half_width": half_width,
    }


def in_both_precisions(setting: Setting, first: Arrays) -> dict[str, np.ndarray]:
    """The closest zoom mapped again with fewer pixels, in float32 and in float64.

    Args:
        setting: what is trained.
        first: what zoom found for it.

    Returns:
        float32, float64: scores, (CHECKED, CHECKED).
    """
    pixels = rates(first["centre"], first["half_width"][-1], CHECKED)
    return {
        dtype.__name__: rate_map(setting, *pixels, dtype=dtype)
        for dtype in (np.float32, np.float64)
    }


def rates(centre, half_width: float | np.ndarray, pixels: int) -> list[np.ndarray]:
    """The learning rates of a map's columns and rows: the hidden and the output layer's.

    Args:
        centre: log10 of the rates in the middle of the map, (2,).
        half_width: half the map's width in decades.
        pixels: per side.

    Example:
        >>> [axis.tolist() for axis in rates((0, 1), 1, 3)]
        [[0.1, 1.0, 10.0], [1.0, 10.0, 100.0]]
    """
    return [
        10 ** np.linspace(middle - half_width, middle + half_width, pixels) for middle in centre
    ]


def part_name(name: str, what: int | str) -> str:
    """The name of a part, which must be usable as a file's.

    Example:
        >>> part_name("my_module:wave", 3)
        'my_module.wave 3'
    """
    return f"{name.replace(':', '.')} {what}"
