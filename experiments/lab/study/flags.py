"""The flags that say what is asked, and the one place where they are read."""

from dataclasses import asdict, dataclass, fields
from typing import Annotated, Literal

import tyro

import jaxnn
from experiments.lab.data import Reading, Source, Splits, cautions, load, with_transform
from experiments.lab.io import cli
from experiments.lab.study import named_activations
from experiments.lab.study.score import score_for
from experiments.lab.study.study import Study

AXES = ("activation", "depth", "width", "batch_size", "optimizer")
LEAST = {"seeds": 1, "depth": 0, "width": 1, "batch_size": 1, "refine": 0, "most_steps": 1}
KINDS = ("number", "category", "date", "drop")
STEPS = 200  # updates, unless flags say more


@dataclass(frozen=True)
class StudyFlags:
    """All flags that the numbers depend on, and no others.

    A line break in a flag's text is kept by --help.
    """

    data: str = "digits"
    """digits, breast_cancer, wine, iris, diabetes or mnist1d; openml:NAME or openml:NUMBER;
    a path or URL of a CSV, TSV, Parquet or .npz (arrays x, y) file; a folder of MNIST idx files."""
    target: str | None = None
    """The column of a table to predict."""
    task: Literal["auto", "classification", "regression"] = "auto"
    """auto: regression if a table's target is a number with more than two values;
    classification otherwise."""
    drop: tuple[str, ...] = ()
    """Columns of a table to leave out, such as an identifier."""
    separator: str | None = None
    """What separates the cells of a text table: a character, or tab, comma, semicolon or space.
    This and the next five are found where they are not given, and said where they are unusual."""
    decimal: Literal[".", ","] | None = None
    """The decimal point of the numbers in a text table."""
    encoding: str | None = None
    """How a text table is encoded, such as utf-8, latin-1 or utf-16."""
    no_header: tyro.conf.FlagCreatePairsOff[bool] = False
    """The first line of a text table is a row, and not the names of its columns."""
    missing: tuple[str, ...] = ()
    """Words that stand for a missing cell in every column, categories too."""
    as_: Annotated[tuple[str, ...], tyro.conf.arg(name="as")] = ()
    """Columns with what they hold, as COLUMN=number, COLUMN=category, COLUMN=date or
    COLUMN=drop."""
    test_data: str | None = None
    """Path or URL of test rows with the same columns; without it, test rows are split off."""
    splits: Literal["seed", "fixed"] = "seed"
    """seed: each seed draws its own training, validation and test rows, so that intervals hold for
    new rows of the same kind; fixed: all seeds share the split of seed 0."""
    group: str | None = None
    """A column of a table that says which rows belong together, such as a patient's number: all of
    them are training, validation or test rows. It is not an input."""
    time: str | None = None
    """A column of a table with the time of each row, as a number or a date: training rows come
    before validation rows, and these before test rows. It is not an input."""
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
    """Names from jaxnn.ACTIVATIONS (an unknown name lists them all);
    your own as my_module:my_function; one for each hidden layer as relu/tanh/relu."""
    learning_rate: tuple[str, ...] = ("1e-4:10:13",)
    """Values, or low:high:count on a log scale.
    Further rates are trained where the best is at the edge of the grid, and around each best."""
    fixed_grid: bool = False
    """Train no rates but those of the grid."""
    seeds: int = 10
    """How many seeds: 0, 1, ….
    Each draws a split, initial parameters and batches, the same for every activation and rate."""
    refine: int = 0
    """Further seeds at the recommended rate of each activation, which is chosen without them."""
    depth: tuple[int, ...] = (2,)
    """Hidden layers; 0 is linear or logistic regression."""
    width: tuple[int, ...] = (64,)
    """Neurons per hidden layer."""
    steps: int | None = None
    """Updates of each network. Without it or --epochs: 200, doubled for as long as more training
    would change what is recommended."""
    epochs: float | None = None
    """Passes of each network over the training rows, in place of --steps."""
    most_steps: int = 6400
    """The most updates to which training is lengthened, where neither --steps nor --epochs is
    given."""
    best_epoch: bool = False
    """Judge each network at the one of 20 points of its training that has the lowest validation
    loss; without it, after its last update."""
    batch_size: tuple[int, ...] = (64,)
    """Rows per update; at most the number of training rows."""
    optimizer: tuple[str, ...] = ("sgd",)
    """sgd, momentum, nesterov, rmsprop, adam, adamw, lion."""
    metric: str | None = None
    """How networks are judged: accuracy, balanced_accuracy, auc, log_loss or brier for classes;
    r2, rmse or mae for a number. Without it, accuracy or R²."""
    class_weights: Literal["none", "balanced"] = "none"
    """balanced: a row counts in training by how rare its class is, so that all classes count alike.
    Losses are then weighted; the metric is not."""
    transform: Literal["none", "log"] = "none"
    """log: train on the natural logarithm of the target, a positive number; R² and the like are
    then of the logarithm, and predictions of the number itself."""
    margin: float | None = None
    """The largest difference between two scores that does not matter in practice. Without it:
    0.005, half a point of accuracy; for an error, 0.005 of the trivial predictor's."""
    baseline: str | None = None
    """The activation that all others are compared with, in addition to the best.
    Without it: relu if it is compared, else the first named."""


def ask(flags: StudyFlags, question: str) -> Study:
    """What the flags ask.

    Raises:
        UserError: a flag has a value that cannot be used, or the data cannot be read.
    """
    for name, least in LEAST.items():
        cli.at_least(least, getattr(flags, name), f"--{name.replace('_', '-')}")
    for name, known in (("activation", named_activations.KNOWN), ("optimizer", jaxnn.OPTIMIZERS)):
        if not getattr(flags, name):
            raise cli.UserError(f"--{name} has no value; known: {', '.join(known)}")
    if flags.margin is not None and not 0 < flags.margin < float("inf"):
        raise cli.UserError(f"--margin {flags.margin:g}: give a number above 0")
    for name in flags.optimizer:
        cli.one_of(jaxnn.OPTIMIZERS, name, "optimizer")
    rates = cli.numbers(flags.learning_rate, "--learning-rate")
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
    # Two values that are written differently, such as silu and swish, may be the same one.
    structure = {name: tuple(dict.fromkeys(getattr(flags, name))) for name in AXES}
    settings = {field.name: asdict(flags)[field.name] for field in fields(StudyFlags)}
    if flags.metric is not None:
        cli.one_of(jaxnn.METRICS, flags.metric, "metric")
    if flags.steps is not None:
        cli.at_least(1, flags.steps, "--steps")
    if flags.epochs is not None:
        _check_epochs(flags)
    source = _source(flags)
    splits = Splits(source, fixed=flags.splits == "fixed")
    given = flags.steps is not None or flags.epochs is not None
    study = Study(
        question=question,
        settings={
            **settings,
            "learning_rate": rates,
            "own_activations": named_activations.described(labels),
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
    )
    if study.balanced and not splits.classes:
        raise cli.UserError(
            f"--class-weights balanced: {source.target} of {source.name} has no classes; "
            "leave it out"
        )
    score_for(study.data.preprocessing, study.metric)  # refuses a metric that does not suit
    return study


def _source(flags: StudyFlags) -> Source:
    """The rows, with notes on what they and the flags imply."""
    source = load(
        flags.data,
        target=flags.target,
        task=flags.task,
        drop=flags.drop,
        test_data=flags.test_data,
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
