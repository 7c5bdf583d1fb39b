"""A grid in stages: what was asked for, then further rates where the best lies on the edge, then further seeds at each best rate.

A stage follows from what the ones before it found, all of it finished: a run that goes on after an interruption, and each process
of several, comes to the same stages.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

import jaxnn
from experiments.lab.engine.outcome import Outcome

BEYOND = 2.0  # decades on either side that a grid is widened by at most
CLOSEST = 0.25  # decades between further rates at least, so that they are few: eight on either side at most
STAGE = 1.0  # decades that a stage adds: a group trains a few rates in little more time than one


def widest(asked: jaxnn.Grid, *, refine: int = 0, fixed: bool = False) -> jaxnn.Grid:
    """All that a grid may grow into: its rates continued beyond both ends at the spacing they have there, and further seeds.

    Args:
        asked: the grid; its cells are learning rates, ascending.
        refine: further seeds.
        fixed: no further rates, as where there is only one.

    Example:
        >>> grid = widest(jaxnn.Grid({}, {"learning_rate": (0.1, 1.0)}, seeds=3), refine=2)
        >>> grid.hyperparameters["learning_rate"], grid.seeds
        ((0.001, 0.01, 0.1, 1.0, 10.0, 100.0), 5)
    """
    rates = tuple(asked.hyperparameters["learning_rate"])
    if len(rates) > 1 and not fixed:
        rates = (*_beyond(rates[1], rates[0])[::-1], *rates, *_beyond(rates[-2], rates[-1]))
    return jaxnn.Grid(asked.structure, {"learning_rate": rates}, len(asked.seed_numbers) + refine)


def train(
    asked: jaxnn.Grid,
    grid: jaxnn.Grid,
    labels: Sequence[str],
    best: Callable[[Outcome, np.ndarray], int],
    stage: Callable[[dict[int, np.ndarray], str], Mapping[int, Outcome]],
) -> Mapping[int, Outcome]:
    """Train stage after stage.

    Args:
        asked: trained whole.
        grid: what it may grow into; its first seeds are those asked for.
        labels: what to call each structure.
        best: the number of the best cell, of an outcome's runs bool (cells, seeds).
        stage: trains runs, bool (cells, seeds) by number, about which it is told a sentence, or nothing of those asked for;
            returns the outcomes of all structures.

    Returns:
        The outcomes by number.
    """
    runs = first(asked, grid)
    outcomes = stage(runs, "")
    while True:
        further = {
            number: further_rates(grid, mine, best(outcomes[number], mine))
            for number, mine in runs.items()
        }
        further = {number: more for number, more in further.items() if more.any()}
        if not further:
            break
        outcomes = stage(further, widened(asked, grid, further, labels))
        runs |= {number: runs[number] | more for number, more in further.items()}
    known = len(asked.seed_numbers)
    if further := len(grid.seed_numbers) - known:
        outcomes = stage(
            {
                number: _further_seeds(mine, best(outcomes[number], mine), known)
                for number, mine in runs.items()
            },
            f"{further} further seed{'s' * (further > 1)} at each best rate",
        )
    return outcomes


def first(asked: jaxnn.Grid, grid: jaxnn.Grid) -> dict[int, np.ndarray]:
    """The runs asked for: bool (cells, seeds) of the wider grid by number."""
    runs = np.zeros((len(grid.cells), len(grid.seed_numbers)), bool)
    runs[grid.find(asked)] = True
    return dict.fromkeys(range(len(grid.structures)), runs)


def further_rates(grid: jaxnn.Grid, runs: np.ndarray, best: int) -> np.ndarray:
    """The runs to go on with where the best rate lies on the edge: bool (cells, seeds), none elsewhere, and where the grid ends.

    Example:
        >>> grid = jaxnn.Grid({}, {"learning_rate": (0.1, 1.0, 10.0, 100.0)})
        >>> further_rates(grid, np.array([[True], [True], [False], [False]]), best=1).ravel().tolist()
        [False, False, True, False]
    """
    tried, more = np.flatnonzero(runs.any(axis=1)), np.zeros_like(runs)
    if len(tried) > 1 and best in (tried[0], tried[-1]):
        decades = np.log10(grid.hyperparameters["learning_rate"])
        for cell in range(best + 1, len(decades)) if best == tried[-1] else range(best - 1, -1, -1):
            if more.any() and abs(decades[cell] - decades[best]) > STAGE + 1e-9:
                break
            more[cell] = runs[best]
    return more


def ends(asked: jaxnn.Grid, grid: jaxnn.Grid, runs: Mapping[int, np.ndarray]) -> dict[int, float]:
    """The rate furthest beyond those asked for, by the number of the structure, of those structures that go beyond.

    Example:
        >>> asked = jaxnn.Grid({}, {"learning_rate": (0.1, 1.0)})
        >>> ends(asked, jaxnn.Grid({}, {"learning_rate": (0.1, 1.0, 10.0, 100.0)}), {0: np.ones((4, 1), bool)})
        {0: 100.0}
    """
    rates, near = (
        np.array(grid.hyperparameters["learning_rate"]),
        asked.hyperparameters["learning_rate"],
    )
    found = {}
    for number, mine in runs.items():
        tried = rates[
            mine.any(axis=1)
        ]  # beyond on one side only: the best of all rates does not leave the side on which it lies
        if tried[0] < near[0] or tried[-1] > near[-1]:
            found[number] = float(tried[0] if tried[0] < near[0] else tried[-1])
    return found


def widened(
    asked: jaxnn.Grid, grid: jaxnn.Grid, runs: Mapping[int, np.ndarray], labels: Sequence[str]
) -> str:
    """For which structures the grid was widened, and to where; empty for none."""
    to: dict[float, list[str]] = {}
    for number, rate in ends(asked, grid, runs).items():
        to.setdefault(rate, []).append(labels[number])
    said = "; ".join(f"to {rate:.3g} for {', '.join(names)}" for rate, names in to.items())
    return f"the best rate lay on the edge: widened {said}" if said else ""


def _beyond(inner: float, end: float) -> list[float]:
    """Rates that continue from inner beyond the end, the nearest first; float32 holds them."""
    decades = math.log10(end / inner)
    decades = math.copysign(max(abs(decades), CLOSEST), decades)
    found = [
        float(f"{end * 10 ** (decades * i):.12g}")
        for i in range(1, max(1, int(BEYOND / abs(decades) + 1e-9)) + 1)
    ]
    return [rate for rate in found if np.finfo(np.float32).tiny <= rate <= np.finfo(np.float32).max]


def _further_seeds(runs: np.ndarray, best: int, known: int) -> np.ndarray:
    more = np.zeros_like(runs)
    more[best, known:] = True
    return more
