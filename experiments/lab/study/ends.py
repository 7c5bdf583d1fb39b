"""Where a run is judged: after its last update, or at its best point by validation loss."""

import numpy as np

from experiments.lab.engine.outcome import Outcome


def ends(outcome: Outcome, *, best: bool = False) -> dict[str, np.ndarray]:
    """Metrics of each run as it is judged.

    Args:
        outcome: of one program.
        best: at the point of its curve with the lowest validation loss, the first of equals; for
            that, test rows must be evaluated at every point too.

    Returns:
        name -> (cells, seeds); "step" is the number of updates made by then.

    Example:
        >>> found = Outcome.empty(np.array([10, 20]), (1, 2))
        >>> found.curves["validation_loss"] = np.array([[[0.3, 0.4]], [[0.5, 0.2]]])
        >>> found.curves["test_loss"] = np.array([[[1.0, 2.0]], [[3.0, 4.0]]])
        >>> ends(found)["test_loss"].tolist(), ends(found, best=True)["test_loss"].tolist()
        ([[3.0, 4.0]], [[1.0, 4.0]])
    """
    at_end = {name: values[-1] for name, values in outcome.curves.items()} | outcome.final
    last = np.full(outcome.done.shape, outcome.steps[-1])
    if not best:
        return at_end | {"step": last}
    losses = outcome.curves["validation_loss"]
    point = np.argmin(np.where(np.isnan(losses), np.inf, losses), axis=0)[None]
    found = {
        name: np.take_along_axis(values, point, axis=0)[0]
        for name, values in outcome.curves.items()
        if name.startswith(("validation_", "test_"))
    }
    return at_end | found | {"step": outcome.steps[point[0]]}
