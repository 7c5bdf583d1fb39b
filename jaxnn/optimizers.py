"""OPTIMIZERS, the optimizers by name, and their hyperparameters.

An entry makes Optax's transformation from a run's hyperparameters, of which learning_rate, a number
or an Optax schedule, is needed and the others have Optax's defaults. Other libraries differ under
the same names:

sgd, momentum, nesterov: v ← μ v + g, θ ← θ − η v, or θ − η (g + μ v), with momentum μ, .9; as in
    PyTorch, where there is dampening besides. Keras has η inside v, which is the same for a
    constant rate.
rmsprop: θ ← θ − η g / √(v + ε), v ← decay v + (1 − decay) g²; decay is .9 and eps 1e-8. In PyTorch
    the decay is .99 (there "alpha") and ε is outside the root, √v + ε; in Keras ε is inside and
    1e-7. Where gradients are small this is another optimizer: set decay, and do not carry a rate
    over.
adam: b1 .9, b2 .999 and eps 1e-8, outside the root and after the correction of the start, as in
    PyTorch; in Keras ε is 1e-7 and before that correction.
adamw: as adam, with θ ← θ − η · weight_decay · θ besides; 1e-4, in PyTorch 1e-2, in Keras 4e-3.
    The others have no such decay unless weight_decay is given. It then acts likewise, on every
    parameter and outside of what the optimizer does with the gradient: for sgd that is an L2
    penalty, for momentum SGDW (Loshchilov & Hutter 2019, arXiv 1711.05101), where PyTorch adds it
    to the gradient.
lion: b1 .9, b2 .99 and weight_decay 1e-3; in the paper's code and in Keras it is 0. PyTorch has no
    Lion.
prodigy, dog, dowg, cocob, dadapt_adamw, mechanic: of ``optax.contrib`` with its defaults; mechanic
    is around Adam. They set the size of their steps themselves, and learning_rate is a factor of
    it, usually 1.
schedule_free: schedule_free_adamw of ``optax.contrib``. It needs a rate, .0025 there, and no
    schedule. It is evaluated at an average that it keeps of its parameters: see ``evaluated_at``.
"""

import difflib
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import jax
import optax
from optax import contrib

from jaxnn.names import Names, nearest
from jaxnn.types import Array, Params

Hyperparameters = Mapping[str, Array]
Optimizer = Callable[[Hyperparameters], optax.GradientTransformation]
RATE, DECAY = "learning_rate", "weight_decay"


class Run(dict):
    """The hyperparameters of a training's run: they note what is read, and say what is missing.

    Example:
        >>> Run({"learning_rate": 0.1})["rate"]
        Traceback (most recent call last):
        ValueError: the hyperparameter 'rate' is read, and there is only 'learning_rate'; add it ...
    """

    def __init__(self, values: Mapping[str, Any], read: set[str] | None = None):
        """Of these values; read takes the names that are read."""
        super().__init__(values)
        self.read = set() if read is None else read

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """The value, which is read, or the default."""
        return self[name] if name in self else default  # noqa: SIM401 (this is get)

    def __missing__(self, name: str) -> Any:
        raise ValueError(
            f"the hyperparameter {name!r} is read, and there is only {_listed(self)}; add it to "
            "the axes, or to what the training is called with"
        )

    def check_spelling(self) -> None:
        """Refuse a name that nobody has read and that is nearly one of an optimizer."""
        for name in self.keys() - self.read - set(KNOWN):
            for meant in difflib.get_close_matches(name, KNOWN, n=1, cutoff=0.8):
                raise ValueError(
                    f"the hyperparameter {name!r} is read by nobody; do you mean {meant!r}?"
                )


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(map(repr, names)) or "none"


def _with_decay(
    unscaled: optax.GradientTransformation, decay: Any, rate: Any
) -> optax.GradientTransformation:
    """θ ← θ + η (u − decay · θ), with the step u of an optimizer whose rate is 1."""
    scale = optax.scale_by_schedule(rate) if callable(rate) else optax.scale(rate)
    return optax.chain(unscaled, optax.add_decayed_weights(-decay), scale)


def _entry(name: str, make: Callable, defaults: Mapping[str, float | None]) -> Optimizer:
    """An optimizer of the table, which says what it needs and what it does not know."""
    known = (RATE, *defaults)

    def optimizer(hyperparameters: Hyperparameters) -> optax.GradientTransformation:
        if not isinstance(hyperparameters, Mapping):
            raise TypeError(
                f"OPTIMIZERS[{name!r}] takes a run's hyperparameters by name, got "
                f"{hyperparameters!r}; write OPTIMIZERS[{name!r}]({{{RATE!r}: 0.1}})"
            )
        # Those of a training may be the network's, or of another optimizer of the grid.
        unknown = [] if isinstance(hyperparameters, Run) else [*hyperparameters.keys() - {*known}]
        if unknown:
            raise ValueError(
                f"OPTIMIZERS[{name!r}] has no hyperparameter {unknown[0]!r}; it has, nearest "
                f"first: {nearest(unknown[0], known)}"
            )
        if RATE not in hyperparameters:
            raise ValueError(
                f"OPTIMIZERS[{name!r}] reads the hyperparameter {RATE!r}, and there is only "
                f"{_listed(hyperparameters)}; add it to the axes"
            )
        chosen = {each: hyperparameters.get(each, start) for each, start in defaults.items()}
        if defaults.get(DECAY, 0.0) is not None:
            return make(hyperparameters[RATE], **chosen)
        decay = chosen.pop(DECAY)
        if decay is None:
            return make(hyperparameters[RATE], **chosen)
        return _with_decay(make(1.0, **chosen), decay, hyperparameters[RATE])

    return optimizer


_ADAM = {"b1": 0.9, "b2": 0.999, "eps": 1e-8}
_NO_DECAY = {DECAY: None}
_OPTIMIZERS: Mapping[str, tuple[Callable, Mapping[str, float | None]]] = {
    "sgd": (optax.sgd, _NO_DECAY),
    "momentum": (optax.sgd, {"momentum": 0.9, **_NO_DECAY}),
    "nesterov": (partial(optax.sgd, nesterov=True), {"momentum": 0.9, **_NO_DECAY}),
    "rmsprop": (optax.rmsprop, {"decay": 0.9, "eps": 1e-8, **_NO_DECAY}),
    "adam": (optax.adam, {**_ADAM, **_NO_DECAY}),
    "adamw": (optax.adamw, {**_ADAM, "weight_decay": 1e-4}),
    "lion": (optax.lion, {"b1": 0.9, "b2": 0.99, "weight_decay": 1e-3}),
    "prodigy": (contrib.prodigy, {}),
    "dog": (contrib.dog, {}),
    "dowg": (contrib.dowg, {}),
    "cocob": (contrib.cocob, {}),
    "dadapt_adamw": (contrib.dadapt_adamw, {}),
    "mechanic": (lambda factor: contrib.mechanize(optax.adam(factor)), {}),
    "schedule_free": (contrib.schedule_free_adamw, {"b1": 0.9, "b2": 0.999, "weight_decay": 0.0}),
}
RATE_FREE = ("prodigy", "dog", "dowg", "cocob", "dadapt_adamw", "mechanic")
SCHEDULE_FREE = ("schedule_free",)
KNOWN = (RATE, *dict.fromkeys(name for _, defaults in _OPTIMIZERS.values() for name in defaults))
OPTIMIZERS: Mapping[str, Optimizer] = MappingProxyType(
    Names("optimizer", {name: _entry(name, *entry) for name, entry in _OPTIMIZERS.items()})
)


def hyperparameters_of(optimizer: str) -> tuple[str, ...]:
    """What an optimizer of the table reads.

    Args:
        optimizer: a name in OPTIMIZERS.

    Returns:
        Names, the learning rate first.

    Raises:
        ValueError: the name is unknown.

    Example:
        >>> hyperparameters_of("momentum")
        ('learning_rate', 'momentum', 'weight_decay')
    """
    _ = OPTIMIZERS[optimizer]  # which says what there is
    return (RATE, *_OPTIMIZERS[optimizer][1])


def evaluated_at(state: Any, params: Params) -> Params:
    """The parameters to evaluate and to keep: a schedule-free optimizer's average, others' own.

    Args:
        state: Optax's, with or without axes in front of its leaves.
        params: the parameters, likewise.

    Returns:
        A pytree like params.

    Example:
        >>> evaluated_at(optax.sgd(0.1).init(1.0), 1.0)
        1.0

    Reference:
        Defazio et al. 2024, arXiv 2405.15682.
    """

    def averages(each: Any) -> bool:
        return isinstance(each, contrib.ScheduleFreeState)

    for each in jax.tree.leaves(state, is_leaf=averages):
        if averages(each):
            average: Callable = contrib.schedule_free_eval_params
            for _ in range(each.b1.ndim):
                average = jax.vmap(average)
            return average(each, params)
    return params


def as_optimizer(optimizer: str | optax.GradientTransformation | Optimizer) -> Optimizer:
    """A function from hyperparameters to Optax's transformation.

    Args:
        optimizer: a name in OPTIMIZERS, such a function, or a transformation.

    Returns:
        The function.

    Raises:
        ValueError: the name is unknown.
        TypeError: it is none of these.

    Example:
        >>> as_optimizer("sgd") is OPTIMIZERS["sgd"]
        True
    """
    if isinstance(optimizer, str):
        return OPTIMIZERS[optimizer]
    if isinstance(optimizer, optax.GradientTransformation):
        return lambda hyperparameters: optimizer
    if not callable(optimizer):
        raise TypeError(
            "an optimizer is a name in OPTIMIZERS, one of Optax, or a function that makes one from "
            f"a run's hyperparameters, got {type(optimizer).__name__}"
        )
    return optimizer
