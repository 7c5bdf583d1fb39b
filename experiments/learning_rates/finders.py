"""Learning-rate finders (Smith's range test): which rates each tool tries, one per step.

Each tool raises the rate at every step of one short training run. What it then suggests follows
from the losses: findings_finders.py.

Reference:
    Smith 2017, arXiv 1506.01186. Lightning: lightning/pytorch/tuner/lr_finder.py. fastai:
    fastai/callback/schedule.py. torch-lr-finder: torch_lr_finder/lr_finder.py, with the range of
    fastai's, since it has no lowest rate of its own.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

STEPS = 100  # the default of every tool


def lightning_rates() -> np.ndarray:
    """1e-8 to 1; the first step is twice as wide as the others.

    Example:
        >>> [f"{rate:.2g}" for rate in lightning_rates()[[0, 1, 2, 99]]]
        ['1e-08', '1.4e-08', '1.7e-08', '1']
    """
    share = (np.arange(STEPS) + 1) / STEPS
    share[0] = 0
    return 1e-8 * 1e8**share


FASTAI_RATES = 1e-7 * 1e8 ** (np.arange(STEPS) / STEPS)  # 1e-7 to just below 10
TORCH_LR_FINDER_RATES = np.geomspace(1e-7, 10, STEPS)

RANGE_TESTS: Mapping[str, np.ndarray] = MappingProxyType(
    {
        "Lightning 2.5.3": lightning_rates(),
        "Lightning before 2.5.3": lightning_rates(),
        "fastai": FASTAI_RATES,
        "torch-lr-finder": TORCH_LR_FINDER_RATES,
    }
)
"""The rates of each tool's range test, (STEPS,)."""
