"""Box counting: how the number of boxes that a set in the plane touches grows as they shrink."""

import numpy as np
from scipy import stats

LARGEST = 8  # boxes per side, at least: with fewer, the image's frame counts more than the set


def box_counts(marked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number of boxes that contain a mark, by the side of the boxes.

    Sides are 1, 2, 4, … pixels, as long as at least 8 boxes fit along a side of the image.

    Args:
        marked: bool, (rows, columns).

    Returns:
        Sides in pixels, and the number of boxes of each side.

    Example:
        >>> [array.tolist() for array in box_counts(np.eye(32, dtype=bool))]
        [[1, 2, 4], [32, 16, 8]]
    """
    # The smallest power of two that holds the image, so that partial boxes at the edge count.
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

    Args:
        marked: bool, (rows, columns).

    Example:
        >>> box_dimension(np.eye(64, dtype=bool)), box_dimension(np.ones((64, 64), bool))
        (1.0, 2.0)
    """
    if not marked.any():
        return 0.0
    sizes, counts = box_counts(marked)
    return float(-stats.linregress(np.log2(sizes), np.log2(counts)).slope)
