"""Which activation function should this network use, each at its own best learning rate?

    python -m experiments.activations
    python -m experiments.activations --data my.csv --target price

Trains activation × learning rate × seed (by default 10 × 13 × 10 = 1,300 networks on scikit-learn's handwritten digits)
and chooses each activation's learning rate on validation data; the verdict is on test data that no choice has seen.
About a minute on two cores.
"""

import math
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

import jaxnn
from experiments.lab import report
from experiments.lab.data import Dataset, Source, load, look, prepare
from experiments.lab.engine import processes, stages
from experiments.lab.engine.compile_cache import use_compile_cache
from experiments.lab.engine.devices import use_every_core
from experiments.lab.engine.outcome import Outcome
from experiments.lab.engine.runner import run_grid
from experiments.lab.io import cli
from experiments.lab.results import trackers
from experiments.lab.results.folder import RunFolder, fingerprint
from experiments.lab.results.model import network, save
from experiments.lab.results.provenance import command, provenance
from experiments.lab.results.refit import refitted
from experiments.lab.study import own, screen, signals, units
from experiments.lab.study.comparison import (
    ACCURACY,
    R2,
    Score,
    best_cell,
    compare,
    curves_table,
    label,
    so_far,
)
from experiments.lab.study.theory import gradient_factor
from experiments.lab.study.wording import CERTAIN, verdict
from jaxnn.training import Training
from jaxnn.types import Activation

NOT_IN_THE_NUMBERS = (
    "out",
    "inspect",
    "figures",
    "shard",
    "distributed",
    "coordinator",
    "processes",
    "process",
    "compile_cache",
    *trackers.TRACKERS,
)
QUESTION = "Which activation function, each at its own best learning rate?"


@dataclass(frozen=True)
class Configuration:
    """Which activation function should this network use, each at its own best learning rate?

    Every axis takes one value or several; all their combinations are trained.
    """

    data: str = "digits"
    """digits, breast_cancer, wine, iris, diabetes, mnist1d; a path or URL of a CSV, TSV, Parquet or .npz (arrays x, y) file; a
    folder of MNIST idx files; openml:NAME or openml:NUMBER."""
    target: str | None = None
    """The column of a table to predict."""
    task: Literal["auto", "classification", "regression"] = "auto"
    """auto: regression where a table's target is a number with more than two values, classification elsewhere."""
    drop: tuple[str, ...] = ()
    """Columns of a table to leave out, such as an identifier."""
    test_data: str | None = None
    """Path or URL of test rows, of the same columns; without it test rows are split off."""
    inspect: bool = False
    """Show what was understood of the data, and train nothing."""
    activation: tuple[str, ...] = (
        "linear",
        "sigmoid",
        "tanh",
        "relu",
        "leaky_relu",
        "elu",
        "selu",
        "gelu",
        "swish",
        "mish",
    )
    """Names from jaxnn.ACTIVATIONS (an unknown one lists them all), your own as my_module:my_function, or one for each hidden
    layer as relu/tanh/relu."""
    learning_rate: tuple[str, ...] = ("1e-4:10:13",)
    """Values, or low:high:count on a log scale. Where an activation's best rate lies on the edge, it gets further ones."""
    fixed_grid: bool = False
    """No rates but these."""
    seeds: int = 10
    """Seeds 0, 1, …: each draws its own initial parameters and batches, the same for every activation and rate."""
    refine: int = 0
    """Further seeds at each one's best rate, which is chosen before."""
    depth: tuple[int, ...] = (2,)
    """Hidden layers; 0 is linear or logistic regression."""
    width: tuple[int, ...] = (64,)
    """Neurons of each hidden layer."""
    steps: int = 200
    """Updates of each network."""
    batch_size: tuple[int, ...] = (64,)
    """Rows an update; as many as there are training rows at most."""
    optimizer: tuple[str, ...] = ("sgd",)
    """sgd, momentum, nesterov, rmsprop, adam, adamw, lion."""
    baseline: str | None = None
    """The activation that the others are compared with besides the best; absent, relu where it is compared, else the first named."""
    out: Path | None = None
    """Folder for the results; runs/activations-DATA when absent."""
    shard: str | None = None
    """i/n: train slice i of n and stop; the same command without it joins what the slices left in --out, and trains the rest."""
    distributed: bool = False
    """Share the grid among the processes of a Slurm job, or of --coordinator, --processes and --process; process 0 writes."""
    coordinator: str | None = None
    """HOST:PORT of process 0, for all processes."""
    processes: int | None = None
    """How many there are."""
    process: int | None = None
    """This one's number, from 0."""
    compile_cache: bool = True
    """Keep compiled programs in the user's cache folder for the next run."""
    tensorboard: bool = False
    """Also write the results as TensorBoard reads them, to the folder's tensorboard/."""
    mlflow: bool = False
    """Also send the results to MLflow, at MLFLOW_TRACKING_URI or its default."""
    wandb: bool = False
    """Also send the results to Weights & Biases; WANDB_MODE=offline keeps them here."""
    figures: bool = False
    """Write each figure of the report as PNG and SVG too, into the folder's figures/."""


def main(configuration: Configuration) -> None:
    """Train the grid, show the verdict and write the results."""
    began = time.perf_counter()
    use_every_core()
    wanted = [name for name in trackers.TRACKERS if getattr(configuration, name)]
    trackers.check(wanted)
    if configuration.compile_cache:
        use_compile_cache()
    part = (
        processes.start(configuration.coordinator, configuration.processes, configuration.process)
        if configuration.distributed
        else processes.share(configuration.shard)
    )
    asked = make_grid(configuration)  # after it, since the user's own activations may make arrays
    grid = stages.widest(asked, refine=configuration.refine, fixed=configuration.fixed_grid)
    source = load(
        configuration.data,
        target=configuration.target,
        task=configuration.task,
        drop=configuration.drop,
        test_data=configuration.test_data,
    )
    data = prepare(source)
    if configuration.inspect:
        screen.show_look(look(source, data), command().replace(" --inspect", ""))
        return
    settings = {
        **{
            name: value
            for name, value in asdict(configuration).items()
            if name not in NOT_IN_THE_NUMBERS
        },
        "learning_rate": asked.hyperparameters["learning_rate"],
        "own_activations": own.described(grid.structure["activation"]),
    }
    for structure in grid.structures:
        make_run(structure, data)  # what cannot be built is said before anything is trained
    if configuration.distributed and part.index:
        train_in_stages(configuration, asked, grid, data, part, {}, lambda *_: None, lambda _: None)
        return
    folder = RunFolder(
        configuration.out or Path("runs") / f"activations-{data.name}",
        fingerprint(settings, data.sha256),
    )
    outcomes = folder.kept(part.label)
    screen.show_plan(
        plan(
            configuration,
            asked,
            grid,
            data,
            folder,
            part,
            kept=sum(bool(outcome.done[grid.find(asked)].all()) for outcome in outcomes.values()),
        )
    )

    def keep(number: int, outcome: Outcome) -> None:
        folder.keep(number, outcome, part.label)

    if configuration.shard and part.count > 1:
        train(
            configuration,
            asked,
            grid,
            data,
            processes.share_of(stages.first(asked, grid), part),
            outcomes,
            keep,
        )
        screen.console.print(
            f"slice {part.label} is done; the same command without --shard joins the slices that lie in {folder.path}"
        )
        return
    outcomes = train_in_stages(
        configuration, asked, grid, data, part, outcomes, keep, screen.console.print
    )
    conclude(configuration, settings, asked, grid, source, data, folder, outcomes, wanted, began)


def conclude(
    configuration: Configuration,
    settings: Mapping[str, Any],
    asked: jaxnn.Grid,
    grid: jaxnn.Grid,
    source: Source,
    data: Dataset,
    folder: RunFolder,
    outcomes: Mapping[int, Outcome],
    wanted: Sequence[str],
    began: float,
) -> None:
    """From what was found to the verdict: on the screen, in files, and at the trackers that are wanted."""
    score, variance = judged(data)
    axes, labels = list(varied(grid)[0]), list(map(label, varied(grid)))
    comparison = compare(
        grid,
        outcomes,
        axes,
        score,
        variance,
        configuration.baseline and own.label(configuration.baseline),
        configuration.seeds,
    )
    results, choices, target, profile = comparison
    said = verdict(choices, score)
    trained = {number: outcomes[number].done for number in range(len(labels))}
    curves = curves_table(grid, outcomes)
    model, about_model = refitted(
        grid,
        lambda structure: make_run(structure, data),
        source,
        data,
        results,
        choices[0],
        score,
        steps=configuration.steps,
        batch_size=lambda structure: batch_size(structure, data),
    )

    def theory(structure: Mapping[str, Any]) -> float | None:
        layers = own.activations(structure["activation"])
        return (
            gradient_factor(layers[0], structure.get("depth", configuration.depth[0]))
            if len(layers) == 1
            else None
        )

    config = {
        "experiment": "activations",
        "question": QUESTION,
        "fingerprint": folder.fingerprint,
        **provenance(),
        "configuration": settings,
        "runs": len(results),
        "programs": len(grid.structures),
        "data": {
            "name": data.name,
            "sha256": data.sha256,
            "target": data.target,
            "head": data.head,
            "features": data.features,
            "rows": {part: len(rows) for part, rows in data.x.items()},
            "classes": data.classes,
            "notes": data.notes,
        },
        "model": about_model,
        "seconds": {
            "compile": sum(o.compile_seconds for o in outcomes.values()),
            "run": sum(o.run_seconds for o in outcomes.values()),
            "total": time.perf_counter() - began,
        },
    }
    summary = {
        "verdict": said,
        "metric": score.name,
        "selected_on": "validation",
        "reported_on": "test",
        "rates_chosen_on": f"validation, the first {configuration.seeds} seeds",
        "widened_to": {
            labels[number]: rate for number, rate in stages.ends(asked, grid, trained).items()
        },
        "statistic": "interquartile mean over seeds",
        "interval": "95 % percentile bootstrap over seeds",
        "p": "sign flips of paired differences from the first row, corrected for data having chosen it",
        "versus": "paired differences from the baseline, P(better) with ties ½, p of sign flips with Holm's correction",
        "good_rates": "validation error (1 − metric) at most 1.25 × the best rate's + 0.01; linear in log rate between rates",
        "target": {
            "validation": target,
            "is": "the error that is good, by that rule, for the baseline's best",
            "steps": "first point of the validation curve at the target, median over seeds; null: missed",
        },
        "theory_gradient_factor": "mean square gradient at the first hidden layer over the last's, wide layers, before training",
        "not_told_apart_from_first": [
            choice.label for choice in choices[1:] if choice.p >= CERTAIN
        ],
        "table": [
            asdict(choice) | choice.structure | {"theory_gradient_factor": theory(choice.structure)}
            for choice in choices
        ],
        "model": about_model,
        "performance_profile": profile.to_dict("list"),
    }
    folder.write_table("results.csv", results)
    folder.write_table("curves.csv", curves)
    if model:
        save(folder, model, {**about_model, **provenance()})
    folder.write_json("summary.json", summary)
    places = [varied(grid).index(choice.structure) for choice in choices]
    evidence = report.Evidence(
        QUESTION,
        said,
        comparison,
        score,
        curves,
        [report.Program(outcomes[n].compile_seconds, outcomes[n].run_seconds) for n in places],
        [own.by_name(choice.structure["activation"]) for choice in choices],
        [look_inside(grid.structures[n], data, grid.seed_numbers) for n in places],
        [theory(choice.structure) for choice in choices],
        config,
        stages.widened(asked, grid, trained, labels),
    )
    figures = report.figures(evidence)
    folder.write_text("report.html", report.page(evidence, figures))
    if configuration.figures:
        report.save(figures, folder.path / "figures")
    folder.write_json("config.json", config)
    found = trackers.records(choices, curves, score, settings) if wanted else []
    sent = [
        trackers.send(name, folder.path, found) for name in wanted
    ]  # before the kept parts go: a failure costs no training
    folder.finish()
    screen.show_choices(choices, score, target)
    screen.console.print(f"{said}\n", style="bold")
    screen.console.print(
        f"{len(results):,} networks in {time.perf_counter() - began:.0f} s; report: {folder.path / 'report.html'}"
    )
    screen.console.print(
        f"its network, of {score.title} {score.show(about_model[f'test_{score.name}'])} on the test rows, predicts: "
        f"python -m experiments.predict {shlex.quote(str(folder.path))} data.csv"
        if model
        else "no model is saved, since every run of the first has diverged"
    )
    for place in sent:
        screen.console.print(f"sent to {place}")


def train_in_stages(
    configuration: Configuration,
    asked: jaxnn.Grid,
    grid: jaxnn.Grid,
    data: Dataset,
    part: processes.Share,
    known: Mapping[int, Outcome],
    keep: Callable[[int, Outcome], None],
    say: Callable[[str], None],
) -> Mapping[int, Outcome]:
    """Train what was asked for, and what follows from it: of each stage this process's slice, joined with those of all others."""
    found, (score, variance) = dict(known), judged(data)

    def stage(runs: dict[int, np.ndarray], why: str) -> Mapping[int, Outcome]:
        if why:
            say(why)
        found.update(
            train(configuration, asked, grid, data, processes.share_of(runs, part), found, keep)
        )
        return processes.join(found) if configuration.distributed else found

    return stages.train(
        asked,
        grid,
        list(map(label, varied(grid))),
        lambda outcome, mine: best_cell(outcome, mine, score, variance),
        stage,
    )


def train(
    configuration: Configuration,
    asked: jaxnn.Grid,
    grid: jaxnn.Grid,
    data: Dataset,
    runs: Mapping[int, np.ndarray],
    known: Mapping[int, Outcome],
    keep: Callable[[int, Outcome], None],
) -> dict[int, Outcome]:
    """Train these runs, watched."""
    score, variance = judged(data)
    labels = {
        number: label(structure) for number, structure in enumerate(varied(grid)) if number in runs
    }
    with screen.Watch(
        labels, runs, known, lambda outcome: so_far(grid, outcome, score, variance), score
    ) as watch:

        class Listener:
            start = staticmethod(watch.start)

            @staticmethod
            def advance(number, share):
                watch.advance(share)

            @staticmethod
            def keep(number, outcome):
                keep(number, outcome)
                if outcome.done[runs[number]].all():
                    watch.finish(number)

        class Work:
            steps = configuration.steps

            @staticmethod
            def parts():
                return {part: (data.x[part], data.y[part]) for part in data.x}

            @staticmethod
            def make(structure):
                return make_run(structure, data)

            @staticmethod
            def batch_size(structure):
                return batch_size(structure, data)

        Work.asked, Work.grid = asked, grid
        return run_grid(Work, runs, known, Listener)


def make_grid(configuration: Configuration) -> jaxnn.Grid:
    """The grid that the flags describe.

    Raises:
        UserError: a name is unknown, an own activation cannot be used, a count too small or a learning rate not above 0.
    """
    for flag, minimum in (
        ("seeds", 1),
        ("depth", 0),
        ("width", 1),
        ("steps", 1),
        ("batch_size", 1),
        ("refine", 0),
    ):
        cli.at_least(minimum, getattr(configuration, flag), f"--{flag.replace('_', '-')}")
    for flag, known in (("activation", own.KNOWN), ("optimizer", jaxnn.OPTIMIZERS)):
        if not getattr(configuration, flag):
            raise cli.UserError(f"--{flag} has no value; known: {', '.join(known)}")
    for name in configuration.optimizer:
        cli.one_of(jaxnn.OPTIMIZERS, name, "optimizer")
    structure = {
        name: tuple(dict.fromkeys(getattr(configuration, name)))
        for name in ("activation", "depth", "width", "batch_size", "optimizer")
    }
    structure["activation"] = tuple(dict.fromkeys(map(own.label, configuration.activation)))
    for name in structure["activation"]:
        own.activations(name, configuration.depth)
    if (
        configuration.baseline is not None
        and own.label(configuration.baseline) not in structure["activation"]
    ):
        raise cli.UserError(
            f"--baseline {configuration.baseline}: not among the activations compared, which are "
            f"{', '.join(structure['activation'])}; name one of them, or add it to --activation"
        )
    return jaxnn.Grid(
        structure,
        {"learning_rate": cli.numbers(configuration.learning_rate, "--learning-rate")},
        configuration.seeds,
    )


def make_run(structure: Mapping[str, Any], data: Dataset) -> Training:
    """The Training of one network of the grid.

    Raises:
        UserError: the activation cannot be used at this width.
    """
    head, phi = jaxnn.HEADS[data.head], layers_of(structure)
    return jaxnn.make_training(
        network(structure, data),
        head.loss,
        jaxnn.OPTIMIZERS[structure["optimizer"]],
        correct=head.correct,
        stochastic=any(one.stochastic for one in phi),
        inside=units.counter(phi),
    )


def layers_of(structure: Mapping[str, Any]) -> tuple[Activation, ...]:
    """One activation for each hidden layer."""
    phi = own.activations(structure["activation"])
    return phi if len(phi) > 1 else phi * structure["depth"]


def batch_size(structure: Mapping[str, Any], data: Dataset) -> int:
    """Rows an update: as many as there are at most."""
    return min(structure["batch_size"], len(data.x["train"]))


def judged(data: Dataset) -> tuple[Score, dict[str, float]]:
    """How runs on these data are judged, and the variance of each part's targets, for R²."""
    return R2 if data.head == "regression" else ACCURACY, {
        part: float(values.var()) for part, values in data.y.items()
    }


def look_inside(
    structure: Mapping[str, Any], data: Dataset, seeds: Sequence[int]
) -> signals.Layers:
    """Signal and gradient of a network's layers before training, on a batch of the training rows."""
    rows = slice(signals.ROWS)
    return signals.measure(
        signals.initial_params(make_run(structure, data), seeds[: signals.SEEDS]),
        layers_of(structure),
        jaxnn.HEADS[data.head].loss,
        data.x["train"][rows],
        data.y["train"][rows],
    )


def varied(grid: jaxnn.Grid) -> list[dict[str, Any]]:
    """Each structure by the axes that vary, the activation always among them."""
    axes = [
        name for name, values in grid.structure.items() if name == "activation" or len(values) > 1
    ]
    return [{name: structure[name] for name in axes} for structure in grid.structures]


def plan(
    configuration: Configuration,
    grid: jaxnn.Grid,
    widest: jaxnn.Grid,
    data: Dataset,
    folder: RunFolder,
    part: processes.Share,
    kept: int,
) -> Sequence[tuple[str, str]]:
    """What is about to be done, for the screen: the grid that is asked for, and what it may grow into."""
    rows = {part: len(values) for part, values in data.x.items()}
    rates = grid.hyperparameters["learning_rate"]
    what = (
        f"{len(data.classes)} classes of {data.target}"
        if data.classes
        else f"the number {data.target}"
    )
    lines = [
        ("question", QUESTION),
        (
            "data",
            f"{data.name}: {sum(rows.values()):,} rows ({rows['train']:,} training, {rows['validation']:,} validation, "
            f"{rows['test']:,} test), {data.features:,} inputs",
        ),
        ("task", f"{'classification' if data.classes else 'regression'} of {what}"),
    ]
    lines += [("note", note) for note in data.notes]
    clipped = [size for size in grid.structure["batch_size"] if size > rows["train"]]
    if clipped:
        lines.append(
            (
                "note",
                f"batch size {clipped[0]} is more than the training rows: full batches of {rows['train']}",
            )
        )
    axes = [
        f"{len(grid.structure['activation'])} activations",
        f"{len(rates)} learning rates ({rates[0]:.3g} to {rates[-1]:.3g})",
        *(
            f"{len(values)} values of {name}"
            for name, values in grid.structure.items()
            if name != "activation" and len(values) > 1
        ),
        f"{configuration.seeds} seeds",
    ]
    epochs = (
        configuration.steps * min(grid.structure["batch_size"][0], rows["train"]) / rows["train"]
    )
    lines += [
        ("grid", f"{' × '.join(axes)} = {grid.runs:,} networks"),
        (
            "network",
            f"{one_or_many(grid.structure['depth'])} hidden layers of {one_or_many(grid.structure['width'])} neurons; weights "
            "normal, variance gain² / fan-in with each activation's own gain; biases 0",
        ),
        (
            "training",
            f"{configuration.steps:,} steps of {one_or_many(grid.structure['batch_size'])} rows "
            f"({epochs:.3g} epochs), {one_or_many(grid.structure['optimizer'])}",
        ),
        (
            "work",
            f"{len(grid.structures)} programs of {grid.runs // len(grid.structures):,} networks each, "
            f"{math.prod((grid.runs, configuration.steps)):,} updates in all",
        ),
    ]
    then, further = [], widest.hyperparameters["learning_rate"]
    if len(further) > len(rates):
        then.append(
            f"further rates where the best lies on the edge, {further[0]:.3g} to {further[-1]:.3g} at most"
        )
    if configuration.refine:
        then.append(f"{configuration.refine} further seeds at each best rate")
    if then:
        lines.append(("then", "; ".join(then)))
    lines += [
        ("own", f"{name}: {found['facts']}")
        for name, found in own.described(grid.structure["activation"]).items()
    ]
    if part.count > 1:
        lines.append(("slice", f"{part.index + 1} of {part.count} is trained by this process"))
    if kept:
        lines.append(("resumed", f"{kept} of {len(grid.structures)} programs were finished before"))
    if folder.moved_to:
        lines.append(
            ("note", f"earlier results of another configuration moved to {folder.moved_to}")
        )
    return lines


def one_or_many(values: Sequence[Any]) -> str:
    """The values of an axis in words."""
    return "/".join(map(str, values))


if __name__ == "__main__":
    cli.run(main, Configuration)
