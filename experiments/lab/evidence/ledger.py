"""The ledger: every claim with what its experiments have found, written from their result files."""

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from experiments.lab.evidence.claims import CLAIMS
from experiments.lab.evidence.experiment import Experiment
from experiments.lab.evidence.verdicts import Effect
from experiments.lab.io.files import plain

RESULTS = Path(__file__).parents[2] / "results"  # a folder an experiment; small files, committed
LEDGER = RESULTS.parent / "LEDGER.md"


def published(name: str) -> dict[str, Any] | None:
    """config.json and summary.json of an experiment's last published run, as one; None where there is none."""
    files = [RESULTS / name / file for file in ("config.json", "summary.json")]
    if not all(file.is_file() for file in files):
        return None
    return {
        key: value
        for file in files
        for key, value in json.loads(file.read_text(encoding="utf-8")).items()
    }


def is_current(experiment: Experiment) -> bool:
    """Whether what is published was measured with the present defaults."""
    last = published(experiment.name)
    return last is not None and last["configuration"] == plain(
        experiment.settings(experiment.configuration())
    )


def publish(experiment: Experiment, folder: Path) -> None:
    """Copy a run's small files to where they are committed."""
    target = RESULTS / experiment.name
    target.mkdir(parents=True, exist_ok=True)
    for file in (
        "config.json",
        "summary.json",
        "results.csv",
        f"{experiment.name}.png",
        f"{experiment.name}.svg",
    ):
        shutil.copyfile(folder / file, target / file)


def ledger(experiments: Iterable[Experiment]) -> str:
    """LEDGER.md of what is published: a row a claim and experiment, and a section an experiment."""
    runs = {each.name: found for each in experiments if (found := published(each.name))}
    rows = [
        _row(claim, words, name, verdict)
        for claim, words in CLAIMS.items()
        for name, verdict in _about(claim, runs) or [("", None)]
    ]
    return "\n".join(
        [
            "# The ledger",
            "",
            "Written by `python -m experiments all` from the files in `results/`; never by hand. Brackets are 95 % intervals.",
            "",
            "| claim | says | verdict | measured | seeds | experiment |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            *(line for name, run in runs.items() for line in _section(name, run)),
        ]
    )


def _about(claim: str, runs: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, verdict)
        for name, run in runs.items()
        for verdict in run["verdicts"]
        if verdict["claim"] == claim
    ]


def _row(claim: str, words: str, name: str, verdict: Mapping[str, Any] | None) -> str:
    if verdict is None:
        return _cells(claim, words, "not measured", "", "", "")
    said = f"**{verdict['verdict']}** {verdict['when']}".strip()
    if verdict["differs"]:
        said += f"; differs from the published: {verdict['differs']}"
    effects = "; ".join(str(Effect(**effect)) for effect in verdict["effects"])
    return _cells(claim, words, said, effects, f"{verdict['seeds']:,}", f"[{name}](#{name})")


def _cells(*texts: str) -> str:
    """A row of a table, in which the bars of |x| are no borders."""
    return f"| {' | '.join(text.replace('|', chr(92) + '|') for text in texts)} |"


def _section(name: str, run: Mapping[str, Any]) -> list[str]:
    versions = ", ".join(f"{library} {version}" for library, version in run["versions"].items())
    lines = [
        f"## {name}",
        "",
        f"**{run['question']}** {run['finding']}",
        "",
        f"![{run['question']}](results/{name}/{name}.png)",
        "",
        f"`python -m experiments.{name}` took {run['seconds']:,.0f} s on {run['machine']} ({run['devices'][0].split()[0]}, "
        f"{run['precision']['dtype']}), {run['date']}; {versions}. Numbers: [results.csv](results/{name}/results.csv).",
        "",
    ]
    for verdict in run["verdicts"]:
        lines.append(
            f"- {verdict['claim']}: {verdict['setting']}{'. ' * bool(verdict['note'])}{verdict['note']}"
        )
    return [*lines, ""]
