"""The page: the verdict first, then the figures, then how it was measured. It loads nothing."""

import hashlib
import json
import math
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import plotly.offline

from experiments.lab.drawing import colours
from experiments.lab.evidence.claims import CLAIMS
from experiments.lab.report import figure
from experiments.lab.report.data_summary import data_summary
from experiments.lab.report.figure import Figure
from experiments.lab.report.importance import importance
from experiments.lab.report.markup import names_and_texts
from experiments.lab.report.table import table
from experiments.lab.study import wording
from experiments.lab.study.best_set import FEWEST_BLOCKS
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.next_steps import next_steps
from jaxnn import advice


def page(comparison: Comparison, figures: Sequence[Figure], config: Mapping[str, Any]) -> str:
    """The report as one HTML document; every name in it is shown as text, whatever it contains.

    Args:
        comparison: what was found.
        figures: in the order in which they are read.
        config: how it was made, with its command and seconds.
    """
    choices, score = comparison.choices, comparison.study.score
    data = {
        "choices": [choice.label for choice in choices],
        "colours": {"light": colours.LIGHT, "dark": colours.DARK},
        "dashes": figure.DASHES,
        "symbols": figure.SYMBOLS,
        "strong": figure.STRONG,
        "figures": [asdict(each) for each in figures],
    }
    # "<" is escaped so that no string can end the script element.
    values = json.dumps(_finite(data), ensure_ascii=False).replace("<", "\\u003c")
    drawing = f"const report = {values};" + _file("page.js")
    plotly_js = plotly.offline.get_plotlyjs()
    return Template(_file("page.html")).substitute(
        question=escape(comparison.study.question),
        verdict=escape(comparison.verdict),
        facts="\n".join(_facts(comparison)),
        score=escape(score.title),
        table=table(comparison),
        next=_next(comparison) + _evidence(comparison),
        importance=importance(comparison),
        error="1 − accuracy" if score.name == "accuracy" else escape(score.error_title),
        target=escape(score.show(comparison.target)),
        statistics=wording.STATISTICS,
        interval=wording.INTERVAL,
        seed=wording.seed(comparison.study),
        outside=" Rows without a rate are models that are no networks, on the same splits."
        * (comparison.outside is not None),
        seeds=len(choices[0].scores),
        runs=f"{len(comparison.results):,}",
        figures="\n".join(map(_section, figures)),
        parts=wording.parts(comparison.study),
        data=data_summary(comparison.study.source, comparison.study.data),
        cost=_cost(config),
        measured=names_and_texts(_measured(config)),
        command=escape(config["command"]),
        hashes=" ".join(map(_hash, (plotly_js, drawing))),
        plotly=plotly_js,
        drawing=drawing,
    )


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    """By which the page's policy allows a script."""
    return f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _finite(value: Any) -> Any:
    """Ready for JSON: seven digits, and null for a number that is not finite."""
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.7g}") if math.isfinite(value) else None
    return value


def _facts(comparison: Comparison) -> list[str]:
    """How sure the verdict is, and what to be careful about, one card each."""
    best, *others = comparison.choices
    score, results, count = comparison.study.score, comparison.results, len(best.scores)
    if comparison.nothing_trained:
        return [_card(f"0 of {len(results):,}", "networks trained", "warning")]
    fewest = results.groupby([*best.structure, "learning_rate"]).size().min()
    where = "per rate" if fewest == count else f"at each best rate, {fewest} at the others"
    seeds = f"seed{'s' * (count > 1)}"
    cards = [
        (
            score.show(best.test),
            f"test {score.title}, 95 % interval {wording.between(best, score)}",
        ),
        (str(count), f"{seeds} {where}, {len(results):,} networks in all"),
    ]
    if others:
        apart = [choice for choice in others if wording.standing(choice) != "tie"]
        largest = max((choice.p for choice in apart), default=min(choice.p for choice in others))
        p = f"each with p ≤ {largest:.2g}" if apart else f"the least p is {largest:.2g}"
        cards.append((f"{len(apart)} of {len(others)}", f"others told apart from it, {p}"))
    good = best.good_rates
    cards.append(
        (
            f"{good.low:.2g}–{good.high:.2g}",
            f"good learning rates, {wording.decades(best)} decades",
        )
    )
    if comparison.gradient_factors[0] is not None:
        cards.append(
            (
                f"{comparison.gradient_factors[0]:.2g}",
                "theory: mean square gradient at its first hidden layer over its last’s, before "
                "training",
            )
        )
    if comparison.widened:
        cards.append(("Widened", comparison.widened))
    return [_card(*card) for card in cards] + [
        _card("Note", warning, "warning") for warning in _warnings(comparison)
    ]


def _warnings(comparison: Comparison) -> list[str]:
    """What to be careful about."""
    best, count = comparison.choices[0], len(comparison.choices[0].scores)
    found = [
        f"the best rate of {choice.label} is the {choice.edge} tried: widen the range of rates"
        for choice in comparison.choices
        if choice.edge
    ]
    if count < FEWEST_BLOCKS:
        found.append(
            f"{count} seed{'s' * (count > 1)}: with fewer than {FEWEST_BLOCKS}, no "
            f"difference can be found with p below {wording.CERTAIN}; train more"
        )
    if best.diverged_here:
        found.append(
            f"{best.diverged_here} of {count} runs of {best.label} diverged at its best rate"
        )
    return [*found, *filter(None, [wording.chaotic(comparison)])]


def _card(value: str, text: str, kind: str = "") -> str:
    return f'<li class="{kind}"><b>{escape(value)}</b> {escape(text)}</li>'


def _next(comparison: Comparison) -> str:
    """What to do next, as a list; nothing where there is nothing to advise."""
    steps = "\n".join(f"<li>{escape(step)}</li>" for step in next_steps(comparison))
    return f'<section class="next"><h2>What to do next</h2>\n<ul>\n{steps}\n</ul></section>' * (
        steps != ""
    )


def _evidence(comparison: Comparison) -> str:
    """What the experiments found on the claims about these activations; nothing where on none."""
    names = dict.fromkeys(choice.structure["activation"] for choice in comparison.choices)
    lines = "\n".join(
        f"<li><b>{escape(name)}</b>: “{escape(CLAIMS[advice.JUDGED[name][0]])}” "
        f"{escape(found)}</li>"
        for name in names
        if (found := advice.evidence(name))
    )
    title = "What the lecture says of these activations, and what experiments found"
    return f'<section class="next"><h2>{title}</h2>\n<ul>\n{lines}\n</ul></section>' * (lines != "")


def _section(each: Figure) -> str:
    """A place for a figure, which the page's script fills."""
    shown = len(each.views) if each.together else 1
    places = "".join(
        f'<div class="figure" id="{each.name}-{number}"></div>' for number in range(shown)
    )
    return (
        f'<section data-figure="{each.name}"><h2>{escape(each.title)}</h2>\n'
        f'<p class="note">{escape(each.note)}</p>\n<div class="controls"></div>'
        f'<div class="panels{" together" if shown > 1 else ""}">{places}</div></section>'
    )


def _cost(config: Mapping[str, Any]) -> str:
    seconds = config.get("seconds", {})
    return escape(", ".join(f"{name} {value:.1f} s" for name, value in seconds.items()))


def _measured(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The configuration as names and values, one level of nesting spelled out."""
    rows = []
    for name, value in config.items():
        for part, item in value.items() if isinstance(value, Mapping) else [("", value)]:
            text = (
                item if isinstance(item, str) else json.dumps(item, default=str, ensure_ascii=False)
            )
            rows.append((f"{name} {part}".strip(), text))
    return rows
