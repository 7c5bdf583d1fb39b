"""The flags that say what is asked; nothing heavy is imported before they are read."""

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

# Axes that are not varied, and not even in the tables, unless they are given.
Numbers = Annotated[tuple[float, ...] | None, tyro.conf.arg(metavar="[FLOAT ...]")]
Words = Annotated[tuple[str, ...] | None, tyro.conf.arg(metavar="[STR ...]")]
YesOrNo = Annotated[
    tuple[Literal["yes", "no"], ...] | None, tyro.conf.arg(metavar="[{yes,no} ...]")
]


@dataclass(frozen=True)
class DataFlags:
    """Which rows there are, how they are read, and how they are split."""

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
    It is detected otherwise, as are decimal point, encoding and header; the unusual is said."""
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


@dataclass(frozen=True)
class StudyFlags(DataFlags):
    """All flags that the numbers depend on, and no others.

    A line break in a flag's text is kept by --help.
    """

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
    """Names in jaxnn.ACTIVATIONS, the table in jaxnn/activations/table.py;
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
    network: Words = None
    """Your own as my_module:make, a function of the structure and the numbers of inputs and outputs
    that returns a jaxnn.Network, also beside mlp, the usual one: see docs/your_network.md."""
    depth: tuple[int, ...] = (2,)
    """Hidden layers; 0 is linear or logistic regression."""
    width: tuple[int | str, ...] = (64,)
    """Neurons per hidden layer; a number for each hidden layer as 64/32."""
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
    """sgd, momentum, nesterov, rmsprop, adam, adamw, lion, or schedule_free;
    prodigy, dog, dowg, cocob, dadapt_adamw and mechanic set their own steps, of which the learning
    rate is a factor: 1 alone, where no rates are given. Your own as my_module:make, a function of
    the hyperparameters."""
    schedule: Words = None
    """How the learning rate goes on from update to update: constant, linear, cosine, warm-up,
    warm-up-cosine, one-cycle, flat-cosine or multi-cycle, over the updates of each network;
    --learning-rate is then the highest. Your own as my_module:make, a function of the rate and the
    number of updates."""
    warmup: Numbers = None
    """The share of the updates in which warm-up and warm-up-cosine (without it 0.1) and one-cycle
    (0.3) rise."""
    weight_decay: Numbers = None
    """λ of the decoupled decay of all parameters, by the rate times λ in each update. Without it:
    0, but 1e-4 of adamw and 1e-3 of lion."""
    momentum: Numbers = None
    """Of momentum and nesterov, 0.9 without it."""
    b1: Numbers = None
    """Of adam, adamw, lion and schedule_free: what is kept of the mean gradient; usually 0.9."""
    b2: Numbers = None
    """Likewise, of the mean of squares; usually 0.999, and 0.99 of lion."""
    gradient_clip: Numbers = None
    """The largest norm of a batch's whole gradient; 0 is without clipping."""
    dropout: Numbers = None
    """The share of each hidden layer's outputs that is dropped in training."""
    label_smoothing: Numbers = None
    """The share of a class's target that is spread over all classes in training."""
    loss: Words = None
    """What is trained on: cross_entropy or squared_error (of the probabilities) for classes;
    squared_error, absolute_error or huber for a number. All are judged, and rates are chosen, by
    the first."""
    initializer: Words = None
    """gain (normal weights with each activation's own gain), critical, he_normal, glorot_normal or
    xavier, lecun_normal, pytorch_default, orthogonal, or another name in
    jaxnn.initializers.INITIALIZERS."""
    normalization: Annotated[
        tuple[Literal["none", "layer", "rms"], ...] | None,
        tyro.conf.arg(metavar="[{none,layer,rms} ...]"),
    ] = None
    """Of each hidden layer's sums, before its activation."""
    residual: YesOrNo = None
    """yes: each hidden layer that has the size of its input adds its output to it."""
    bias: YesOrNo = None
    """no: the layers have no biases."""
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
    precision: str = "default"
    """Of float32 matrix products: default, high, highest, or an algorithm such as TF32_TF32_F32 or
    BF16_BF16_F32. default is the device's own: float32 on a CPU, TF32 or bfloat16 on many
    accelerators. What products keep is measured, and is in config.json."""
    baseline: str | None = None
    """The activation that all others are compared with, in addition to the best.
    Without it: relu if it is compared, else the first named."""
    programs: Literal["auto", "one", "each"] = "auto"
    """one: all elementwise activations that learn nothing share a compiled program; each: every
    activation has its own. auto: one, but each for long runs on accelerators, which branches
    hold up."""
