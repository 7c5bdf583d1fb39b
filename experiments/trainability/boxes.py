"""Box counting: how the number of boxes that a set in the plane touches grows as they shrink."""

import numpy as np
from scipy import stats

LARGEST = 8  # boxes a side, at least: with fewer, the picture's frame counts more than the set


def edges(inside: np.ndarray) -> np.ndarray:
    """Where a set's boundary passes: the 2 × 2 neighbours that are not all alike.

    Example:
        >>> edges(np.array([[0, 0, 1], [0, 0, 0]], bool)).tolist()
        [[False, True]]
    """
    corners = np.stack([inside[1:, 1:], inside[:-1, 1:], inside[1:, :-1], inside[:-1, :-1]])
    return corners.any(axis=0) & ~corners.all(axis=0)


def box_counts(marked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many boxes hold a mark, for sides of 1, 2, 4, … pixels, as long as 8 boxes fit a side.

    Example:
        >>> [array.tolist() for array in box_counts(np.eye(32, dtype=bool))]
        [[1, 2, 4], [32, 16, 8]]
    """
    # The smallest power of two that holds the picture: a box that sticks out is a box.
    side = 1 << (max(marked.shape) - 1).bit_length()
    grid = np.zeros((side, side), bool)
    grid[: marked.shape[0], : marked.shape[1]] = marked
    sizes = 2 ** np.arange(max(2, int(np.log2(side // LARGEST)) + 1))
    return sizes, np.array(
        [
            grid.reshape(side // size, size, side // size, size).any(axis=(1, 3)).sum()
            for size in sizes
        ]
    )


def box_dimension(marked: np.ndarray) -> float:
    """Slope of log(boxes) against −log(side), by least squares; 0 where nothing is marked.

    Example:
        >>> box_dimension(np.eye(64, dtype=bool)), box_dimension(np.ones((64, 64), bool))
        (1.0, 2.0)
    """
    if not marked.any():
        return 0.0
    sizes, counts = box_counts(marked)
    return float(-stats.linregress(np.log2(sizes), np.log2(counts)).slope)
