"""compare: what `python -m experiments.activations` does, as a call of another program."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from experiments.activations import QUESTION, Configuration
from experiments.lab import job
from experiments.lab.api.handed import File, as_file, value_errors
from experiments.lab.api.result import Result
from experiments.lab.engine.guest import guest
from experiments.lab.io import cli
from experiments.lab.io.errors import UserError
from experiments.lab.io.text import nearest
from experiments.lab.io.words import as_words
from experiments.lab.results import trackers
from experiments.lab.results.provenance import called
from experiments.lab.study import named_activations, own_functions, screen

# Of flags for a command: to look before training, and to share a job among processes.
OF_COMMANDS = ("inspect", "shard", "distributed", "coordinator", "processes", "process")

# Flags whose values may be functions, and what such a function is called.
NAMED: Mapping[str, Callable[[Any], str]] = {
    "activation": named_activations.handed_over,
    **{kind: partial(own_functions.handed_over, kind) for kind in own_functions.KNOWN},
}


def compare(
    data: Any = None, y: Any = None, *, test_data: Any = None, progress: bool = True, **flags: Any
) -> Result:
    """Which activation, each at its own best learning rate: the command, as a call.

    ``compare(x, y)``, ``compare(frame, target="price")``, ``compare("digits")``. All that the
    command's flags say can be said by arguments of the same names, such as ``learning_rate`` for
    ``--learning-rate``; ``python -m experiments.activations --help`` explains them. Nothing is
    written unless ``out`` is given, a folder that is then used as by the command.

    Where JAX has not started, it starts with a device for each core. Otherwise the program's
    settings are afterwards what they were.

    Args:
        data: an array (rows, features) or (rows, …) of numbers; a data frame; or what ``--data``
            takes, such as "digits" or the path of a file. The digits without it.
        y: the targets, (rows,): numbers, or names of classes. Floats are predicted as numbers
            unless they have two values, everything else as classes; ``task`` overrides.
        test_data: rows to report on: (x, y), a data frame, or what ``--test-data`` takes.
        progress: show how far it is, on a terminal, in a notebook, or as lines.
        flags: of the command. An activation may be a function of one array or a jaxnn.Activation;
            network, optimizer and schedule may be functions too, as docs/your_network.md has them.

    Returns:
        A Result: table, verdict, runs, figures and model.

    Raises:
        ValueError: an argument or the data cannot be used; one sentence says why.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(60, 3))
        >>> result = compare(
        ...     x, x[:, 0] > 0, activation="tanh", learning_rate=0.3, seeds=2, depth=1, width=4,
        ...     steps=5, twins=False, progress=False,
        ... )
        >>> result.table["model"].tolist()
        ['tanh', 'most frequent', 'logistic regression', 'gradient boosting']
    """
    began = time.perf_counter()
    call, cached = _said(data, y, flags), bool(flags.get("compile_cache", True))

    @contextlib.contextmanager
    def within() -> Iterator[None]:
        with value_errors(), guest(cached=cached), screen.console.of_call(progress), called(call):
            yield

    with within():
        asked, held = _read(data, y, test_data, flags)
        configuration = cli.parse(Configuration, as_words(Configuration, asked))
        _check(configuration)
        found = job.asked(configuration, QUESTION, began=began, held=held)
        path = Path(configuration.out) if configuration.out else None
        with job.opened(found, path) as folder:
            comparison = job.answered(found, folder)
            kept = job.keep(found, comparison, folder) if path else None
    return Result(found, comparison, within, kept)


def _read(
    data: Any, y: Any, test: Any, flags: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, File]]:
    """The flags in plain values, and the rows that are handed over."""
    known = {each.name for each in fields(Configuration)} - {*OF_COMMANDS}
    for name, value in flags.items():
        if name in OF_COMMANDS:
            raise UserError(f"{name}={value!r}: it is for the command; leave it out")
        if name not in known:
            raise UserError(
                f"{name}={value!r}: there is no such argument; nearest first: "
                f"{nearest(name, known)}"
            )
    asked, held = {name: _plain(value) for name, value in flags.items()}, {}
    if isinstance(asked.get("as_"), dict):
        asked["as_"] = [f"{column}={kind}" for column, kind in asked["as_"].items()]
    for flag, handed_over in NAMED.items():
        if asked.get(flag) is not None:
            asked[flag] = _labels(flag, asked[flag], handed_over)
    if data is None and y is not None:
        raise UserError("y: there are no rows that it belongs to; give data, the rows, too")
    if isinstance(data, str | Path):
        if y is not None:
            raise UserError(f"y: {data} has its own targets; leave y out")
        asked["data"] = str(data)
    elif data is not None:
        held["data"], target = as_file(data, y, asked.get("target"))
        asked |= {"data": held["data"].name, "target": target}
    if isinstance(test, str | Path):
        asked["test_data"] = str(test)
    elif test is not None:
        if isinstance(test, tuple) and len(test) != 2:
            raise UserError(f"test_data: a tuple of {len(test)}; give rows and targets, (x, y)")
        x, own = test if isinstance(test, tuple) else (test, None)
        held["test_data"], _ = as_file(x, own)
    return asked, held


def _labels(flag: str, given: Any, handed_over: Callable[[Any], str]) -> list[str]:
    """The names of activations and the like, and the functions among them under theirs."""
    found: dict[str, Any] = {}
    for each in given if isinstance(given, list) else [given]:
        label = each if isinstance(each, str) else handed_over(each)
        if not isinstance(found.setdefault(label, each), str) and found[label] is not each:
            raise UserError(f"{flag}: two functions are called {label}; rename one of them")
    return list(found)


def _plain(value: Any) -> Any:
    """A value as flags have it: plain numbers, and lists of them."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tuple | list | set | range) and not hasattr(value, "_fields"):
        return [_plain(each) for each in value]
    return value


def _check(configuration: Configuration) -> None:
    wanted = [name for name in trackers.TRACKERS if getattr(configuration, name)]
    if wanted and not configuration.out:
        raise UserError(f"{wanted[0]}=True: it sends what is in a folder; give out=FOLDER too")
    trackers.check(wanted)


def _said(data: Any, y: Any, flags: Mapping[str, Any]) -> str:
    """The call in a line, for the files."""
    rows = [] if data is None else [repr(str(data)) if isinstance(data, str | Path) else "data"]
    rows += ["y"] if y is not None else []

    def shown(value: Any) -> str:
        if isinstance(value, list):
            return f"[{', '.join(map(shown, value))}]"
        named = getattr(value, "function", value)
        return getattr(named, "__name__", None) or repr(
            str(value) if isinstance(value, Path) else value
        )

    said = [f"{name}={shown(_plain(value))}" for name, value in flags.items()]
    return f"compare({', '.join([*rows, *said])})"
