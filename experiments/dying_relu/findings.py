"""What the experiment on dying ReLUs concludes: one rule per claim, the table, the finding.

In this module and in figure.py, ``configuration`` is the Configuration of experiments.dying_relu,
which imports them and so cannot be imported here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from experiments.dying_relu.measure import BATCH, FLAT, INERT, INITS, SAMPLES, UNITS, trainings
from experiments.dying_relu.measure_birth import (
    BEYOND,
    CONTROLS,
    MORE,
    SIGMAS,
    dead_at_birth,
    first_p,
    p_value,
)
from experiments.lab.data import load, prepare
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict, Word
from experiments.lab.study.intervals import share_interval
from experiments.lab.study.statistics import interquartile_mean, interval
from jaxnn.meanfield import dead_network_probability

NARROW = {
    "relu/he": "ReLU, He",
    "relu/rai": "ReLU, RAI",
    "relu/rai2": "ReLU, RAI from layer 2",
    "leaky_relu/he": "leaky ReLU, He",
    "elu/he": "ELU, He",
}
ALIVE = 0.01  # share of inert units, or of constant networks, below which none counts
PUBLISHED = {"ReLU, He": 0.919, "ReLU, RAI": 0.292}  # Lu et al. 2019, as quoted
RISE = "dead units at the highest rate minus at the lowest"


class Returned(NamedTuple):
    """What became of dead units.

    share, low, high: of the units once dead, those alive at a later checkpoint, with the interval
        over seeds; nan where no unit was dead.
    dead: number of units that were dead at a checkpoint before the last.
    """

    share: float
    low: float
    high: float
    dead: int

    def effect(self, where: str) -> Effect:
        """The share as an effect; where names the layers."""
        return Effect(f"dead units of {where} that came back", self.share, self.low, self.high)


def conclude(configuration: Any, found: Found) -> Conclusion:
    """Apply the rules that the experiment's docstring states."""
    born, collapsed = born_dead_table(configuration, found), collapsed_table(configuration, found)
    trained = trained_table(configuration, found)
    table = pd.concat([born, collapsed, trained], ignore_index=True)
    return Conclusion(
        _finding(configuration, found, born, collapsed),
        (
            _on_units(configuration, found, trained),
            _on_others(configuration, found, trained, collapsed),
            _on_birth(configuration, found, born, collapsed),
        ),
        table,
        {"digits": prepare(load("digits")).sha256},
    )


def born_dead_table(configuration: Any, found: Found) -> pd.DataFrame:
    """One row per width and depth: the share of networks dead at birth beside the closed form."""
    rows, again, networks = [], _counted_again(found), configuration.networks
    for width in configuration.width:
        for number, depth in enumerate(configuration.depth):
            law = dead_network_probability(width, depth)
            share = dead_at_birth(configuration, found, width, depth) / networks
            rows.append(
                {
                    "what": "born dead",
                    "name": "relu",
                    "width": width,
                    "layers": depth,
                    "runs": networks,
                    "share": share,
                    "law": law,
                    "p": first_p(configuration, found, width, depth),
                    "share_of_10_times_as_many": again.get((width, depth), np.nan)
                    / (MORE * networks),
                    "z": (share - law) / (law * (1 - law) / networks) ** 0.5,
                    **{
                        f"dead_{name}": int(found[f"born-{width}"][name][number])
                        for name in CONTROLS
                        if name in found[f"born-{width}"]
                    },
                }
            )
    return pd.DataFrame(rows)


def collapsed_table(configuration: Any, found: Found) -> pd.DataFrame:
    """One row per kind of narrow network: the share that has collapsed, with Wilson's interval."""
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
    return pd.DataFrame(rows)


def trained_table(configuration: Any, found: Found) -> pd.DataFrame:
    """One row per activation, depth, initialisation and learning rate on the digits."""
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
                        "width": UNITS,
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
    configuration: Any, found: Found, layers: slice, depths: tuple[int, ...] = ()
) -> Returned:
    """How many ReLU units, once dead, were alive at a later checkpoint.

    Args:
        layers: the hidden layers to count.
        depths: of the networks to count; all when empty.
    """
    among = [found[f"digits-relu-{depth}"] for depth in depths or configuration.hidden_layers]
    ever, returned = (
        sum(arrays[name][..., layers].sum(axis=(0, 1, 3)) for arrays in among)
        for name in ("ever", "returned")
    )
    total = int(ever.sum())
    if not total:
        return Returned(np.nan, np.nan, np.nan, 0)
    per_seed = returned[ever > 0] / ever[ever > 0]
    return Returned(float(returned.sum() / total), *interval(per_seed), total)


def dead_share(arrays: Mapping[str, np.ndarray], init: int) -> np.ndarray:
    """Dead units of each run at the end of training, all of them where it diverged.

    A diverged run has no live unit; to leave it out would hide what the rate did.

    Args:
        arrays: of one kind of network, as ``measure.digits`` returns them.
        init: the number of the initialisation.

    Returns:
        Shares, (rates, seeds).
    """
    share = arrays["dead"][-1, init].mean(axis=-1)
    return np.where(arrays["finite"][init], share, 1.0)


def rise(name: str, dead: np.ndarray) -> Effect:
    """Dead units at the highest learning rate minus those at the lowest, paired by seed.

    Args:
        name: of the effect.
        dead: shares at the end of training, (rates, seeds), by ascending rate.

    Returns:
        Interquartile mean over seeds, with its interval.
    """
    gap = dead[-1] - dead[0]
    return Effect(name, float(interquartile_mean(gap)), *interval(gap))


class Step(NamedTuple):
    """Where the share of dead units rises most.

    below, above: neighbouring learning rates.
    before, after: mean share of dead units at them.
    """

    below: float
    above: float
    before: float
    after: float

    def __str__(self):
        return (
            f"between {self.below:g} and {self.above:g} from {100 * self.before:.0f} to "
            f"{100 * self.after:.0f} %"
        )


def steepest(rates: np.ndarray, dead: np.ndarray) -> Step:
    """The neighbouring rates between which the mean share of dead units rises most.

    Example:
        >>> str(steepest(np.array([0.1, 1.0, 10.0]), np.array([[0.0], [0.1], [0.9]])))
        'between 1 and 10 from 10 to 90 %'
    """
    mean = dead.mean(axis=1)
    at = int(np.argmax(np.diff(mean)))
    return Step(*map(float, (rates[at], rates[at + 1], mean[at], mean[at + 1])))


def judge_dying(rises: Mapping[str, Effect], returned: Mapping[str, float]) -> tuple[Word, str]:
    """The verdict on A2 and its condition.

    Args:
        rises: kind of network -> dead units at the highest rate minus those at the lowest.
        returned: "first" (hidden layer) and "deeper" -> share of units, once dead, that came back;
            without those of which no unit was dead.
    """
    worse = [name for name, each in rises.items() if each.low > 0]
    never = [name for name, share in returned.items() if share == 0]
    if not worse or not never:
        return "does not hold", ""
    conditions = []
    if len(worse) < len(rises):
        conditions.append(f"'large rates make it worse' is restricted to {'; '.join(worse)}")
    if len(never) < len(returned):
        conditions.append(
            f"'never come back' is restricted to the first hidden layer ({returned['deeper']:.0%} "
            "of the dead units of deeper layers came back)"
            if never == ["first"]
            else "'never come back' is restricted to the deeper layers"
        )
    return ("holds only when", ", and ".join(conditions)) if conditions else ("holds", "")


def judge_others(
    limits: Mapping[str, float], highest: float, collapsed: float = 0.0
) -> tuple[Word, str]:
    """The verdict on A3 and its condition.

    Args:
        limits: activation -> the highest learning rate up to which its networks stay alive; 0 where
            there is none.
        highest: the highest rate tried.
        collapsed: the interval's lower end of the share of narrow leaky ReLU networks that end up
            constant.
    """
    kept = {name: limit for name, limit in limits.items() if limit}
    if not kept:
        return "does not hold", ""
    conditions = []
    if any(limit < highest for limit in limits.values()):
        each = ", ".join(f"{limit:g} for {name}" for name, limit in kept.items())
        conditions.append(f"the learning rate is at most {each}")
    if collapsed > ALIVE:
        conditions.append("layers are wider than 2 units")
    return ("holds only when", " and ".join(conditions)) if conditions else ("holds", "")


def rate_limit(rates: Sequence[float], failed: np.ndarray, inert: np.ndarray) -> float:
    """The highest rate up to which no run fails and less than ALIVE of the units are inert; or 0.

    Args:
        rates: ascending.
        failed: bool, (rates, seeds), runs that diverged, are constant or have a dead unit.
        inert: share of inert units of the runs that did not diverge, (rates,).

    Example:
        >>> failed = np.array([[False], [False], [True], [False]])
        >>> rate_limit((0.1, 0.2, 0.4, 0.8), failed, np.zeros(4))
        0.2
    """
    bad = failed.any(axis=1) | (inert >= ALIVE)
    first = int(np.argmax(bad)) if bad.any() else len(rates)
    return float(rates[first - 1]) if first else 0.0


def judge_birth(law_holds: bool, leaky: int) -> Word:
    """The verdict on EVIDENCE 1.

    Args:
        law_holds: whether the number dead at birth is within chance at every width and depth.
        leaky: leaky ReLU networks that are dead at birth.
    """
    return "holds" if law_holds and not leaky else "does not hold"


def _counted_again(found: Found) -> dict[tuple[int, int], int]:
    """(width, depth) -> dead networks in the second, larger draw."""
    again = found["again"]
    cells = (tuple(cell) for cell in again["cells"].tolist())
    return dict(zip(cells, again["relu"].tolist(), strict=True))


def _law_holds(configuration: Any, found: Found) -> bool:
    """Whether no width and depth is beyond chance, the second draw deciding where there is one."""
    again = _counted_again(found)
    return all(
        p_value(again[width, depth], MORE * configuration.networks, width, depth) >= BEYOND
        if (width, depth) in again
        else first_p(configuration, found, width, depth) >= BEYOND
        for width in configuration.width
        for depth in configuration.depth
    )


def _rises(configuration: Any, found: Found) -> dict[str, Effect]:
    """Kind of ReLU network -> its dead units at the highest rate minus those at the lowest."""
    return {
        kind: rise(f"{RISE}, {kind}", dead)
        for kind, dead in _dead_shares(configuration, found).items()
    }


def _steps(configuration: Any, found: Found) -> dict[str, Step]:
    """Kind of ReLU network -> where its share of dead units rises most."""
    rates = np.sort(configuration.learning_rate)
    return {
        kind: steepest(rates, dead) for kind, dead in _dead_shares(configuration, found).items()
    }


def _dead_shares(configuration: Any, found: Found) -> dict[str, np.ndarray]:
    """Kind of ReLU network -> dead units by ascending rate, (rates, seeds)."""
    order = np.argsort(configuration.learning_rate)
    return {
        _kind(layers, start): dead_share(found[f"digits-relu-{layers}"], init)[order]
        for layers in configuration.hidden_layers
        for init, start in enumerate(INITS)
    }


def _kind(layers: int, init: str) -> str:
    return f"{layers} layer{'s' * (layers > 1)}, {init}"


def _finding(configuration: Any, found: Found, born: pd.DataFrame, collapsed: pd.DataFrame) -> str:
    """The finding in two sentences."""
    narrow = ", ".join(
        f"{_percent(row['share'], row['low'], row['high'])} from {row['name']}"
        + (f" (published: {100 * row['published']:.1f} %)" if row["name"] in PUBLISHED else "")
        for row in collapsed.to_dict("records")
        if row["name"] in PUBLISHED or row["name"].startswith("leaky")
    )
    kind, others = _kind(max(configuration.hidden_layers), "He"), configuration.alive
    first, deeper = (
        came_back(configuration, found, layers) for layers in (slice(1), slice(1, None))
    )
    died, failed = (
        sum(int(getattr(alive(configuration, found, name), what).sum()) for name in others)
        for what in ("dead", "failed")
    )
    return (
        f"Of {len(born)} kinds of random ReLU networks, {configuration.networks:,} each, "
        f"{'all' if _law_holds(configuration, found) else 'not all'} are born dead as often as 1 "
        f"− (1 − 2^−N)^L says (largest |z| {born['z'].abs().max():.2f}); of "
        f"{configuration.narrow_layers}-layer width-2 networks fitted to |x| these collapse: "
        f"{narrow or 'none was tried'}. On the digits the share of dead units rises "
        f"{_steps(configuration, found)[kind]} ({kind}); of units once dead, "
        f"{_percent(*first[:3])} in the first layer and {_percent(*deeper[:3])} "
        f"in deeper layers were alive again later; {died} networks with {', '.join(others)} had a "
        f"dead unit, and {failed} failed."
    )


def _percent(share: float, low: float, high: float) -> str:
    return f"{100 * share:.1f} [{100 * low:.1f}, {100 * high:.1f}] %"


def _on_units(configuration: Any, found: Found, trained: pd.DataFrame) -> Verdict:
    """A2."""
    rises = _rises(configuration, found)
    first, deeper = (
        came_back(configuration, found, layers) for layers in (slice(1), slice(1, None))
    )
    layers = {"first": first, "deeper": deeper}
    word, when = judge_dying(
        rises, {name: each.share for name, each in layers.items() if each.dead}
    )
    relu, rates = trained[trained["name"] == "relu"], configuration.learning_rate
    steps = _steps(configuration, found)
    widest = max(steps.values(), key=lambda step: step.after - step.before)
    return Verdict(
        "A2",
        word,
        (
            *rises.values(),
            first.effect("the first hidden layer"),
            deeper.effect("deeper hidden layers"),
        ),
        configuration.seeds,
        f"digits, hidden layers of {UNITS} units, {configuration.steps} steps of gradient descent, "
        f"learning rates {min(rates):g} to {max(rates):g}, normal weights with He's, Xavier's and "
        "PyTorch's variance, biases 0; dead: no gradient on any training row, and every unit of a "
        "diverged run",
        when=when,
        note=f"{first.dead:,} units of the first and {deeper.dead:,} of deeper layers were dead at "
        f"one of {configuration.checkpoints} checkpoints; {relu['diverged'].sum():.0f} of "
        f"{relu['runs'].sum():,} runs diverged. The share of dead units does not rise evenly but "
        f"in a step: {'; '.join(f'{kind} {step}' for kind, step in steps.items())}. Gradient "
        "descent does not change a dead unit's own weights; it comes back when the layers below it "
        "change.",
        found=f"Dead units come in a step of the learning rate, such as {widest}; in deeper layers "
        f"{100 * deeper.share:.0f} % of them come back.",
        do="If many ReLU units are dead, divide the learning rate by 3 before changing the "
        "activation.",
        tried=tuple(
            Tried(kind, "holds" if each.low > 0 else "undecided", each)
            for kind, each in rises.items()
        ),
    )


class Alive(NamedTuple):
    """What became of the networks of one activation on the digits, by ascending learning rate.

    dead: networks with a dead unit at any checkpoint. failed: those, and runs that diverged or are
    constant; bool, (rates, seeds). inert: mean share of inert units at the end, (rates,), nan where
    all diverged.
    """

    dead: np.ndarray
    failed: np.ndarray
    inert: np.ndarray


def alive(configuration: Any, found: Found, name: str) -> Alive:
    """Of the deepest networks with He's initialisation."""
    arrays = found[f"digits-{name}-{max(configuration.hidden_layers)}"]
    order = np.argsort(configuration.learning_rate)
    dead = np.asarray((np.nan_to_num(arrays["dead"][:, 0]) > 0).any(axis=(0, -1)))[order]
    finite, constant = arrays["finite"][0][order], arrays["constant"][0][order]
    inert = np.where(finite, arrays["inert"][0][order].mean(axis=-1), 0.0)
    counts = finite.sum(axis=1)
    share = np.divide(inert.sum(axis=1), counts, out=np.full(len(counts), np.nan), where=counts > 0)
    return Alive(dead, dead | ~finite | constant, share)


def _counted(name: str, runs: np.ndarray) -> Effect:
    """How many runs, with the exact binomial interval."""
    low, high = share_interval(int(runs.sum()), runs.size)
    return Effect(name, int(runs.sum()), low * runs.size, high * runs.size, f"of {runs.size}")


def _on_others(
    configuration: Any, found: Found, trained: pd.DataFrame, collapsed: pd.DataFrame
) -> Verdict:
    """A3."""
    every = {name: alive(configuration, found, name) for name in configuration.alive}
    rates = sorted(configuration.learning_rate)
    limits = {
        name: rate_limit(rates, each.failed, np.nan_to_num(each.inert))
        for name, each in every.items()
    }
    narrow = {row["name"]: row for row in collapsed.to_dict("records")}.get(NARROW["leaky_relu/he"])
    effects = []
    for name, each in every.items():
        effects.append(_counted(f"networks with a dead unit, {name}", each.dead))
        effects.append(_counted(f"networks that diverged or are constant, {name}", each.failed))
        effects.append(
            Effect(f"largest share of inert units, {name}", float(np.nanmax(each.inert)))
        )
    if narrow:
        name = "constant networks on |x|, leaky_relu, width 2"
        effects.append(Effect(name, narrow["share"], narrow["low"], narrow["high"]))
    if "maxout" in configuration.alive:
        pieces = trained[trained["name"] == "maxout"]["pieces"].max()
        effects.append(Effect("largest share of dead pieces, maxout", float(pieces)))
    word, when = judge_others(limits, max(rates), narrow["low"] if narrow else 0.0)
    lost = {name: int(each.failed.sum()) for name, each in every.items()}
    runs = len(rates) * configuration.seeds
    tried = [
        Tried(
            f"{name}, rate {rate:g}",
            "does not hold" if each.failed[at].any() else "holds",
            _counted("networks that failed", each.failed[at]),
        )
        for name, each in every.items()
        for at, rate in ((0, rates[0]), (-1, rates[-1]))
    ]
    return Verdict(
        "A3",
        word,
        tuple(effects),
        configuration.seeds,
        f"the networks of A2 with {max(configuration.hidden_layers)} hidden layers and He's "
        "initialisation, with other activations; inert: a unit whose part in the next layer varies "
        f"over the training rows by less than {INERT:g} of its layer's root mean square",
        when=when,
        note="That leaky ReLU and PReLU have no unit without a gradient is true by definition. "
        "Runs that diverged count as failed. Failed of "
        f"{runs}: "
        f"{', '.join(f'{count} {name}' for name, count in lost.items())}. A maxout unit is dead "
        "only if both of its pieces are; pieces do die.",
        found="Their units keep a gradient, but networks still fail at high rates: "
        f"{', '.join(f'{count} {name}' for name, count in lost.items())}, of {runs} runs each.",
        do="An activation without dead units does not allow a higher learning rate: tune the rate.",
        tried=tuple(tried),
    )


def _on_birth(
    configuration: Any, found: Found, born: pd.DataFrame, collapsed: pd.DataFrame
) -> Verdict:
    """EVIDENCE 1."""
    count, z = len(born), born["z"].abs()
    low, high = (float(stats.norm.ppf((1 + q ** (1 / count)) / 2)) for q in (0.025, 0.975))
    leaky = int(born["dead_leaky_relu"].sum())
    return Verdict(
        "EVIDENCE 1",
        judge_birth(_law_holds(configuration, found), leaky),
        (
            Effect("largest |z| of the number dead at birth", float(z.max())),
            Effect("cells beyond 3 standard errors", int((z > SIGMAS).sum())),
            Effect("smallest exact p of a cell", float(born["p"].min())),
            Effect("dead leaky ReLU networks", leaky),
            *(
                Effect(f"collapsed on |x|, {row['name']}", row["share"], row["low"], row["high"])
                for row in collapsed.to_dict("records")
            ),
        ),
        configuration.networks,
        f"{configuration.networks:,} networks per cell, {count} cells (width and depth), uniform "
        f"weights, biases 0, one input; controls at width {min(configuration.width)}. |x|: "
        f"{configuration.narrow_runs:,} networks of {configuration.narrow_layers} layers (the last "
        f"linear) and width 2, {SAMPLES:,} points of [−√3, √3], Adam 0.001, batches of {BATCH}, "
        f"{configuration.narrow_steps:,} steps; collapsed: outputs within {FLAT}",
        found=f"As many networks are born dead as the closed form says in "
        f"{count - int((z > SIGMAS).sum())} of {count} kinds; of leaky ReLU networks {leaky} are.",
        do="Do not make a deep ReLU network narrow: from 8 units a layer on hardly one is born "
        "dead.",
        note=f"Of {count} independent cells the largest |z| would be between {low:.2f} and "
        f"{high:.2f} (95 %). The number of points and the interval are quoted from the paper; "
        "batch size, optimizer and steps are ours. A leaky ReLU or ELU network that is flat at the "
        "end still gets a gradient.",
        differs="; ".join(
            filter(
                None, (_collapse_differs(collapsed), _controls_differ(configuration, found, born))
            )
        ),
    )


def _collapse_differs(collapsed: pd.DataFrame) -> str:
    """The kinds whose interval excludes the published share."""
    off = [
        f"{row['name']} {_percent(row['share'], row['low'], row['high'])} instead of "
        f"{100 * row['published']:.1f} % (outputs within 1e-6: {row['within_1e-06']:.1%}, within "
        f"0.01: {row['within_0.01']:.1%}; halfway through: {row['half_way']:.1%})"
        for row in collapsed.to_dict("records")
        if row["name"] in PUBLISHED and not row["low"] <= row["published"] <= row["high"]
    ]
    if not off:
        return ""
    return (
        f"collapsed: {'; '.join(off)}; the quoted shares may be of another function than |x| or of "
        "longer training"
    )


def _controls_differ(configuration: Any, found: Found, born: pd.DataFrame) -> str:
    """The controls of which some networks were dead, and the check in float64."""
    died = {
        name: int(born[f"dead_{name}"].sum()) for name in CONTROLS if born[f"dead_{name}"].any()
    }
    if not died:
        return ""
    counts = ", ".join(f"{count:,} {name}" for name, count in died.items())
    checks = ", ".join(
        f"{name} {found['doubled'][f'float32-{name}'][0]} in float32, "
        f"{found['doubled'][f'float64-{name}'][0]} in float64"
        for name in died
    )
    return (
        f"of {configuration.networks * len(configuration.depth):,} networks of each control these "
        f"died: {counts}; their gradients underflow far below 0, as other draws of the deepest "
        f"networks show: {checks}"
    )
