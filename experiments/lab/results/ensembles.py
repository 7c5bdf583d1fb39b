"""Ensembles of networks, one for each of several sets of rows, all trained by one program."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

import jaxnn
from experiments.lab.data import Dataset, Splits
from experiments.lab.engine.devices import hardware
from experiments.lab.engine.runner import splits_held
from experiments.lab.study.study import Study
from jaxnn.data_by_seed import DataBySeed, Parts
from jaxnn.program import Task, compile_program, segment_lengths
from jaxnn.segments import Batches, program_segments
from jaxnn.types import Params

SEGMENTS = 4  # few, since nothing is looked at in between, but not one, for the batches' memory


class Blocks:
    """The rows of each ensemble: block 0 has all rows, each further block those of a seed.

    Of a seed, training and validation rows are trained on, and test rows are left for testing. Only
    the block that was last asked for is kept in memory.
    """

    def __init__(self, splits: Splits, seeds: Sequence[int]):
        """All rows, and the splits of these seeds."""
        self._splits, self._seeds = splits, seeds
        joined = [len(splits.joined_rows(seed)) for seed in seeds]
        self.rows = (len(splits.source.y), *joined)
        self._last: tuple[int, Dataset] | None = None

    def __len__(self) -> int:
        """How many blocks there are."""
        return len(self.rows)

    def data(self, number: int) -> Dataset:
        """The arrays of a block: "train", and "test" where it has test rows."""
        if self._last is None or self._last[0] != number:
            whole = number == 0
            made = self._splits.whole() if whole else self._splits.joined(self._seeds[number - 1])
            self._last = number, made
        return self._last[1]

    def parts(self, number: int) -> Parts:
        """The training rows of a block, padded to as many as there are in all."""
        x, y = self.data(number).parts["train"]
        more = self.rows[0] - len(x)
        padded = [np.pad(a, ((0, more), *[(0, 0)] * (a.ndim - 1))) for a in (x, y)]
        return {"train": (padded[0], padded[1])}


class Trained(NamedTuple):
    """Networks after training.

    params: NumPy arrays with (blocks, members) in front.
    finite: bool (blocks, members), those that have not diverged.
    """

    params: Params
    finite: np.ndarray

    def of(self, block: int) -> Params:
        """The parameters of a block's members that have not diverged."""
        return jax.tree.map(lambda leaf: leaf[block][self.finite[block]], self.params)


def train_ensembles(
    study: Study, structure: Mapping[str, Any], rate: float, members: int, blocks: Blocks
) -> Trained:
    """Train an ensemble on each block, as the study trains its networks.

    Member m of block b has the initial draws of seed b × members + m, so that no two networks share
    them, and the batches of seed m, which blocks of as many rows share to save their draw. So
    member m of block 0 is what a run of seed m would be on all rows.

    Args:
        study: what was asked.
        structure: of the networks.
        rate: their learning rate.
        members: of each ensemble.
        blocks: the rows.
    """
    grid = jaxnn.Grid({}, {"learning_rate": (rate,)}, len(blocks) * members)
    data = blocks.parts(0)
    held = splits_held(data, len(blocks))
    by_seed = DataBySeed(
        lambda seed: seed // members, blocks.parts, held, lambda number: blocks.rows[number]
    )
    size, lengths = study.batch_size(structure), segment_lengths(study.steps, SEGMENTS)
    shared = by_seed if len(blocks) > 1 else None
    task = Task(data, lengths, size, each=(), last=(), by_seed=shared)
    batches = {rows: Batches(rows, size) for rows in blocks.rows}

    def draw(seeds: np.ndarray, start: int, steps: int) -> np.ndarray:
        drawn = {rows: of(np.arange(members), start, steps) for rows, of in batches.items()}
        return np.stack([drawn[blocks.rows[seed // members]][seed % members] for seed in seeds])

    program = compile_program(study.make(structure), grid, task, hardware=hardware())
    params, finite = None, np.zeros(grid.shape, bool)
    for segment in program_segments(program, grid, task, draw=draw):
        if not segment.done:
            continue
        found, trained = segment.params(), segment.layout.runs
        params = found if params is None else jax.tree.map(_filled(trained), params, found)
        finite |= segment.layout.collect(segment.diverged_step, np.zeros(grid.shape, int)) < 0
    shape = len(blocks), members
    return Trained(
        jax.tree.map(lambda leaf: leaf[0].reshape(*shape, *leaf.shape[2:]), params),
        finite[0].reshape(shape),
    )


def _filled(places: np.ndarray):
    def fill(known: np.ndarray, found: np.ndarray) -> np.ndarray:
        known[places] = found[places]
        return known

    return fill
