"""The page of a claim: verdict, figure, settings tried, rule, doubts, and how to do it again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from experiments.lab.evidence import measurement, published
from experiments.lab.evidence.book import html
from experiments.lab.evidence.claims import slug
from experiments.lab.evidence.entries import NOT_MEASURED, Entry, Judged
from experiments.lab.evidence.screen import time_taken
from experiments.lab.evidence.verdicts import Effect
from experiments.lab.study.wording import listed

FEW = 8  # numbers, or settings, up to which they are all shown at once
NAMED = 4  # settings up to which a sentence names them


def claim_page(entry: Entry, before: str, after: str) -> str:
    """The page of a claim.

    Args:
        entry: the claim.
        before, after: the ids of its neighbours in the book; empty at the ends.
    """
    links = [html.link("index.html", "All claims")]
    links += [html.link(f"{slug(before)}.html", f"← {before}")] * bool(before)
    links += [html.link(f"{slug(after)}.html", f"{after} →")] * bool(after)
    body = [
        f"<nav>{''.join(links)}</nav>",
        f"<h1>{escape(entry.claim)}</h1>",
        f"<blockquote>{escape(entry.words)}</blockquote>",
    ]
    several = len(entry.judged) > 1
    for judged in entry.judged:
        # Each has headings of its own, below its question where there are several.
        body += [f"<h2>{escape(judged.run['question'])}</h2>"] * several
        body += _judged(judged, "h3" if several else "h2")
    if not entry.judged:
        body += [f"<p>{html.word(NOT_MEASURED)}</p>", html.paragraph(entry.why_not)]
    return html.page(f"{entry.claim}: {entry.words}", "\n".join(body))


def _judged(judged: Judged, heading: str) -> Iterator[str]:
    def headed(title: str, lines: Iterable[str]) -> Iterator[str]:
        """The lines below a heading, if there are any."""
        for number, line in enumerate(lines):
            if not number:
                yield f"<{heading}>{title}</{heading}>"
            yield line

    verdict = judged.verdict
    condition = f" {escape(verdict['when'])}" if verdict["when"] else ""
    yield f"<p>{html.word(verdict['verdict'])}{condition}</p>"
    yield html.paragraph(judged.found)
    if judged.do:
        yield f"<p><b>Do this.</b> {escape(judged.do)}</p>"
    yield f'<p class="effect">{html.number(judged.effects[0])}</p>'
    yield _figure(judged)
    yield from headed("Where it was tried", _tried(judged))
    yield from headed("The rule", _rule(judged))
    yield from headed("How we could be wrong", _doubts(verdict))
    yield from headed("The numbers", _numbers(judged))
    yield from headed("Do it again", _again(judged))


def _doubts(verdict: Mapping[str, Any]) -> Iterator[str]:
    for label, text in (
        ("Measured with", verdict["setting"]),
        ("Other than published", verdict["differs"]),
        ("Note", verdict["note"]),
    ):
        if text:
            yield f"<p><b>{label}:</b> {escape(text)}{'.' * (text[-1] not in '.!?')}</p>"


def _figure(judged: Judged) -> str:
    """The one panel that shows the claim, or else the experiment's figure."""
    name, run = judged.experiment, judged.run
    panel = published.panel(name, judged.verdict["claim"])
    here = (published.RESULTS / name / panel).is_file()
    file = f"data/{name}/{panel if here else f'{name}.svg'}"
    alt = f"{run['question']} {judged.found or run['finding']}"
    whole = f" ({html.link(f'data/{name}/{name}.png', 'the whole figure')})" if here else ""
    return (
        f'<figure><img src="{escape(file)}" alt="{escape(alt)}">'
        f"<figcaption>{escape(run['question'])}{whole}</figcaption></figure>"
    )


def _tried(judged: Judged) -> Iterator[str]:
    if not judged.tried:
        return
    settings, words, effects = zip(*judged.tried, strict=True)
    named = [
        not (each.name in setting or setting in each.name)
        for setting, each in zip(settings, effects, strict=True)
    ]
    rows = html.table(
        ("setting", "verdict there", "number", dotted(effects)),
        [
            (escape(setting), html.word(said), html.number(effect, named=name), bar)
            for setting, said, effect, name, bar in zip(
                settings, words, effects, named, html.bars(effects), strict=True
            )
        ],
        "bars",
    )
    yield html.paragraph(flips(judged.tried))
    yield _folded(rows, len(settings), "settings")


def flips(tried: list[tuple[str, str, Any]]) -> str:
    """In which settings the verdict is another one than in most.

    Example:
        >>> flips([("a", "holds", 0), ("b", "holds", 0), ("c", "undecided", 0)])
        'Of 3 settings, it holds in 2 and is undecided in 1 (c).'
        >>> flips([("a", "does not hold", 0), ("b", "does not hold", 0)])
        'It does not hold in any of 2 settings.'
    """
    by_word: dict[str, list[str]] = {}
    for setting, word, _ in tried:
        by_word.setdefault(word, []).append(setting)
    most, *others = sorted(by_word, key=lambda word: -len(by_word[word]))
    if not others:
        if most == "does not hold":
            return f"It does not hold in any of {len(tried)} settings."
        return f"It {_is(most)} in each of {len(tried)} settings."
    said = [f"it {_is(most)} in {len(by_word[most])}"]
    for word in others:
        where = by_word[word]
        named = f" ({'; '.join(where)})" if len(where) <= NAMED else ""
        said.append(f"{_is(word)} in {len(where)}{named}")
    return f"Of {len(tried)} settings, {listed(said)}."


def _folded(rows: str, count: int, what: str) -> str:
    """A table, folded where it is long."""
    if count <= FEW:
        return rows
    return f"<details><summary>All {count} {what}</summary>{rows}</details>"


def _is(word: str) -> str:
    return "is undecided" if word == "undecided" else word.removesuffix(" when")


def _rule(judged: Judged) -> Iterator[str]:
    rule = judged.rule
    if not rule["words"]:
        return
    since = f" (in these words since commit {judged.commit})" if judged.commit else ""
    yield html.paragraph(f"{rule['words']}{since}")
    for former in rule["former"]:
        set_in = f" (commit {former['commit']})" if former["commit"] else ""
        yield html.paragraph(
            f"This rule was changed after a result had been seen. The former rule{set_in}: "
            f"{former['words']} It gave: {former['verdict']}. Why it was changed: {former['why']}"
        )


def _numbers(judged: Judged) -> Iterator[str]:
    effects = judged.effects
    rows = table_of(effects)
    runs, level = judged.verdict["seeds"], 100 * judged.verdict["level"]
    yield html.paragraph(
        f"From {runs:,} independent runs; brackets are {level:.3g} % intervals.", "note"
    )
    yield _folded(rows, len(effects), "numbers")


def dotted(effects: Sequence[Effect]) -> str:
    """The title of the drawings of numbers: what their dotted line is."""
    none = html.nothing(effects)
    return "" if none is None else f"dotted line: {none:g}"


def table_of(effects: list[Any]) -> str:
    """The numbers, each with its interval drawn where they share an axis."""
    return html.table(
        ("what", "number", dotted(effects)),
        [
            (escape(each.name), html.number(each, named=False), bar)
            for each, bar in zip(effects, html.bars(effects), strict=True)
        ],
        "bars",
    )


def _again(judged: Judged) -> Iterator[str]:
    name, run = judged.experiment, judged.run
    yield f"<pre>python -m experiments.{escape(name)}</pre>"
    versions = ", ".join(f"{library} {version}" for library, version in run["versions"].items())
    rows = [
        ("took", f"{time_taken(run)} on {run['machine']}, {run['date']}"),
        ("arithmetic", f"{run['devices'][0].split()[0]}, {run['precision']['dtype']}"),
        ("versions", versions),
        ("settings", settings(run["configuration"])),
        *((f"data: {data}", f"SHA-256 {sha}") for data, sha in run["data"].items()),
    ]
    lines = "".join(f"<tr><th>{escape(a)}</th><td>{escape(b)}</td></tr>" for a, b in rows)
    summary = "Machine, versions, settings, data"
    yield f'<details><summary>{summary}</summary><table class="named">{lines}</table></details>'
    links = [
        html.link(f"data/{name}/{file}", words)
        for file, words in (
            ("results.csv", "numbers of the figure (CSV)"),
            ("summary.json", "verdicts (JSON)"),
            ("config.json", "how it was made (JSON)"),
            (measurement.FILE, "the measurement (safetensors)"),
        )
        if (published.RESULTS / name / file).is_file()
    ]
    yield f"<p>Download: {', '.join(links)}.</p>"
    if not (published.RESULTS / name / measurement.FILE).is_file():
        size = run.get("measured_bytes", 0) / 1e6
        yield html.paragraph(
            f"The measurement, {size:.0f} MB, is too large to be kept here; the command makes it.",
            "note",
        )


def settings(configuration: Mapping[str, Any]) -> str:
    """A configuration in a line."""
    return "; ".join(f"{name.replace('_', ' ')} {value}" for name, value in configuration.items())
