"""The axes of structure beside the activation: which there are, and what their values may be.

A structure has an axis where its flag is given, so that what nobody asks for costs nothing and is
in no table. Numbers and schedules are told to a compiled program, and make no further ones.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from experiments.lab.data import Splits
from experiments.lab.io import cli
from experiments.lab.study import own_functions
from experiments.lab.study.flags import StudyFlags
from experiments.lab.study.own_functions import OFFERED as OF_OPTIMIZER
from jaxnn.initializers import ALIASES, INITIALIZERS
from jaxnn.networks import NORMALIZATIONS
from jaxnn.optimizers import RATE_FREE, SCHEDULE_FREE

ALWAYS = ("activation", "depth", "width", "batch_size", "optimizer")
NUMBERS = (*OF_OPTIMIZER, "gradient_clip", "dropout", "label_smoothing", "warmup")
TOLD = (*NUMBERS, "schedule")  # to a program, which serves all of their values
FURTHER = (
    *("loss", "network", "initializer", "normalization", "residual", "bias", "schedule"),
    *NUMBERS,
)
BELOW_1 = {*NUMBERS} - {"weight_decay", "gradient_clip"}
OWN_GAIN, NONE = "gain", "none"
LOSSES = {  # of classes, and of a number; the first is the task's own
    True: ("cross_entropy", "squared_error"),
    False: ("squared_error", "absolute_error", "huber"),
}
NAMES: Mapping[str, Iterable[str]] = {
    **own_functions.KNOWN,
    "loss": tuple(dict.fromkeys(name for names in LOSSES.values() for name in names)),
    "initializer": (OWN_GAIN, *INITIALIZERS, *ALIASES),
    "normalization": (NONE, *NORMALIZATIONS),
    "residual": ("yes", "no"),
    "bias": ("yes", "no"),
}
WIDEST = 1_000_000


def structure(flags: StudyFlags) -> dict[str, tuple]:
    """The values of every axis that is asked for; the activation's as they are typed.

    Raises:
        UserError: a value is unknown or out of range, or nothing reads it.
    """
    given: dict[str, tuple] = {name: tuple(getattr(flags, name)) for name in ALWAYS}
    given |= {
        name: tuple(values) for name in FURTHER if (values := getattr(flags, name)) is not None
    }
    for name, values in given.items():
        if not values:
            some = f"known: {', '.join(NAMES[name])}" if name in NAMES else "give at least one"
            raise cli.UserError(f"{flag(name)} has no value; {some}")
        for value in values:
            if name in own_functions.KNOWN:
                own_functions.check_name(name, value)
            elif name in NAMES:
                cli.one_of(NAMES[name], value, name)
            if name in NUMBERS:
                _check_number(name, value)
    given["width"] = _widths(given["width"], flags.depth)
    if "initializer" in given:
        given["initializer"] = tuple(ALIASES.get(name, name) for name in given["initializer"])
    _check_read(given)
    # Two values that are written differently may be the same one.
    return {name: tuple(dict.fromkeys(values)) for name, values in given.items()}


def flag(name: str) -> str:
    """How a command has an axis.

    Example:
        >>> flag("weight_decay")
        '--weight-decay'
    """
    return f"--{name.replace('_', '-')}"


def rates(flags: StudyFlags) -> tuple[float, ...]:
    """The learning rates asked for.

    Of an optimizer that sets its own steps, a rate is a factor of them, and 1 is the usual one: it
    alone is trained where there is no other optimizer and no rate is given, and it is among the
    rates where none is given.

    Raises:
        UserError: one cannot be used.
    """
    asked = cli.numbers(flags.learning_rate, "--learning-rate")
    free = [name in RATE_FREE for name in flags.optimizer]
    if flags.learning_rate != StudyFlags.learning_rate or not any(free):
        return asked
    return (1.0,) if all(free) else tuple(sorted({1.0, *asked}))


def check_data(given: Mapping[str, Sequence], splits: Splits, features: int) -> None:
    """Refuse what does not fit the data.

    Args:
        given: the axes of structure.
        splits: of the data.
        features: numbers that go into a network.

    Raises:
        UserError: a loss or label smoothing that the task has no use for; or skips where no hidden
            layer has the size of its input.
    """
    classes = bool(splits.classes)
    what = f"{splits.source.target} of {splits.source.name}"
    for name in given.get("loss", ()):
        if name not in LOSSES[classes]:
            raise cli.UserError(
                f"--loss {name}: {what} {'has classes' if classes else 'is a number'}; give "
                f"{' or '.join(LOSSES[classes])}"
            )
    if any(given.get("label_smoothing", ())):
        if not classes:
            raise cli.UserError(f"--label-smoothing: {what} has no classes to smooth; leave it out")
        if {*given.get("loss", ())} - {"cross_entropy"}:
            raise cli.UserError(
                "--label-smoothing goes with cross-entropy alone; leave out --loss squared_error"
            )
    if any(given.get("dropout", ())) and not any(given["depth"]):
        raise cli.UserError(
            "--dropout: there is no hidden layer to drop units of; give --depth 1 or more, or "
            "leave it out"
        )
    if "yes" in given.get("residual", ()):
        every = [
            [features, *layers(width, depth)]
            for width in given["width"]
            for depth in given["depth"]
        ]
        if not any(a == b for sizes in every for a, b in pairwise(sizes)):
            raise cli.UserError(
                "--residual yes: no hidden layer has the size of its input, so there is nothing to "
                "skip; give --depth 2 or more of one --width, or leave it out"
            )


def layers(width: int | str, depth: int) -> list[int]:
    """Neurons of each hidden layer.

    Example:
        >>> layers(64, 2), layers("64/32", 2)
        ([64, 64], [64, 32])
    """
    return list(map(int, width.split("/"))) if isinstance(width, str) else [width] * depth


def shown(value: Any) -> str:
    """A value of an axis.

    Example:
        >>> shown(0.0), shown(1e-4), shown(64), shown("cosine")
        ('0', '0.0001', '64', 'cosine')
    """
    return f"{value:g}" if isinstance(value, float) else str(value)


def values(axis: Sequence) -> str:
    """The values of an axis in words.

    Example:
        >>> values((2, 4)), values(("64/32", "64/64"))
        ('2/4', '64/32 or 64/64')
    """
    found = [*map(shown, axis)]
    return (" or " if any("/" in each for each in found) else "/").join(found)


def layers_said(given: Mapping[str, Sequence], units: str) -> str:
    """The hidden layers in words; of the user's own networks alone, what they are told of them.

    Example:
        >>> layers_said({"depth": (1,), "width": (64,)}, "units")
        '1 hidden layer of 64 units'
    """
    depth, width = values(given["depth"]), values(given["width"])
    if all_own(given):
        return f"depth {depth} and width {width}"
    return f"{depth} hidden layer{'s' * (depth != '1')} of {width} {units}"


def all_own(given: Mapping[str, Sequence]) -> bool:
    """Whether all networks are made by functions of the user's."""
    return all(own_functions.is_own("network", each) for each in given.get("network", (None,)))


def said(given: Mapping[str, Sequence]) -> str:
    """What is trained beside the usual, in words; empty where all is.

    Example:
        >>> said({"activation": ("relu",), "dropout": (0, 0.2), "bias": ("no",)})
        'bias no, dropout 0/0.2'
    """
    return ", ".join(
        f"{name.replace('_', ' ')} {values(given[name])}"
        for name in FURTHER
        if name in given and name not in ("schedule", "warmup")
    )


def schedule_said(given: Mapping[str, Sequence]) -> str:
    """How the learning rate changes, in words.

    Example:
        >>> schedule_said({}), schedule_said({"schedule": ("warm-up",), "warmup": (0.1, 0.2)})
        ('at a constant learning rate', 'on a warm-up learning-rate schedule, warm-up 0.1/0.2')
    """
    names = given.get("schedule", ("constant",))
    if tuple(names) == ("constant",):
        return "at a constant learning rate"
    warmup = f", warm-up {values(given['warmup'])}" if "warmup" in given else ""
    return f"on a {values(names)} learning-rate schedule{warmup}"


def _check_number(name: str, value: float) -> None:
    most = 1 if name in BELOW_1 else math.inf
    if not 0 <= value < most:
        kind = "a number from 0 to below 1" if most == 1 else "a finite number of at least 0"
        raise cli.UserError(f"{flag(name)} {value:g}: give {kind}")


def _widths(values: Sequence[int | str], depths: Sequence[int]) -> tuple[int | str, ...]:
    """Numbers, or texts with one number per hidden layer; texts all, where one is."""
    found = []
    for value in values:
        sizes = [part.replace("_", "") for part in str(value).split("/")]
        if not all(part.isdecimal() for part in sizes):
            raise cli.UserError(
                f"--width {value}: give a whole number of neurons, or one for each hidden layer as "
                "64/32"
            )
        cli.at_least(1, [*map(int, sizes)], "--width")
        cli.at_most(WIDEST, [*map(int, sizes)], "--width")
        for depth in depths:
            if len(sizes) not in (1, depth):
                raise cli.UserError(
                    f"--width {value} names {len(sizes)} hidden layers and --depth {depth} has "
                    f"{depth}; give one width, or one for each hidden layer"
                )
        found.append([*map(int, sizes)])
    if all(len(sizes) == 1 for sizes in found):
        return tuple(sizes[0] for sizes in found)
    depth = max(map(len, found))  # the only one
    return tuple("/".join(map(str, sizes * (depth // len(sizes)))) for sizes in found)


def _check_read(given: Mapping[str, Sequence]) -> None:
    """Refuse what one of the optimizers or schedules does not read: it would be trained twice."""
    optimizers, schedules = given["optimizer"], given.get("schedule", ())
    for name in OF_OPTIMIZER:
        if name in given:
            _refuse_unread(
                name,
                given,
                "optimizer",
                [each for each in optimizers if name not in own_functions.read_by(each)],
                lambda each, name=name: name in own_functions.read_by(each),
            )
    if "warmup" in given:
        has = own_functions.has_warmup
        without = [each for each in schedules or ("constant",) if not has(each)]
        _refuse_unread("warmup", given, "schedule", without, has)
    for each in schedules:
        own_functions.factors(each, own_functions.STEPS)
    for each in optimizers:
        own_functions.try_optimizer(
            each, {*OF_OPTIMIZER} & given.keys(), scheduled="schedule" in given
        )
    for name in optimizers:
        if name in SCHEDULE_FREE and {*schedules} - {"constant"}:
            raise cli.UserError(
                f"--schedule {' '.join(schedules)}: {name} takes the place of a schedule; leave "
                "out one of them"
            )


def _refuse_unread(
    name: str,
    given: Mapping[str, Sequence],
    reader: str,
    without: Sequence[str],
    reads: Callable[[str], bool],
) -> None:
    if without:
        known = ", ".join(filter(reads, NAMES[reader]))
        raise cli.UserError(
            f"{flag(name)} {' '.join(map(shown, given[name]))}: the {reader} {without[0]} does "
            f"not read it; leave it out, or name no other {reader} than {known}"
        )
