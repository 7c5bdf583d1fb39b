"""When do ReLU units die, do they come back, and which activations keep theirs alive?

    python -m experiments.dying_relu

Time: TODO on two cores. Result: TODO
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

import jaxnn
from experiments.lab import drawing
from experiments.lab.cli import at_least
from experiments.lab.data import load, prepare
from experiments.lab.dying import CHUNK, asymmetric, born_dead, dead_units
from experiments.lab.errors import UserError
from experiments.lab.experiment import Arrays, Experiment, Flags, Found, Part
from experiments.lab.program import lay_out
from experiments.lab.statistics import interquartile_mean, interval
from experiments.lab.verdicts import Conclusion, Effect, Verdict
from jaxnn.meanfield import dead_network_probability
from jaxnn.training import Training
from jaxnn.types import Network

ACTIVATIONS = ("relu", "leaky_relu", "elu", "gelu")  # at birth
SIGMAS = 3.0
BEYOND = float(2 * stats.norm.sf(SIGMAS))  # exact binomial p of a cell that is as unlikely as one beyond 3 standard errors
MORE = 10  # × networks for a cell beyond
INITS = {"He": 2.0, "Xavier": 1.0, "PyTorch's": 1 / 3}  # weight variance × fan-in of a square layer
ALIVE = ("leaky_relu", "prelu", "maxout")
REACH, SAMPLES, BATCH = 3**0.5, 3000, 128
ORDERS = 50  # networks that share their batches
FLAT = 1e-3  # range of outputs below which a network has collapsed; |x| has √3
COLLAPSES: Mapping[str, tuple[str, str]] = {"ReLU, He": ("relu", "he"), "ReLU, RAI": ("relu", "rai"), "ReLU, RAI from layer 2": ("relu", "rai2"),
                                            "leaky ReLU, He": ("leaky_relu", "he"), "ELU, He": ("elu", "he")}
PUBLISHED = {"ReLU, He": 0.919, "ReLU, RAI": 0.292}  # Lu et al. 2019, as quoted


@dataclass(frozen=True)
class Configuration(Flags):
    """When do ReLU units die, do they come back, and which activations keep theirs alive?"""

    networks: int = 100_000
    """Random networks of each width and depth, a multiple of 1,000."""
    width: tuple[int, ...] = (2, 3, 4, 5, 6, 8, 10)
    """Units a layer of the random networks."""
    depth: tuple[int, ...] = (1, 2, 5, 10, 20, 50)
    """Hidden layers of the random networks."""
    narrow_runs: int = 1000
    """Networks of width 2 that are fitted to |x|, a multiple of 50."""
    narrow_layers: int = 10
    """Their layers, the output layer included."""
    narrow_steps: int = 1000
    """Their updates (Adam, rate 0.001, batches of 128 of 3,000 points)."""
    learning_rate: tuple[float, ...] = tuple(float(f"{10 ** (i / 3 - 2):.3g}") for i in range(10))
    """Rates at which networks are trained on the digits (gradient descent in batches of 64)."""
    hidden_layers: tuple[int, ...] = (2, 5)
    """Hidden layers of 64 units of these networks."""
    steps: int = 480
    """Their updates."""
    checkpoints: int = 12
    """How often dead units are looked for, on all training rows."""
    seeds: int = 10
    """Networks of each kind and rate."""


def parts(configuration: Configuration) -> list[Part]:
    """The law by width; what is beyond 3 standard errors again; |x| by network; digits by activation and depth."""
    _check(configuration)
    cells = [(width, depth) for width in configuration.width for depth in configuration.depth]

    def law(width: int) -> Arrays:
        counts = [born_dead(ACTIVATIONS, width=width, depth=depth, networks=configuration.networks, seed=0) for depth in configuration.depth]
        return {name: np.array([count[name] for count in counts]) for name in ACTIVATIONS}

    def again(found: Found) -> Arrays:
        beyond = [cell for cell in cells if _p(_dead(configuration, found, cell), configuration.networks, cell) < BEYOND]
        counts = [born_dead(("relu",), width=width, depth=depth, networks=MORE * configuration.networks, seed=1)["relu"]
                  for width, depth in beyond]
        return {"cells": np.array(beyond, int).reshape(-1, 2), "relu": np.array(counts, int)}

    def doubled(_: Found) -> Arrays:
        width, depth = min(configuration.width), max(configuration.depth)
        counts = {dtype: born_dead(ACTIVATIONS[1:], width=width, depth=depth, networks=configuration.networks, seed=2, dtype=dtype)
                  for dtype in ("float32", "float64")}
        return {f"{dtype}-{name}": np.array([count]) for dtype, each in counts.items() for name, count in each.items()}

    return [*(Part(f"born-{width}", lambda _, width=width: law(width), width * width / 10) for width in configuration.width),
            Part("again", again, 0.1), Part("doubled", doubled, 2),
            *(Part(f"collapse-{number}", lambda _, kind=kind: collapse(configuration, *kind), 15)
              for number, kind in enumerate(COLLAPSES.values())),
            *(Part(f"digits-{activation}-{layers}", lambda _, a=activation, n=layers: digits(configuration, a, n), 4 * layers)
              for layers in configuration.hidden_layers for activation in ("relu", *ALIVE))]


def _check(configuration: Configuration) -> None:
    for flag, value, unit in (("--networks", configuration.networks, CHUNK), ("--narrow-runs", configuration.narrow_runs, ORDERS)):
        if value < unit or value % unit:
            raise UserError(f"{flag} {value}: give a multiple of {unit:,}")
    for flag, values in (("--width", configuration.width), ("--depth", configuration.depth), ("--hidden-layers", configuration.hidden_layers),
                         ("--narrow-steps", configuration.narrow_steps), ("--checkpoints", configuration.checkpoints)):
        at_least(1, values, flag)
    at_least(2, configuration.narrow_layers, "--narrow-layers")
    at_least(2, configuration.seeds, "--seeds")
    if len(set(configuration.learning_rate)) < 3 or min(configuration.learning_rate) <= 0:
        raise UserError(f"--learning-rate {configuration.learning_rate}: give at least three different ones above 0")
    if configuration.steps < 1 or configuration.steps % configuration.checkpoints:
        raise UserError(f"--steps {configuration.steps}: give a multiple of --checkpoints {configuration.checkpoints}")


def _train(training: Training, grid: jaxnn.Grid, x, y, *, batch_size: int, steps: int, checkpoints: int) -> dict[str, np.ndarray]:
    """What evaluate finds at the start and after each of equal segments: name -> (checkpoints + 1, cells, seeds, …)."""
    layout, together = lay_out(grid, training, jax.devices())
    sweep = jaxnn.make_sweep(training, together=together)
    state, x, y = sweep.init(layout), sweep.place(x, shared=True), sweep.place(y, shared=True)
    hyperparameters = sweep.place(jax.tree.map(jnp.asarray, dict(layout.hyperparameters)))

    def look() -> dict[str, np.ndarray]:
        return jax.tree.map(layout.collect, dict(sweep.evaluate(state, hyperparameters, x, y)))

    seen, length = [look()], steps // checkpoints
    for segment in range(checkpoints):
        order = sweep.order(layout, examples=len(x), batch_size=batch_size, steps=length, start=segment * length)
        state, _ = sweep.segment(state, hyperparameters, x, y, order)
        seen.append(look())
    return {name: np.stack([each[name] for each in seen]) for name in seen[0]}


def narrow(activation: str, init: str, layers: int) -> Network:
    """A network of width 2 from a number to a number; "he" is Keras's he_normal with biases of 0."""
    net = jaxnn.mlp((1, *[2] * (layers - 1), 1), activation=activation, initializer=jaxnn.initializers.he_normal())
    return net if init == "he" else asymmetric(net, first=init == "rai")


def collapse(configuration: Configuration, activation: str, init: str) -> Arrays:
    """Range of the outputs on the training points and mean squared error, at the start and four times in training."""
    net = narrow(activation, init, configuration.narrow_layers)
    x = np.random.default_rng(0).uniform(-REACH, REACH, (SAMPLES, 1)).astype(np.float32)

    def numbered(h) -> Network:
        return net._replace(init=lambda key: net.init(jax.random.fold_in(key, h["network"].astype(jnp.int32))))

    def evaluate(state, hyperparameters, x, y):
        outputs = jax.vmap(lambda x: net.apply(state.params, x))(x)
        return {"range": jnp.max(outputs) - jnp.min(outputs), "error": jnp.mean((outputs - y) ** 2)}

    training = jaxnn.make_training(numbered, jaxnn.losses.squared_error, optax.adam(1e-3))._replace(evaluate=evaluate)
    grid = jaxnn.Grid({}, {"network": tuple(range(ORDERS))}, seeds=configuration.narrow_runs // ORDERS)
    found = _train(training, grid, x, np.abs(x), batch_size=BATCH, steps=configuration.narrow_steps, checkpoints=4)
    return {name: values.reshape(len(values), -1) for name, values in found.items()}


def digits(configuration: Configuration, activation: str, layers: int) -> Arrays:
    """Dead units at each checkpoint, how many ever were, and how many of those were alive at a later one; by hidden layer.

    ReLU starts in each of INITS, the others in He's.
    """
    data = prepare(load("digits"))
    sizes = (data.features, *[64] * layers, 10)
    head = jaxnn.HEADS["multiclass"]
    training = jaxnn.make_training(lambda h: jaxnn.mlp(sizes, activation=activation,
                                                       initializer=jaxnn.initializers.scaled_normal(jnp.sqrt(h["weight_variance"]))),
                                   head.loss, jaxnn.OPTIMIZERS["sgd"], correct=head.correct)

    def evaluate(state, hyperparameters, x, y):
        return {"dead": dead_units(state.params, x, activation), "finite": state.diverged_step < 0,
                "accuracy": training.evaluate(state, hyperparameters, x, y)["accuracy"]}

    variances = tuple(INITS.values()) if activation == "relu" else (INITS["He"],)
    grid = jaxnn.Grid({}, {"weight_variance": variances, "learning_rate": configuration.learning_rate}, seeds=configuration.seeds)
    found = _train(training._replace(evaluate=evaluate), grid, data.x["train"], data.y["train"], batch_size=64, steps=configuration.steps,
                   checkpoints=configuration.checkpoints)
    finite = found["finite"].reshape(-1, len(variances), len(configuration.learning_rate), configuration.seeds)
    dead = found["dead"].reshape(*finite.shape, layers, -1)
    return {**fates(dead, finite, units=64), "finite": finite[-1], "accuracy": found["accuracy"][-1].reshape(finite.shape[1:])}


def fates(dead: np.ndarray, finite: np.ndarray, *, units: int) -> dict[str, np.ndarray]:
    """What becomes of units, from what is dead at each checkpoint.

    Args:
        dead: bool (checkpoints, …, layers, pieces × units).
        finite: bool (checkpoints, …), which runs had not diverged.
        units: a layer.

    Returns:
        "dead" (checkpoints, …, layers): share of units, nan from where a run has diverged. "pieces": the same of their pieces.
        "ever" and "returned" (…, layers): units that were dead at a checkpoint with a later finite one, and those of them that
        were alive at one.
    """
    whole = dead.reshape(*dead.shape[:-1], -1, units).all(axis=-2)  # all pieces
    there = finite[..., None, None]
    before = np.logical_or.accumulate(whole & there, axis=0)[:-1]
    return {"dead": np.where(finite[..., None], whole.mean(axis=-1), np.nan), "pieces": np.where(finite[..., None], dead.mean(axis=-1), np.nan),
            "ever": (before & there[1:]).any(axis=0).sum(axis=-1), "returned": (before & ~whole[1:] & there[1:]).any(axis=0).sum(axis=-1)}


def _dead(configuration: Configuration, found: Found, cell: tuple[int, int]) -> int:
    return int(found[f"born-{cell[0]}"]["relu"][configuration.depth.index(cell[1])])


def _p(count: int, networks: int, cell: tuple[int, int]) -> float:
    return stats.binomtest(count, networks, dead_network_probability(*cell)).pvalue


class Rise(NamedTuple):
    """How the share of dead units grows with the rate.

    slope, low, high: of the share per decade of the rate, with its interval over seeds. rates: at which no run diverged.
    """

    slope: float
    low: float
    high: float
    rates: int


def rise(rates: np.ndarray, dead: np.ndarray, finite: np.ndarray) -> Rise:
    """Least squares, seed by seed, over the rates at which no run diverged.

    Args:
        rates: (rates,).
        dead: shares at the end, (rates, seeds).
        finite: bool (rates, seeds).
    """
    whole = finite.all(axis=1)
    if whole.sum() < 3:
        return Rise(np.nan, np.nan, np.nan, int(whole.sum()))
    slopes = np.polyfit(np.log10(rates[whole]), dead[whole], 1)[0]
    return Rise(float(interquartile_mean(slopes)), *interval(slopes), int(whole.sum()))


def judge_dying(rises: Mapping[str, Rise], returned: Mapping[str, float]) -> tuple[str, str]:
    """The verdict on A2 and its condition.

    Large rates make it worse where the slope's interval lies above 0; never is true of layers none of whose units returned.

    Args:
        rises: by kind of network.
        returned: share of units, once dead, that were alive later: of the "first" hidden layer and of "deeper" ones.
    """
    worse = [name for name, each in rises.items() if each.low > 0]
    never = [name for name, share in returned.items() if share == 0]
    if not worse or not never:
        return "does not hold", ""
    conditions = [f"rates matter for {', '.join(worse)} only"] * (len(worse) < len(rises))
    if len(never) < len(returned):
        conditions.append(f"'never' is said of the first hidden layer alone ({returned['deeper']:.0%} of deeper dead units came back)"
                          if never == ["first"] else "'never' is said of deeper layers alone")
    return ("holds only when", " and ".join(conditions)) if conditions else ("holds", "")


def _law(configuration: Configuration, found: Found) -> tuple[pd.DataFrame, list[float]]:
    """A row a cell; and the exact p of each, of cells beyond SIGMAS that of the second, larger draw."""
    rows, final = [], []
    again = {tuple(cell): int(count) for cell, count in zip(found["again"]["cells"].tolist(), found["again"]["relu"], strict=True)}
    for width in configuration.width:
        for number, depth in enumerate(configuration.depth):
            law, count = dead_network_probability(width, depth), _dead(configuration, found, (width, depth))
            p = _p(count, configuration.networks, (width, depth))
            final.append(_p(again[width, depth], MORE * configuration.networks, (width, depth)) if (width, depth) in again else p)
            rows.append({"what": "born dead", "name": "relu", "width": width, "layers": depth, "runs": configuration.networks,
                         "share": count / configuration.networks, "law": law, "p": p, "share_of_10_times_as_many":
                         again.get((width, depth), np.nan) / (MORE * configuration.networks),
                         "z": (count / configuration.networks - law) / (law * (1 - law) / configuration.networks) ** 0.5,
                         **{f"dead_{name}": int(found[f"born-{width}"][name][number]) for name in ACTIVATIONS[1:]}})
    return pd.DataFrame(rows), final


def _collapsed(configuration: Configuration, found: Found) -> pd.DataFrame:
    """A row a kind of narrow network: collapsed at the end, with Wilson's interval, and at the start."""
    rows = []
    for number, name in enumerate(COLLAPSES):
        flat = found[f"collapse-{number}"]["range"] < FLAT
        inside = stats.binomtest(int(flat[-1].sum()), flat.shape[1]).proportion_ci(method="wilson")
        rows.append({"what": "collapsed", "name": name, "width": 2, "layers": configuration.narrow_layers, "runs": flat.shape[1],
                     "share": flat[-1].mean(), "low": inside.low, "high": inside.high, "at_start": flat[0].mean(), "half_way": flat[2].mean(),
                     "published": PUBLISHED.get(name, np.nan), "diverged": int(np.isnan(found[f"collapse-{number}"]["error"][-1]).sum())})
    return pd.DataFrame(rows).set_index("name", drop=False)


def _trained(configuration: Configuration, found: Found) -> pd.DataFrame:
    """A row an activation, depth, init and rate on the digits."""
    rows = []
    for layers in configuration.hidden_layers:
        for activation in ("relu", *ALIVE):
            arrays = found[f"digits-{activation}-{layers}"]
            for init, start in enumerate(INITS if activation == "relu" else ("He",)):
                for number, rate in enumerate(configuration.learning_rate):
                    finite = arrays["finite"][init, number]
                    dead, pieces = (arrays[name][-1, init, number][finite] for name in ("dead", "pieces"))
                    scores = arrays["accuracy"][init, number][finite]
                    rows.append({"what": "trained", "name": activation, "init": start, "width": 64, "layers": layers, "learning_rate": rate,
                                 "runs": len(finite), "diverged": int((~finite).sum()), "share": dead.mean() if finite.any() else np.nan,
                                 "pieces": pieces.mean() if finite.any() else np.nan, "accuracy": scores.mean() if finite.any() else np.nan})
    return pd.DataFrame(rows)


def _came_back(found: Found, configuration: Configuration, layers: slice) -> tuple[float, float, float, int]:
    """Share of ReLU units, once dead, that were alive at a later checkpoint, its interval over seeds, and how many were dead."""
    ever, returned = (sum(found[f"digits-relu-{depth}"][name][..., layers].sum(axis=(0, 1, 3)) for depth in configuration.hidden_layers)
                      for name in ("ever", "returned"))
    total = int(ever.sum())
    if not total:
        return 0.0, np.nan, np.nan, 0
    by_seed = returned[ever > 0] / ever[ever > 0]
    return float(returned.sum() / total), *interval(by_seed), total


def conclude(configuration: Configuration, found: Found) -> Conclusion:
    """The law by exact binomial tests; |x| beside the published shares; dead units against the rate, and which come back."""
    law, final = _law(configuration, found)
    collapsed, trained = _collapsed(configuration, found), _trained(configuration, found)
    largest, count = float(law["z"].abs().max()), len(law)
    expected = [float(stats.norm.ppf((1 + q ** (1 / count)) / 2)) for q in (0.025, 0.975)]
    controls = {name: int(law[f"dead_{name}"].sum()) for name in ACTIVATIONS[1:]}
    doubled = {name: [int(found["doubled"][f"{dtype}-{name}"][0]) for dtype in ("float32", "float64")] for name in ACTIVATIONS[1:]}
    he, rai = collapsed.loc["ReLU, He"], collapsed.loc["ReLU, RAI"]
    rates = np.array(configuration.learning_rate)
    rises = {f"{layers} layers, {start}": rise(rates, found[f"digits-relu-{layers}"]["dead"][-1, init].mean(axis=-1),
                                               found[f"digits-relu-{layers}"]["finite"][init])
             for layers in configuration.hidden_layers for init, start in enumerate(INITS)}
    first, deeper = _came_back(found, configuration, slice(1)), _came_back(found, configuration, slice(1, None))
    word, when = judge_dying(rises, {"first": first[0], "deeper": deeper[0]})
    kept = {name: _kept(configuration, found, name) for name in ALIVE}
    print(law.to_string()); print(collapsed.T.to_string()); print(trained.to_string()); print(rises, first, deeper, kept, controls, doubled, largest, expected)
    raise SystemExit


def _kept(configuration, found, name):
    dead = [found[f"digits-{name}-{layers}"]["dead"] for layers in configuration.hidden_layers]
    runs = np.concatenate([(np.nan_to_num(each) > 0).any(axis=(0, 4)).ravel() for each in dead])
    return int(runs.sum()), len(runs)


def draw(c, f, k): pass


EXPERIMENT = Experiment(__file__, __doc__, Configuration,
                        smoke={"networks": 2000, "width": (2, 3), "depth": (1, 5), "narrow_runs": 100, "narrow_layers": 4, "narrow_steps": 40,
                               "learning_rate": (0.01, 0.1, 1.0), "hidden_layers": (2,), "steps": 20, "checkpoints": 4, "seeds": 2},
                        claims=("A2", "A3", "EVIDENCE 1"), parts=parts, conclude=conclude, draw=draw)

if __name__ == "__main__":
    EXPERIMENT.start()
