"""When training is chaotic: a last bit of the initial parameters changes what comes of it."""

import numpy as np

# A cell is chaotic where the validation losses of a run and its twin differ by more than this share
# of the larger one: about 100,000 times the rounding of a number. Where both are far below the
# trivial predictor's loss, that share is of this part of it, since a loss that is nearly 0 is
# itself a sum of rounded terms.
APART, LEAST = 0.01, 1e-3


def apart(run: np.ndarray, twin: np.ndarray, trivial: float) -> np.ndarray:
    """Whether two validation losses differ by more than rounding explains, or only one is finite.

    Args:
        run, twin: losses of runs and of their twins.
        trivial: the loss of the trivial predictor.

    Example:
        >>> run, twin = np.array([1.0, 1.0, np.inf, 1e-7]), np.array([1.001, 1.1, 1.0, 2e-7])
        >>> apart(run, twin, trivial=2.0).tolist()
        [False, True, True, False]
    """
    both = np.isfinite(run) & np.isfinite(twin)
    larger = np.maximum(np.maximum(run, twin), LEAST * trivial)
    with np.errstate(invalid="ignore"):
        differ = np.abs(run - twin) > APART * larger
    return np.where(both, differ, np.isfinite(run) != np.isfinite(twin))
