"""Optimizers that need no learning rate, with the defaults of optax.contrib."""

from collections.abc import Mapping

FREE: Mapping[str, tuple[str, float]] = {
    # The optimizer of the table and the factor that Optax has by default where others have a rate.
    "Prodigy": ("prodigy", 1.0),
    "DoG": ("dog", 1.0),
    "DoWG": ("dowg", 1.0),
    "COCOB": ("cocob", 1.0),
    "D-Adaptation": ("dadapt_adamw", 1.0),
    "Mechanic": ("mechanic", 1.0),
    # It has a rate, but no schedule; its default is what one gets who does not tune it.
    "schedule-free": ("schedule_free", 0.0025),
}
TUNED: Mapping[str, str] = {"Adam": "adam", "SGD": "momentum"}
