"""The page: the verdict first, then the pictures, then how it was measured. Nothing is loaded from anywhere."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import pandas as pd
import plotly.offline

from experiments.lab import words
from experiments.lab.comparison import Choice, Score
from experiments.lab.report import figures


def page(question: str, verdict: str, choices: Sequence[Choice], score: Score, results: pd.DataFrame, curves: pd.DataFrame,
         config: Mapping[str, Any]) -> str:
    """The report as one HTML document; every name in it is shown as text, whatever it holds."""
    drawn = {"rates": figures.learning_rates(results, choices, score), "curves": figures.training_curves(curves, choices)}
    # "<" is escaped so that no string can end the script element.
    data = "{" + ",".join(f'"{name}":{figure.to_json()}' for name, figure in drawn.items()).replace("<", "\\u003c") + "}"
    return Template(files(__package__).joinpath("page.html").read_text(encoding="utf-8")).substitute(
        question=escape(question), verdict=escape(verdict), score=escape(score.title), table=_table(choices, score),
        seeds=len(choices[0].scores), runs=f"{len(results):,}", measured=_measured(config), command=escape(config["command"]),
        figures=data, plotly=plotly.offline.get_plotlyjs())


def _table(choices: Sequence[Choice], score: Score) -> str:
    rows = []
    for choice in choices:
        cells = (choice.label, f"{choice.learning_rate:.3g}", score.show(choice.test),
                 words.between(choice, score), f"{choice.diverged_runs} of {choice.runs}", choice.edge or "", words.decades(choice),
                 words.steps(choice), words.versus(choice), words.against(choice, choices[0]))
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    return "\n".join(rows)


def _measured(config: Mapping[str, Any]) -> str:
    """The configuration as rows of names and values, one level of nesting spelled out."""
    rows = []
    for name, value in config.items():
        for part, item in value.items() if isinstance(value, Mapping) else [("", value)]:
            text = item if isinstance(item, str) else json.dumps(item, default=str, ensure_ascii=False)
            rows.append(f"<tr><th>{escape(f'{name} {part}'.strip())}</th><td>{escape(text)}</td></tr>")
    return "\n".join(rows)
