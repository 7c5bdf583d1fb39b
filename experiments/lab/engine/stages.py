"""A grid in stages: what was asked for, rates beyond it, rates between, further seeds.

Rates beyond the grid are trained where the best rate is at the edge; then, around each best rate,
rates between those of the grid, so that its spacing decides nothing; then further seeds at the rate
that each structure is compared at. A stage follows from the finished results of the stages before
it, so an interrupted run that goes on, and each of several processes, come to the same stages.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np

import jaxnn
from experiments.lab.engine.outcome import Outcome

BEYOND = 2.0  # decades by which a grid is widened at most, on either side
CLOSEST = 0.25  # decades between further rates at least: so there are eight on a side at most
STAGE = 1.0  # decades that a stage adds: a few rates take little more time than one
BETWEEN = 4  # a gap between two rates of the grid is cut into so many
NEAR = 2  # of the rates in such a gap, those nearest to the best are trained
FINE = 0.15  # decades between the rates of a grid that needs none between them

Runs = Mapping[int, np.ndarray]  # by the number of their structure, bool (cells, seeds)


class Asked(Protocol):
    """What the stages must know of a study.

    asked: the grid that is asked for, trained whole.
    grid: the widest that it may become; its first seeds are those asked for.
    labels: what to call each structure.
    best_cell: the number of the best cell, of an outcome's runs, bool (cells, seeds).
    chosen_cell: likewise, of the cell that the structure is compared at.
    """

    @property
    def asked(self) -> jaxnn.Grid: ...

    @property
    def grid(self) -> jaxnn.Grid: ...

    @property
    def labels(self) -> Sequence[str]: ...

    def best_cell(self, outcome: Outcome, runs: np.ndarray) -> int: ...

    def chosen_cell(self, outcome: Outcome, runs: np.ndarray) -> int: ...


def widest(asked: jaxnn.Grid, *, refine: int = 0, fixed: bool = False) -> jaxnn.Grid:
    """All that a grid may become: rates beyond both ends and between, and further seeds.

    Args:
        asked: the grid; its cells are learning rates, ascending.
        refine: how many further seeds.
        fixed: no further rates; there are none for a single rate either.

    Example:
        >>> grid = widest(jaxnn.Grid({}, {"learning_rate": (0.1, 1.0)}, seeds=3), refine=2)
        >>> rates = grid.hyperparameters["learning_rate"]
        >>> len(rates), rates[8:13], grid.seeds
        (21, (0.1, 0.177827941004, 0.316227766017, 0.56234132519, 1.0), 5)
    """
    rates = tuple(asked.hyperparameters["learning_rate"])
    if not fixed:
        rates = main_rates(asked)
        rates = tuple(sorted({*rates, *(rate for pair in pairwise(rates) for rate in _gap(*pair))}))
    return jaxnn.Grid(asked.structure, {"learning_rate": rates}, len(asked.seed_numbers) + refine)


def main_rates(asked: jaxnn.Grid) -> tuple[float, ...]:
    """The rates of a grid, and those beyond its ends, spaced as at that end."""
    rates = tuple(asked.hyperparameters["learning_rate"])
    if len(rates) < 2:
        return rates
    return (*_beyond(rates[1], rates[0])[::-1], *rates, *_beyond(rates[-2], rates[-1]))


def train(study: Asked, stage: Callable[[Runs, str], Mapping[int, Outcome]]) -> list[Outcome]:
    """Train stage after stage.

    Args:
        study: what is asked.
        stage: ``stage(runs, reason)`` trains runs; the reason is a sentence, empty for the runs
            asked for. It returns the outcomes of all structures by number.

    Returns:
        The outcomes in the order of the structures.
    """
    runs, mains = first(study), np.isin(_rates(study.grid), main_rates(study.asked))
    outcomes = stage(runs, "")
    while True:
        further = {
            number: further_rates(study.grid, mine, study.best_cell(outcomes[number], mine), mains)
            for number, mine in runs.items()
        }
        further = {number: more for number, more in further.items() if more.any()}
        if not further:
            break
        outcomes = stage(further, widened(study, further))
        runs |= {number: runs[number] | more for number, more in further.items()}
    between = {
        number: rates_between(study.grid, mine, study.best_cell(outcomes[number], mine), mains)
        for number, mine in runs.items()
    }
    between = {number: more for number, more in between.items() if more.any()}
    if between:
        outcomes = stage(between, "rates between those of the grid, around each best one")
        runs |= {number: runs[number] | more for number, more in between.items()}
    known = len(study.asked.seed_numbers)
    if seeds := len(study.grid.seed_numbers) - known:
        outcomes = stage(
            {
                number: _further_seeds(mine, study.chosen_cell(outcomes[number], mine), known)
                for number, mine in runs.items()
            },
            f"{seeds} further seed{'s' * (seeds > 1)} at each recommended rate",
        )
    return [outcomes[number] for number in runs]


def first(study: Asked) -> dict[int, np.ndarray]:
    """The runs asked for."""
    runs = np.zeros((len(study.grid.cells), len(study.grid.seed_numbers)), bool)
    runs[study.grid.find(study.asked)] = True
    return dict.fromkeys(range(len(study.grid.structures)), runs)


def later(asked: jaxnn.Grid, grid: jaxnn.Grid) -> list[tuple[int, int]]:
    """(cells, seeds) that a stage after the first trains of a structure: the rates between.

    Args:
        asked: the grid that is asked for.
        grid: the widest that it may become.

    Example:
        >>> asked = jaxnn.Grid({}, {"learning_rate": (0.1, 1.0)}, seeds=3)
        >>> later(asked, widest(asked)), later(asked, asked)
        ([(4, 3)], [])
    """
    rates, asked_rates = _rates(grid), _rates(asked)
    inside = (rates >= asked_rates[0]) & (rates <= asked_rates[-1])
    return [(2 * NEAR, len(asked.seed_numbers))] if inside.sum() > len(asked_rates) else []


def further_rates(grid: jaxnn.Grid, runs: np.ndarray, best: int, mains: np.ndarray) -> np.ndarray:
    """The runs to go on with where the best rate is at the edge, and the grid has further rates.

    Args:
        grid: the widest.
        runs: bool (cells, seeds), those trained.
        best: the number of the best cell.
        mains: bool (cells,), the rates that are not between those of the grid.

    Returns:
        bool (cells, seeds); none where the best rate is not at the edge.

    Example:
        >>> grid = jaxnn.Grid({}, {"learning_rate": (0.1, 1.0, 10.0, 100.0)})
        >>> runs = np.array([[True], [True], [False], [False]])
        >>> further_rates(grid, runs, 1, np.ones(4, bool)).ravel().tolist()
        [False, False, True, False]
    """
    tried, more = np.flatnonzero(runs.any(axis=1)), np.zeros_like(runs)
    if len(tried) > 1 and best in (tried[0], tried[-1]):
        decades = np.log10(_rates(grid))
        outwards = range(best + 1, len(decades)) if best == tried[-1] else range(best - 1, -1, -1)
        for cell in filter(mains.__getitem__, outwards):
            if more.any() and abs(decades[cell] - decades[best]) > STAGE + 1e-9:
                break
            more[cell] = runs[best]
    return more


def rates_between(grid: jaxnn.Grid, runs: np.ndarray, best: int, mains: np.ndarray) -> np.ndarray:
    """The runs at rates between the best one and its neighbours, half-way at most.

    Args:
        grid, runs, best, mains: as for further_rates.

    Returns:
        bool (cells, seeds); none where the rates of the grid are within FINE decades, or the grid
        has none between them.

    Example:
        >>> from types import SimpleNamespace
        >>> asked = jaxnn.Grid({}, {"learning_rate": (1.0, 10.0)})
        >>> grid = widest(asked)
        >>> mains = np.isin(grid.hyperparameters["learning_rate"], main_rates(asked))
        >>> runs = first(SimpleNamespace(asked=asked, grid=grid))[0]
        >>> more = rates_between(grid, runs, int(np.flatnonzero(runs)[0]), mains)
        >>> [grid.hyperparameters["learning_rate"][cell] for cell in np.flatnonzero(more)]
        [1.77827941004, 3.16227766017]
    """
    tried, more = np.flatnonzero(runs.any(axis=1) & mains), np.zeros_like(runs)
    place, decades = int(np.searchsorted(tried, best)), np.log10(_rates(grid))
    for neighbour in (
        tried[number] for number in (place - 1, place + 1) if 0 <= number < len(tried)
    ):
        if abs(decades[neighbour] - decades[best]) > FINE:
            step = 1 if neighbour > best else -1
            more[list(range(best + step, neighbour, step))[:NEAR]] = runs[best]
    return more


def ends(study: Asked, runs: Runs) -> dict[str, float]:
    """The rate furthest beyond those asked for, by the labels of the structures that have such.

    Example:
        >>> from types import SimpleNamespace
        >>> asked = jaxnn.Grid({}, {"learning_rate": (0.1, 1.0)})
        >>> study = SimpleNamespace(asked=asked, grid=widest(asked), labels=["relu"])
        >>> tried = np.isin(study.grid.hyperparameters["learning_rate"], (0.1, 1.0, 10.0))
        >>> ends(study, {0: tried[:, None]})
        {'relu': 10.0}
    """
    rates = _rates(study.grid)
    asked = study.asked.hyperparameters["learning_rate"]
    found = {}
    for number, mine in runs.items():
        # On one side only: the best rate so far stays on the side on which the grid was widened.
        tried = rates[mine.any(axis=1)]
        if tried[0] < asked[0] or tried[-1] > asked[-1]:
            end = tried[0] if tried[0] < asked[0] else tried[-1]
            found[study.labels[number]] = float(end)
    return found


def widened(study: Asked, runs: Runs) -> str:
    """For which structures the grid was widened, and to where; empty for none."""
    to: dict[float, list[str]] = {}
    for label, rate in ends(study, runs).items():
        to.setdefault(rate, []).append(label)
    said = "; ".join(f"to {rate:.3g} for {', '.join(names)}" for rate, names in to.items())
    return f"the best rate was at the edge: widened {said}" if said else ""


def _rates(grid: jaxnn.Grid) -> np.ndarray:
    return np.asarray(grid.hyperparameters["learning_rate"], float)


def _gap(low: float, high: float) -> list[float]:
    """The rates that cut a gap into equal parts, on a log scale."""
    return [
        float(f"{low * (high / low) ** (number / BETWEEN):.12g}") for number in range(1, BETWEEN)
    ]


def _beyond(inner: float, end: float) -> list[float]:
    """Rates beyond the end, spaced as from inner to end, nearest first; all are float32 numbers."""
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
