"""Concluding again from what is published, several experiments at a time."""

import importlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from experiments.lab.engine.compile_cache import use_compile_cache
from experiments.lab.engine.devices import use_every_core
from experiments.lab.evidence import published
from experiments.lab.evidence.experiment import Experiment
from experiments.lab.io.files import plain
from experiments.lab.io.side_by_side import keep_to, shares, side_by_side

MEASURES_AGAIN = "python -m experiments all measures it again"


def concluded_each(every: Sequence[Experiment], folder: Path) -> Iterator[tuple[Experiment, str]]:
    """Conclude each into a folder of its name, several at a time; with why one cannot be."""
    folders = [folder / experiment.name for experiment in every]
    if len(every) == 1:
        _prepare()
        yield every[0], concluded(every[0], folders[0])
        return
    names = [experiment.name for experiment in every]
    workers, context = min(len(every), side_by_side()), get_context("spawn")
    places = context.SimpleQueue()
    for share in shares(workers):
        places.put(share)
    with ProcessPoolExecutor(workers, context, _prepare, (places,)) as pool:
        yield from zip(every, pool.map(_concluded_by_name, names, folders), strict=True)


def _concluded_by_name(name: str, folder: Path) -> str:
    """In a process of its own, which imports one experiment only."""
    return concluded(importlib.import_module(f"experiments.{name}").EXPERIMENT, folder)


def _prepare(places: Any = None) -> None:
    """As when it was measured, so that rounding is the same: on a share of the cores."""
    if places is not None:
        keep_to(places.get())
    use_every_core()
    use_compile_cache()


def concluded(experiment: Experiment, folder: Path) -> str:
    """Conclude an experiment from its published measurement into a folder.

    Returns:
        Why it cannot be concluded; empty where it was.
    """
    folder.mkdir(exist_ok=True)
    measured, defaults = published.measured(experiment.name), experiment.configuration()
    if measured is None:
        return f"its measurement is not here; python -m experiments.{experiment.name} makes it"
    if measured.made["configuration"] != plain(experiment.settings(defaults)):
        return f"it was measured with other flags than the present defaults; {MEASURES_AGAIN}"
    try:
        experiment.conclude_into(folder, defaults, measured)
    except KeyError as missing:
        if measured.fingerprint == experiment.fingerprint(defaults):
            raise
        return f"its measurement by earlier code has no {missing}; {MEASURES_AGAIN}"
    return ""
