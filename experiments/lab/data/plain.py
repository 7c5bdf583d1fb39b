"""Columns of text that hold plain numbers only, as numbers: many columns at once, cells unseen."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute

# Without leading zeros, which may be a code, and of at most 18 digits before the point: an int64.
NUMBER = r"^-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,4})?$"
THOUSANDS = r"^-?[1-9][0-9]{0,2}\.[0-9]{3}$"  # where the point may be one of groups
BLOCK, BYTES = 1 << 22, 1 << 28  # cells that are worked on at a time, and what they take


class Plain(NamedTuple):
    """A column of plain numbers.

    values: float64, or int64 where all cells are whole and none is empty; nan where one is empty.
    cells: the text.
    dotted: whether a cell has a point.
    decimal: whether such a point can only be a decimal one.
    """

    values: np.ndarray
    cells: pa.Array
    dotted: bool
    decimal: bool

    @property
    def points(self) -> int:
        """How many different cells have a point that can only be a decimal one."""
        return pa.compute.count_distinct(self.cells.filter(_decimal(self.cells))).as_py()


def plain_numbers(columns: Mapping[str, pa.Array]) -> dict[str, Plain]:
    """Those of the columns that hold nothing but plain numbers and empty cells, and some number.

    Args:
        columns: name -> text of its cells; all of the same length.

    Example:
        >>> cells = {"a": ["1", "2"], "b": ["1.5", ""], "c": ["1", "$2"], "d": ["01", "2"]}
        >>> found = plain_numbers({name: pa.array(column) for name, column in cells.items()})
        >>> {name: column.values.tolist() for name, column in found.items()}
        {'a': [1, 2], 'b': [1.5, nan]}
    """
    found: dict[str, Plain] = {}
    for names in _blocks(columns):
        cells, count = _joined(columns, names), len(names)
        empty = _each(pa.compute.equal(cells, ""), count)
        fits = _each(pa.compute.match_substring_regex(cells, NUMBER), count) | empty
        which = np.flatnonzero(fits.all(axis=1) & ~empty.all(axis=1))
        if len(which):
            found |= _parsed(columns, [names[place] for place in which], empty[which])
    return found


def _parsed(
    columns: Mapping[str, pa.Array], names: Sequence[str], empty: np.ndarray
) -> dict[str, Plain]:
    """Columns that are plain; empty: bool (columns, rows), where their cells are empty."""
    cells, count = _joined(columns, names), len(names)
    gaps = np.asarray(empty.any(axis=1))
    dotted = _some(pa.compute.match_substring(cells, "."), count)
    decimal = _some(_decimal(cells), count) if dotted.any() else dotted
    whole = ~(dotted | gaps)
    if whole.any():
        whole &= ~_some(pa.compute.match_substring_regex(cells, "[eE]"), count)
    known = pa.compute.if_else(pa.array(empty.ravel()), None, cells) if gaps.any() else cells
    values = _each(known.cast(pa.float64()), count)
    found = {}
    for place, name in enumerate(names):
        column = values[place]
        if whole[place]:
            column = columns[name].cast(pa.int64()).to_numpy()  # in which no digit is lost
        found[name] = Plain(column, columns[name], bool(dotted[place]), bool(decimal[place]))
    return found


def _joined(columns: Mapping[str, pa.Array], names: Sequence[str]) -> pa.Array:
    found = [columns[name] for name in names]
    return pa.concat_arrays(found) if len(found) > 1 else found[0]


def _decimal(cells: pa.Array) -> pa.Array:
    """Where a point can only be a decimal one, among plain numbers."""
    groups = pa.compute.match_substring_regex(cells, THOUSANDS)
    return pa.compute.and_not(pa.compute.match_substring(cells, "."), groups)


def _each(found: pa.Array, count: int) -> np.ndarray:
    """(columns, rows)."""
    return found.to_numpy(zero_copy_only=False).reshape(count, -1)


def _some(found: pa.Array, count: int) -> np.ndarray:
    """Whether some cell of each column is so."""
    return np.any(_each(found, count), axis=1)


def _blocks(columns: Mapping[str, pa.Array]) -> Iterator[list[str]]:
    block: list[str] = []
    cells = size = 0
    for name, column in columns.items():
        cells, size = cells + len(column), size + column.nbytes
        if block and (cells > BLOCK or size > BYTES):
            yield block
            block, cells, size = [], len(column), column.nbytes
        block.append(name)
    if block:
        yield block
