"""Which activation function should this network use, each at its own best learning rate?

    python -m experiments.activations
    python -m experiments.activations --data my.csv --target price

Trains activation × learning rate × seed (by default 10 × 13 × 10 = 1,300 networks on scikit-learn's
handwritten digits, and 400 at rates between), each seed on a split of its own. Each activation's
learning rate is chosen on validation data; the verdict is on test data that this choice has not
seen. It takes about two minutes on two cores.
"""

import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from experiments.lab.data import look
from experiments.lab.engine import processes
from experiments.lab.engine.compile_cache import use_compile_cache
from experiments.lab.engine.devices import use_every_core, use_precision
from experiments.lab.engine.outcome import Outcome
from experiments.lab.engine.processes import Share
from experiments.lab.io import cli
from experiments.lab.references.fit import Reference, from_arrays, references, to_arrays
from experiments.lab.results import trackers
from experiments.lab.results.code_hash import measuring_code
from experiments.lab.results.folder import RunFolder
from experiments.lab.results.provenance import command, fingerprint
from experiments.lab.results.refit import refitted
from experiments.lab.results.write import write
from experiments.lab.study import screen, wording
from experiments.lab.study.comparison import Comparison, compare
from experiments.lab.study.flags import StudyFlags, ask
from experiments.lab.study.plan import plan
from experiments.lab.study.study import Study
from experiments.lab.study.train import train

QUESTION = "Which activation function, each at its own best learning rate?"


@dataclass(frozen=True)
class Configuration(StudyFlags):
    """Which activation function should this network use, each at its own best learning rate?

    Every axis takes one value or several; all their combinations are trained.
    """

    inspect: bool = False
    """Show what was understood of the data, and train nothing."""
    out: Path | None = None
    """Folder for the results; without it, runs/activations-DATA."""
    shard: str | None = None
    """i/n: train slice i of n and stop.
    The same command without --shard joins the slices in --out, and trains the rest."""
    distributed: bool = False
    """Share the grid among the processes of a Slurm job;
    elsewhere, of those that --coordinator, --processes and --process name. Process 0 writes."""
    coordinator: str | None = None
    """HOST:PORT of process 0, the same for all processes."""
    processes: int | None = None
    """How many processes there are."""
    process: int | None = None
    """The number of this process, from 0."""
    compile_cache: bool = True
    """Keep compiled programs in the user's cache folder for the next run."""
    tensorboard: bool = False
    """Also write the results for TensorBoard, into the folder's tensorboard/."""
    mlflow: bool = False
    """Also send the results to MLflow, at MLFLOW_TRACKING_URI or its default."""
    wandb: bool = False
    """Also send the results to Weights & Biases; WANDB_MODE=offline keeps them here."""
    single: bool = False
    """Save one network as the model, in place of an ensemble of as many as there are seeds, at most
    10, whose mean prediction is better and whose spread says how sure it is."""
    figures: bool = False
    """Also write each figure of the report as PNG and SVG, into the folder's figures/."""


def main(configuration: Configuration) -> None:
    """From the flags to a study, its training, its comparison, files and screen."""
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
    study = ask(configuration, QUESTION)
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


if __name__ == "__main__":
    cli.run(main, Configuration)
