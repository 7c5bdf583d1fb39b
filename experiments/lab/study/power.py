"""How many seeds it takes to tell a difference apart, and how probably a number of seeds does."""

import numpy as np
from scipy import special

from experiments.lab.study.best_set import FEWEST_BLOCKS, LEVEL, SHARE
from experiments.lab.study.intervals import widening

NORMAL = 200  # degrees of freedom
MOST = 1_000_000  # seeds; what would take more is said to take this many


def paired_spread(scores: np.ndarray, first: int) -> np.ndarray:
    """Standard deviation over blocks of each choice's difference from the first.

    Args:
        scores: finite, shape (choices, blocks), at least 2 blocks.

    Returns:
        shape (choices,), 0 for the first.

    Example:
        >>> paired_spread(np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]), 0).tolist()
        [0.0, 1.0]
    """
    return np.std(scores - scores[first], axis=1, ddof=1)


def power(
    spread: float, margin: float, seeds: int, choices: int = 2, overlap: float = 0.0
) -> float:
    """Probability that a choice worse than the first by ``margin`` is left out of the best set.

    By the noncentral t distribution of a one-sided paired test, which is what the sign flips of
    ``best_p`` amount to. Of choices that are all worse than the first by the margin, those that are
    left out already are no longer compared with: at each step, a choice has 1 + (choices − 2)
    (1 − power) comparisons, among which the level is divided.

    Share that ``best_p`` leaves out in simulated studies with a spread of 1 point, as is typical of
    two activations on digits and MNIST (1.0 to 1.5 points), and, after the stroke, this function:

    =======  ===========  ===========  ===========  ===========  ===========  ===========
    choices  10 seeds                               40 seeds
    -------  -------------------------------------  -------------------------------------
    better   0.3 points   0.5 points   1 point      0.3 points   0.5 points   1 point
    =======  ===========  ===========  ===========  ===========  ===========  ===========
    2        0.23 / 0.22  0.44 / 0.43  0.89 / 0.90  0.59 / 0.59  0.91 / 0.93  1.00 / 1.00
    4        0.16 / 0.10  0.28 / 0.24  0.83 / 0.85  0.50 / 0.42  0.92 / 0.91  1.00 / 1.00
    10       0.08 / 0.04  0.18 / 0.11  0.71 / 0.69  0.35 / 0.25  0.84 / 0.85  1.00 / 1.00
    =======  ===========  ===========  ===========  ===========  ===========  ===========

    Args:
        spread: standard deviation of the paired differences over seeds; see ``paired_spread``.
        margin: the true difference of the means, in the same unit.
        choices: how many are compared, the first included.
        overlap: test rows / training rows of a seed's split; 0 if seeds share no row.

    Returns:
        0 for fewer seeds than can leave any choice out.

    Example:
        >>> round(power(spread=1.0, margin=1.0, seeds=10), 2)
        0.9
    """
    if seeds < FEWEST_BLOCKS:
        return 0.0
    if spread == 0:
        return float(margin > 0)
    found, level = 0.0, (1 - LEVEL) * (SHARE if choices > 2 else 1)
    wide = widening(seeds, overlap)
    for _ in range(choices - 1):
        critical = -wide * special.stdtrit(seeds - 1, level / (1 + (choices - 2) * (1 - found)))
        found = _beyond(float(critical), seeds - 1, margin / spread * np.sqrt(seeds))
    return found


def _beyond(critical: float, df: int, shift: float) -> float:
    """Probability that noncentral t is larger; from 200 degrees of freedom on a normal one's.

    SciPy's series do not converge for large shifts. Johnson & Welch 1940, Biometrika 31.
    """
    if df < NORMAL:
        return float(1 - special.nctdtr(df, shift, critical))
    spread = np.sqrt(1 + critical**2 / (2 * df))
    return float(special.ndtr((shift - critical * (1 - 1 / (4 * df))) / spread))


def seeds_needed(
    spread: float,
    margin: float,
    choices: int = 2,
    overlap: float = 0.0,
    probability: float = 0.8,
) -> int:
    """The least number of seeds that tell a choice worse by ``margin`` apart with a probability.

    Args:
        spread, margin, choices, overlap: as in ``power``; margin above 0.
        probability: of telling it apart.

    Returns:
        at least ``FEWEST_BLOCKS``, at most ``MOST``.

    Example:
        >>> seeds_needed(spread=1.0, margin=0.5), seeds_needed(1.0, 0.5, choices=10)
        (27, 38)
    """
    low, high = FEWEST_BLOCKS - 1, FEWEST_BLOCKS
    while power(spread, margin, high, choices, overlap) < probability:
        if high >= MOST:
            return MOST
        low, high = high, min(2 * high, MOST)
    while high - low > 1:
        middle = (low + high) // 2
        enough = power(spread, margin, middle, choices, overlap) >= probability
        low, high = (low, middle) if enough else (middle, high)
    return high
