"""The main job: from its flags to a study, its training, its comparison, files and screen."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.lab.data import look
from experiments.lab.engine import processes
from experiments.lab.engine.compile_cache import use_compile_cache
from experiments.lab.engine.devices import use_every_core, use_precision
from experiments.lab.engine.outcome import Outcome
from experiments.lab.engine.processes import Share
from experiments.lab.references.fit import Reference, from_arrays, references, to_arrays
from experiments.lab.results import trackers
from experiments.lab.results.code_hash import measuring_code
from experiments.lab.results.folder import RunFolder
from experiments.lab.results.provenance import command, fingerprint
from experiments.lab.results.refit import refitted
from experiments.lab.results.write import write
from experiments.lab.study import screen, wording
from experiments.lab.study.ask import ask
from experiments.lab.study.comparison import Comparison, compare
from experiments.lab.study.plan import plan
from experiments.lab.study.study import Study
from experiments.lab.study.train import train

if TYPE_CHECKING:  # it imports this module
    from experiments.activations import Configuration


def run(configuration: Configuration, question: str) -> None:
    """Ask, train, compare, and write the files.

    Args:
        configuration: the flags.
        question: that they are part of, in one sentence.
    """
    began = time.perf_counter()
    use_every_core()
    wanted = [name for name in trackers.TRACKERS if getattr(configuration, name)]
    trackers.check(wanted)
    if configuration.compile_cache:
        use_compile_cache()
    # Before the study, for which the user's own activations may make arrays.
    part = (
        processes.start(configuration.coordinator, configuration.processes, configuration.process)
        if configuration.distributed
        else processes.share(configuration.shard)
    )
    use_precision(configuration.precision)
    study = ask(configuration, question)
    if configuration.inspect:
        screen.show_look(look(study.source, study.data), command().replace(" --inspect", ""))
        return
    study.try_out()
    path = configuration.out or Path("runs") / f"activations-{study.data.name}"
    folder, say = None, screen.console.print
    if not part.follows:
        mark = fingerprint(study.settings, study.data.sha256, measuring_code(Study))
        folder = RunFolder(path, mark)
    comparison = trained(study, part, folder)
    if part.alone:
        say(f"slice {part.label} is done; without --shard, the same command joins those in {path}")
    if not comparison or not folder:
        return
    comparison = comparison.with_references(fitted_references(comparison.study, folder))
    say("training the model, and models like it on part of the rows, to state its score")
    refit = refitted(comparison, single=configuration.single)
    results = write(folder, comparison, refit, time.perf_counter() - began, configuration.figures)
    # Before the kept parts go, so that a failure costs no training.
    places = [trackers.send(name, path, trackers.records(comparison)) for name in wanted]
    folder.finish()
    screen.show_results(comparison)
    say(
        f"{len(comparison.results):,} networks in {time.perf_counter() - began:.0f} s; report: "
        f"{path / 'report.html'}"
    )
    if results.suffix == ".parquet":
        say(f"as CSV the rows of all runs would be larger than 100 MB: they are in {results}")
    say(
        f"{refit.said(comparison.study.score)}\n"
        f"To predict with it: python -m experiments.predict {shlex.quote(str(path))} data.csv"
        if refit
        else "no model is saved, since every network of the first has diverged"
    )
    for place in places:
        say(f"sent to {place}")


def trained(study: Study, part: Share, folder: RunFolder | None) -> Comparison | None:
    """Train and compare, with twice the updates as long as these would change the verdict.

    Args:
        study: what is asked.
        part: the slice that this process trains; None is returned where it is trained alone.
        folder: keeps what is finished; None for a process that only follows another.
    """
    known: Mapping[int, Outcome] = {}
    keep = None
    while True:
        if folder:
            folder.steps = study.steps
            known, keep = folder.kept(part.label), partial(folder.keep, part=part.label)
            screen.show_plan(plan(study, part, known, folder.moved_to))
        outcomes = train(study, part, known, keep)
        if part.alone:
            return None
        comparison = compare(study, outcomes)
        longer = None if comparison.settled else study.longer
        if longer is None:
            return comparison
        screen.console.print(f"\n{wording.longer(comparison)}\n")
        study = longer


def fitted_references(study: Study, folder: RunFolder) -> list[Reference]:
    """Models that are no networks, on the same splits; kept in case what follows is interrupted."""
    kept = folder.kept_arrays().get("references")
    if kept:
        return from_arrays(kept)
    seeds, say = study.grid.seed_numbers, screen.console.print
    found = references(study.splits, seeds, study.metric, balanced=study.balanced, say=say)
    folder.keep_arrays("references", to_arrays(found))
    return found
