"""What is measured: the table's activations on each data set, and further ones beside them."""

from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

import jaxnn
from experiments.atlas.datasets import BUNDLED, GENERATED, MNIST
from experiments.atlas.measure import PER_ACTIVATION, Size, train
from experiments.lab.evidence import measurement, published, screen
from experiments.lab.evidence.experiment import Arrays, Found, Part
from experiments.lab.io import cli
from experiments.lab.study import named_activations


def size(configuration: Any) -> Size:
    """Of the networks."""
    c = configuration
    return Size(rates(c), c.seeds, c.steps, c.width, c.depth, c.batch_size, c.optimizer)


def rates(configuration: Any) -> tuple[float, ...]:
    """Of the grid."""
    return cli.numbers(configuration.learning_rate, "--learning-rate")


def data_sets(configuration: Any) -> tuple[str, ...]:
    """Those asked for, with MNIST where its folder is given."""
    return (*configuration.data, *((MNIST,) if configuration.mnist else ()))


def base(configuration: Any) -> tuple[str, ...]:
    """The activations of the table that are trained together."""
    return tuple(configuration.only or jaxnn.ACTIVATIONS)


def further(configuration: Any) -> tuple[str, ...]:
    """Those that get a row of their own beside them."""
    labels = dict.fromkeys(map(named_activations.canonical, configuration.activation))
    return tuple(label for label in labels if label not in base(configuration))


def activations(configuration: Any) -> tuple[str, ...]:
    """All, in the order of the measurement."""
    return (*base(configuration), *further(configuration))


def joined(configuration: Any, found: Found, data: str) -> Arrays:
    """What was measured on a data set, with the further activations behind the others."""
    parts = [found[data], *(found[f"{data} {label}"] for label in further(configuration))]
    return {
        **found[data],
        **{name: np.concatenate([part[name] for part in parts]) for name in PER_ACTIVATION},
    }


def parts(configuration: Any, known: Found) -> list[Part]:
    """One part per data set, and one per data set and further activation.

    Args:
        configuration: the flags.
        known: what is stored, which is not trained again.
    """
    check(configuration)
    c, found = configuration, []
    for data in data_sets(c):
        trained = {data: base(c), **{f"{data} {label}": (label,) for label in further(c)}}
        for name, labels in trained.items():
            run = partial(train, data, labels, size(c), c.mnist)
            found.append(
                Part(
                    name,
                    lambda _, name=name, run=run: known[name] if name in known else run(),
                    len(labels),
                )
            )
    return found


def stored(configuration: Any) -> Found:
    """What has been measured with these flags, whatever further activations; empty for nothing."""
    if not further(configuration):
        return {}
    # By its name, so that what is concluded does not count as code of the measurement.
    experiment = import_module(__package__).EXPERIMENT
    places = [folder / experiment.name for folder in (Path("runs"), published.RESULTS)]
    for folder in [configuration.out, *places] if configuration.out else places:
        found = measurement.read(folder / measurement.FILE)
        if found and found.fingerprint == _with(experiment, configuration, found):
            return found.found
    screen.console.print(
        "of the table's activations nothing is stored that was measured with these flags and this "
        "code, so they are trained too"
    )
    return {}


def _with(experiment: Any, configuration: Any, found: measurement.Measurement) -> str | None:
    """The fingerprint with the further activations of a measurement; None where one is gone."""
    further = tuple(found.made["configuration"]["activation"])
    try:
        return experiment.fingerprint(replace(configuration, activation=further))
    except cli.UserError:
        return None


def check(configuration: Any) -> None:
    """Refuse what cannot be measured.

    Raises:
        UserError: a name is not known, or a number is too small.
    """
    c = configuration
    for flag in ("seeds", "steps", "width", "depth", "batch_size"):
        cli.at_least(2 if flag == "seeds" else 1, getattr(c, flag), f"--{flag.replace('_', '-')}")
    for data in c.data:
        cli.one_of((*BUNDLED, *GENERATED), data, "data")
    if len(c.data) < 2:
        raise cli.UserError(f"--data {' '.join(c.data)}: give at least two data sets to rank over")
    cli.one_of(jaxnn.OPTIMIZERS, c.optimizer, "optimizer")
    for name in base(c):
        cli.one_of(jaxnn.ACTIVATIONS, name, "only")
    for label in c.activation:
        named_activations.find(named_activations.canonical(label), (c.depth,))
    missing = [name for name in ("relu", "selu", "mish", "swish", "gelu") if name not in base(c)]
    if missing:
        raise cli.UserError(f"--only: {', '.join(missing)} must be among them; they are judged")
    if len(rates(c)) < 3:
        raise cli.UserError(
            f"--learning-rate {' '.join(c.learning_rate)}: give at least three rates"
        )
    if c.mnist and not Path(c.mnist).is_dir():
        raise cli.UserError(f"--mnist {c.mnist}: there is no such folder")
