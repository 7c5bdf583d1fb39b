"""The flags that say what is asked, and the one place where they are read."""

from dataclasses import asdict, dataclass, fields
from typing import Literal

import jaxnn
from experiments.lab.data import Splits, load
from experiments.lab.io import cli
from experiments.lab.study import named_activations
from experiments.lab.study.rules import MARGIN
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
    steps: int = 200
    """Updates of each network."""
    batch_size: tuple[int, ...] = (64,)
    """Rows per update; at most the number of training rows."""
    optimizer: tuple[str, ...] = ("sgd",)
    """sgd, momentum, nesterov, rmsprop, adam, adamw, lion."""
    margin: float = MARGIN
    """The largest difference between two scores that does not matter in practice;
    0.005 is half a point of accuracy."""
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
    if not 0 < flags.margin < 1:
        raise cli.UserError(f"--margin {flags.margin:g}: give a number above 0 and below 1")
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
    source = load(
        flags.data,
        target=flags.target,
        task=flags.task,
        drop=flags.drop,
        test_data=flags.test_data,
        group=flags.group,
        time=flags.time,
    )
    return Study(
        question=question,
        settings={
            **settings,
            "learning_rate": rates,
            "own_activations": named_activations.described(labels),
        },
        splits=Splits(source, fixed=flags.splits == "fixed"),
        asked=jaxnn.Grid(structure | {"activation": labels}, {"learning_rate": rates}, flags.seeds),
        activations=activations,
        steps=flags.steps,
        refine=flags.refine,
        fixed=flags.fixed_grid,
        baseline=baseline,
        margin=flags.margin,
    )
