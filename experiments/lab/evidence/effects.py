"""From numbers of several seeds to effects: a mean with its interval, each at its own best rate."""

import numpy as np

from experiments.lab.evidence.verdicts import Effect
from experiments.lab.study.statistics import interquartile_mean, interval


def effect(name: str, values: np.ndarray, unit: str = "") -> Effect:
    """The interquartile mean over seeds with its 95 % interval.

    Args:
        name: what was measured.
        values: one number per seed, finite.
        unit: of the numbers.

    Example:
        >>> str(effect("cost", np.array([1.0, 1.0, 1.0]), "points"))
        'cost 1 [1, 1] points'
    """
    return Effect(name, float(interquartile_mean(values)), *interval(values), unit)


def ratio(name: str, values: np.ndarray) -> Effect:
    """As ``effect``, of numbers above 0 whose logarithms are averaged, such as learning rates.

    Example:
        >>> round(ratio("rate", np.array([0.1, 0.1, 10.0, 10.0])).value, 9)
        1.0
    """
    logs = effect(name, np.log(values))
    value, low, high = np.exp([logs.value, logs.low, logs.high]).tolist()
    return Effect(name, value, low, high)


def at_best(validation: np.ndarray, test: np.ndarray, axis: int) -> np.ndarray:
    """The test score of every run's best rate, which is chosen on validation rows.

    Args:
        validation, test: scores of the same shape, higher is better; nan where diverged.
        axis: of the rates. Among rates that are best alike, the lowest is taken.

    Returns:
        The test scores without that axis; 0 where the best rate diverged.

    Example:
        >>> at_best(np.array([[0.2, np.nan], [0.9, 0.5]]), np.array([[1.0, 1.0], [0.6, 0.7]]), 0)
        array([0.6, 0.7])
    """
    best = np.nan_to_num(validation, nan=-np.inf).argmax(axis=axis)
    chosen = np.take_along_axis(np.nan_to_num(test), np.expand_dims(best, axis), axis)
    return np.squeeze(chosen, axis)
