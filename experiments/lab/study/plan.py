"""What is about to be trained, in lines for the screen."""

from collections.abc import Mapping, Sequence

from experiments.lab.engine.outcome import Outcome
from experiments.lab.engine.processes import Share
from experiments.lab.engine.runner import POINTS, points
from experiments.lab.study import axes
from experiments.lab.study.study import Study

Lines = list[tuple[str, str]]


def plan(study: Study, part: Share, known: Mapping[int, Outcome], news: Sequence[str]) -> Lines:
    """What is about to be done: (name, text) of each line.

    Args:
        study: what is asked.
        part: the slice that this process trains.
        known: outcomes that an interrupted run has left, by the number of their structure.
        news: of the folder, such as where earlier results of another configuration are now.
    """
    lines = [*_data(study), *_grid(study), *_further(study)]
    own = dict(study.settings["own_activations"])
    own |= study.settings["own_functions"].get("network", {})
    lines += [("your own", f"{name}: {found['facts']}") for name, found in own.items()]
    if part.count > 1:
        lines.append(("slice", f"{part.index + 1} of {part.count} is trained by this process"))
    asked, structures = study.grid.find(study.asked), len(study.grid.structures)
    if finished := sum(bool(outcome.done[asked].all()) for outcome in known.values()):
        lines.append(("resumed", f"{finished} of {structures} were finished before"))
    return [*lines, *(("note", said) for said in news)]


def _data(study: Study) -> Lines:
    """The question, the data and the task."""
    data, rows = study.data, {part: len(x) for part, x in study.data.x.items()}
    if data.classes:
        task = f"classification of {len(data.classes)} classes of {data.target}"
    else:
        task = f"regression of the number {data.target}"
    given = study.source.test
    count = len(study.source.y) + (len(given[1]) if given else 0)
    split = "" if study.splits.fixed else ", split anew for each seed"
    lines = [
        ("question", study.question),
        (
            "data",
            f"{data.name}: {count:,} rows{split} ({rows['train']:,} training, "
            f"{rows['validation']:,} validation, {rows['test']:,} test), {data.features:,} inputs",
        ),
        ("task", task),
        *(("note", note) for note in data.notes),
    ]
    clipped = [size for size in study.asked.structure["batch_size"] if size > rows["train"]]
    if clipped:
        lines.append(
            (
                "note",
                f"batch size {clipped[0]} is more than the training rows: full batches of "
                f"{rows['train']}",
            )
        )
    return lines


def _grid(study: Study) -> Lines:
    """The grid asked for, and the work that it is."""
    grid, structure = study.asked, study.asked.structure
    rates, rows = grid.hyperparameters["learning_rate"], len(study.data.x["train"])
    varied = [
        f"{len(structure['activation'])} activations",
        f"{len(rates)} learning rates ({rates[0]:.3g} to {rates[-1]:.3g})",
        *(
            f"{len(values)} values of {name}"
            for name, values in structure.items()
            if name != "activation" and len(values) > 1
        ),
        f"{len(grid.seed_numbers)} seeds",
    ]
    epochs = study.steps * study.batch_size(grid.structures[0]) / rows
    programs = study.programs
    return [
        ("grid", f"{' × '.join(varied)} = {grid.runs:,} networks"),
        (
            "network",
            f"{axes.layers_said(structure, 'neurons')}{_start(structure)}",
        ),
        (
            "training",
            f"{study.steps:,} steps of {axes.values(structure['batch_size'])} rows ({epochs:.3g} "
            f"epochs), {axes.values(structure['optimizer'])}{_by(structure)}",
        ),
        *_also(structure),
        *_curves(grid.runs),
        (
            "work",
            f"{grid.runs * study.steps:,} updates in all, by {programs} compiled "
            f"program{'s' * (programs > 1)}",
        ),
    ]


def _start(structure: Mapping[str, Sequence]) -> str:
    """How the parameters start, where it is not asked for."""
    weights = "weights normal, variance gain² / fan-in with each activation's own gain"
    if axes.all_own(structure):
        return ""
    said = [] if "initializer" in structure else [weights]
    said += [] if {"initializer", "bias"} & structure.keys() else ["biases 0"]
    return "".join(f"; {each}" for each in said)


def _by(structure: Mapping[str, Sequence]) -> str:
    return f", {axes.schedule_said(structure)}" if "schedule" in structure else ""


def _also(structure: Mapping[str, Sequence]) -> Lines:
    """What is asked for beside the usual."""
    return [("also", said)] if (said := axes.said(structure)) else []


def _curves(runs: int) -> Lines:
    """Where there are so many runs that their curves have fewer points."""
    few = f"{points(runs)} points per training curve in place of {POINTS}, to save memory"
    return [("curves", few)] if points(runs) < POINTS else []


def _further(study: Study) -> Lines:
    """What the grid may become."""
    then, rates = [], study.grid.hyperparameters["learning_rate"]
    if len(rates) > len(study.asked.hyperparameters["learning_rate"]):
        then.append(
            f"further rates where the best is at the edge, {rates[0]:.3g} to {rates[-1]:.3g} at "
            "most, and around each best"
        )
    if seeds := len(study.grid.seed_numbers) - len(study.asked.seed_numbers):
        then.append(f"{seeds} further seed{'s' * (seeds > 1)} at each recommended rate")
    return [("then", "; ".join(then))] if then else []
