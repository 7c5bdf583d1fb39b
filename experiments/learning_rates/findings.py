"""What follows from the experiment on learning rates: the verdicts, the finding and the table."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion
from experiments.learning_rates.findings_descent import descends
from experiments.learning_rates.findings_finders import finders_regret
from experiments.learning_rates.findings_metalearning import metalearned
from experiments.learning_rates.findings_rates import FAILED, swish_against_relu, too_low_too_high
from experiments.learning_rates.findings_sensitivity import sensitivities
from experiments.learning_rates.findings_statistics import half_width
from experiments.learning_rates.measure import Setting, dataset, settings, sweep
from experiments.learning_rates.metalearning import inner_rates


def conclude(configuration: Any, found: Found) -> Conclusion:
    """One verdict per claim, and every number that the figure shows."""
    c, rates, every = configuration, np.array(sweep(configuration)), list(settings(configuration))
    about = (
        f"{'/'.join(c.data)}, {c.depth} hidden layers of {c.width}, {c.steps} updates of "
        f"{c.batch_size} rows, {len(rates)} rates {rates[0]:g} to {rates[-1]:g}"
    )
    tested = [setting for setting in every if "range_losses" in found[setting.part]]
    g3 = descends(found["descent"], c.descent_rate)
    g4, classic_rows, best = too_low_too_high(c, found, rates, about)
    e5, inner_rows, ends = metalearned(found, np.array(inner_rates(c)), c)
    e7, finder_rows, costs = finders_regret(found, rates, tested, about)
    e8, swish_rows, ratio = swish_against_relu(found, rates, every, about)
    e26, sensitivity_rows = sensitivities(found, rates, every, about)
    others = classic_rows, finder_rows, swish_rows, inner_rows, sensitivity_rows
    table = pd.concat([landscapes(found, rates, every), *others], ignore_index=True)
    return Conclusion(
        f"{best}; {costs}. {ratio}; {ends}.",
        (g3, g4, e5, e7, e8, e26),
        table,
        lambda: {name: dataset(name).sha256 for name in c.data},
    )


def landscapes(found: Found, rates: np.ndarray, settings: Sequence[Setting]) -> pd.DataFrame:
    """Errors against rate, one row per setting and rate."""
    tables = []
    for setting in settings:
        here = found[setting.part]
        error = here["validation_error"][-1]
        tables.append(
            pd.DataFrame(
                {
                    "what": "grid",
                    **setting._asdict(),
                    "learning_rate": rates,
                    "validation_error": error.mean(axis=1),
                    "low": error.mean(axis=1) - half_width(error),
                    "high": error.mean(axis=1) + half_width(error),
                    "test_error": here["test_error"].mean(axis=1),
                    "failed": (error >= FAILED).mean(axis=1),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
