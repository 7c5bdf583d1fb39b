"""When do ReLU units die, do they come back, and which activations keep theirs alive?

    python -m experiments.dying_relu

Time: 4 minutes on two cores. Result: Of 42 kinds of random ReLU networks, 100,000 each, all are born dead as often as 1 − (1 −
2^−N)^L says (largest |z| 2.41); of 10-layer width-2 networks fitted to |x| these collapse: 93.5 [91.8, 94.9] % from ReLU, He
(published: 91.9 %), 47.8 [44.7, 50.9] % from ReLU, RAI (published: 29.2 %), 34.0 [31.1, 37.0] % from leaky ReLU, He. On the
digits the share of dead units grows by 0.097 [-0.018, 0.221] a decade of the rate (4 layers, He); of units once dead, 0.0 [0.0,
0.0] % in the first layer and 41.7 [36.3, 46.4] % in deeper ones were alive again later; 0 networks of leaky_relu, prelu, maxout
had a dead unit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from experiments.lab import drawing
from experiments.lab.cli import at_least
from experiments.lab.data import load, prepare
from experiments.lab.dying import BATCH, CHUNK, INITS, ORDERS, SAMPLES, Rise, born_dead, collapse, digits, rise
from experiments.lab.errors import UserError
from experiments.lab.experiment import Arrays, Experiment, Flags, Found, Part
from experiments.lab.statistics import interval
from experiments.lab.verdicts import Conclusion, Effect, Verdict
from jaxnn.meanfield import dead_network_probability

CONTROLS = ("leaky_relu", "elu", "gelu")  # at birth, in the narrowest networks
SIGMAS = 3.0
BEYOND = float(2 * stats.norm.sf(SIGMAS))  # exact binomial p of a cell that is as unlikely as one beyond 3 standard errors
MORE = 10  # × networks for a cell beyond
FLAT = 1e-3  # range of outputs below which a network has collapsed; |x| has √3
NARROW: Mapping[str, str] = {"relu/he": "ReLU, He", "relu/rai": "ReLU, RAI", "relu/rai2": "ReLU, RAI from layer 2",
                             "leaky_relu/he": "leaky ReLU, He", "elu/he": "ELU, He"}
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
    narrow: tuple[str, ...] = tuple(NARROW)
    """Kinds of networks of width 2 that are fitted to |x|: activation/start."""
    narrow_runs: int = 1000
    """Networks of each kind, a multiple of 50."""
    narrow_layers: int = 10
    """Their layers, the output layer included."""
    narrow_steps: int = 400
    """Their updates (Adam, rate 0.001, batches of 128 of 3,000 points)."""
    learning_rate: tuple[float, ...] = tuple(float(f"{10 ** (i / 3 - 2):.3g}") for i in range(8))
    """Rates at which networks are trained on the digits (gradient descent in batches of 64)."""
    hidden_layers: tuple[int, ...] = (2, 4)
    """Hidden layers of 64 units of these networks."""
    alive: tuple[str, ...] = ("leaky_relu", "prelu", "maxout")
    """Activations that are said not to die, trained beside ReLU in the deepest of these networks."""
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
        names = ("relu", *CONTROLS * (width == min(configuration.width)))
        counts = [born_dead(names, width=width, depth=depth, networks=configuration.networks, seed=0) for depth in configuration.depth]
        return {name: np.array([count[name] for count in counts]) for name in names}

    def again(found: Found) -> Arrays:
        beyond = [cell for cell in cells if _p(_dead(configuration, found, cell), configuration.networks, cell) < BEYOND]
        counts = [born_dead(("relu",), width=width, depth=depth, networks=MORE * configuration.networks, seed=1)["relu"]
                  for width, depth in beyond]
        return {"cells": np.array(beyond, int).reshape(-1, 2), "relu": np.array(counts, int)}

    def doubled(found: Found) -> Arrays:
        width, depth = min(configuration.width), max(configuration.depth)
        died = tuple(name for name in CONTROLS if found[f"born-{width}"][name].any())
        counts = {dtype: born_dead(died, width=width, depth=depth, networks=configuration.networks, seed=2, dtype=dtype)
                  for dtype in ("float32", "float64") if died}
        return {f"{dtype}-{name}": np.array([count]) for dtype, each in counts.items() for name, count in each.items()}

    return [*(Part(f"born-{width}", lambda _, width=width: law(width), 1 + width * width / 10) for width in configuration.width),
            Part("again", again, 0.1), Part("doubled", doubled, 3),
            *(Part(f"collapse-{kind.replace('/', '-')}", lambda _, kind=kind: collapse(
                  *kind.split("/"), layers=configuration.narrow_layers, runs=configuration.narrow_runs, steps=configuration.narrow_steps), 15)
              for kind in configuration.narrow),
            *(Part(f"digits-{activation}-{layers}", lambda _, a=activation, n=layers: digits(
                  a, n, rates=configuration.learning_rate, seeds=configuration.seeds, steps=configuration.steps,
                  checkpoints=configuration.checkpoints), 10 + 2 * layers)
              for activation, layers in _trainings(configuration))]


def _trainings(configuration: Configuration) -> list[tuple[str, int]]:
    deepest = max(configuration.hidden_layers)
    return [*(("relu", layers) for layers in configuration.hidden_layers), *((name, deepest) for name in configuration.alive)]


def _check(configuration: Configuration) -> None:
    for flag, value, unit in (("--networks", configuration.networks, CHUNK), ("--narrow-runs", configuration.narrow_runs, ORDERS)):
        if value < unit or value % unit:
            raise UserError(f"{flag} {value}: give a multiple of {unit:,}")
    for flag, values in (("--width", configuration.width), ("--depth", configuration.depth), ("--hidden-layers", configuration.hidden_layers),
                         ("--narrow-steps", configuration.narrow_steps), ("--checkpoints", configuration.checkpoints)):
        at_least(1, values, flag)
    if unknown := [kind for kind in configuration.narrow if kind not in NARROW]:
        raise UserError(f"--narrow {unknown[0]}: choose from {', '.join(NARROW)}")
    at_least(2, configuration.narrow_layers, "--narrow-layers")
    at_least(2, configuration.seeds, "--seeds")
    if len(set(configuration.learning_rate)) < 3 or min(configuration.learning_rate) <= 0:
        raise UserError(f"--learning-rate {configuration.learning_rate}: give at least three different ones above 0")
    if configuration.steps < 1 or configuration.steps % configuration.checkpoints:
        raise UserError(f"--steps {configuration.steps}: give a multiple of --checkpoints {configuration.checkpoints}")
    if configuration.narrow_steps % 4:
        raise UserError(f"--narrow-steps {configuration.narrow_steps}: give a multiple of 4")


def _dead(configuration: Configuration, found: Found, cell: tuple[int, int]) -> int:
    return int(found[f"born-{cell[0]}"]["relu"][configuration.depth.index(cell[1])])


def _p(count: int, networks: int, cell: tuple[int, int]) -> float:
    return stats.binomtest(count, networks, dead_network_probability(*cell)).pvalue


def judge_dying(rises: Mapping[str, Rise], returned: Mapping[str, float]) -> tuple[str, str]:
    """The verdict on A2 and its condition.

    Large rates make it worse where the slope's interval lies above 0; never is true of layers none of whose units returned.

    Args:
        rises: by kind of network.
        returned: share of units, once dead, that were alive later: of the "first" hidden layer and of "deeper" ones;
            those without any are left out.
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
                         **{f"dead_{name}": int(found[f"born-{width}"][name][number]) for name in CONTROLS if name in found[f"born-{width}"]}})
    return pd.DataFrame(rows), final


def _collapsed(configuration: Configuration, found: Found) -> pd.DataFrame:
    """A row a kind of narrow network: collapsed at the end, with Wilson's interval, and at the start."""
    rows = []
    for kind in configuration.narrow:
        name, arrays = NARROW[kind], found[f"collapse-{kind.replace('/', '-')}"]
        flat = arrays["range"] < FLAT
        inside = stats.binomtest(int(flat[-1].sum()), flat.shape[1]).proportion_ci(method="wilson")
        rows.append({"what": "collapsed", "name": name, "width": 2, "layers": configuration.narrow_layers, "runs": flat.shape[1],
                     "share": flat[-1].mean(), "low": inside.low, "high": inside.high, "at_start": flat[0].mean(), "half_way": flat[2].mean(),
                     "published": PUBLISHED.get(name, np.nan), "diverged": int(np.isnan(arrays["error"][-1]).sum()),
                     "within_1e-06": (arrays["range"][-1] < 1e-6).mean(), "within_0.01": (arrays["range"][-1] < 0.01).mean()})
    return pd.DataFrame(rows, index=[NARROW[kind] for kind in configuration.narrow])


def _trained(configuration: Configuration, found: Found) -> pd.DataFrame:
    """A row an activation, depth, init and rate on the digits."""
    rows = []
    for activation, layers in _trainings(configuration):
        arrays = found[f"digits-{activation}-{layers}"]
        for init, start in enumerate(INITS if activation == "relu" else ("He",)):
            for number, rate in enumerate(configuration.learning_rate):
                finite = arrays["finite"][init, number]
                dead, pieces, scores = (values[init, number][finite] for values in (arrays["dead"][-1], arrays["pieces"][-1], arrays["accuracy"]))
                rows.append({"what": "trained", "name": activation, "init": start, "width": 64, "layers": layers, "learning_rate": rate,
                             "runs": len(finite), "diverged": int((~finite).sum()), "share": dead.mean() if finite.any() else np.nan,
                             "pieces": pieces.mean() if finite.any() else np.nan, "accuracy": scores.mean() if finite.any() else np.nan})
    return pd.DataFrame(rows)


def _came_back(found: Found, configuration: Configuration, layers: slice, depths: tuple[int, ...] = ()) -> tuple[float, float, float, int]:
    """Share of ReLU units, once dead, that were alive at a later checkpoint, its interval over seeds, and how many were dead."""
    ever, returned = (sum(found[f"digits-relu-{depth}"][name][..., layers].sum(axis=(0, 1, 3)) for depth in depths or configuration.hidden_layers)
                      for name in ("ever", "returned"))
    total = int(ever.sum())
    if not total:
        return np.nan, np.nan, np.nan, 0
    return float(returned.sum() / total), *interval(returned[ever > 0] / ever[ever > 0]), total


def conclude(configuration: Configuration, found: Found) -> Conclusion:
    """The law by exact binomial tests; |x| beside the published shares; dead units against the rate, and which come back."""
    law, final = _law(configuration, found)
    collapsed, trained = _collapsed(configuration, found), _trained(configuration, found)
    verdicts = (_on_units(configuration, found, trained), _on_others(configuration, found, trained),
                _on_birth(configuration, found, law, final, collapsed))
    units, others, birth = ({effect.name: effect for effect in verdict.effects} for verdict in verdicts)
    steepest, first, deeper = (units[name] for name in (_steepest(configuration), FIRST, DEEPER))
    narrow = ", ".join(f"{_percent(row)} from {name}" + (f" (published: {100 * PUBLISHED[name]:.1f} %)" if name in PUBLISHED else "")
                       for name, row in collapsed.iterrows() if name in PUBLISHED or name.startswith("leaky"))
    finding = (f"Of {len(law)} kinds of random ReLU networks, {configuration.networks:,} each, {'all' if min(final) >= BEYOND else 'not all'} are "
               f"born dead as often as 1 − (1 − 2^−N)^L says (largest |z| {birth[LARGEST].value:.2f}); of {configuration.narrow_layers}-layer width-2 "
               f"networks fitted to |x| these collapse: {narrow or 'none was tried'}. On the digits the share of dead units grows by "
               f"{_spread(steepest)} a decade of the rate ({_steepest(configuration)}); of units once dead, {_spread(first, True)} in the first layer and {_spread(deeper, True)} in deeper "
               f"ones were alive again later; {sum(int(effect.value) for effect in others.values() if effect.name.startswith('networks'))} networks "
               f"of {', '.join(configuration.alive)} had a dead unit.")
    table = pd.concat([law, collapsed, trained], ignore_index=True)
    return Conclusion(finding, verdicts, table, {"digits": prepare(load("digits")).sha256})


FIRST, DEEPER = "dead units of the first hidden layer that came back", "dead units of deeper hidden layers that came back"
LARGEST = "largest |z| of dead at birth"


def _steepest(configuration: Configuration) -> str:
    return f"{max(configuration.hidden_layers)} layers, He"


def _percent(row: pd.Series) -> str:
    return f"{100 * row['share']:.1f} [{100 * row['low']:.1f}, {100 * row['high']:.1f}] %"


def _spread(effect: Effect, percent: bool = False) -> str:
    if percent:
        return f"{100 * effect.value:.1f} [{100 * effect.low:.1f}, {100 * effect.high:.1f}] %"
    return f"{effect.value:.3f} [{effect.low:.3f}, {effect.high:.3f}]"


def _on_units(configuration: Configuration, found: Found, trained: pd.DataFrame) -> Verdict:
    """A2: see judge_dying."""
    rates = np.array(configuration.learning_rate)
    rises = {f"{layers} layers, {start}": rise(rates, found[f"digits-relu-{layers}"]["dead"][-1, init].mean(axis=-1),
                                               found[f"digits-relu-{layers}"]["finite"][init])
             for layers in configuration.hidden_layers for init, start in enumerate(INITS)}
    first, deeper = _came_back(found, configuration, slice(1)), _came_back(found, configuration, slice(1, None))
    word, when = judge_dying(rises, {name: each[0] for name, each in (("first", first), ("deeper", deeper)) if each[3]})
    relu = trained[trained["name"] == "relu"]
    effects = (*(Effect(name, each.slope, each.low, each.high, "of the units a decade of the rate") for name, each in rises.items()),
               Effect(FIRST, *first[:3]), Effect(DEEPER, *deeper[:3]))
    return Verdict("A2", word, effects, configuration.seeds,
                   f"digits, hidden layers of 64 units, {configuration.steps} steps of gradient descent, rates {rates.min():g} to {rates.max():g}, "
                   "normal weights of He's, Xavier's and PyTorch's variance, biases 0; dead: no gradient on any training row", when=when,
                   note=f"{first[3]:,} units of first and {deeper[3]:,} of deeper layers were dead at one of {configuration.checkpoints} checkpoints; "
                        f"{relu['diverged'].sum():.0f} of {relu['runs'].sum():,} runs diverged, and are left out of slopes. "
                        "Slopes first left out every rate at which any seed's run diverged, which are those at which units die: changed after "
                        "the first default run, where that gave 4 layers slopes of -0.04 to 0.00. "
                        "A dead unit's own weights stand still under gradient descent; it comes back when the layers below it move.")


def _on_others(configuration: Configuration, found: Found, trained: pd.DataFrame) -> Verdict:
    """A3: holds where no network had a dead unit at any checkpoint."""
    died, effects = {}, []
    for name in configuration.alive:
        runs = (np.nan_to_num(found[f"digits-{name}-{max(configuration.hidden_layers)}"]["dead"]) > 0).any(axis=(0, -1)).ravel()
        died[name] = int(runs.sum())
        inside = stats.binomtest(died[name], len(runs)).proportion_ci()
        effects.append(Effect(f"networks with a dead unit, {name}", died[name], inside.low * len(runs), inside.high * len(runs), f"of {len(runs)}"))
    others = trained[trained["name"] != "relu"]
    if "maxout" in died:
        effects.append(Effect("largest share of dead pieces, maxout", float(trained[trained["name"] == "maxout"]["pieces"].max())))
    kept = [name for name in died if not died[name]]
    word = "holds" if len(kept) == len(died) else "holds only when" if kept else "does not hold"
    return Verdict("A3", word, tuple(effects), configuration.seeds,
                   f"the networks of A2 with {max(configuration.hidden_layers)} hidden layers from He's init, other activations",
                   when=f"the activation is {' or '.join(kept)}" if word == "holds only when" else "",
                   note=f"Counted at all checkpoints of all rates. A maxout unit is alive while any of its two pieces is; pieces die: see the share. "
                        f"{others['diverged'].sum():.0f} of {others['runs'].sum():,} runs diverged and count up to then.")


def _on_birth(configuration: Configuration, found: Found, law: pd.DataFrame, final: list[float], collapsed: pd.DataFrame) -> Verdict:
    """EVIDENCE 1: holds where no cell is as unlikely as one beyond 3 standard errors, after a larger draw for those that are."""
    count, largest = len(law), law["z"].abs().max()
    low, high = (float(stats.norm.ppf((1 + q ** (1 / count)) / 2)) for q in (0.025, 0.975))
    controls = {name: int(law[f"dead_{name}"].sum()) for name in CONTROLS}
    off = [f"{name} {_percent(row)} instead of {100 * row['published']:.1f} % (outputs within 1e-6: {row['within_1e-06']:.1%}, within 0.01: "
           f"{row['within_0.01']:.1%}; half way {row['half_way']:.1%})" for name, row in collapsed.iterrows()
           if row["published"] == row["published"] and not row["low"] <= row["published"] <= row["high"]]
    died = [name for name in CONTROLS if controls[name]]
    differs = [f"collapsed: {'; '.join(off)}; the quoted shares may be of another function than |x| or of longer training"] * bool(off)
    if died:
        differs.append("of the controls " + ", ".join(f"{controls[name]:,} {name}" for name in died)
                       + f" of {configuration.networks * len(configuration.depth):,} died: slopes underflow far below 0, as other draws "
                       + "of the deepest show: " + ", ".join(f"{name} {found['doubled'][f'float32-{name}'][0]} in float32, {found['doubled'][f'float64-{name}'][0]} in float64"
                                   for name in died))
    effects = (Effect(LARGEST, float(largest)), Effect("cells beyond 3 standard errors", int((law["z"].abs() > SIGMAS).sum())),
               Effect("smallest exact p of a cell", float(law["p"].min())), Effect("dead leaky ReLU networks", controls["leaky_relu"]),
               *(Effect(f"collapsed on |x|, {name}", row["share"], row["low"], row["high"]) for name, row in collapsed.iterrows()))
    return Verdict("EVIDENCE 1", "holds" if min(final) >= BEYOND and not controls["leaky_relu"] else "does not hold", effects, configuration.networks,
                   f"{configuration.networks:,} networks a cell, {count} cells, uniform weights, biases 0, one input; controls at width "
                   f"{min(configuration.width)}. |x|: {configuration.narrow_runs:,} networks of {configuration.narrow_layers} layers (the last linear) and width 2, {SAMPLES:,} points "
                   f"of [−√3, √3], Adam 0.001, batches of {BATCH}, {configuration.narrow_steps:,} steps; collapsed: outputs within {FLAT}",
                   note=f"Of {count} independent cells the largest |z| would lie between {low:.2f} and {high:.2f} (95 %). The paper's points and interval are "
                        "quoted; batch, optimizer and steps are ours. A leaky or ELU network that is flat at the end still gets a gradient.",
                   differs=". ".join(differs))


def draw(configuration: Configuration, found: Found, conclusion: Conclusion) -> Figure:
    """The law; |x|; dead units against the rate; and how many came back, by layer."""
    table = conclusion.table
    with drawing.canvas(14, 11) as figure:
        law, narrow, rates, back = figure.subplots(2, 2).ravel()
        _draw_law(law, configuration, table[table["what"] == "born dead"])
        if configuration.narrow:
            _draw_collapsed(narrow, table[table["what"] == "collapsed"])
        _draw_rates(rates, configuration, table[table["what"] == "trained"])
        _draw_back(back, configuration, found)
    return figure


def _draw_law(ax: Axes, configuration: Configuration, rows: pd.DataFrame) -> None:
    depths = np.unique(np.geomspace(1, max(configuration.depth), 60).round().astype(int))
    for number, width in enumerate(configuration.width):
        here, style = rows[rows["width"] == width], drawing.look(number)
        ax.plot(depths, [dead_network_probability(width, int(depth)) for depth in depths], color=style["color"], linestyle=style["linestyle"])
        ax.plot(here["layers"], here["share"].where(here["share"] > 0), color=style["color"], marker=style["marker"], linestyle="", label=f"{width}")
    ax.set(xscale="log", yscale="log", xlabel="hidden layers", ylabel="share of networks dead at birth",
           title=f"The law (lines) and {configuration.networks:,} networks a dot", ylim=(None, 1.3))
    ax.set_xticks(configuration.depth, [str(depth) for depth in configuration.depth], minor=False)
    ax.set_yticks([0.001, 0.01, 0.1, 1], ["0.1 %", "1 %", "10 %", "100 %"])
    ax.minorticks_off()
    ax.legend(title="width", ncols=2, loc="lower right")


def _draw_collapsed(ax: Axes, rows: pd.DataFrame) -> None:
    places = np.arange(len(rows))[::-1]
    ax.errorbar(100 * rows["share"], places, xerr=100 * np.abs(np.array([rows["share"] - rows["low"], rows["high"] - rows["share"]])), fmt="o",
                color=drawing.look(0)["color"], capsize=5, markersize=10, label="after training, 95 %")
    ax.plot(100 * rows["at_start"], places, linestyle="", marker="|", markersize=18, markeredgewidth=3, color="gray", label="at birth")
    ax.plot(100 * rows["published"], places, linestyle="", marker="D", markersize=11, markerfacecolor="none", markeredgewidth=2,
            color=drawing.look(3)["color"], label="published")
    ax.set(xlim=(-3, 103), ylim=(-0.6, len(rows) - 0.4), xlabel="networks that are constant (%)", title="Width 2, fitted to |x|")
    ax.set_yticks(places, rows["name"])
    ax.legend(loc="lower right")


def _draw_rates(ax: Axes, configuration: Configuration, rows: pd.DataFrame) -> None:
    deep, shallow = max(configuration.hidden_layers), min(configuration.hidden_layers)
    series = [(f"ReLU, {start}, {deep} layers", "relu", start, deep, "share") for start in INITS]
    series += [(f"ReLU, He, {shallow} layers", "relu", "He", shallow, "share")] * (shallow != deep)
    series += [("maxout's pieces", "maxout", "He", deep, "pieces")] * ("maxout" in configuration.alive)
    series += [(f"{', '.join(configuration.alive)} (largest)", list(configuration.alive), "He", deep, "share")]
    for number, (label, name, start, layers, column) in enumerate(series):
        here = rows[rows["name"].isin(np.atleast_1d(name)) & (rows["init"] == start) & (rows["layers"] == layers)]
        here = here.groupby("learning_rate")[column].max()
        ax.plot(here.index, 100 * here, **drawing.look(number), label=label)
    ax.set(xscale="log", xlabel="learning rate", ylabel="dead at the end (%)", title="Trained on the digits")
    ax.set_xticks(configuration.learning_rate[::3], [f"{rate:g}" for rate in configuration.learning_rate[::3]])
    ax.minorticks_off()
    ax.legend(loc="upper left")


def _draw_back(ax: Axes, configuration: Configuration, found: Found) -> None:
    for number, layers in enumerate(configuration.hidden_layers):
        every = [_came_back(found, configuration, slice(layer, layer + 1), (layers,)) for layer in range(layers)]
        share, low, high, _ = (100 * np.array(column) for column in zip(*every, strict=True))
        ax.errorbar(np.arange(layers) + 1 + 0.06 * number, share, yerr=np.abs(np.nan_to_num([share - low, high - share])), capsize=5,
                    **drawing.look(number), label=f"{layers} hidden layers")
    ax.set(xlabel="hidden layer", ylabel="of units once dead, alive later (%)", title="ReLU units that came back", ylim=(-3, None),
           xticks=range(1, max(configuration.hidden_layers) + 1))
    ax.legend(loc="lower right")


EXPERIMENT = Experiment(__file__, __doc__, Configuration,
                        smoke={"networks": 2000, "width": (2,), "depth": (1, 5), "narrow": (),
                               "learning_rate": (0.01, 0.1, 1.0), "hidden_layers": (1,), "alive": ("leaky_relu",),
                               "steps": 20, "checkpoints": 4, "seeds": 2},
                        claims=("A2", "A3", "EVIDENCE 1"), parts=parts, conclude=conclude, draw=draw)

if __name__ == "__main__":
    EXPERIMENT.start()
