"""Optimizers that need no learning rate, with the defaults of optax.contrib."""

from collections.abc import Callable, Mapping

import optax
from optax import contrib

FREE: Mapping[str, tuple[Callable[..., optax.GradientTransformation], float]] = {
    # The optimizer and the factor that Optax has by default where others have a rate.
    "Prodigy": (contrib.prodigy, 1.0),
    "DoG": (contrib.dog, 1.0),
    "DoWG": (contrib.dowg, 1.0),
    "COCOB": (contrib.cocob, 1.0),
    "D-Adaptation": (contrib.dadapt_adamw, 1.0),
    "Mechanic": (lambda factor: contrib.mechanize(optax.adam(factor)), 1.0),
    # It has a rate, but no schedule; its default is what one gets who does not tune it.
    "schedule-free": (contrib.schedule_free_adamw, 0.0025),
}
AVERAGED = "schedule-free"  # evaluated at an average of its iterates
TUNED: Mapping[str, str] = {"Adam": "adam", "SGD": "momentum"}
