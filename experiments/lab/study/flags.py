"""The flags that say what is asked, and the one place where they are read."""

from dataclasses import asdict, dataclass, fields
from typing import Literal

import jaxnn
from experiments.lab.data import cautions, load, prepare, with_transform
from experiments.lab.io import cli
from experiments.lab.study import named_activations
from experiments.lab.study.score import score_for
from experiments.lab.study.study import Study

AXES = ("activation", "depth", "width", "batch_size", "optimizer")
LEAST = {"seeds": 1, "depth": 0, "width": 1, "steps": 1, "batch_size": 1, "refine": 0}


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
    test_data: str | None = None
    """Path or URL of test rows with the same columns; without it, test rows are split off."""
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
    An activation whose best rate is on the edge gets further rates."""
    fixed_grid: bool = False
    """Train no further rates."""
    seeds: int = 10
    """How many seeds: 0, 1, ….
    Each draws initial parameters and batches, the same for every activation and rate."""
    refine: int = 0
    """Further seeds at the best rate of each activation; the rate is chosen without them."""
    depth: tuple[int, ...] = (2,)
    """Hidden layers; 0 is linear or logistic regression."""
    width: tuple[int, ...] = (64,)
    """Neurons per hidden layer."""
    steps: int = 200
    """Updates of each network."""
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
    for name in flags.optimizer:
        cli.one_of(jaxnn.OPTIMIZERS, name, "optimizer")
    rates = cli.numbers(flags.learning_rate, "--learning-rate")
    labels = tuple(dict.fromkeys(map(named_activations.canonical, flags.activation)))
    activations = {label: named_activations.find(label, flags.depth) for label in labels}
    baseline = flags.baseline and named_activations.canonical(flags.baseline)
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
    source = load(
        flags.data,
        target=flags.target,
        task=flags.task,
        drop=flags.drop,
        test_data=flags.test_data,
    )
    source = with_transform(source, flags.transform)
    if flags.metric in (None, "accuracy", "r2", "rmse"):  # that the others are offered for
        source = source._replace(notes=(*source.notes, *cautions(source)))
    study = Study(
        question=question,
        settings={
            **settings,
            "learning_rate": rates,
            "own_activations": named_activations.described(labels),
        },
        source=source,
        data=prepare(source),
        asked=jaxnn.Grid(structure | {"activation": labels}, {"learning_rate": rates}, flags.seeds),
        activations=activations,
        steps=flags.steps,
        refine=flags.refine,
        fixed=flags.fixed_grid,
        baseline=baseline,
        metric=flags.metric,
        balanced=flags.class_weights == "balanced",
    )
    if study.balanced and not study.data.classes:
        raise cli.UserError(
            f"--class-weights balanced: {study.data.target} of {study.data.name} has no classes; "
            "leave it out"
        )
    score_for(study.data.preprocessing, study.metric)  # refuses a metric that does not suit
    return study
