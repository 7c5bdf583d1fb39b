"""The rows: some of MNIST's images, at half their resolution."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from experiments.lab.data import load
from experiments.lab.io.errors import UserError

PARTS = {"train": 2000, "validation": 500, "test": 2000}
SIDE = 28


def halved(images: np.ndarray) -> np.ndarray:
    """Images whose pixels are the means of 2 × 2 pixels, (rows, 784) to (rows, 196).

    Example:
        >>> halved(np.arange(784.0)[None])[0, :2].tolist()  # the mean of 0, 1, 28 and 29, and so on
        [14.5, 16.5]
    """
    half = SIDE // 2
    return images.reshape(-1, half, 2, half, 2).mean(axis=(2, 4)).reshape(-1, half * half)


@cache
def rows(data: str) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
    """Parts of the first training images and of the first test images, standardised as a whole.

    Args:
        data: a folder of MNIST's files, or a name that `load` knows, whose rows are all used.

    Raises:
        UserError: the folder is not there.
    """
    if "/" in data and not Path(data).is_dir():
        raise UserError(
            f"--data {data}: there is no such folder; give one with MNIST's four idx files, or "
            "digits for scikit-learn's small images"
        )
    source = load(data)
    x, y = np.asarray(source.x, np.float32), np.asarray(source.y, np.int32)
    x = halved(x) if x.shape[1] == SIDE**2 else x
    x = (x - x.mean()) / x.std()
    shares = np.cumsum([*PARTS.values()]) / sum(PARTS.values())
    # Rows are used in the order of the file, which has no order of classes.
    count = min(len(x), sum(PARTS.values()))
    cuts = (count * shares[:-1]).astype(int)
    return dict(
        zip(
            PARTS,
            zip(np.split(x[:count], cuts), np.split(y[:count], cuts), strict=True),
            strict=True,
        )
    )
