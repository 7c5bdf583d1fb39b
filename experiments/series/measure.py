"""What is measured: errors of forecasts on test sequences, over that of the naive rule."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

import jaxnn
from experiments.lab.study.own_rows import Updates, own_best, train_own_rows
from experiments.series.signals import LENGTH, rows

BATCH, POINTS, ORDERS = 8, 10, (1, 2, 4, 8, 16, 24)
CELLS: Mapping[str, Callable[[int], jaxnn.Cell]] = {  # from the number of context neurons
    "Elman": lambda width: jaxnn.elman(1, width, activation="tanh"),
    "GRU": lambda width: jaxnn.gru(1, width),
}


def network(name: str, cell: str, configuration: Any) -> dict[str, np.ndarray]:
    """Test error of networks at their own best rate and stopping point.

    Returns:
        "error", the mean squared error over the naive rule's, (seeds,), infinite where diverged;
        "validation", (1,), the mean there; "rate", (1,).
    """
    width, seeds = configuration.width, range(configuration.seeds)
    net = jaxnn.recurrent_network(CELLS[cell](width), jaxnn.dense(width, 1))
    found = train_own_rows(
        jaxnn.make_training(net, jaxnn.losses.squared_error, jaxnn.OPTIMIZERS["adam"]),
        {"learning_rate": configuration.learning_rate},
        lambda seed: rows(name, seed),
        seeds,
        Updates(configuration.steps, BATCH, POINTS),
    )
    errors = []
    for part, metrics in (("validation", found.validation), ("test", found.test)):
        naive = np.array([np.mean(rows(name, seed)[part][1] ** 2) for seed in seeds])
        errors.append(np.nan_to_num(metrics["loss"], nan=np.inf) / naive)
    best = own_best(-errors[0], errors[1])
    return {
        "error": best.test,
        "validation": np.array([errors[0][best.index].mean()]),
        "rate": np.array([configuration.learning_rate[best.index[-1]]]),
    }


def linear(name: str, configuration: Any) -> dict[str, np.ndarray]:
    """Test error of the linear rule over the naive rule's, (seeds,), and its order, (1,)."""
    validation, test = (
        np.array(
            [
                [_autoregression(name, order, seed, part) for seed in range(configuration.seeds)]
                for order in ORDERS
            ]
        )
        for part in ("validation", "test")
    )
    best = own_best(-validation, test)
    return {"error": best.test, "order": np.array([ORDERS[best.index[0]]])}


def _autoregression(name: str, order: int, seed: int, part: str) -> float:
    parts = rows(name, seed)
    weights, *_ = np.linalg.lstsq(_past(parts["train"][0], order), parts["train"][1].ravel())
    forecast = _past(parts[part][0], order) @ weights
    y = parts[part][1].ravel()
    return float(np.mean((forecast - y) ** 2) / np.mean(y**2))


def _past(x: np.ndarray, order: int) -> np.ndarray:
    """Each value with those before it, 0 before the first, and a constant; (values, order + 1)."""
    padded = np.pad(x[..., 0].astype(np.float64), ((0, 0), (order - 1, 0)))
    past = sliding_window_view(padded, order, axis=1).reshape(-1, order)
    return np.hstack([past, np.ones((len(x) * LENGTH, 1))])
