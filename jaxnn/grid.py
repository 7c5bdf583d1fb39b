"""Grids: what to vary, and where each run of a program lies: groups of one seed, members of one group."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from jaxnn.types import Array


@dataclass(frozen=True)
class Grid:
    """What to vary: structure × hyperparameters × seeds.

    Args:
        structure: name -> choices that change the program, such as {"activation": ("relu", "tanh"), "depth": (2, 4)}.
        hyperparameters: name -> numbers that do not, such as {"learning_rate": (0.01, 0.1, 1.0)}.
        seeds: how many, from 0 on, or which.

    Raises:
        ValueError: an axis is empty, seeds is below 1, or a hyperparameter is not finite.

    Example:
        >>> grid = Grid({"activation": ("relu", "tanh")}, {"learning_rate": (0.01, 0.1, 1.0)}, seeds=4)
        >>> len(grid.structures), len(grid.cells), grid.runs
        (2, 3, 24)
    """

    structure: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    hyperparameters: Mapping[str, Sequence[float]] = field(default_factory=dict)
    seeds: int | Sequence[int] = 1

    def __post_init__(self):
        for name, values in {**self.structure, **self.hyperparameters}.items():
            if len(values) == 0:
                raise ValueError(f"the axis {name!r} is empty; give it at least one value")
        for name, values in self.hyperparameters.items():
            if not np.all(np.isfinite(np.asarray(values, float))):
                raise ValueError(
                    f"the axis {name!r} has a value that is not finite: {tuple(values)}"
                )
        if len(self.seed_numbers) == 0 or min(self.seed_numbers) < 0:
            raise ValueError(
                f"seeds is {self.seeds!r}; give a count of at least 1, or numbers of at least 0"
            )

    @property
    def seed_numbers(self) -> tuple[int, ...]:
        """The seeds, in order."""
        return tuple(range(self.seeds)) if isinstance(self.seeds, int) else tuple(self.seeds)

    @property
    def structures(self) -> tuple[dict[str, Any], ...]:
        """Every combination of structure: one program each."""
        return tuple(
            dict(zip(self.structure, values, strict=True))
            for values in product(*self.structure.values())
        )

    @property
    def cells(self) -> tuple[dict[str, float], ...]:
        """Every combination of hyperparameters."""
        return tuple(
            dict(zip(self.hyperparameters, values, strict=True))
            for values in product(*self.hyperparameters.values())
        )

    @property
    def runs(self) -> int:
        """Networks that the whole grid trains."""
        return len(self.structures) * len(self.cells) * len(self.seed_numbers)

    def find(self, part: "Grid") -> tuple[np.ndarray, np.ndarray]:
        """Where the runs of a smaller grid lie in an array (cells, seeds) of this one: what to index it by.

        Example:
            >>> whole, part = (Grid({}, {"learning_rate": rates}, seeds=2) for rates in ((0.1, 0.2, 0.3), (0.2, 0.3)))
            >>> [places.tolist() for places in whole.find(part)]
            [[[1], [2]], [[0, 1]]]
        """
        cells, seeds = list(self.cells), list(self.seed_numbers)
        return np.ix_(list(map(cells.index, part.cells)), list(map(seeds.index, part.seed_numbers)))


class Layout(NamedTuple):
    """Where each run of a program lies: groups of one seed, members of one group.

    seeds: (groups,), the seed of each group.
    hyperparameters: name -> (groups, members).
    cells: (groups, members), the number of each run's cell in the grid; -1 is padding.
    columns: (groups,), the number of each group's seed in the grid.
    shape: (cells, seeds) of the grid.
    """

    seeds: np.ndarray
    hyperparameters: Mapping[str, np.ndarray]
    cells: np.ndarray
    columns: np.ndarray
    shape: tuple[int, int]

    @property
    def members(self) -> int:
        """Runs in a group, padding included."""
        return self.cells.shape[1]

    @property
    def runs(self) -> np.ndarray:
        """Which runs of the grid lie here: bool (cells, seeds)."""
        return self.collect(np.ones(self.cells.shape, bool), np.zeros(self.shape, bool))

    def collect(self, values: Array, into: np.ndarray | None = None) -> np.ndarray:
        """Values of shape (groups, members, …) as (cells, seeds, …), on the host and without the padding.

        Args:
            values: of the runs that lie here.
            into: where to write them; absent, a new array, in which runs that lie elsewhere are nan, or 0 if integer.
        """
        values = np.asarray(values)
        if into is None:
            into = np.full(
                (*self.shape, *values.shape[2:]),
                np.nan if values.dtype.kind == "f" else 0,
                values.dtype,
            )
        group, member = np.nonzero(self.cells >= 0)
        into[self.cells[group, member], self.columns[group]] = values[group, member]
        return into

    def part(self, start: int, stop: int) -> "Layout":
        """The groups from start to before stop."""
        here = slice(start, stop)
        columns = {name: values[here] for name, values in self.hyperparameters.items()}
        return self._replace(
            seeds=self.seeds[here],
            hyperparameters=columns,
            cells=self.cells[here],
            columns=self.columns[here],
        )

    def places(self, other: "Layout") -> np.ndarray:
        """Where each run of another layout lies in this one: group × members + member, (groups, members); 0 for padding."""
        place = np.zeros(self.shape, int)
        self.collect(np.arange(self.cells.size).reshape(self.cells.shape), place)
        return np.where(other.cells >= 0, place[other.cells, other.columns[:, None]], 0)


def arrange(
    grid: Grid,
    *,
    devices: int = 1,
    members: int | None = None,
    exactly: int | None = None,
    runs: np.ndarray | None = None,
    multiple: int | None = None,
) -> Layout:
    """Lay the runs of one program out so that the groups divide evenly among the devices.

    With fewer seeds than devices, or more cells than members, a seed's cells are split into several groups, padded where they
    do not fill them. Whatever the runs, a group has the same number of members, so that one program serves them all.

    Args:
        grid: what to vary; its structure plays no part.
        devices: how many will share the groups.
        members: most runs in a group; no limit when absent.
        exactly: runs in a group, as in another layout; found from the grid and members when absent.
        runs: bool (cells, seeds), the runs to lay out; all when absent.
        multiple: of what the number of groups is; of devices when absent.

    Returns:
        The layout.

    Raises:
        ValueError: runs has another shape, or none is True.

    Example:
        >>> layout = arrange(Grid({}, {"learning_rate": (1.0, 2.0, 3.0)}, seeds=1), devices=2)
        >>> layout.hyperparameters["learning_rate"].tolist(), layout.cells.tolist()
        ([[1.0, 2.0], [3.0, 3.0]], [[0, 1], [2, -1]])
        >>> layout.collect(layout.hyperparameters["learning_rate"])[:, 0].tolist()
        [1.0, 2.0, 3.0]
    """
    seeds, cells = np.asarray(grid.seed_numbers), grid.cells
    shape = len(cells), len(seeds)
    runs = np.ones(shape, bool) if runs is None else runs
    if runs.shape != shape or not runs.any():
        raise ValueError(
            f"runs has shape {runs.shape} and {int(runs.sum())} runs; give bool of shape {shape} with at least one"
        )
    size = exactly or _members(len(cells), len(seeds), devices, members)
    rows = []
    for column in np.flatnonzero(runs.any(0)):
        here = np.flatnonzero(runs[:, column])
        rows += [(column, here[start : start + size]) for start in range(0, len(here), size)]
    rows += [(rows[-1][0], rows[-1][1][:0])] * (-len(rows) % (multiple or devices))
    cells_of = np.array([np.pad(row, (0, size - len(row)), constant_values=-1) for _, row in rows])
    trained = np.array(
        [
            np.pad(row, (0, size - len(row)), mode="edge") if len(row) else np.zeros(size, int)
            for _, row in rows
        ]
    )
    columns = np.array([column for column, _ in rows])
    values = {
        name: np.array([cell[name] for cell in cells], np.float32)[trained]
        for name in grid.hyperparameters
    }
    return Layout(seeds[columns], values, cells_of, columns, shape)


def _members(cells: int, seeds: int, devices: int, members: int | None) -> int:
    """Runs in a group: of the sizes near the most, the one that pads least."""
    parts = devices // math.gcd(seeds, devices)
    most = min(members or cells, math.ceil(cells / min(parts, cells)))
    return min(range(most, most // 2, -1), key=lambda size: -cells % size)
