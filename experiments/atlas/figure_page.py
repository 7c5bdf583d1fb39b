"""atlas.html: one page with a row per activation, to sort and to filter; it works offline."""

import json
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np

from experiments.atlas.findings import facts, on_each, target, worst
from experiments.atlas.findings_ranks import ranking
from experiments.atlas.plan import activations, rates
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion


def page(configuration: Any, found: Found, conclusion: Conclusion) -> str:
    """The page; its numbers are in it as JSON."""
    names, tried = activations(configuration), rates(configuration)
    each = on_each(configuration, found)
    ranks = ranking(each)
    together = conclusion.table[conclusion.table["data"] == "all"].set_index("activation")
    rows = []
    for number, name in enumerate(names):
        most, where = worst(each, number)
        rows.append(
            {
                "name": name,
                "facts": facts(name),
                "rank": _round(ranks.mean[number], 1),
                "inSet": bool(ranks.in_set[number]),
                "equivalent": bool(together.loc[name, "equivalent"]),
                "most": _round(most, 1),
                "where": where,
                "sensitivity": _round(together.loc[name, "sensitivity"], 2),
                "decades": _round(together.loc[name, "decades"], 1),
                "costs": [_round(one.costs[number].mean(), 1) for one in each.values()],
                "scores": [_round(one.points[number].mean(), 1) for one in each.values()],
                "rates": [f"{tried[one.best[number]]:.2g}" for one in each.values()],
            }
        )
    sets = [
        {"name": name, "target": target(found[name]), "best": names[one.reference]}
        for name, one in each.items()
    ]
    verdicts = [
        f"{escape(verdict.claim)}: {escape(verdict.words)}. {escape(verdict.found)}"
        for verdict in conclusion.verdicts
    ]
    # "</" would end the script that holds it.
    data = json.dumps({"rows": rows, "sets": sets}, ensure_ascii=False).replace("</", "<\\/")
    template = files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    return Template(template).substitute(
        finding=escape(conclusion.finding),
        verdicts="".join(f"<p>{verdict}</p>" for verdict in verdicts),
        about=escape(conclusion.verdicts[0].setting),
        seeds=configuration.seeds,
        friedman=f"{ranks.friedman:.1g}",
        critical=f"{ranks.critical:.1f}",
        data=data,
    )


def _round(value: float, digits: int) -> float | None:
    return round(float(value), digits) + 0.0 if np.isfinite(value) else None
