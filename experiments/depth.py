"""How deep can a network be, and which activation and initialisation takes it there?

    python -m experiments.depth

Time: TIME on two cores. Result: RESULT
"""

import time
from dataclasses import dataclass
from functools import cache, partial

import jax
import numpy as np
from sklearn.linear_model import LogisticRegression

import jaxnn
from experiments.lab.data import Dataset, load, prepare
from experiments.lab.deep import before_training
from experiments.lab.deep.any_depth import Shape, train
from experiments.lab.deep.conclusions import conclude
from experiments.lab.deep.own_rate import at_own_rate
from experiments.lab.deep.picture import draw
from experiments.lab.errors import UserError
from experiments.lab.experiment import Experiment, Flags, Found, Part
from experiments.lab.program import Data


@dataclass(frozen=True)
class Configuration(Flags):
    """How deep can a network be, and which activation and initialisation takes it there?"""

    theory_activation: tuple[str, ...] = ("relu", "elu", "selu", "gelu", "gelu_tanh", "swish", "mish", "softplus", "squareplus", "sigmoid", "tanh",
                                          "lecun_tanh", "softsign", "arctan", "sine", "snake", "gaussian")
    """Activations whose random networks are compared with mean-field theory."""
    theory_depth: int = 40
    """Layers of a random network."""
    theory_width: int = 4096
    """Its units a layer."""
    theory_networks: int = 256
    """Random networks of each activation and initialisation."""
    selu_networks: int = 8
    """SELU networks with real weight matrices, of a quarter of that width."""
    activation: tuple[str, ...] = ("relu", "leaky_relu", "elu", "selu", "gelu", "swish", "mish", "tanh", "sigmoid")
    """Activations of the ladder."""
    depth: tuple[int, ...] = (1, 2, 5, 10, 20, 40, 64)
    """Hidden layers of the ladder, rising."""
    width: int = 32
    """Units of each hidden layer of the ladder."""
    learning_rate: tuple[float, ...] = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
    """Rates to choose each network's own from, rising."""
    choosing: int = 3
    """Seeds that choose the rate, none of which reports."""
    seeds: int = 10
    """Seeds that report."""
    steps: int = 300
    """Updates of each network."""
    batch_size: int = 32
    """Rows an update."""
    he_depth: int = 30
    """Hidden layers of the ReLU networks with Xavier's and with He's initialisation."""
    map_weight_variance: tuple[float, ...] = (1.0, 1.15, 1.3, 1.45, 2.2, 2.6, 3.0, 4.0)
    """σ_w² of the tanh networks whose depth is compared with theory's; bias variance .05."""
    map_depth: tuple[int, ...] = (5, 10, 20, 40, 80)
    """Their hidden layers, rising."""
    map_learning_rate: tuple[float, ...] = (1e-2, 1e-1)
    """Their rates of plain gradient descent; the best counts."""
    map_seeds: int = 3
    """Their seeds."""
    spiral_depth: tuple[int, ...] = (1, 2, 3, 5, 10, 20)
    """Hidden layers on the two spirals, rising."""
    spiral_steps: int = 1000
    """Updates on the two spirals."""
    forward_depth: tuple[int, ...] = (1, 8, 16, 32, 48, 64)
    """Hidden layers whose forward pass is timed."""
    repeats: int = 30
    """Times each is timed, in turns."""


SMOKE = {"theory_activation": ("relu", "tanh", "sigmoid"), "theory_depth": 4, "theory_width": 256, "theory_networks": 4, "selu_networks": 2,
         "activation": ("relu", "elu", "swish", "tanh", "sigmoid"), "depth": (1, 4), "width": 8, "learning_rate": (1e-3, 1e-2), "choosing": 1,
         "seeds": 2, "steps": 20, "he_depth": 4, "map_weight_variance": (1.0, 2.5), "map_depth": (3, 6), "map_learning_rate": (1e-2,),
         "map_seeds": 2, "spiral_depth": (1, 3), "spiral_steps": 10, "forward_depth": (1, 2, 4), "repeats": 2}
MAP_WIDTH, MAP_BIAS_VARIANCE = 64, 0.05
SPIRAL_ROWS, SPIRAL_TURNS, SPIRAL_NOISE = 600, 1.75, 0.02
FORWARD_ROWS = 256
HE_RATES = (3e-4, 1e-3, 3e-3, 1e-2, 1e-1, 1.0)


def parts(configuration: Configuration) -> list[Part]:
    """Random networks by activation; the ladder by activation and depth; the map by weight variance; the rest one by one."""
    _check(configuration)
    c = configuration
    found = [Part(f"theory-{name}", partial(_theory, c, name), 5) for name in c.theory_activation]
    found.append(Part("selu", lambda _: before_training.selu_signal(
        depth=c.theory_depth, width=c.theory_width // 4, networks=c.selu_networks, rows=64, variance=(0.5, 1.0, 2.0)), 4))
    found += [Part(f"ladder-{name}-{depth}", partial(_ladder, c, name, depth), 1 + depth / 8) for name in c.activation for depth in c.depth]
    found += [Part(f"init-{name}", partial(_initialised, c, variance), 6) for name, variance in (("Xavier", 1.0), ("He", 2.0))]
    found += [Part(f"map-{variance:g}", partial(_map, c, variance), 6) for variance in c.map_weight_variance]
    found += [Part(f"spirals-{depth}", partial(_spirals, c, depth), 1 + depth / 8) for depth in c.spiral_depth]
    return [*found, Part("no_hidden_layer", _no_hidden_layer), Part("forward", partial(_forward, c), 8)]


def _check(c: Configuration) -> None:
    """Say what cannot be measured."""
    for flag, names in (("theory-activation", c.theory_activation), ("activation", c.activation)):
        for name in names:
            entry = jaxnn.ACTIVATIONS.get(name)
            if entry is None or not entry.elementwise or entry.units_in != 1 or entry.stochastic or (entry.learned and flag == "activation"):
                raise UserError(f"--{flag} {name}: give elementwise activations of jaxnn.ACTIVATIONS without learned numbers, such as relu")
    for flag, needed, names in (("theory-activation", ("tanh", "sigmoid"), c.theory_activation),
                                ("activation", ("relu", "elu", "swish", "tanh", "sigmoid"), c.activation)):
        if missing := [name for name in needed if name not in names]:
            raise UserError(f"--{flag}: {', '.join(missing)} is missing; the verdicts need {', '.join(needed)}")
    for flag in ("depth", "learning_rate", "map_depth", "map_weight_variance", "map_learning_rate", "spiral_depth", "forward_depth"):
        values, least = getattr(c, flag), 2 if "depth" in flag else 1
        if len(values) < least or min(values) <= 0 or list(values) != sorted(set(values)):
            raise UserError(f"--{flag.replace('_', '-')} {values}: give at least {least} values above 0, rising")
    for flag, least in {"theory_depth": 2, "theory_width": 4, "theory_networks": 2, "selu_networks": 2, "width": 1, "choosing": 1, "seeds": 2,
                        "steps": 1, "batch_size": 1, "he_depth": 1, "map_seeds": 1, "spiral_steps": 1, "repeats": 1}.items():
        if getattr(c, flag) < least:
            raise UserError(f"--{flag.replace('_', '-')} {getattr(c, flag)}: give a whole number of at least {least}")


def _theory(c: Configuration, activation: str, _: Found):
    return before_training.measure(activation, before_training.weight_variances(activation), depth=c.theory_depth, width=c.theory_width,
                                   networks=c.theory_networks)


@cache
def _digits() -> Dataset:
    return prepare(load("digits"))


def _shape(c: Configuration, activation: str, optimizer: str = "adam") -> Shape:
    return Shape(activation, _digits().features, c.width, max(c.depth), len(_digits().classes), optimizer)


def _ladder(c: Configuration, activation: str, depth: int, _: Found):
    return at_own_rate(_shape(c, activation), depth, _digits(), rates=c.learning_rate, choosing=c.choosing, seeds=c.seeds,
                       steps=c.steps, batch_size=c.batch_size)


def _initialised(c: Configuration, weight_variance: float, _: Found):
    shape = _shape(c, "relu", "momentum")._replace(width=2 * c.width, most=c.he_depth)
    return at_own_rate(shape, c.he_depth, _digits(), rates=HE_RATES, choosing=c.choosing, seeds=c.seeds, steps=c.steps,
                       batch_size=c.batch_size, weight_variance=weight_variance)


def _map(c: Configuration, weight_variance: float, _: Found):
    """Training accuracy of every depth, rate and seed."""
    shape = Shape("tanh", _digits().features, MAP_WIDTH, max(c.map_depth), len(_digits().classes), "sgd", MAP_BIAS_VARIANCE)
    rates, seeds = np.repeat(c.map_learning_rate, c.map_seeds), np.tile(np.arange(c.map_seeds), len(c.map_learning_rate))
    trained = [train(shape, depth, _digits(), learning_rate=rates, seeds=seeds, steps=c.steps, batch_size=c.batch_size,
                     weight_variance=[weight_variance] * len(seeds)).train for depth in c.map_depth]
    return {"train": np.reshape(trained, (len(c.map_depth), len(c.map_learning_rate), c.map_seeds))}


@cache
def spirals() -> Data:
    """Two spirals, one turned by half a turn: points of the plane, and which they lie on."""
    noise = np.random.default_rng(0)
    along = np.sqrt(noise.uniform(0.02, 1, (3, SPIRAL_ROWS)))
    arm = noise.integers(0, 2, (3, SPIRAL_ROWS))
    angle = 2 * np.pi * (SPIRAL_TURNS * along + arm / 2)
    points = np.stack([along * np.cos(angle), along * np.sin(angle)], -1) + noise.normal(0, SPIRAL_NOISE, (3, SPIRAL_ROWS, 2))
    names = ("train", "validation", "test")
    points = (points / points[0].std()).astype(np.float32)
    return Data(dict(zip(names, points, strict=True)), dict(zip(names, arm.astype(np.int32), strict=True)))


def _spirals(c: Configuration, depth: int, _: Found):
    shape = Shape("tanh", 2, c.width, max(c.spiral_depth), 2, "adam")
    return at_own_rate(shape, depth, spirals(), rates=c.learning_rate, choosing=c.choosing, seeds=c.seeds, steps=c.spiral_steps,
                       batch_size=c.batch_size)


def _no_hidden_layer(_: Found):
    """Logistic regression's test accuracy."""
    return {name: np.array([LogisticRegression(max_iter=1000).fit(data.x["train"], data.y["train"]).score(data.x["test"], data.y["test"])])
            for name, data in (("digits", _digits()), ("spirals", spirals()))}


def _forward(c: Configuration, _: Found):
    """Seconds of a batch's forward pass, (depths, repeats); the depths take turns, so that a busy moment hits them alike."""
    x = jax.device_put(_digits().x["train"][:FORWARD_ROWS], jax.devices()[0])
    passes = []
    for depth in c.forward_depth:
        net = jaxnn.deep_mlp(x.shape[1], c.width, depth, 10)
        passes.append(partial(jax.jit(jax.vmap(net.apply, (None, 0))), jax.jit(net.init)(jax.random.key(0))))
        passes[-1](x).block_until_ready()
    seconds = np.empty((len(passes), c.repeats))
    for turn in range(c.repeats):
        for number, forward in enumerate(passes):
            began = time.perf_counter()
            for _ in range(10):
                forward(x).block_until_ready()
            seconds[number, turn] = (time.perf_counter() - began) / 10
    return {"forward_seconds": seconds}


EXPERIMENT = Experiment(__file__, __doc__, Configuration, smoke=SMOKE, parts=parts, conclude=conclude, draw=draw,
                        claims=("Y3", "A4", "A6", "A7", "A10", "EVIDENCE 2", "EVIDENCE 3", "EVIDENCE 13", "EVIDENCE 14"))

if __name__ == "__main__":
    EXPERIMENT.start()
