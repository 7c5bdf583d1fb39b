"""The page: the verdict first, then the pictures, then how it was measured. Nothing is loaded from anywhere."""

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
from experiments.lab.report import chart
from experiments.lab.report.chart import Figure
from experiments.lab.report.evidence import Evidence
from experiments.lab.study import wording
from experiments.lab.study.comparison import Choice, Score

_COLUMNS = (
    "",
    "best rate",
    "test {score}",
    "95 % interval",
    "against the first",
    "diverged",
    "good rates, decades",
    "steps to target (seeds)",
    "P(better than baseline)",
    "gradient factor, theory",
)


def page(evidence: Evidence, figures: Sequence[Figure]) -> str:
    """The report as one HTML document; every name in it is shown as text, whatever it holds."""
    choices, score = evidence.comparison.choices, evidence.score
    data = {
        "choices": [choice.label for choice in choices],
        "colours": {"light": colours.LIGHT, "dark": colours.DARK},
        "dashes": chart.DASHES,
        "symbols": chart.SYMBOLS,
        "strong": chart.STRONG,
        "figures": [asdict(figure) for figure in figures],
    }
    # "<" is escaped so that no string can end the script element.
    drawing = f"const report = {json.dumps(_finite(data), ensure_ascii=False)};".replace(
        "<", "\\u003c"
    ) + _file("page.js")
    plotly_js = plotly.offline.get_plotlyjs()
    return Template(_file("page.html")).substitute(
        question=escape(evidence.question),
        verdict=escape(evidence.verdict),
        facts=_facts(evidence),
        score=escape(score.title),
        head="".join(f"<th>{escape(title.format(score=score.title))}</th>" for title in _COLUMNS),
        table=_table(choices, score, evidence.theory),
        target=escape(score.show(evidence.comparison.target)),
        seeds=len(choices[0].scores),
        runs=f"{len(evidence.comparison.results):,}",
        figures=_sections(figures),
        cost=_cost(evidence),
        measured=_measured(evidence.config),
        command=escape(evidence.config["command"]),
        hashes=" ".join(
            f"'sha256-{b64encode(hashlib.sha256(each.encode()).digest()).decode()}'"
            for each in (plotly_js, drawing)
        ),
        plotly=plotly_js,
        drawing=drawing,
    )


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _finite(value: Any) -> Any:
    """Ready for JSON: seven digits, and null for a number that is not finite."""
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.7g}") if math.isfinite(value) else None
    return value


def _facts(evidence: Evidence) -> str:
    """How sure the verdict is, and what to be wary of, a card each."""
    best, *others = evidence.comparison.choices
    score, count = evidence.score, len(best.scores)
    fewest = evidence.comparison.results.groupby([*best.structure, "learning_rate"]).size().min()
    where = "a rate" if fewest == count else f"at each best rate, {fewest} at the others"
    cards = [
        (
            "",
            score.show(best.test),
            f"test {score.title}, 95 % interval {wording.between(best, score)}",
        ),
        (
            "",
            str(count),
            f"seed{'s' * (count > 1)} {where}, {len(evidence.comparison.results):,} networks in all",
        ),
    ]
    if others:
        told = [choice for choice in others if wording.standing(choice, best) != "tie"]
        largest = max((choice.p for choice in told), default=min(choice.p for choice in others))
        cards.append(
            (
                "",
                f"{len(told)} of {len(others)}",
                "others told apart from it, "
                + (f"each with p ≤ {largest:.2g}" if told else f"the least p is {largest:.2g}"),
            )
        )
    cards.append(
        (
            "",
            f"{best.good_rates.low:.2g}–{best.good_rates.high:.2g}",
            f"good learning rates, {wording.decades(best)} decades",
        )
    )
    if evidence.theory[0] is not None:
        cards.append(
            (
                "",
                f"{evidence.theory[0]:.2g}",
                "theory: mean square gradient at its first hidden layer over its last’s, "
                "before training",
            )
        )
    if evidence.widened:
        cards.append(("", "Widened", evidence.widened))
    warnings = [
        f"the best rate of {choice.label} is the {choice.edge} tried: widen the range of rates"
        for choice in (best, *others)
        if choice.edge
    ]
    if count < wording.FEWEST_SEEDS:
        warnings.append(
            f"{count} seed{'s' * (count > 1)}: with fewer than {wording.FEWEST_SEEDS} no difference can be told with p below "
            f"{wording.CERTAIN}; give it more"
        )
    if best.diverged_here:
        warnings.append(
            f"{best.diverged_here} of {count} runs of {best.label} diverged at its best rate"
        )
    cards += [("warning", "Note", warning) for warning in warnings]
    return "\n".join(
        f'<li class="{kind}"><b>{escape(value)}</b> {escape(text)}</li>'
        for kind, value, text in cards
    )


def _table(choices: Sequence[Choice], score: Score, theory: Sequence[float | None]) -> str:
    rows = []
    for choice, factor in zip(choices, theory, strict=True):
        first = choice is choices[0]
        tied = first or wording.standing(choice, choices[0]) == "tie"
        rate = f"{choice.learning_rate:.3g}{f' ({choice.edge} tried)' if choice.edge else ''}"
        reached = f" ({choice.reached}/{len(choice.scores)})" if choice.reached is not None else ""
        cells = (
            choice.label,
            rate,
            score.show(choice.test),
            wording.between(choice, score),
            "the first" if first else wording.against(choice, choices[0]),
            f"{choice.diverged_runs} of {choice.runs}",
            wording.decades(choice),
            wording.steps(choice) + reached,
            wording.versus(choice),
            "–" if factor is None else f"{factor:.3g}",
        )
        rows.append(
            f'<tr class="{"tied" if tied else ""}">'
            + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
            + "</tr>"
        )
    return "\n".join(rows)


def _sections(figures: Sequence[Figure]) -> str:
    """A place for each figure, which the page's script fills."""
    sections = []
    for figure in figures:
        shown = len(figure.views) if figure.together else 1
        places = "".join(
            f'<div class="figure" id="{figure.name}-{number}"></div>' for number in range(shown)
        )
        sections.append(
            f'<section data-figure="{figure.name}"><h2>{escape(figure.title)}</h2>\n<p class="note">{escape(figure.note)}</p>\n'
            f'<div class="controls"></div><div class="panels{" together" if shown > 1 else ""}">{places}</div></section>'
        )
    return "\n".join(sections)


def _cost(evidence: Evidence) -> str:
    seconds = evidence.config.get("seconds", {})
    return escape(", ".join(f"{name} {value:.1f} s" for name, value in seconds.items()))


def _measured(config: Mapping[str, Any]) -> str:
    """The configuration as rows of names and values, one level of nesting spelled out."""
    rows = []
    for name, value in config.items():
        for part, item in value.items() if isinstance(value, Mapping) else [("", value)]:
            text = (
                item if isinstance(item, str) else json.dumps(item, default=str, ensure_ascii=False)
            )
            rows.append(
                f"<tr><th>{escape(f'{name} {part}'.strip())}</th><td>{escape(text)}</td></tr>"
            )
    return "\n".join(rows)
