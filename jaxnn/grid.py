"""Grids: what to vary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from numbers import Integral, Real
from typing import Any

import numpy as np

from jaxnn.types import Activation

LAST_SEED = 2**32 - 1  # keys are made of 32 bits


@dataclass(frozen=True)
class Grid:
    """What to vary: structure × hyperparameters × seeds.

    Args:
        structure: name -> choices that change the program, such as
            {"activation": ("relu", "tanh"), "depth": (2, 4)}.
        hyperparameters: name -> numbers that do not, such as {"learning_rate": (0.01, 0.1)}.
        seeds: how many, from 0 on, or which.

    Raises:
        ValueError: an axis is no sequence or empty; a hyperparameter is no finite number, or two of
            its values are equal, in float32; a seed is no whole number, negative, above 2³² − 1 or
            there twice, or there is none.

    Example:
        >>> grid = Grid({"activation": ("relu", "tanh")}, {"learning_rate": (0.01, 0.1)}, seeds=4)
        >>> len(grid.structures), len(grid.cells), grid.runs
        (2, 2, 16)
    """

    structure: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    hyperparameters: Mapping[str, Sequence[float]] = field(default_factory=dict)
    seeds: int | Sequence[int] = 1

    def __post_init__(self):
        for name, values in {**self.structure, **self.hyperparameters}.items():
            listed = isinstance(values, Sequence | np.ndarray) and not isinstance(values, str)
            if not listed or not hasattr(values, "__len__") or isinstance(values, Activation):
                such = f", such as ({values!r},)" if isinstance(values, str | Real) else ""
                raise ValueError(
                    f"the axis {name!r} is {values!r}; give a sequence of values{such}"
                )
            if len(values) == 0:
                raise ValueError(f"the axis {name!r} is empty; give it at least one value")
        for name, values in self.hyperparameters.items():
            self._check_numbers(name, values)
        if not isinstance(self.seeds, Integral | Sequence | np.ndarray):
            raise ValueError(f"seeds is {self.seeds!r}; give a whole number, or whole numbers")
        numbers: tuple = (self.seeds,) if isinstance(self.seeds, Integral) else tuple(self.seeds)
        whole = all(isinstance(n, Integral) and not isinstance(n, bool) for n in numbers)
        if not whole or len(set(numbers)) < len(numbers):
            raise ValueError(f"seeds is {self.seeds!r}; give different whole numbers")
        count = isinstance(self.seeds, Integral)
        if not numbers or min(numbers) < count:
            raise ValueError(
                f"seeds is {self.seeds!r}; give a count of at least 1, or numbers of at least 0"
            )
        if max(numbers) - count > LAST_SEED:
            raise ValueError(
                f"seeds is {self.seeds!r}; give numbers of at most {LAST_SEED}, which is 2³² − 1"
            )

    def _check_numbers(self, name: str, values: Sequence[float]) -> None:
        """A hyperparameter's values, which must differ and be finite in float32."""
        for value in values:
            if not isinstance(value, Real):
                raise ValueError(
                    f"the hyperparameter {name!r} has the value {value!r}, which is no number; "
                    "what is not a number changes the program: make it an axis of structure"
                )
            if not np.isfinite(float(value)):
                raise ValueError(
                    f"the axis {name!r} has a value that is not finite: {tuple(values)}"
                )
        with np.errstate(over="ignore", under="ignore"):
            singles = [float(np.float32(value)) for value in values]
        for value, single in zip(values, singles, strict=True):
            if np.isinf(single) or (single == 0 and value != 0):
                what = "0" if single == 0 else "infinite"
                raise ValueError(
                    f"the axis {name!r} has {value!r}, which is {what} in float32; give another"
                )
        twice = [
            value for value, one in zip(values, singles, strict=True) if singles.count(one) > 1
        ]
        if twice:
            raise ValueError(
                f"the axis {name!r} has {twice[0]!r} more than once, in float32, which would train "
                "the same networks again; give each value once"
            )

    @property
    def seed_numbers(self) -> tuple[int, ...]:
        """The seeds, in order."""
        if isinstance(self.seeds, int | np.integer):
            return tuple(range(self.seeds))
        return tuple(self.seeds)

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
    def shape(self) -> tuple[int, int]:
        """(cells, seeds), the runs of one program."""
        return len(self.cells), len(self.seed_numbers)

    @property
    def runs(self) -> int:
        """Networks that the whole grid trains."""
        return len(self.structures) * len(self.cells) * len(self.seed_numbers)

    def program(self) -> "Grid":
        """The same hyperparameters and seeds without the structure: the runs of one program."""
        return Grid({}, self.hyperparameters, self.seeds)

    def find(self, part: "Grid") -> tuple[np.ndarray, np.ndarray]:
        """Where the runs of a smaller grid are in an array (cells, seeds) of this one.

        Args:
            part: a grid whose cells and seeds this one has too.

        Returns:
            What to index such an array by.

        Example:
            >>> whole = Grid({}, {"learning_rate": (0.1, 0.2, 0.3)}, seeds=2)
            >>> places = whole.find(Grid({}, {"learning_rate": (0.2, 0.3)}, seeds=2))
            >>> [place.tolist() for place in places]
            [[[1], [2]], [[0, 1]]]
        """
        names = list(self.hyperparameters)
        cells = {tuple(map(cell.get, names)): number for number, cell in enumerate(self.cells)}
        seeds = {seed: number for number, seed in enumerate(self.seed_numbers)}
        cell, seed = np.ix_(
            [cells[tuple(map(cell.get, names))] for cell in part.cells],
            [seeds[seed] for seed in part.seed_numbers],
        )
        return cell, seed
