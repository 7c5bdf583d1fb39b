"""How deep can a network be, and which activation and initialisation takes it there?

    python -m experiments.depth

Time: 6 minutes on two cores. Result: At 64 hidden layers, each at its own best rate, test accuracy is elu 0.470 [0.427, 0.522],
swish 0.103 [0.079, 0.127], relu 0.177 [0.124, 0.242], sigmoid 0.100 [0.100, 0.101]; before training 64 of 68 pairs of activation
and initialisation are not shown to be more than 2 % off mean-field theory at any layer (largest deviation 11.8 %), and tanh
networks train to a depth of about 5.1 [4.0, 6.5] depth scales.
"""

import time
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import LogisticRegression

import jaxnn
from experiments.depth import before_training
from experiments.depth.any_depth import Shape, Start, apply, initial, train
from experiments.depth.figure import draw
from experiments.depth.findings import conclude
from experiments.depth.own_rate import at_own_rate
from experiments.depth.tasks import digits, spirals
from experiments.depth.trained import MAP_BIAS_VARIANCE
from experiments.lab.evidence.experiment import Experiment, Flags, Found, Part
from experiments.lab.io.errors import UserError


@dataclass(frozen=True)
class Configuration(Flags):
    """How deep can a network be, and which activation and initialisation takes it there?"""

    theory_activation: tuple[str, ...] = (
        "relu",
        "elu",
        "selu",
        "gelu",
        "gelu_tanh",
        "swish",
        "mish",
        "softplus",
        "squareplus",
        "sigmoid",
        "tanh",
        "lecun_tanh",
        "softsign",
        "arctan",
        "sine",
        "snake",
        "gaussian",
    )
    """Activations whose random networks are compared with mean-field theory."""
    theory_depth: int = 40
    """Layers of a random network."""
    theory_width: int = 4096
    """Its units a layer."""
    theory_networks: int = 128
    """Random networks of each activation and initialisation."""
    selu_networks: int = 8
    """SELU networks with real weight matrices, of a quarter of that width."""
    activation: tuple[str, ...] = (
        "relu",
        "leaky_relu",
        "elu",
        "selu",
        "gelu",
        "swish",
        "mish",
        "tanh",
        "sigmoid",
    )
    """Activations of the ladder."""
    depth: tuple[int, ...] = (1, 2, 5, 10, 20, 40, 64)
    """Hidden layers of the ladder, rising."""
    width: int = 32
    """Units of each hidden layer of the ladder."""
    learning_rate: tuple[float, ...] = (3e-4, 1.2e-3, 5e-3, 2e-2, 8e-2, 0.3)
    """Rates to choose each network's own from, rising."""
    choosing: int = 2
    """Seeds that choose the rate, none of which reports."""
    seeds: int = 12
    """Seeds that report."""
    steps: int = 300
    """Updates of each network."""
    batch_size: int = 32
    """Rows an update."""
    he_width: int = 64
    """Units of each hidden layer of the ReLU networks with Xavier's and with He's initialisation."""
    he_depth: int = 30
    """Their hidden layers."""
    map_width: int = 64
    """Units of each hidden layer of the tanh networks whose depth is compared with theory's."""
    map_weight_variance: tuple[float, ...] = (1.0, 1.15, 1.3, 1.45, 2.2, 2.6, 3.0, 4.0)
    """Their σ_w²; bias variance .05."""
    map_depth: tuple[int, ...] = (5, 10, 20, 40, 80)
    """Their hidden layers, rising."""
    map_learning_rate: tuple[float, ...] = (1e-2, 1e-1)
    """Their rates of plain gradient descent; the best counts."""
    map_seeds: int = 2
    """Their seeds."""
    spiral_depth: tuple[int, ...] = (1, 2, 3, 5, 10, 20)
    """Hidden layers on the two spirals, rising."""
    spiral_steps: int = 600
    """Updates on the two spirals."""
    forward_depth: tuple[int, ...] = (1, 8, 16, 32, 48, 64)
    """Hidden layers whose forward pass is timed."""
    repeats: int = 30
    """Times each is timed, in turns."""


SMOKE = {
    "theory_activation": ("tanh",),
    "theory_depth": 4,
    "theory_width": 256,
    "theory_networks": 4,
    "selu_networks": 2,
    "activation": ("relu", "tanh"),
    "depth": (1, 4),
    "width": 8,
    "learning_rate": (1e-3, 1e-2),
    "choosing": 1,
    "seeds": 2,
    "steps": 20,
    "he_width": 8,
    "he_depth": 4,
    "map_width": 8,
    "map_weight_variance": (1.0, 1.3),
    "map_depth": (3, 6),
    "map_learning_rate": (1e-2,),
    "map_seeds": 2,
    "spiral_depth": (1, 3),
    "spiral_steps": 20,
    "forward_depth": (1, 2, 4),
    "repeats": 2,
}
FORWARD_ROWS, PASSES = 256, 10


def parts(configuration: Configuration) -> list[Part]:
    """Random networks by activation; the ladder by activation and depth; the map by weight variance; the rest one by one."""
    _check(configuration)
    c = configuration
    found = [Part(f"theory-{name}", partial(_theory, c, name), 5) for name in c.theory_activation]
    found.append(
        Part(
            "selu",
            lambda _: before_training.selu_signal(
                depth=c.theory_depth,
                width=c.theory_width // 4,
                networks=c.selu_networks,
                rows=64,
                variance=(0.5, 1.0, 2.0),
            ),
            4,
        )
    )
    found += [
        Part(f"ladder-{name}-{depth}", partial(_ladder, c, name, depth), 1 + depth / 8)
        for name in c.activation
        for depth in c.depth
    ]
    found += [
        Part(f"init-{name}", partial(_initialised, c, variance), 6)
        for name, variance in (("Xavier", 1.0), ("He", 2.0))
    ]
    found += [
        Part(f"map-{variance:g}", partial(_map, c, variance), 6)
        for variance in c.map_weight_variance
    ]
    found += [
        Part(f"spirals-{depth}", partial(_spirals, c, depth), 1 + depth / 8)
        for depth in c.spiral_depth
    ]
    return [
        *found,
        Part("no_hidden_layer", _no_hidden_layer),
        Part("forward", partial(_forward, c), 8),
    ]


def _check(c: Configuration) -> None:
    """Say what cannot be measured."""
    for flag, names in (("theory-activation", c.theory_activation), ("activation", c.activation)):
        for name in names:
            entry = jaxnn.ACTIVATIONS.get(name)
            learns = entry is not None and entry.learned and flag == "activation"
            if (
                entry is None
                or not entry.elementwise
                or entry.units_in != 1
                or entry.stochastic
                or learns
            ):
                raise UserError(
                    f"--{flag} {name}: give elementwise activations of jaxnn.ACTIVATIONS without learned numbers, such as relu"
                )
    if missing := [name for name in ("relu", "tanh") if name not in c.activation]:
        raise UserError(
            f"--activation: {', '.join(missing)} is missing; every comparison here is with relu or tanh"
        )
    for flag in (
        "depth",
        "learning_rate",
        "map_depth",
        "map_weight_variance",
        "map_learning_rate",
        "spiral_depth",
        "forward_depth",
    ):
        values, least = getattr(c, flag), 2 if "depth" in flag else 1
        if len(values) < least or min(values) <= 0 or list(values) != sorted(set(values)):
            raise UserError(
                f"--{flag.replace('_', '-')} {values}: give at least {least} values above 0, rising"
            )
    twice = (
        "theory_depth",
        "theory_networks",
        "selu_networks",
        "seeds",
    )  # a layer has a next one, an interval a spread
    for flag in (
        *twice,
        "theory_width",
        "width",
        "choosing",
        "steps",
        "batch_size",
        "he_width",
        "he_depth",
        "map_width",
        "map_seeds",
        "spiral_steps",
        "repeats",
    ):
        least = 2 if flag in twice else 4 if flag == "theory_width" else 1
        if getattr(c, flag) < least:
            raise UserError(
                f"--{flag.replace('_', '-')} {getattr(c, flag)}: give a whole number of at least {least}"
            )


def _theory(c: Configuration, activation: str, _: Found):
    return before_training.measure(
        activation,
        before_training.weight_variances(activation),
        depth=c.theory_depth,
        width=c.theory_width,
        networks=c.theory_networks,
    )


def _shape(c: Configuration, width: int) -> Shape:
    return Shape(
        c.activation,
        digits().features,
        width,
        max(*c.depth, *c.map_depth, *c.spiral_depth, c.he_depth),
        len(digits().classes),
    )


def _own_rate(c: Configuration) -> dict:
    return {
        "rates": c.learning_rate,
        "choosing": c.choosing,
        "seeds": c.seeds,
        "batch_size": c.batch_size,
    }


def _ladder(c: Configuration, activation: str, depth: int, _: Found):
    return at_own_rate(
        _shape(c, c.width), activation, depth, digits(), steps=c.steps, **_own_rate(c)
    )


def _initialised(c: Configuration, weight_variance: float, _: Found):
    return at_own_rate(
        _shape(c, c.he_width),
        "relu",
        c.he_depth,
        digits(),
        steps=c.steps,
        start=Start(weight_variance),
        **_own_rate(c),
    )


def _map(c: Configuration, weight_variance: float, _: Found):
    """Training accuracy of every depth, rate and seed."""
    rates, seeds = (
        np.repeat(c.map_learning_rate, c.map_seeds),
        np.tile(np.arange(c.map_seeds), len(c.map_learning_rate)),
    )
    start = Start(weight_variance, MAP_BIAS_VARIANCE)
    trained = [
        train(
            _shape(c, c.map_width),
            "tanh",
            depth,
            digits(),
            learning_rate=rates,
            seeds=seeds,
            steps=c.steps,
            batch_size=c.batch_size,
            momentum=0.0,
            start=start,
        ).train
        for depth in c.map_depth
    ]
    return {"train": np.reshape(trained, (len(c.map_depth), len(c.map_learning_rate), c.map_seeds))}


def _spirals(c: Configuration, depth: int, _: Found):
    return at_own_rate(
        _shape(c, c.width), "tanh", depth, spirals(), steps=c.spiral_steps, **_own_rate(c)
    )


def _no_hidden_layer(_: Found):
    """Logistic regression's test accuracy."""
    return {
        name: np.array(
            [
                LogisticRegression(max_iter=1000)
                .fit(data.x["train"], data.y["train"])
                .score(data.x["test"], data.y["test"])
            ]
        )
        for name, data in (("digits", digits()), ("spirals", spirals()))
    }


def _forward(c: Configuration, _: Found):
    """Seconds of a batch's forward pass, (depths, repeats); the depths take turns, so that a busy moment hits them alike."""
    shape = _shape(c, c.width)._replace(activations=("relu",), most=max(c.forward_depth))
    x = jax.device_put(digits().x["train"][:FORWARD_ROWS], jax.devices()[0])
    forward = jax.jit(partial(apply, shape, 0))
    params = jax.tree.map(
        lambda leaf: jnp.zeros(leaf.shape),
        jax.eval_shape(partial(initial, shape, "relu", Start()), jax.random.key(0)),
    )
    forward(params, x, jnp.int32(1)).block_until_ready()
    depths = [jnp.int32(depth) for depth in c.forward_depth]
    seconds = np.empty((len(depths), c.repeats))
    for turn in range(c.repeats):
        for number, depth in enumerate(depths):
            began = time.perf_counter()
            for _ in range(PASSES):
                forward(params, x, depth).block_until_ready()
            seconds[number, turn] = (time.perf_counter() - began) / PASSES
    return {"forward_seconds": seconds}


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke=SMOKE,
    parts=parts,
    conclude=conclude,
    draw=draw,
    claims=(
        "Y3",
        "A4",
        "A6",
        "A7",
        "A10",
        "EVIDENCE 2",
        "EVIDENCE 3",
        "EVIDENCE 13",
        "EVIDENCE 14",
    ),
)
