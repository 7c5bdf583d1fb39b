"""What every run trains on and is judged by."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np


class Data(NamedTuple):
    """Arrays of the parts "train", "validation" and "test"."""

    x: Mapping[str, np.ndarray]
    y: Mapping[str, np.ndarray]
