"""From the flags to what they ask, a Study: the one place where they are read."""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace

import numpy as np

import jaxnn
from experiments.lab.data import Reading, Source, Splits, cautions, load, with_transform
from experiments.lab.data.location import File, public
from experiments.lab.io import cli
from experiments.lab.study import axes, building, named_activations, own_functions, own_networks
from experiments.lab.study.flags import StudyFlags
from experiments.lab.study.score import score_for
from experiments.lab.study.size import refuse_size
from experiments.lab.study.study import Study

LEAST = {"seeds": 1, "depth": 0, "batch_size": 1, "refine": 0, "most_steps": 1}
MOST = {
    "seeds": 100_000,
    "refine": 100_000,
    "depth": 1000,
    "batch_size": 1_000_000_000,
    "steps": 1_000_000_000,
    "most_steps": 1_000_000_000,
}
KINDS = ("number", "category", "date", "drop")
STEPS = 200  # updates, unless flags say more


def ask(flags: StudyFlags, question: str, held: Mapping[str, File] | None = None) -> Study:
    """What the flags ask.

    Args:
        flags: as they were given.
        question: that they are part of.
        held: "data" and "test_data", where a program hands over the rows themselves.

    Raises:
        UserError: a flag has a value that cannot be used, or the data cannot be read.
    """
    for name, least in LEAST.items():
        cli.at_least(least, getattr(flags, name), f"--{name.replace('_', '-')}")
    for name, most in MOST.items():
        cli.at_most(most, getattr(flags, name) or 0, f"--{name.replace('_', '-')}")
    if not flags.activation:
        known = ", ".join(named_activations.KNOWN)
        raise cli.UserError(f"--activation has no value; known: {known}")
    if flags.margin is not None and not 0 < flags.margin < float("inf"):
        raise cli.UserError(f"--margin {flags.margin:g}: give a number above 0")
    structure, rates = axes.structure(flags), axes.rates(flags)
    labels = tuple(dict.fromkeys(map(named_activations.canonical, flags.activation)))
    baseline = flags.baseline and named_activations.canonical(flags.baseline)
    if not max(flags.depth):  # no activation is used, whichever are named
        labels, baseline = ("linear",), None
    activations = {label: named_activations.find(label, flags.depth) for label in labels}
    if baseline is not None and baseline not in labels:
        raise cli.UserError(
            f"--baseline {flags.baseline}: not among the activations compared, which are "
            f"{', '.join(labels)}; name one of them, or add it to --activation"
        )
    settings = {field.name: asdict(flags)[field.name] for field in fields(StudyFlags)}
    settings |= {name: public(settings[name] or "") or None for name in ("data", "test_data")}
    if flags.metric is not None:
        cli.one_of(jaxnn.METRICS, flags.metric, "metric")
    if flags.steps is not None:
        cli.at_least(1, flags.steps, "--steps")
    if flags.epochs is not None:
        _check_epochs(flags)
    source = _source(flags, held or {})
    splits = Splits(source, fixed=flags.splits == "fixed")
    given = flags.steps is not None or flags.epochs is not None
    study = Study(
        question=question,
        settings={
            **settings,
            "learning_rate": rates,
            "own_activations": named_activations.described(labels),
            "own_functions": {},
        },
        splits=splits,
        asked=jaxnn.Grid(structure | {"activation": labels}, {"learning_rate": rates}, flags.seeds),
        activations=activations,
        steps=_steps(flags, splits.training_rows(0)),
        limit=None if given else flags.most_steps,
        refine=flags.refine,
        fixed=flags.fixed_grid,
        baseline=baseline,
        margin=flags.margin,
        metric=flags.metric,
        balanced=flags.class_weights == "balanced",
        best_epoch=flags.best_epoch,
        one_program={"one": True, "each": False}.get(flags.programs),
    )
    if study.balanced and not splits.classes:
        raise cli.UserError(
            f"--class-weights balanced: {source.target} of {source.name} has no classes; "
            "leave it out"
        )
    axes.check_data(structure, splits, study.data.features)
    study = _with_own_functions(study)
    refuse_size(study)
    study = _where_r2_is_undefined(study)
    score_for(study.data.preprocessing, study.metric)  # refuses a metric that does not suit
    return study


def _with_own_functions(study: Study) -> Study:
    """With the user's own networks, optimizers and schedules among the settings, and a note.

    Raises:
        UserError: a network cannot be used, or does not read what is given.
    """
    given = study.asked.structure
    built = [study.own_network(each) for each in study.grid.structures if building.is_own(each)]
    own_networks.check(given, built)
    if built:
        own = [each for each in given["network"] if own_functions.is_own("network", each)]
        study.splits.notes.append(
            f"nothing looks inside the networks of {' and '.join(own)}: dead and saturated units, "
            "signals per layer and theory are left out"
        )
    found = own_functions.described(given, built)
    return replace(study, settings={**study.settings, "own_functions": found})


def _where_r2_is_undefined(study: Study) -> Study:
    """Judged by RMSE, with a note, where R² is not defined; as it is elsewhere.

    Raises:
        UserError: R² is asked for by name.
    """
    if study.splits.classes or study.metric not in (None, "r2"):
        return study
    for part in ("validation", "test"):
        if np.all(study.score.variance[part]):
            continue
        rows = len(study.data.y[part])
        where = f"all {rows:,} {part} rows of a split have the same {study.source.target}"
        if rows == 1:
            where = f"there is a single {part} row"
        if study.metric:
            raise cli.UserError(
                f"--metric r2: {where}, so that R² is not defined; use --metric rmse or mae, or "
                "give more rows"
            )
        study.splits.notes.append(f"judged by RMSE, since {where}, so that R² is not defined")
        return replace(study, metric="rmse")
    return study


def _source(flags: StudyFlags, held: Mapping[str, File]) -> Source:
    """The rows, with notes on what they and the flags imply."""
    source = load(
        held.get("data", flags.data),
        target=flags.target,
        task=flags.task,
        drop=flags.drop,
        test_data=held.get("test_data", flags.test_data),
        group=flags.group,
        time=flags.time,
        reading=_reading(flags),
    )
    source = with_transform(source, flags.transform)
    if flags.metric in (None, "accuracy", "r2", "rmse"):  # that the others are offered for
        source = source._replace(notes=(*source.notes, *cautions(source)))
    if not max(flags.depth):
        note = "without a hidden layer there is no activation to compare: one linear model is"
        source = source._replace(notes=(*source.notes, f"{note} trained at each rate"))
    return source


def _reading(flags: StudyFlags) -> Reading:
    """What the flags say about how a table is written."""
    kinds = {}
    for said in flags.as_:
        column, sign, kind = said.rpartition("=")
        if not sign or not column:
            raise cli.UserError(f"--as {said}: give COLUMN=KIND, such as zip=category")
        cli.one_of(KINDS, kind, "as")
        kinds[column] = kind
    return Reading(
        flags.separator,
        flags.decimal,
        flags.encoding,
        False if flags.no_header else None,
        flags.missing,
        kinds,
    )


def _check_epochs(flags: StudyFlags) -> None:
    if flags.steps is not None:
        raise cli.UserError(
            f"--steps {flags.steps} --epochs {flags.epochs:g}: both say how long to train; give one"
        )
    if not 0 < flags.epochs < float("inf"):
        raise cli.UserError(f"--epochs {flags.epochs:g}: give a number above 0")
    if len(set(flags.batch_size)) > 1:
        raise cli.UserError(
            f"--epochs {flags.epochs:g}: with several batch sizes, an epoch has several numbers of "
            "updates; give --steps"
        )


def _steps(flags: StudyFlags, rows: int) -> int:
    """Updates of each network, to begin with."""
    if flags.epochs is not None:
        return max(1, round(flags.epochs * rows / min(flags.batch_size[0], rows)))
    return flags.steps if flags.steps is not None else min(STEPS, flags.most_steps)
