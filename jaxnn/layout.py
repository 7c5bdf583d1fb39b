"""Layouts: where each run of a program is, in groups that share a seed but not their numbers."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxnn.grid import Grid
from jaxnn.types import Array


class Layout(NamedTuple):
    """Where each run of a program is: in a group, which has one seed, as one of its members.

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
    def groups(self) -> int:
        """Groups, those without any run included."""
        return len(self.seeds)

    @property
    def members(self) -> int:
        """Runs per group, padding included."""
        return self.cells.shape[1]

    @property
    def runs(self) -> np.ndarray:
        """Which runs of the grid are here: bool (cells, seeds)."""
        return self.collect(np.ones(self.cells.shape, bool), np.zeros(self.shape, bool))

    def collect(self, values: Array | np.ndarray, into: np.ndarray | None = None) -> np.ndarray:
        """Values of shape (groups, members, …) as (cells, seeds, …), without the padding.

        Args:
            values: of the runs that are here.
            into: where to write them, shape (cells, seeds, …); absent, a new array, in which other
                runs have nan, or 0 if the values are not of a float dtype.

        Returns:
            A NumPy array.
        """
        found = np.asarray(values)
        if into is None:
            fill = np.nan if found.dtype.kind == "f" else 0
            into = np.full((*self.shape, *found.shape[2:]), fill, found.dtype)
        group, member = np.nonzero(self.cells >= 0)
        into[self.cells[group, member], self.columns[group]] = found[group, member]
        return into

    def part(self, start: int, stop: int) -> "Layout":
        """The groups from start to before stop."""
        here = slice(start, stop)
        return self._replace(
            seeds=self.seeds[here],
            hyperparameters={name: values[here] for name, values in self.hyperparameters.items()},
            cells=self.cells[here],
            columns=self.columns[here],
        )

    def places(self, other: "Layout") -> np.ndarray:
        """Where each run of another layout is in this one.

        Returns:
            Group × members + member, shape (groups, members) of the other; 0 for its padding.
        """
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
    """Arrange the runs of ONE program in groups, as many for each device.

    With fewer seeds than devices, or more cells than members, a seed's cells are split into several
    groups, padded where they do not fill them. Whatever the runs, a group has the same number of
    members, so that one program serves them all.

    Args:
        grid: what to vary; hyperparameters and seeds only.
        devices: how many share the groups.
        members: most runs per group; no limit when absent.
        exactly: runs per group, as in another layout; found from the grid and members when absent.
        runs: bool (cells, seeds), the runs to arrange; all when absent.
        multiple: the number of groups is a multiple of this; of devices when absent.

    Returns:
        The layout.

    Raises:
        ValueError: the grid has several structures, runs has another shape, or none is True.

    Example:
        >>> layout = arrange(Grid({}, {"learning_rate": (1.0, 2.0, 3.0)}, seeds=1), devices=2)
        >>> layout.hyperparameters["learning_rate"].tolist(), layout.cells.tolist()
        ([[1.0, 2.0], [3.0, 3.0]], [[0, 1], [2, -1]])
        >>> layout.collect(layout.hyperparameters["learning_rate"])[:, 0].tolist()
        [1.0, 2.0, 3.0]
    """
    if len(grid.structures) > 1:
        axes = ", ".join(repr(name) for name, values in grid.structure.items() if len(values) > 1)
        raise ValueError(
            f"a layout holds the runs of one program, and {axes} makes {len(grid.structures)} "
            "programs; arrange grid.program() for each structure, or call train_grid, which does"
        )
    seeds, cells, shape = np.asarray(grid.seed_numbers), grid.cells, grid.shape
    runs = np.ones(shape, bool) if runs is None else runs
    if runs.shape != shape or not runs.any():
        raise ValueError(
            f"runs has shape {runs.shape} and {int(runs.sum())} runs; "
            f"give bool of shape {shape} with at least one"
        )
    size = exactly or group_size(len(cells), len(seeds), devices=devices, members=members)
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


def group_size(
    cells: int,
    seeds: int,
    *,
    devices: int = 1,
    members: int | None = None,
    later: Sequence[int] = (),
) -> int:
    """Runs per group: of the sizes near the most, the one that pads least.

    Args:
        cells, seeds: of the grid.
        devices, members: as for ``arrange``.
        later: how many of a seed's cells are trained at a time after these. With them, smaller
            groups count too, but for those of one run, for which every batch is gathered anew.

    Example:
        >>> group_size(13, 10, members=7), group_size(13, 10, members=7, later=[4])
        (7, 2)
    """
    parts = devices // math.gcd(seeds, devices)
    most = min(members or cells, math.ceil(cells / min(parts, cells)))
    least = min(most, 2) if later else most // 2 + 1
    return min(
        range(most, least - 1, -1), key=lambda size: sum(-each % size for each in (cells, *later))
    )
