"""What would not fit the memory is refused before any of it is taken."""

from collections.abc import Sequence
from itertools import pairwise

import jaxnn
from experiments.lab.engine.devices import hardware
from experiments.lab.engine.runner import points
from experiments.lab.io import limits
from experiments.lab.io.errors import UserError
from experiments.lab.study.axes import layers
from experiments.lab.study.building import is_own
from experiments.lab.study.study import Study

COPIES = 4  # of its parameters that training a network takes at least: gradient, updates, state
RUN_BYTES = 500  # of a run's results, curves and row in a table
SEED_BYTES = 8  # of a row's place in a seed's split, and of its target


def refuse_size(study: Study) -> None:
    """Refuse a network, a grid or a training that cannot fit.

    Args:
        study: what is asked; no array of its grid is made.

    Raises:
        UserError: with what is too large, what it takes, and what there is.
    """
    found = hardware()
    whole = 2 * found.memory * len(found.devices)  # of which half is planned with
    grid, data = study.grid, study.splits
    for structure in grid.structures:
        hidden = layers(structure["width"], structure["depth"])
        own = is_own(structure)
        numbers = study.own_network(structure).parameters if own else _parameters(study, hidden)
        need = COPIES * 4.0 * numbers * len(found.devices)
        if need > whole:
            raise UserError(
                f"--width {max(hidden):,} --depth {structure['depth']:,}: a network of "
                f"{numbers:,} parameters takes {limits.said(need)} to train, one on each of "
                f"{len(found.devices)} devices, and there are {limits.said(whole)} of memory; give "
                "fewer neurons or layers"
            )
    memory, seeds = limits.memory() / 2, len(grid.seed_numbers)
    need = 1.0 * RUN_BYTES * grid.runs + SEED_BYTES * seeds * len(data.source.y)
    if need > memory:
        raise UserError(
            f"the grid of {study.asked.runs:,} networks, up to {grid.runs:,} with further rates "
            f"and seeds, takes {limits.said(need)} for its results alone, and half of the memory "
            f"is {limits.said(memory)}; give fewer --seeds or rates"
        )
    size = max(study.batch_size(structure) for structure in grid.structures)
    segment = -(-max(study.steps, study.limit or 0) // points(study.asked.runs))
    need = 4.0 * segment * size * len(found.devices)
    if need > memory:
        raise UserError(
            f"--steps {study.steps:,}: the order of the rows between two points of a curve takes "
            f"{limits.said(need)}, and half of the memory is {limits.said(memory)}; give fewer "
            "--steps or a smaller --batch-size"
        )


def _parameters(study: Study, hidden: Sequence[int]) -> int:
    """Of one network with such hidden layers."""
    outputs = jaxnn.HEADS[study.data.head].outputs(len(study.data.classes))
    sizes = [study.data.features, *hidden, outputs]
    return sum((a + 1) * b for a, b in pairwise(sizes))
