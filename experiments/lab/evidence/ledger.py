"""The ledger: every claim with what its experiments have found, written from their result files."""

from collections.abc import Iterable, Mapping
from typing import Any

from experiments.lab.evidence import measurement, published
from experiments.lab.evidence.claims import CLAIMS
from experiments.lab.evidence.experiment import Experiment
from experiments.lab.evidence.verdicts import Effect

FILE = published.RESULTS.parent / "LEDGER.md"


def ledger(experiments: Iterable[Experiment]) -> str:
    """LEDGER.md: one row per claim and experiment, and one section per experiment."""
    runs = {each.name: found for each in experiments if (found := published.read(each.name))}
    rows = [
        _row(claim, words, name, verdict)
        for claim, words in CLAIMS.items()
        for name, verdict in _about(claim, runs) or [("", None)]
    ]
    return "\n".join(
        [
            "# The ledger",
            "",
            "Written by `python -m experiments all` from the files in `results/`; never by hand. "
            "Brackets are 95 % intervals.",
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
    files = f"Numbers: [results.csv](results/{name}/results.csv)"
    if (published.RESULTS / name / measurement.FILE).is_file():
        files += f", measurement: [{measurement.FILE}](results/{name}/{measurement.FILE})"
    elif size := run.get("measured_bytes"):
        files += f"; the measurement, {size / 1e6:.0f} MB, is too large to be committed"
    lines = [
        f"## {name}",
        "",
        f"**{run['question']}** {run['finding']}",
        "",
        f"![{run['question']}](results/{name}/{name}.png)",
        "",
        f"`python -m experiments.{name}` took {run['seconds']:,.0f} s on {run['machine']} "
        f"({run['devices'][0].split()[0]}, {run['precision']['dtype']}), {run['date']}; "
        f"{versions}. {files}.",
        "",
    ]
    for verdict in run["verdicts"]:
        note = f". {verdict['note']}" if verdict["note"] else ""
        lines.append(f"- {verdict['claim']}: {verdict['setting']}{note}")
    return [*lines, ""]
