"""Optimizers that need no learning rate, with the defaults of optax.contrib."""

from collections.abc import Callable, Mapping

import optax
from optax import contrib

FREE: Mapping[str, Callable[[], optax.GradientTransformation]] = {
    "Prodigy": contrib.prodigy,
    "DoG": contrib.dog,
    "DoWG": contrib.dowg,
    "COCOB": contrib.cocob,
    "D-Adaptation": contrib.dadapt_adamw,
    "Mechanic": lambda: contrib.mechanize(optax.adam(1.0)),
    # It has a rate, but no schedule; its default is what one gets who does not tune it.
    "schedule-free": contrib.schedule_free_adamw,
}
AVERAGED = "schedule-free"  # evaluated at an average of its iterates
TUNED: Mapping[str, str] = {"Adam": "adam", "SGD": "momentum"}
