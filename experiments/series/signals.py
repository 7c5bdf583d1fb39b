"""Generated series: a signal like speech, and a random walk."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy.signal import lfilter

from experiments.lab.study.own_rows import Parts

LENGTH = 80  # values of a sequence whose next change is forecast
SEQUENCES = {"train": 40, "validation": 40, "test": 40}
RESONANCES = ((0.06, 0.95), (0.17, 0.9))  # frequency in cycles per value, and decay per value
NOISE = 0.05  # of the signal's standard deviation


def speech(random: np.random.Generator, sequences: int, length: int) -> np.ndarray:
    """Pulses whose distance wanders between 15 and 30 values, through RESONANCES, with noise.

    Returns:
        (sequences, length), each with mean 0 and standard deviation 1 before the noise.

    Example:
        >>> x = speech(np.random.default_rng(0), 3, 50)
        >>> x.shape, bool(np.abs(x.std(axis=1) - 1).max() < 0.05)
        ((3, 50), True)
    """
    warm = 100
    found = np.zeros((sequences, warm + length))
    for row in found:
        place, period = random.uniform(0, 20), random.uniform(15, 30)
        while place < len(row):
            row[int(place)] = 1.0
            period = np.clip(period + random.normal(0, 0.7), 15, 30)
            place += period
    for frequency, decay in RESONANCES:
        found = lfilter([1], [1, -2 * decay * np.cos(2 * np.pi * frequency), decay**2], found)
    found = found[:, warm:]
    found = (found - found.mean(axis=1, keepdims=True)) / found.std(axis=1, keepdims=True)
    return found + NOISE * random.normal(size=found.shape)


def walk(random: np.random.Generator, sequences: int, length: int) -> np.ndarray:
    """Sums of independent normal changes, in units of √length changes; the first value is 0."""
    changes = random.normal(size=(sequences, length))
    changes[:, 0] = 0
    return changes.cumsum(axis=1) / length**0.5


SERIES: Mapping[str, Callable[[np.random.Generator, int, int], np.ndarray]] = {
    "speech": speech,
    "walk": walk,
}


def rows(name: str, seed: int) -> Parts:
    """Sequences of a seed: values, and the change to the next one in units of the changes' spread.

    Returns:
        part -> (x, y), both float32 (sequences, LENGTH, 1).
    """
    random, found = np.random.default_rng(seed), {}
    for part, count in SEQUENCES.items():
        values = SERIES[name](random, count, LENGTH + 1)
        changes = np.diff(values, axis=1)
        if part == "train":
            spread = changes.std()
        x, y = values[:, :-1, None], changes[..., None] / spread
        found[part] = x.astype(np.float32), y.astype(np.float32)
    return found
