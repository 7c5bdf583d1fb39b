"""All figures: what jobs made of the trained seeds say, compared with what is true."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from experiments.lab.evidence.experiment import Found
from experiments.verdict_checks.figures import Figure
from experiments.verdict_checks.findings_jobs import (
    joined,
    on_equal,
    on_new_tables,
    on_orders,
    on_splits,
)
from experiments.verdict_checks.findings_power import on_scores
from experiments.verdict_checks.findings_rates import on_rates
from experiments.verdict_checks.jobs import judged, overlap

Arrays = Mapping[str, np.ndarray]


def simulate(configuration: Any, found: Found) -> Arrays:
    """Every figure, as ``read`` reads it; takes minutes, which is why it is kept."""
    return _written(_figures(configuration, found))


def read(arrays: Arrays) -> list[Figure]:
    """The figures that ``simulate`` has found."""
    words = json.loads(arrays["words"].tobytes())
    rows = zip(words, arrays["numbers"].tolist(), strict=True)
    return [
        Figure(claim, check, where, value, low, high, int(jobs), (least, most))
        for (claim, check, where), (value, low, high, jobs, least, most) in rows
    ]


def _written(figures: Sequence[Figure]) -> Arrays:
    words = json.dumps([each[:3] for each in figures]).encode()
    numbers = [[*each[3:7], *each.target] for each in figures]
    return {"words": np.frombuffer(words, np.uint8), "numbers": np.array(numbers, float)}


def _figures(configuration: Any, found: Found) -> list[Figure]:
    labels, job, trials = configuration.activation, configuration.job, configuration.trials
    figures: list[Figure] = []
    for name in configuration.data:
        figures += on_splits(name, found[f"splits-{name}"], labels, job)
    for name in configuration.tables:
        if f"tables-{name}" in found:
            figures += on_new_tables(name, found[f"tables-{name}"], labels, job)
    copies = [f"choice {number}" for number in range(len(labels))]
    for name in configuration.equal:
        figures += on_equal(name, found[f"equal-{name}"], copies, job)
    orders = joined([found[f"orders-{number}"] for number in range(len(labels))])
    jobs = [
        judged(orders, seeds, labels, orders["tried"][:, number])
        for number, seeds in enumerate(orders["jobs"])
    ]
    figures += on_orders(jobs, "breast_cancer")
    for name in configuration.equal:
        if f"splits-{name}" in found:
            of_splits = found[f"splits-{name}"]
            figures += on_scores(name, _at_best_rates([of_splits]), overlap(of_splits), trials)
    rates = {name: found[f"rates-{name}"] for name in configuration.rates_activation}
    if len(rates) > 1:
        where = f"digits, {len(rates)} activations"
        apart = overlap(next(iter(rates.values())))
        figures += on_scores(where, _at_best_rates(rates.values()), apart, trials)
    return figures + on_rates(rates, job)


def _at_best_rates(found: Iterable[Arrays]) -> np.ndarray:
    """The test scores of each structure at its best rate, by all seeds: (structures, seeds)."""
    return np.array(
        [
            scores[np.nanargmax(np.where(np.isnan(losses), -np.inf, -losses).mean(axis=1))]
            for arrays in found
            for scores, losses in zip(arrays["test"], _losses(arrays), strict=True)
        ]
    )


def _losses(arrays: Arrays) -> np.ndarray:
    """Validation losses, clipped, (structures, cells, seeds); nan where nothing was trained."""
    losses = np.fmin(arrays["validation_loss"], arrays["trivial_loss"])
    return np.where(np.isnan(arrays["validation"]), np.nan, losses)
