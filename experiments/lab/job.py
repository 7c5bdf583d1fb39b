"""The main job: from its flags to a study, its training, its comparison, files and screen."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.lab.data import look
from experiments.lab.data.location import File
from experiments.lab.engine import processes
from experiments.lab.engine.companions import watched
from experiments.lab.engine.compile_cache import use_compile_cache
from experiments.lab.engine.devices import hardware, use_every_core, use_precision
from experiments.lab.engine.processes import ALL, Share
from experiments.lab.engine.runner import Programs
from experiments.lab.io import config_file
from experiments.lab.io.command import program
from experiments.lab.io.files import only_utf8, plain
from experiments.lab.references.fit import Reference, from_arrays, references, to_arrays
from experiments.lab.results import trackers
from experiments.lab.results.code_hash import measuring_code
from experiments.lab.results.folder import Nowhere, RunFolder
from experiments.lab.results.provenance import command, fingerprint
from experiments.lab.results.refit import Refit, refitted
from experiments.lab.results.write import described, write
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
    job = asked(configuration, question, part, began=began)
    study = job.study
    if configuration.inspect:
        screen.show_look(look(study.source, study.data), command().replace(" --inspect", ""))
        return
    path = Path(configuration.out or Path("runs") / f"activations-{study.data.name}")
    with opened(job, path) as folder:
        comparison = answered(job, folder)
        if part.alone:
            screen.console.print(
                f"slice {part.label} is done; without --shard, the same command joins those in "
                f"{path}"
            )
        if comparison and not part.follows:
            show(job, comparison, keep(job, comparison, folder), path)


@dataclass(frozen=True)
class Job:
    """What is asked, as it was given.

    configuration: the flags. study: what they ask.
    part: the slice of each stage that this process trains.
    changed: settings that differ from those of the file that --config names.
    began: when it was given, by time.perf_counter.
    """

    configuration: Configuration
    study: Study
    part: Share
    changed: Mapping[str, Any]
    began: float

    @cached_property
    def fingerprint(self) -> str:
        """Of all that the numbers depend on."""
        study, code = self.study, measuring_code(Study, twins.trained_again)
        return fingerprint(study.settings, study.data.sha256, code)


def asked(
    configuration: Configuration,
    question: str,
    part: Share = ALL,
    *,
    began: float,
    held: Mapping[str, File] | None = None,
) -> Job:
    """Read the flags and the data.

    Args:
        configuration: the flags.
        question: that they are part of.
        part: the slice that this process trains.
        began: when they were given, by time.perf_counter.
        held: "data" and "test_data", where a program hands over the rows themselves.

    Raises:
        UserError: a flag has a value that cannot be used, or the data cannot be read.
    """
    changed = config_file.changed(configuration)
    use_precision(configuration.precision)
    with only_utf8():
        study = ask(configuration, question, held)
        _check_names(study)
    return Job(configuration, study, part, changed, began)


def opened(job: Job, path: Path | None) -> RunFolder:
    """The folder for the results of what can be trained; without a path, nothing is kept."""
    job.study.try_out()
    return Nowhere() if path is None else RunFolder(path, job.fingerprint, job.part.label)


def _check_names(study: Study) -> None:
    """Encode the names of the data as files will have them."""
    source, data = study.source, study.data
    names = [study.settings, source.name, source.target, data.classes, data.notes]
    json.dumps(plain([names, data.preprocessing.to_json()]), ensure_ascii=False).encode()


def answered(job: Job, folder: RunFolder) -> Comparison | None:
    """Train, compare, and fit what networks are compared with.

    Args:
        job: what is asked.
        folder: keeps what is finished.

    Returns:
        What was found; None of a slice that is trained alone.
    """
    comparison = trained(job.study, job.part, folder, find_chaos=job.configuration.twins)
    if comparison is None or job.part.follows:
        return comparison
    return comparison.with_references(fitted_references(comparison.study, folder))


@dataclass(frozen=True)
class Kept:
    """What was made of a comparison: the model, the file of all runs, and where else it is now."""

    refit: Refit | None
    results: Path
    places: Sequence[str]


def keep(job: Job, comparison: Comparison, folder: RunFolder) -> Kept:
    """Train the model, and write everything.

    Args:
        job: what was asked.
        comparison: what was found.
        folder: of the results.
    """
    configuration = job.configuration
    wanted = [name for name in trackers.TRACKERS if getattr(configuration, name)]
    refit = None
    if not comparison.nothing_trained:
        screen.console.print(
            "training the model, and models like it on part of the rows, to state its score"
        )
        refit = refitted(comparison, single=configuration.single)
    config = described(comparison, refit, job)
    results = write(folder.path, comparison, refit, config, figures=configuration.figures)
    # Before the kept parts go, so that a failure costs no training.
    places = [trackers.send(name, folder.path, trackers.records(comparison)) for name in wanted]
    folder.finish()
    return Kept(refit, results, places)


def show(job: Job, comparison: Comparison, kept: Kept, path: Path) -> None:
    """Show the results, and say where they are."""
    say = screen.console.print
    screen.show_results(comparison)
    say(
        f"{len(comparison.results):,} networks in {time.perf_counter() - job.began:.0f} s; report: "
        f"{path / 'report.html'}"
    )
    if kept.results.suffix == ".parquet":
        say(f"as CSV the rows of all runs would be larger than 100 MB: they are in {kept.results}")
    if kept.refit:
        say(kept.refit.said(comparison.study.score))
        predict = program("experiments.predict")
        say(f"To predict with it: {predict} {shlex.quote(str(path))} data.csv")
    else:
        say("no model is saved, since every network of the first has diverged")
    for place in kept.places:
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
