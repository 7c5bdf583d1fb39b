"""The yearly sunspot numbers from 1700 to 2008, which lie beside this file."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

FILE = Path(__file__).with_name("sunspots.csv")


def read_sunspots() -> tuple[np.ndarray, np.ndarray, str]:
    """Years, the mean sunspot number of each, and the file's SHA-256.

    Example:
        >>> years, numbers, _ = read_sunspots()
        >>> len(years), int(years[0]), float(numbers[0]), int(years[-1]), float(numbers[-1])
        (309, 1700, 5.0, 2008, 2.9)
    """
    table = pd.read_csv(FILE, comment="#")
    return (
        table["year"].to_numpy(),
        table["sunspots"].to_numpy(float),
        hashlib.sha256(FILE.read_bytes()).hexdigest(),
    )
