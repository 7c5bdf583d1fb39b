"""A grid in stages: what was asked for, further rates, further seeds.

Further rates are trained where the best rate is on the edge, further seeds at each best rate. A
stage follows from the finished results of the stages before it, so an interrupted run that goes on,
and each of several processes, come to the same stages.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

import jaxnn
from experiments.lab.engine.outcome import Outcome

BEYOND = 2.0  # decades by which a grid is widened at most, on either side
CLOSEST = 0.25  # decades between further rates at least: so there are eight on a side at most
STAGE = 1.0  # decades that a stage adds: a few rates take little more time than one

Runs = Mapping[int, np.ndarray]  # by the number of their structure, bool (cells, seeds)


class Asked(Protocol):
    """What the stages must know of a study.

    asked: the grid that is asked for, trained whole.
    grid: the widest that it may become; its first seeds are those asked for.
    labels: what to call each structure.
    best_cell: the number of the best cell, of an outcome's runs, bool (cells, seeds).
    """

    @property
    def asked(self) -> jaxnn.Grid: ...

    @property
    def grid(self) -> jaxnn.Grid: ...

    @property
    def labels(self) -> Sequence[str]: ...

    def best_cell(self, outcome: Outcome, runs: np.ndarray) -> int: ...


def widest(asked: jaxnn.Grid, *, refine: int = 0, fixed: bool = False) -> jaxnn.Grid:
    """All that a grid may become: rates beyond both ends, spaced as at that end, and further seeds.

    Args:
        asked: the grid; its cells are learning rates, ascending.
        refine: how many further seeds.
        fixed: no further rates; there are none for a single rate either.

    Example:
        >>> grid = widest(jaxnn.Grid({}, {"learning_rate": (0.1, 1.0)}, seeds=3), refine=2)
        >>> grid.hyperparameters["learning_rate"], grid.seeds
        ((0.001, 0.01, 0.1, 1.0, 10.0, 100.0), 5)
    """
    rates = tuple(asked.hyperparameters["learning_rate"])
    if len(rates) > 1 and not fixed:
        rates = (*_beyond(rates[1], rates[0])[::-1], *rates, *_beyond(rates[-2], rates[-1]))
    return jaxnn.Grid(asked.structure, {"learning_rate": rates}, len(asked.seed_numbers) + refine)


def train(study: Asked, stage: Callable[[Runs, str], Mapping[int, Outcome]]) -> list[Outcome]:
    """Train stage after stage.

    Args:
        study: what is asked.
        stage: ``stage(runs, reason)`` trains runs; the reason is a sentence, empty for the runs
            asked for. It returns the outcomes of all structures by number.

    Returns:
        The outcomes in the order of the structures.
    """
    runs = first(study)
    outcomes = stage(runs, "")
    while True:
        further = {
            number: further_rates(study.grid, mine, study.best_cell(outcomes[number], mine))
            for number, mine in runs.items()
        }
        further = {number: more for number, more in further.items() if more.any()}
        if not further:
            break
        outcomes = stage(further, widened(study, further))
        runs |= {number: runs[number] | more for number, more in further.items()}
    known = len(study.asked.seed_numbers)
    if seeds := len(study.grid.seed_numbers) - known:
        outcomes = stage(
            {
                number: _further_seeds(mine, study.best_cell(outcomes[number], mine), known)
                for number, mine in runs.items()
            },
            f"{seeds} further seed{'s' * (seeds > 1)} at each best rate",
        )
    return [outcomes[number] for number in runs]


def first(study: Asked) -> dict[int, np.ndarray]:
    """The runs asked for."""
    runs = np.zeros((len(study.grid.cells), len(study.grid.seed_numbers)), bool)
    runs[study.grid.find(study.asked)] = True
    return dict.fromkeys(range(len(study.grid.structures)), runs)


def further_rates(grid: jaxnn.Grid, runs: np.ndarray, best: int) -> np.ndarray:
    """The runs to go on with where the best rate is on the edge, and the grid has further rates.

    Args:
        grid: the widest.
        runs: bool (cells, seeds), those trained.
        best: the number of the best cell.

    Returns:
        bool (cells, seeds); none where the best rate is not on the edge.

    Example:
        >>> grid = jaxnn.Grid({}, {"learning_rate": (0.1, 1.0, 10.0, 100.0)})
        >>> further_rates(grid, np.array([[True], [True], [False], [False]]), 1).ravel().tolist()
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


def ends(study: Asked, runs: Runs) -> dict[str, float]:
    """The rate furthest beyond those asked for, by the labels of the structures that have such.

    Example:
        >>> from types import SimpleNamespace
        >>> asked = jaxnn.Grid({}, {"learning_rate": (0.1, 1.0)})
        >>> study = SimpleNamespace(asked=asked, grid=widest(asked), labels=["relu"])
        >>> ends(study, {0: np.array([[False], [False], [True], [True], [True], [False]])})
        {'relu': 10.0}
    """
    rates = np.array(study.grid.hyperparameters["learning_rate"])
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
    return f"the best rate was on the edge: widened {said}" if said else ""


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
