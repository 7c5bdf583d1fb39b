"""What the experiment on context neurons concludes: one rule per claim, the table, the finding.

In this module and in figure.py, ``configuration`` is the Configuration of experiments.context,
which imports them and so cannot be imported here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.context.findings_forecasts import autoregression, rmse_apart
from experiments.context.findings_rivals import (
    compare_errors,
    compare_successes,
    geometric_mean,
    standing,
    success_share,
)
from experiments.context.measure import (
    ADDING_BATCH,
    LAST_TRAINED,
    LAST_VALIDATED,
    STREAMS,
    TRIPLES,
    mean_square,
    part_of,
)
from experiments.context.sequences import temporal_xor
from experiments.lab.data.sunspots import read_sunspots
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict, Word
from experiments.lab.study.wording import listed

NAMES = {
    "tanh": "tanh",
    "relu": "ReLU",
    "sigmoid": "sigmoid",
    "elu": "ELU",
    "gelu": "GELU",
    "swish": "swish",
    "linear": "linear",
    "irnn": "IRNN",
    "gru": "GRU",
    "none": "no context",
}
MEAN_ERROR = 1 / 6  # of always answering the mean on the adding problem
UNSOLVED, SOLVED = 0.9 * MEAN_ERROR, 0.1 * MEAN_ERROR  # limits of the error, EVIDENCE 17
ORDERS = range(1, 21)  # of AR
CYCLE = 11  # years per bootstrap block: the sunspots' period
XOR, ADDING, SUNSPOTS = "temporal XOR", "adding", "sunspots"


class Scores(NamedTuple):
    """What a task has shown of each model.

    by_seed: model -> whether each seed succeeded, or its error at the longest length or over the
        test years, (seeds,).
    effects: model -> the same over all seeds, with its interval; on the adding problem
        (model, length) -> that.
    rates: the chosen learning rates, with the keys of effects.
    """

    by_seed: Mapping[str, np.ndarray]
    effects: Mapping[Any, Effect]
    rates: Mapping[Any, float]


class Forecasts(NamedTuple):
    """What the sunspots have shown.

    scores: of each model; the effects include the naive rule's and AR's.
    errors: model or rule -> errors in the test years, (seeds, years), with one seed for a rule.
    order: of AR, chosen by validation.
    """

    scores: Scores
    errors: Mapping[str, np.ndarray]
    order: int


def conclude(configuration: Any, found: Found) -> Conclusion:
    """Apply the rules that the experiment's docstring states."""
    xor, adding = xor_scores(configuration, found), adding_scores(configuration, found)
    forecasts = sunspot_forecasts(configuration, found)
    tasks = {XOR: xor, ADDING: adding, SUNSPOTS: forecasts.scores}
    return Conclusion(
        _finding(configuration, found, tasks, forecasts.order),
        (
            _on_context(configuration, xor, found),
            _on_length(configuration, adding, found),
            _on_forecasts(configuration, forecasts, found),
            _on_tanh(configuration, tasks),
        ),
        _table(tasks, forecasts.order),
        {"sunspots": read_sunspots()[2]},
    )


def xor_scores(configuration: Any, found: Found) -> Scores:
    """A network succeeds that predicts all predictable bits correctly."""
    solved = {name: found[f"xor-{name}"]["right"][-1] == 1 for name in configuration.xor_models}
    return Scores(
        solved,
        {
            name: success_share(f"share of seeds that succeed with {NAMES[name]}", each)
            for name, each in solved.items()
        },
        {
            name: configuration.xor_rates[found[f"xor-{name}"]["best"].item()]
            for name in configuration.xor_models
        },
    )


def adding_scores(configuration: Any, found: Found) -> Scores:
    """Test errors at the learning rate with the lowest mean validation error.

    For the choice, an error above that of answering the mean counts as that one. A diverged run
    counts as answering the mean.
    """
    errors, rates = {}, {}
    for name in configuration.adding_models:
        for length in configuration.lengths:
            arrays = found[f"adding-{name}-{length}"]
            best = int(np.argmin(np.fmin(arrays["validation"], MEAN_ERROR).mean(axis=1)))
            test = arrays["test"][best]
            errors[name, length] = np.where(np.isfinite(test), test, MEAN_ERROR)
            rates[name, length] = configuration.adding_rates[best]
    effects = {
        (name, length): geometric_mean(f"{NAMES[name]}'s error at T = {length}", each)
        for (name, length), each in errors.items()
    }
    longest = max(configuration.lengths)
    return Scores(
        {name: errors[name, longest] for name in configuration.adding_models}, effects, rates
    )


def sunspot_forecasts(configuration: Any, found: Found) -> Forecasts:
    """Test errors of the networks and of both rules; a diverged network forecasts the mean."""
    years, numbers, _ = read_sunspots()
    part, trained = part_of(years), numbers[years <= LAST_TRAINED]
    linear = {order: autoregression(numbers, order, len(trained)) - numbers for order in ORDERS}
    order = min(linear, key=lambda order: mean_square(linear[order], part == "validation"))
    test = part[1:] == "test"
    errors = {
        "naive": (numbers[:-1] - numbers[1:])[None, test],
        "AR": linear[order][None, 1:][:, test],
    }
    for name in configuration.sunspot_models:
        made = np.nan_to_num(found[f"sunspots-{name}"]["forecasts"], nan=trained.mean())
        errors[name] = (made - numbers[1:])[:, test]
    nothing = np.zeros(test.sum())
    names = NAMES | {"naive": "the naive rule", "AR": f"AR({order})"}
    effects = {
        name: Effect(f"RMSE of {names[name]}", *rmse_apart(each, nothing, block=CYCLE), "sunspots")
        for name, each in errors.items()
    }
    models = configuration.sunspot_models
    scores = Scores(
        {name: np.sqrt((errors[name] ** 2).mean(axis=1)) for name in models},
        effects,
        {
            name: configuration.sunspot_rates[found[f"sunspots-{name}"]["best"][1]]
            for name in models
        },
    )
    return Forecasts(scores, errors, order)


def chosen_forecaster(configuration: Any, found: Found) -> str:
    """The network with the lowest validation error on the sunspots; a linear one is excluded."""
    least = {
        name: np.nanmin(found[f"sunspots-{name}"]["validation"])
        for name in configuration.sunspot_models
        if name != "linear"
    }
    return min(least, key=least.get)


def judge_context(context: Effect, control: Effect | None) -> Word:
    """The verdict on N6, from the shares of networks that succeed.

    Args:
        context: with context.
        control: without context; None where it was not measured.
    """
    if control is None:
        return "undecided"
    if context.low > control.high:
        return "holds"
    return "does not hold" if context.value == 0 or context.high < control.low else "undecided"


def judge_length(tanh: Mapping[int, Effect], gru: Mapping[int, Effect]) -> tuple[Word, int]:
    """The verdict on EVIDENCE 17, from errors on the adding problem by length.

    Args:
        tanh, gru: length -> the network's error; gru is empty where it was not measured.

    Returns:
        The verdict; and the length from which on the tanh network does no better than answering
        the mean while the GRU solves the problem, 0 where there is none.
    """
    if not gru:
        return "undecided", 0
    first = 0
    for length in sorted(tanh, reverse=True):
        if tanh[length].low < UNSOLVED or gru[length].high > SOLVED:
            break
        first = length
    if not first:
        return "does not hold" if tanh[max(tanh)].high < SOLVED else "undecided", 0
    return "holds" if first == min(tanh) else "holds only when", first


def judge_forecasts(naive: Effect, linear: Effect) -> Word:
    """The verdict on N7, from the network's RMSE minus that of the naive and the linear rule."""
    if naive.high < 0:
        return "holds" if linear.high < 0 else "holds only when"
    return "does not hold" if naive.low > 0 else "undecided"


def judge_tanh(standings: Mapping[str, str]) -> tuple[Word, str]:
    """The verdict on A9 and its condition, from tanh's standing in each task."""
    ahead = [task for task, each in standings.items() if each == "ahead"]
    if "behind" not in standings.values():
        return "holds" if ahead else "undecided", ""
    return (
        ("holds only when", f"the task is {' or '.join(ahead)}") if ahead else ("does not hold", "")
    )


def _on_context(configuration: Any, xor: Scores, found: Found) -> Verdict:
    """N6."""
    # The predictable bits of the fresh stream, and the bit before each.
    x, y = (each[:, 1::3] for each in temporal_xor(np.random.default_rng(1), STREAMS, TRIPLES))
    most = sum(np.mean(x == bit) * max(ones := y[x == bit].mean(), 1 - ones) for bit in (0, 1))
    before, now = (float(np.mean(found["xor-tanh"]["right"][quarter] == 1)) for quarter in (-2, -1))
    shares = [xor.effects[name] for name in ("tanh", "none") if name in xor.effects]
    return Verdict(
        "N6",
        judge_context(xor.effects["tanh"], xor.effects.get("none")),
        (
            *shares,
            Effect(
                "largest share of the predictable bits that a rule without memory predicts",
                float(most),
            ),
        ),
        configuration.seeds,
        f"temporal XOR, 1-2-1 networks, {configuration.passes} passes over 3,000 bits in {STREAMS} "
        f"streams; success: all {STREAMS * TRIPLES:,} predictable bits of a fresh stream correct",
        found=f"{_percent(shares[0])} of small Elman networks learn temporal XOR, whose answer "
        "depends on earlier inputs; without context "
        f"{_percent(shares[-1]) if len(shares) > 1 else 'none was trained'}.",
        do="Give a network a state where the right answer depends on what came before; try "
        "several seeds.",
        note="A network that succeeds gives different outputs for the same input bit. Elman's one "
        "network was trained for 600 passes (recalled, not checked); here the last quarter of the "
        f"training changed tanh's share from {before:.3f} to {now:.3f}. "
        f"{_edges(xor, configuration.xor_rates)}",
    )


def _on_length(configuration: Any, adding: Scores, found: Found) -> Verdict:
    """EVIDENCE 17."""
    models, lengths = configuration.adding_models, configuration.lengths
    tanh, gru = (
        {length: adding.effects[name, length] for length in lengths if name in models}
        for name in ("tanh", "gru")
    )
    word, first = judge_length(tanh, gru)
    tests = [arrays["test"] for part, arrays in found.items() if part.startswith("adding-")]
    diverged = sum(int(np.sum(~np.isfinite(test))) for test in tests)
    trained = sum(test.size for test in tests)
    return Verdict(
        "EVIDENCE 17",
        word,
        (
            *(adding.effects[name, max(lengths)] for name in models),
            Effect("error of answering the mean", MEAN_ERROR),
        ),
        configuration.adding_seeds,
        f"adding problem, T = {', '.join(map(str, lengths))}, width {configuration.adding_width}, "
        f"{configuration.adding_steps} updates of {ADDING_BATCH} sequences; geometric means over "
        "seeds with t intervals",
        when=f"sequences have {first} steps or more (longest tried: {max(lengths)})"
        if word == "holds only when"
        else "",
        found=f"Over {max(lengths)} steps tanh's squared error is "
        f"{adding.effects['tanh', max(lengths)].value:.3f}, answering the mean gives "
        f"{MEAN_ERROR:.3f}"
        + (f", a GRU {adding.effects['gru', max(lengths)].value:.4f}." if gru else "."),
        do="Use a GRU, not a plain tanh network, where an input matters 50 steps later or more.",
        note=f"The published lengths, up to 600, were not reached. {diverged} of {trained} "
        f"networks diverged. {_edges(adding, configuration.adding_rates)}",
    )


def _on_forecasts(configuration: Any, forecasts: Forecasts, found: Found) -> Verdict:
    """N7, of the network that validation chooses."""
    chosen, effects = chosen_forecaster(configuration, found), forecasts.scores.effects
    naive, linear = (
        Effect(
            f"{effects[chosen].name} − {effects[rule].name}",
            *rmse_apart(forecasts.errors[chosen], forecasts.errors[rule][0], block=CYCLE),
            "sunspots",
        )
        for rule in ("naive", "AR")
    )
    word = judge_forecasts(naive, linear)
    against_linear = (
        "AR is better" if linear.low > 0 else "the network cannot be distinguished from AR"
    )
    return Verdict(
        "N7",
        word,
        (naive, linear, effects[chosen], effects["naive"], effects["AR"]),
        configuration.sunspot_seeds,
        f"yearly sunspots; trained on the years up to {LAST_TRAINED}; learning rate, stopping "
        f"point, network and AR's order chosen on {LAST_TRAINED + 1}–{LAST_VALIDATED}; tested on "
        f"{LAST_VALIDATED + 1}–2008; width {configuration.sunspot_width}; bootstrap over blocks "
        f"of {CYCLE} years and over seeds",
        found=f"On the sunspots the {NAMES[chosen]} network's error is "
        f"{effects[chosen].value:.1f}, the naive rule's {effects['naive'].value:.1f}, a linear "
        f"rule's {effects['AR'].value:.1f}.",
        do="Compare a forecasting network with a linear rule of past values before you trust it.",
        when=f"the rival is the naive rule; {against_linear}" if word == "holds only when" else "",
        note=_edges(forecasts.scores, configuration.sunspot_rates),
    )


def _on_tanh(configuration: Any, tasks: Mapping[str, Scores]) -> Verdict:
    """A9, its part on recurrent networks."""
    rivals = {task: _rivals(scores) for task, scores in tasks.items()}
    standings = {task: _standing(tasks[task], names) for task, names in rivals.items() if names}
    best = {task: _best_rival(tasks[task], names) for task, names in rivals.items() if names}
    word, when = judge_tanh(standings)
    xor = tasks[XOR].effects
    ratios = {
        task: replace(
            geometric_mean(
                f"{task}: tanh's error / {NAMES[best[task]]}'s",
                tasks[task].by_seed["tanh"] / tasks[task].by_seed[best[task]],
            ),
            unit="times",
        )
        for task in (ADDING, SUNSPOTS)
        if task in best
    }
    ranks = ", ".join(f"{each} in {task}" for task, each in standings.items()) or "not compared"
    return Verdict(
        "A9",
        word,
        (xor["tanh"], *([xor[best[XOR]]] if XOR in best else []), *ratios.values()),
        configuration.adding_seeds,
        f"Elman networks on temporal XOR ({configuration.seeds:,} seeds), the adding problem at "
        f"T = {max(configuration.lengths)} ({configuration.adding_seeds} seeds) and the sunspots "
        f"({configuration.sunspot_seeds} seeds)",
        when=when,
        found="Against the other activations of an Elman network tanh is "
        + "; ".join(
            f"{each} in {listed([task for task, said in standings.items() if said == each])}"
            for each in dict.fromkeys(standings.values())
        )
        + ".",
        do="In a recurrent network try several activations, and a GRU; tanh is no safe choice.",
        tried=tuple(
            Tried(task, _word(each), ratios.get(task, xor["tanh"]))
            for task, each in standings.items()
        ),
        note="Only the part of A9 on recurrent networks, with Elman's cell; the GRU uses tanh "
        f"internally. Against the other activations tanh is {ranks}; the tests are over seeds, not "
        "over years.",
    )


def _word(standing: str) -> Word:
    """What tanh's standing in a task says by itself."""
    words: Mapping[str, Word] = {"ahead": "holds", "behind": "does not hold"}
    return words.get(standing, "undecided")


def _rivals(scores: Scores) -> list[str]:
    """The other activations of Elman's network."""
    return [name for name in scores.by_seed if name not in ("tanh", "gru", "none")]


def _standing(scores: Scores, rivals: Sequence[str]) -> str:
    tanh = scores.by_seed["tanh"]
    compare = compare_successes if tanh.dtype == bool else compare_errors
    return standing([compare(tanh, scores.by_seed[name]) for name in rivals])


def _best_rival(scores: Scores, rivals: Sequence[str]) -> str:
    def score(name: str) -> float:
        values = scores.by_seed[name]
        return values.mean() if values.dtype == bool else -np.log(values).mean()

    return max(rivals, key=score)


def _finding(configuration: Any, found: Found, tasks: Mapping[str, Scores], order: int) -> str:
    """The finding in two sentences."""
    xor, adding, spots = (scores.effects for scores in tasks.values())
    shares = [f"{_percent(xor['tanh'])} of {configuration.seeds:,} seeds with tanh"]
    if rivals := _rivals(tasks[XOR]):
        best = _best_rival(tasks[XOR], rivals)
        shares.append(f"in {_percent(xor[best])} with {NAMES[best]} (the best other activation)")
    if "none" in configuration.xor_models:
        shares.append(f"in {_percent(xor['none'])} without context")
    last, chosen = max(configuration.lengths), chosen_forecaster(configuration, found)
    gru = f"the GRU's {adding['gru', last]:.3g}, " if "gru" in configuration.adding_models else ""
    return (
        f"A 1-2-1 Elman network solves temporal XOR in {listed(shares)}; on the adding problem "
        f"over {last} steps, tanh's squared error is {adding['tanh', last]:.3g}, {gru}that of "
        f"answering the mean {MEAN_ERROR:.3f}. On the sunspots of {LAST_VALIDATED + 1}–2008 the "
        f"{NAMES[chosen]} network's RMSE is {spots[chosen]:.3g}, the naive rule's "
        f"{spots['naive']:.3g}, AR({order})'s {spots['AR']:.3g}."
    )


def _table(tasks: Mapping[str, Scores], order: int) -> pd.DataFrame:
    """One row per task, model and length."""
    rows = []
    for task, scores in tasks.items():
        for key, effect in scores.effects.items():
            name, length = key if task == ADDING else (key, np.nan)
            rows.append(
                {
                    "task": task,
                    "model": f"AR({order})" if name == "AR" else NAMES.get(name, name),
                    "length": length,
                    "rate": scores.rates.get(key, np.nan),
                    "value": effect.value,
                    "low": effect.low,
                    "high": effect.high,
                }
            )
    return pd.DataFrame(rows)


def _edges(scores: Scores, tried: Sequence[float]) -> str:
    """The models whose best learning rate may be outside those tried."""
    ends, found = (min(tried), max(tried)), []
    for key, rate in scores.rates.items():
        name, length = key if isinstance(key, tuple) else (key, None)
        if rate in ends:
            found.append(NAMES[name] + (f" at T = {length}" if length else ""))
    return f"Best learning rate is the lowest or highest tried for: {', '.join(found) or 'none'}."


def _percent(share: Effect) -> str:
    return f"{100 * share.value:.1f} % [{100 * share.low:.1f}, {100 * share.high:.1f}]"
