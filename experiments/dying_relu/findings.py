"""What follows from the experiment on dying ReLUs: a rule a claim, each able to come out otherwise."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from experiments.dying_relu.measure import BATCH, INITS, SAMPLES, Rise, rise
from experiments.lab.data import load, prepare
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Verdict
from experiments.lab.study.statistics import interval
from jaxnn.meanfield import dead_network_probability

CONTROLS = ("leaky_relu", "elu", "gelu")  # at birth, in the narrowest networks
SIGMAS = 3.0
BEYOND = float(
    2 * stats.norm.sf(SIGMAS)
)  # exact binomial p of a cell that is as unlikely as one beyond 3 standard errors
MORE = 10  # × networks for a cell beyond
FLAT = 1e-3  # range of outputs below which a network has collapsed; |x| has √3
NARROW: Mapping[str, str] = {
    "relu/he": "ReLU, He",
    "relu/rai": "ReLU, RAI",
    "relu/rai2": "ReLU, RAI from layer 2",
    "leaky_relu/he": "leaky ReLU, He",
    "elu/he": "ELU, He",
}
PUBLISHED = {"ReLU, He": 0.919, "ReLU, RAI": 0.292}  # Lu et al. 2019, as quoted
FIRST, DEEPER = (
    "dead units of the first hidden layer that came back",
    "dead units of deeper hidden layers that came back",
)
INTERVAL = ["share", "low", "high"]
LARGEST = "largest |z| of dead at birth"


def trainings(configuration: Any) -> list[tuple[str, int]]:
    """Activation and hidden layers of what is trained on the digits."""
    deepest = max(configuration.hidden_layers)
    return [
        *(("relu", layers) for layers in configuration.hidden_layers),
        *((name, deepest) for name in configuration.alive),
    ]


def beyond_chance(configuration: Any, found: Found, cell: tuple[int, int]) -> bool:
    """Whether a cell, width and depth, is as unlikely under the law as one beyond SIGMAS standard errors."""
    return _p(_dead(configuration, found, cell), configuration.networks, cell) < BEYOND


def _dead(configuration: Any, found: Found, cell: tuple[int, int]) -> int:
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
        conditions.append(
            f"'never' is said of the first hidden layer alone ({returned['deeper']:.0%} of deeper dead units came back)"
            if never == ["first"]
            else "'never' is said of deeper layers alone"
        )
    return ("holds only when", " and ".join(conditions)) if conditions else ("holds", "")


def _law(configuration: Any, found: Found) -> tuple[pd.DataFrame, list[float]]:
    """A row a cell; and the exact p of each, of cells beyond SIGMAS that of the second, larger draw."""
    rows, final = [], []
    again = {
        tuple(cell): int(count)
        for cell, count in zip(
            found["again"]["cells"].tolist(), found["again"]["relu"], strict=True
        )
    }
    for width in configuration.width:
        for number, depth in enumerate(configuration.depth):
            law, count = (
                dead_network_probability(width, depth),
                _dead(configuration, found, (width, depth)),
            )
            p = _p(count, configuration.networks, (width, depth))
            more = again.get((width, depth))
            final.append(
                p if more is None else _p(more, MORE * configuration.networks, (width, depth))
            )
            rows.append(
                {
                    "what": "born dead",
                    "name": "relu",
                    "width": width,
                    "layers": depth,
                    "runs": configuration.networks,
                    "share": count / configuration.networks,
                    "law": law,
                    "p": p,
                    "share_of_10_times_as_many": again.get((width, depth), np.nan)
                    / (MORE * configuration.networks),
                    "z": (count / configuration.networks - law)
                    / (law * (1 - law) / configuration.networks) ** 0.5,
                    **{
                        f"dead_{name}": int(found[f"born-{width}"][name][number])
                        for name in CONTROLS
                        if name in found[f"born-{width}"]
                    },
                }
            )
    return pd.DataFrame(rows), final


def _collapsed(configuration: Any, found: Found) -> pd.DataFrame:
    """A row a kind of narrow network: collapsed at the end, with Wilson's interval, and at the start."""
    rows = []
    for kind in configuration.narrow:
        name, arrays = NARROW[kind], found[f"collapse-{kind.replace('/', '-')}"]
        flat = arrays["range"] < FLAT
        inside = stats.binomtest(int(flat[-1].sum()), flat.shape[1]).proportion_ci(method="wilson")
        rows.append(
            {
                "what": "collapsed",
                "name": name,
                "width": 2,
                "layers": configuration.narrow_layers,
                "runs": flat.shape[1],
                "share": flat[-1].mean(),
                "low": inside.low,
                "high": inside.high,
                "at_start": flat[0].mean(),
                "half_way": flat[2].mean(),
                "published": PUBLISHED.get(name, np.nan),
                "diverged": int(np.isnan(arrays["error"][-1]).sum()),
                "within_1e-06": (arrays["range"][-1] < 1e-6).mean(),
                "within_0.01": (arrays["range"][-1] < 0.01).mean(),
            }
        )
    return pd.DataFrame(rows, index=[NARROW[kind] for kind in configuration.narrow])


def _trained(configuration: Any, found: Found) -> pd.DataFrame:
    """A row an activation, depth, init and rate on the digits."""
    rows = []
    for activation, layers in trainings(configuration):
        arrays = found[f"digits-{activation}-{layers}"]
        for init, start in enumerate(INITS if activation == "relu" else ("He",)):
            for number, rate in enumerate(configuration.learning_rate):
                finite = arrays["finite"][init, number]
                every = arrays["dead"][-1], arrays["pieces"][-1], arrays["accuracy"]
                dead, pieces, scores = (values[init, number][finite] for values in every)
                rows.append(
                    {
                        "what": "trained",
                        "name": activation,
                        "init": start,
                        "width": 64,
                        "layers": layers,
                        "learning_rate": rate,
                        "runs": len(finite),
                        "diverged": int((~finite).sum()),
                        "share": dead.mean() if finite.any() else np.nan,
                        "pieces": pieces.mean() if finite.any() else np.nan,
                        "accuracy": scores.mean() if finite.any() else np.nan,
                    }
                )
    return pd.DataFrame(rows)


def came_back(
    found: Found, configuration: Any, layers: slice, depths: tuple[int, ...] = ()
) -> tuple[float, float, float, int]:
    """Share of ReLU units, once dead, that were alive at a later checkpoint, its interval over seeds, and how many were dead."""
    among = [found[f"digits-relu-{depth}"] for depth in depths or configuration.hidden_layers]
    ever, returned = (
        sum(arrays[name][..., layers].sum(axis=(0, 1, 3)) for arrays in among)
        for name in ("ever", "returned")
    )
    total = int(ever.sum())
    if not total:
        return np.nan, np.nan, np.nan, 0
    return float(returned.sum() / total), *interval(returned[ever > 0] / ever[ever > 0]), total


def conclude(configuration: Any, found: Found) -> Conclusion:
    """The law by exact binomial tests; |x| beside the published shares; dead units against the rate, and which come back."""
    law, final = _law(configuration, found)
    collapsed, trained = _collapsed(configuration, found), _trained(configuration, found)
    verdicts = (
        _on_units(configuration, found, trained),
        _on_others(configuration, found, trained),
        _on_birth(configuration, found, law, final, collapsed),
    )
    units, others, birth = (
        {effect.name: effect for effect in verdict.effects} for verdict in verdicts
    )
    steepest, first, deeper = (units[name] for name in (_steepest(configuration), FIRST, DEEPER))
    narrow = ", ".join(
        f"{_percent(*row[INTERVAL])} from {name}"
        + (f" (published: {100 * PUBLISHED[name]:.1f} %)" if name in PUBLISHED else "")
        for name, row in collapsed.iterrows()
        if name in PUBLISHED or name.startswith("leaky")
    )
    died = sum(
        int(effect.value) for effect in others.values() if effect.name.startswith("networks")
    )
    finding = (
        f"Of {len(law)} kinds of random ReLU networks, {configuration.networks:,} each, "
        f"{'all' if min(final) >= BEYOND else 'not all'} are born dead as often as 1 − (1 − 2^−N)^L says (largest |z| "
        f"{birth[LARGEST].value:.2f}); of {configuration.narrow_layers}-layer width-2 networks fitted to |x| these collapse: "
        f"{narrow or 'none was tried'}. On the digits the share of dead units grows by "
        f"{steepest:.3f} a decade of the rate ({_steepest(configuration)}); of units once dead, "
        f"{_percent(first.value, first.low, first.high)} in the first layer and {_percent(deeper.value, deeper.low, deeper.high)} in deeper "
        f"ones were alive again later; {died} networks of {', '.join(configuration.alive)} had a dead unit."
    )
    table = pd.concat([law, collapsed, trained], ignore_index=True)
    return Conclusion(finding, verdicts, table, {"digits": prepare(load("digits")).sha256})


def _steepest(configuration: Any) -> str:
    return f"{max(configuration.hidden_layers)} layers, He"


def _percent(share: float, low: float, high: float) -> str:
    return f"{100 * share:.1f} [{100 * low:.1f}, {100 * high:.1f}] %"


def _on_units(configuration: Any, found: Found, trained: pd.DataFrame) -> Verdict:
    """A2: see judge_dying."""
    rates = np.array(configuration.learning_rate)
    rises = {
        f"{layers} layers, {start}": rise(
            rates,
            found[f"digits-relu-{layers}"]["dead"][-1, init].mean(axis=-1),
            found[f"digits-relu-{layers}"]["finite"][init],
        )
        for layers in configuration.hidden_layers
        for init, start in enumerate(INITS)
    }
    first, deeper = (
        came_back(found, configuration, slice(1)),
        came_back(found, configuration, slice(1, None)),
    )
    word, when = judge_dying(
        rises, {name: each[0] for name, each in (("first", first), ("deeper", deeper)) if each[3]}
    )
    relu = trained[trained["name"] == "relu"]
    effects = (
        *(
            Effect(name, each.slope, each.low, each.high, "of the units a decade of the rate")
            for name, each in rises.items()
        ),
        Effect(FIRST, *first[:3]),
        Effect(DEEPER, *deeper[:3]),
    )
    return Verdict(
        "A2",
        word,
        effects,
        configuration.seeds,
        f"digits, hidden layers of 64 units, {configuration.steps} steps of gradient descent, rates {rates.min():g} to "
        f"{rates.max():g}, normal weights of He's, Xavier's and PyTorch's variance, biases 0; dead: no gradient on any training row",
        when=when,
        note=f"{first[3]:,} units of first and {deeper[3]:,} of deeper layers were dead at one of "
        f"{configuration.checkpoints} checkpoints; "
        f"{relu['diverged'].sum():.0f} of {relu['runs'].sum():,} runs diverged, and are left out of slopes. "
        "Slopes first left out every rate at which any seed's run diverged, which are those at which units die: changed "
        "after the first default run, where that gave 4 layers slopes of -0.04 to 0.00. "
        "A dead unit's own weights stand still under gradient descent; it comes back when the layers below it move.",
    )


def _on_others(configuration: Any, found: Found, trained: pd.DataFrame) -> Verdict:
    """A3: holds where no network had a dead unit at any checkpoint."""
    died, effects = {}, []
    for name in configuration.alive:
        runs = (
            (np.nan_to_num(found[f"digits-{name}-{max(configuration.hidden_layers)}"]["dead"]) > 0)
            .any(axis=(0, -1))
            .ravel()
        )
        died[name] = int(runs.sum())
        inside = stats.binomtest(died[name], len(runs)).proportion_ci()
        effects.append(
            Effect(
                f"networks with a dead unit, {name}",
                died[name],
                inside.low * len(runs),
                inside.high * len(runs),
                f"of {len(runs)}",
            )
        )
    others = trained[trained["name"] != "relu"]
    if "maxout" in died:
        effects.append(
            Effect(
                "largest share of dead pieces, maxout",
                float(trained[trained["name"] == "maxout"]["pieces"].max()),
            )
        )
    kept = [name for name in died if not died[name]]
    word = "holds" if len(kept) == len(died) else "holds only when" if kept else "does not hold"
    return Verdict(
        "A3",
        word,
        tuple(effects),
        configuration.seeds,
        f"the networks of A2 with {max(configuration.hidden_layers)} hidden layers from He's init, other activations",
        when=f"the activation is {' or '.join(kept)}" if word == "holds only when" else "",
        note="Counted at all checkpoints of all rates. A maxout unit is alive while any of its two pieces is; pieces die: see "
        "the share. "
        f"{others['diverged'].sum():.0f} of {others['runs'].sum():,} runs diverged and count up to then.",
    )


def _on_birth(
    configuration: Any, found: Found, law: pd.DataFrame, final: list[float], collapsed: pd.DataFrame
) -> Verdict:
    """EVIDENCE 1: holds where no cell is as unlikely as one beyond 3 standard errors, after a larger draw for those that are."""
    count, largest = len(law), law["z"].abs().max()
    low, high = (float(stats.norm.ppf((1 + q ** (1 / count)) / 2)) for q in (0.025, 0.975))
    controls = {name: int(law[f"dead_{name}"].sum()) for name in CONTROLS}
    off = [
        f"{name} {_percent(*row[INTERVAL])} instead of {100 * row['published']:.1f} % (outputs within 1e-6: {row['within_1e-06']:.1%}, "
        f"within 0.01: {row['within_0.01']:.1%}; half way {row['half_way']:.1%})"
        for name, row in collapsed.iterrows()
        if row["published"] == row["published"]
        and not row["low"] <= row["published"] <= row["high"]
    ]
    died = [name for name in CONTROLS if controls[name]]
    differs = [
        f"collapsed: {'; '.join(off)}; the quoted shares may be of another function than |x| or of longer training"
    ] * bool(off)
    if died:
        doubled = [
            f"{name} {found['doubled'][f'float32-{name}'][0]} in float32, {found['doubled'][f'float64-{name}'][0]} in float64"
            for name in died
        ]
        differs.append(
            "of the controls "
            + ", ".join(f"{controls[name]:,} {name}" for name in died)
            + f" of {configuration.networks * len(configuration.depth):,} died: slopes underflow far below 0, as other draws "
            + f"of the deepest show: {', '.join(doubled)}"
        )
    effects = (
        Effect(LARGEST, float(largest)),
        Effect("cells beyond 3 standard errors", int((law["z"].abs() > SIGMAS).sum())),
        Effect("smallest exact p of a cell", float(law["p"].min())),
        Effect("dead leaky ReLU networks", controls["leaky_relu"]),
        *(
            Effect(f"collapsed on |x|, {name}", row["share"], row["low"], row["high"])
            for name, row in collapsed.iterrows()
        ),
    )
    word = "holds" if min(final) >= BEYOND and not controls["leaky_relu"] else "does not hold"
    return Verdict(
        "EVIDENCE 1",
        word,
        effects,
        configuration.networks,
        f"{configuration.networks:,} networks a cell, {count} cells, uniform weights, biases 0, one input; controls at width "
        f"{min(configuration.width)}. |x|: {configuration.narrow_runs:,} networks of {configuration.narrow_layers} layers "
        f"(the last linear) and width 2, {SAMPLES:,} points of [−√3, √3], Adam 0.001, batches of {BATCH}, "
        f"{configuration.narrow_steps:,} steps; collapsed: outputs within {FLAT}",
        note=f"Of {count} independent cells the largest |z| would lie between {low:.2f} and {high:.2f} (95 %). The paper's points "
        "and interval are quoted; batch, optimizer and steps are ours. A leaky or ELU network that is flat at the end still "
        "gets a gradient.",
        differs=". ".join(differs),
    )
