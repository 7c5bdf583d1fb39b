"""Which learning rate, how far may it be off, and what finds it?

    python -m experiments.learning_rates

Time: 6 minutes on two cores. Result: The best rate of a ReLU network on digits is 0.37 with sgd, 0.1 with momentum and 0.014 with
adam; a finder's suggestion costs, in points of test error, 61.8 [60.7, 62.9] with Lightning 2.5.3, 4.3 [2.9, 5.7] with Lightning
before 2.5.3, 6.7 [5.6, 7.7] with fastai and 8.1 [5.1, 11.1] with torch-lr-finder. Swish's best rate is 1.07 [0.93, 1.30] times
ReLU's; metalearned rates end within 5 % of their seed's best in 95 % of runs from 0.15 and 75 % of runs from 1.5, that of the
mean loss being 0.64 [0.64, 0.65] (published .62), of single seeds 0.57 to 0.72.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np

import jaxnn
from experiments.lab.data import Dataset, load, prepare
from experiments.lab.engine.program import Data
from experiments.lab.evidence.experiment import Arrays, Experiment, Flags, Found, Part
from experiments.lab.evidence.verdicts import Conclusion
from experiments.lab.io import cli
from experiments.lab.io.errors import UserError
from experiments.learning_rates import descent, figure, findings
from experiments.learning_rates.finders import FINDERS, STEPS
from experiments.learning_rates.rate_sweep import initial_params, orders, sweep_rates
from experiments.learning_rates.unrolled import over_runs, unrolled_losses
from jaxnn.initializers import pytorch_default
from jaxnn.training import OPTIMIZERS, Training
from jaxnn.types import Array, Network

HEAD = jaxnn.HEADS["multiclass"]
TEN_CLASSES = ("digits", "mnist1d")
BLOCK = 20  # seeds of a part


@dataclass(frozen=True)
class Configuration(Flags):
    """Which learning rate, how far may it be off, and what finds it?"""

    data: tuple[str, ...] = TEN_CLASSES
    """digits and mnist1d, or one of them; the first is drawn against the rate."""
    optimizer: tuple[str, ...] = ("sgd", "momentum", "adam")
    """Names from jaxnn.OPTIMIZERS."""
    activation: tuple[str, ...] = ("relu", "tanh", "swish")
    """Names from jaxnn.ACTIVATIONS; relu and swish are compared."""
    finder_activation: tuple[str, ...] = ("relu", "tanh", "swish")
    """Of these, the ones whose networks the finders are tried on."""
    learning_rate: tuple[str, ...] = ("1e-5:10:43",)
    """Values, or low:high:count on a log scale, of each data set × optimizer × activation."""
    seeds: int = 12
    """Seeds 0, 1, … of each of them."""
    depth: int = 2
    """Hidden layers."""
    width: int = 32
    """Neurons of each hidden layer."""
    steps: int = 300
    """Updates of each network, a multiple of ten."""
    patience: int = 10
    """How many times as many updates low rates are given."""
    batch_size: int = 64
    """Rows an update."""
    metalearning_data: str = "mnist1d"
    """Another set of ten classes shows that it works; what is published is on this one."""
    metalearning_rate: tuple[str, ...] = ("0.01:10:31", "0.3:1.5:111")
    """Rates of a tanh network of 50 neurons on it, 200 updates of 50 rows, whose mean loss metalearning lowers."""
    metalearning_seeds: int = 100
    """Seeds of each of those rates."""
    metalearned_seeds: int = 20
    """Of those, the ones whose rate is metalearned."""
    metalearning_start: tuple[float, ...] = (0.15, 1.5)
    """Rates that metalearning starts from."""
    metalearning_steps: int = 30
    """Updates of the rate's logarithm, each 3 times its slope and at most 0.3; 0 for none."""
    published_steps: int = 50
    """Updates of the rate by the published rule, 0.3 times its slope; 0 for none."""
    descent_rate: tuple[float, ...] = (0.02, 0.5, 1.2)
    """Rates of the descents that are drawn."""
    descent_starts: int = 1000
    """Random weights from which one step is taken."""


def settings(configuration: Configuration) -> Iterator[tuple[str, str, str]]:
    """Data set, optimizer and activation of each grid."""
    return product(configuration.data, configuration.optimizer, configuration.activation)


def parts(configuration: Configuration) -> list[Part]:
    """Descent on two weights; a grid and the range tests for each setting; low rates with patience; the metalearned rate."""
    rates = cli.numbers(configuration.learning_rate, "--learning-rate")
    inner_rates = cli.numbers(configuration.metalearning_rate, "--metalearning-rate")
    for least, flag in (
        (2, "seeds"),
        (1, "depth"),
        (1, "width"),
        (1, "patience"),
        (1, "batch_size"),
        (1, "descent_starts"),
        (2, "metalearned_seeds"),
        (2, "metalearning_seeds"),
    ):
        cli.at_least(least, getattr(configuration, flag), f"--{flag.replace('_', '-')}")
    for flag, known in (
        ("data", TEN_CLASSES),
        ("optimizer", OPTIMIZERS),
        ("activation", jaxnn.ACTIVATIONS),
    ):
        for name in getattr(configuration, flag):
            cli.one_of(known, name, flag)
    cli.one_of(TEN_CLASSES, configuration.metalearning_data, "metalearning-data")
    if not {"relu", "swish"} <= set(configuration.activation):
        raise UserError(
            f"--activation {' '.join(configuration.activation)}: relu and swish are compared; name both"
        )
    if not set(configuration.finder_activation) & set(configuration.activation):
        raise UserError(
            f"--finder-activation {' '.join(configuration.finder_activation)}: give at least one of those of --activation, "
            f"{' '.join(configuration.activation)}"
        )
    if (
        min(len(configuration.optimizer), len(configuration.data)) < 1
        or min(len(rates), len(inner_rates)) < 3
    ):
        raise UserError(
            f"--data, --optimizer, --learning-rate and --metalearning-rate give {len(configuration.data)}, "
            f"{len(configuration.optimizer)}, {len(rates)} and {len(inner_rates)} values; give at least 1, 1, 3 and 3"
        )
    if configuration.steps < 10 or configuration.steps % 10:
        raise UserError(
            f"--steps {configuration.steps}: give a multiple of 10, since runs are looked at ten times"
        )
    if configuration.metalearned_seeds > configuration.metalearning_seeds:
        raise UserError(
            f"--metalearned-seeds {configuration.metalearned_seeds}: give 2 to --metalearning-seeds "
            f"{configuration.metalearning_seeds}"
        )
    rules = {
        name: steps
        for name, steps in (
            ("bounded", configuration.metalearning_steps),
            ("published", configuration.published_steps),
        )
        if steps
    }
    if not rules or min(rules.values()) < 1:
        raise UserError(
            f"--metalearning-steps {configuration.metalearning_steps} --published-steps {configuration.published_steps}: "
            "give whole numbers of at least 0, one of them above it"
        )
    if (
        len(configuration.descent_rate) != 3
        or min(*configuration.descent_rate, *configuration.metalearning_start) <= 0
    ):
        raise UserError(
            f"--descent-rate {configuration.descent_rate} --metalearning-start {configuration.metalearning_start}: give "
            "three and at least one, above 0"
        )

    found = [Part("descent", lambda _: descend(configuration), 2)]
    for setting in settings(configuration):
        found.append(
            Part(
                "-".join(setting),
                lambda _, setting=setting: grid(configuration, rates, *setting),
                10,
            )
        )
    for name in configuration.optimizer:
        found.append(
            Part(
                f"patient-{name}",
                lambda before, name=name: patient(configuration, np.array(rates), name, before),
                10,
            )
        )
    for start in range(0, configuration.metalearning_seeds, BLOCK):
        seeds = range(start, min(start + BLOCK, configuration.metalearning_seeds))
        found.append(
            Part(
                f"inner-{start}",
                lambda _, seeds=seeds: inner_grid(configuration, inner_rates, seeds),
                12,
            )
        )
    for name, steps in rules.items():
        found.append(
            Part(
                f"metalearned-{name}",
                lambda _, name=name, steps=steps: metalearn(
                    configuration, inner_rates, RULES[name], steps
                ),
                12,
            )
        )
    return found


@cache
def dataset(name: str) -> Dataset:
    """Read once."""
    return prepare(load(name))


@cache
def make_run(
    data: str, optimizer: str, activation: str, depth: int, width: int
) -> tuple[Network, Training]:
    """A network and its training; the same object for the same names, so that it is compiled once."""
    net = jaxnn.mlp(
        (dataset(data).features, *[width] * depth, len(dataset(data).classes)),
        activation=activation,
    )
    return net, jaxnn.make_training(net, HEAD.loss, OPTIMIZERS[optimizer], correct=HEAD.correct)


def grid(
    configuration: Configuration,
    rates: tuple[float, ...],
    data: str,
    optimizer: str,
    activation: str,
) -> Arrays:
    """Every rate × seed, and for each seed the losses of the finders' range tests, on batches of their own."""
    net, training = make_run(data, optimizer, activation, configuration.depth, configuration.width)
    rows, seeds = dataset(data), range(configuration.seeds)
    found = sweep_rates(
        training,
        Data(rows.x, rows.y),
        rates,
        seeds,
        steps=configuration.steps,
        points=10,
        batch_size=configuration.batch_size,
    )
    if activation not in configuration.finder_activation:
        return found
    x, y = jnp.asarray(rows.x["train"]), jnp.asarray(rows.y["train"])
    order = orders(
        seeds, examples=len(x), batch_size=configuration.batch_size, steps=STEPS, purpose=1
    )
    schedules = jnp.stack([jnp.asarray(finder.rates, jnp.float32) for finder in FINDERS.values()])

    def range_tests(params, order):
        return jax.vmap(
            lambda rates: unrolled_losses(
                net, HEAD.loss, OPTIMIZERS[optimizer], params, x, y, order, rates
            )
        )(schedules)

    return {
        **found,
        "range_losses": over_runs(range_tests, initial_params(training, rates, seeds), order),
    }


def patient(
    configuration: Configuration, rates: np.ndarray, optimizer: str, before: Found
) -> Arrays:
    """A tenth of the first data set's best rate for ReLU, and the classic ones, with as many times the updates as --patience says."""
    data = configuration.data[0]
    errors = before[f"{data}-{optimizer}-relu"]["validation_error"][-1]
    chosen = (float(rates[np.argmin(errors.mean(axis=1))]) / 10, *findings.CLASSIC)
    _, training = make_run(data, optimizer, "relu", configuration.depth, configuration.width)
    rows = dataset(data)
    found = sweep_rates(
        training,
        Data(rows.x, rows.y),
        chosen,
        range(configuration.seeds),
        steps=configuration.steps * configuration.patience,
        points=10 * configuration.patience,
        batch_size=configuration.batch_size,
    )
    return {**found, "rates": np.array(chosen)}


def as_in_pytorch(features: int) -> Network:
    """tanh, 50 hidden neurons, 10 outputs, with PyTorch's initial weights and biases, uniform on ±1/√fan_in, as in the published notebook."""
    net = jaxnn.mlp((features, 50, 10), activation="tanh", initializer=pytorch_default())

    def init(key):
        layers = net.init(key)
        keys = jax.random.split(jax.random.fold_in(key, 2), len(layers))
        return tuple(
            {
                **layer,
                "bias": jax.random.uniform(key, layer["bias"].shape, minval=-1, maxval=1)
                / len(layer["weight"]) ** 0.5,
            }
            for key, layer in zip(keys, layers, strict=True)
        )

    return Network(init, net.apply)


@cache
def inner(data: str) -> tuple[Network, Training, Array, Array]:
    """Of metalearning: the network, its training, and the rows as they come, MNIST-1D's 4,000 for training."""
    source = load(data)
    net = as_in_pytorch(source.x.shape[1])
    return (
        net,
        jaxnn.make_training(net, HEAD.loss, OPTIMIZERS["sgd"]),
        jnp.asarray(source.x),
        jnp.asarray(source.y, jnp.int32),
    )


def inner_grid(configuration: Configuration, rates: tuple[float, ...], seeds: range) -> Arrays:
    """The mean loss of 200 updates at every rate × seed."""
    _, training, x, y = inner(configuration.metalearning_data)
    found = sweep_rates(
        training, Data({"train": x}, {"train": y}), rates, seeds, steps=200, points=1, batch_size=50
    )
    return {"mean_loss": found["train_loss"][0]}


# From a rate and its slope to the next rate. Bounded, since slopes through 200 updates at a high rate can be huge.
RULES = {
    "bounded": lambda rate, slope: rate * jnp.exp(-jnp.clip(3 * rate * slope, -0.3, 0.3)),
    "published": lambda rate, slope: rate - 0.3 * slope,
}


def metalearn(
    configuration: Configuration,
    rates: tuple[float, ...],
    rule: Callable[[Array, Array], Array],
    steps: int,
) -> Arrays:
    """Descent of that mean loss by the rate, through all updates; one descent a seed and start."""
    net, training, x, y = inner(configuration.metalearning_data)
    seeds = range(configuration.metalearned_seeds)
    order = orders(seeds, examples=len(x), batch_size=50, steps=200)

    def descent_of(params, order):
        def mean_loss(rate):
            return unrolled_losses(
                net, HEAD.loss, OPTIMIZERS["sgd"], params, x, y, order, jnp.full(len(order), rate)
            ).mean()

        def step(rate, _):
            value, slope = jax.value_and_grad(mean_loss)(rate)
            return rule(rate, slope), (rate, value)

        return jax.vmap(lambda start: jax.lax.scan(step, start, length=steps)[1])(
            jnp.array(configuration.metalearning_start)
        )

    rates, losses = over_runs(descent_of, initial_params(training, rates, seeds), order)
    return {"rates": rates, "losses": losses}


def descend(configuration: Configuration) -> Arrays:
    """Three paths, and from random weights one step at many rates, with the slopes it followed."""
    starts = (
        np.random.default_rng(0)
        .uniform(-3, 3, (configuration.descent_starts, 2))
        .astype(np.float32)
    )
    slopes = np.asarray(jax.jit(jax.vmap(jax.grad(descent.by_network)))(starts))
    safe = jax.jit(jax.vmap(descent.safe_rate))(starts)
    paths = jax.jit(jax.vmap(lambda rate: descent.path(jnp.array([0.4, -0.5]), rate, 40)))(
        jnp.array(configuration.descent_rate)
    )
    rates = np.geomspace(1e-3, 10, 81)
    after = starts[:, None] - rates[:, None] * slopes.astype(np.float64)[:, None]
    return {
        "paths": paths,
        "rates": rates,
        "slopes": slopes,
        "differences": descent.slopes_by_differences(starts),
        "down": descent.by_hand(after) < descent.by_hand(starts)[:, None],
        "safe_rate": safe,
    }


def conclude(configuration: Configuration, found: Found) -> Conclusion:
    """The verdicts of findings.py, on the grids by setting."""
    rates = np.array(cli.numbers(configuration.learning_rate, "--learning-rate"))
    inner_rates = np.array(cli.numbers(configuration.metalearning_rate, "--metalearning-rate"))
    return findings.conclude(
        configuration,
        found,
        rates,
        inner_rates,
        list(settings(configuration)),
        {name: dataset(name).sha256 for name in configuration.data},
    )


draw = figure.draw
EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    claims=("G3", "G4", "EVIDENCE 5", "EVIDENCE 7", "EVIDENCE 8"),
    smoke={
        "data": ("digits",),
        "optimizer": ("sgd",),
        "activation": ("relu", "swish"),
        "finder_activation": ("relu",),
        "learning_rate": ("0.01:10:4",),
        "seeds": 2,
        "depth": 1,
        "width": 50,
        "steps": 40,
        "patience": 1,
        "metalearning_data": "digits",
        "metalearning_rate": ("0.001:0.1:4",),
        "metalearning_start": (0.003,),
        "metalearning_seeds": 2,
        "metalearned_seeds": 2,
        "metalearning_steps": 0,
        "published_steps": 4,
        "descent_starts": 20,
    },  # the same shapes and as many rates as are classic everywhere: fewest programs
    parts=parts,
    conclude=conclude,
    draw=draw,
)
