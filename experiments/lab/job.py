"""The main job: from its flags to a study, its training, its comparison, files and screen."""

from __future__ import annotations

import json
import shlex
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.lab.data import look
from experiments.lab.engine import processes
from experiments.lab.engine.companions import watched
from experiments.lab.engine.compile_cache import use_compile_cache
from experiments.lab.engine.devices import hardware, use_every_core, use_precision
from experiments.lab.engine.processes import Share
from experiments.lab.engine.runner import Programs
from experiments.lab.io.command import program
from experiments.lab.io.files import only_utf8, plain
from experiments.lab.references.fit import Reference, from_arrays, references, to_arrays
from experiments.lab.results import trackers
from experiments.lab.results.code_hash import measuring_code
from experiments.lab.results.folder import RunFolder
from experiments.lab.results.provenance import command, fingerprint
from experiments.lab.results.refit import refitted
from experiments.lab.results.write import write
from experiments.lab.study import screen, twins, wording
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
    trackers.check([name for name in trackers.TRACKERS if getattr(configuration, name)])
    if configuration.compile_cache:
        use_compile_cache()
    # Before the study, for which the user's own activations may make arrays.
    part = (
        processes.start(configuration.coordinator, configuration.processes, configuration.process)
        if configuration.distributed
        else processes.share(configuration.shard)
    )
    hardware()  # without a device nothing below can be done
    with watched(part, configuration.coordinator):
        run_part(configuration, question, part, began)


def run_part(configuration: Configuration, question: str, part: Share, began: float) -> None:
    """What one process does of it.

    Args:
        configuration: the flags.
        question: that they are part of.
        part: the slice of each stage that this process trains.
        began: when the command was given, by time.perf_counter.
    """
    use_precision(configuration.precision)
    with only_utf8():
        study = ask(configuration, question)
        _check_names(study)
    if configuration.inspect:
        screen.show_look(look(study.source, study.data), command().replace(" --inspect", ""))
        return
    study.try_out()
    path = configuration.out or Path("runs") / f"activations-{study.data.name}"
    mark = fingerprint(
        study.settings, study.data.sha256, measuring_code(Study, twins.trained_again)
    )
    with RunFolder(path, mark, part.label) as folder:
        comparison = trained(study, part, folder, find_chaos=configuration.twins)
        if part.alone:
            screen.console.print(
                f"slice {part.label} is done; without --shard, the same command joins those in "
                f"{path}"
            )
        if comparison and not part.follows:
            finish(configuration, comparison, folder, began)


def _check_names(study: Study) -> None:
    """Encode the names of the data as files will have them."""
    source, data = study.source, study.data
    names = [study.settings, source.name, source.target, data.classes, data.notes]
    json.dumps(plain([names, data.preprocessing.to_json()]), ensure_ascii=False).encode()


def finish(
    configuration: Configuration, comparison: Comparison, folder: RunFolder, began: float
) -> None:
    """Fit what networks are compared with, train the model, and write and show everything.

    Args:
        configuration: the flags.
        comparison: what training found.
        folder: of the results.
        began: when the command was given, by time.perf_counter.
    """
    path, say = folder.path, screen.console.print
    wanted = [name for name in trackers.TRACKERS if getattr(configuration, name)]
    comparison = comparison.with_references(fitted_references(comparison.study, folder))
    refit = None
    if not comparison.nothing_trained:
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
    if refit:
        say(refit.said(comparison.study.score))
        predict = program("experiments.predict")
        say(f"To predict with it: {predict} {shlex.quote(str(path))} data.csv")
    else:
        say("no model is saved, since every network of the first has diverged")
    for place in places:
        say(f"sent to {place}")


def trained(
    study: Study, part: Share, folder: RunFolder, *, find_chaos: bool = True
) -> Comparison | None:
    """Train and compare, with twice the updates as long as these would change the verdict.

    Args:
        study: what is asked.
        part: the slice that this process trains; None is returned where it is trained alone.
        folder: keeps what is finished.
        find_chaos: look for chaotic rates too.
    """
    while True:
        programs: Programs = {}
        folder.steps = study.steps
        known = folder.kept(part.label)
        if not part.follows:
            screen.show_plan(plan(study, part, known, folder.news()))
        outcomes = train(study, part, known, partial(folder.keep, part=part.label), programs)
        if part.alone:
            return None
        comparison = compare(study, outcomes)
        del known, outcomes  # whose curves take much memory
        done = comparison.settled or comparison.nothing_trained
        longer = None if done else study.longer
        if longer is None:
            if find_chaos and not part.follows:
                comparison = comparison.with_twins(trained_twins(comparison, folder, programs))
            return comparison
        screen.show_bold(wording.longer(comparison))
        study = longer


def trained_twins(comparison: Comparison, folder: RunFolder, programs: Programs) -> np.ndarray:
    """The losses of the first seed's runs once more, one bit away; kept likewise."""
    kept = folder.kept_arrays("twins").get("twins")
    for said in folder.news():
        screen.console.print(said)
    if kept:
        return kept["losses"]
    losses = twins.trained_again(comparison.study, comparison.outcomes, programs)
    folder.keep_arrays("twins", {"losses": losses})
    return losses


def fitted_references(study: Study, folder: RunFolder) -> list[Reference]:
    """Models that are no networks, on the same splits; kept in case what follows is interrupted."""
    say = screen.console.print
    kept = folder.kept_arrays("references").get("references")
    for said in folder.news():
        say(said)
    if kept:
        return from_arrays(kept)
    seeds = study.grid.seed_numbers
    found = references(study.splits, seeds, study.metric, balanced=study.balanced, say=say)
    folder.keep_arrays("references", to_arrays(found))
    return found
