"""What jaxnn.recommend and the main job's report say of the evidence: written into the library.

The library reads no file, so what it says is a module, jaxnn/findings.py, made from the results.
"""

import textwrap
from collections.abc import Iterable
from pathlib import Path

import jaxnn
from experiments.lab.evidence.entries import Entry, Judged, entries
from experiments.lab.evidence.experiment import Experiment
from jaxnn.advice import CLAIM_ON

FILE = Path(jaxnn.__file__).with_name("findings.py")
HEAD = '''"""What experiments found on the claims that the advice rests on, one sentence each.

Written by `python -m experiments all` from the files in experiments/results/; never by hand.
"""

from collections.abc import Mapping
from types import MappingProxyType

FINDINGS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
'''
FIELDS = ("verdict", "when", "found", "do")


def sentences(experiments: Iterable[Experiment]) -> str:
    """The module's text."""
    quoted = set(CLAIM_ON.values())
    lines = [
        line
        for entry in entries(experiments)
        if entry.claim in quoted and entry.judged
        for line in _claim(entry)
    ]
    return HEAD + "".join(f"{line}\n" for line in [*lines, "    }", ")"])


def _claim(entry: Entry) -> list[str]:
    """A claim's lines; what several experiments say is one text, the strictest verdict first."""
    judged = sorted(entry.judged, key=_strictness)
    verdict = judged[0].verdict
    texts = {
        "verdict": verdict["verdict"],
        "when": verdict["when"],
        "found": " ".join(filter(None, (each.found for each in judged))),
        "do": " ".join(filter(None, (each.do for each in judged))),
    }
    lines = [f'        "{entry.claim}": {{']
    for field in FIELDS:
        lines += _field(field, texts[field])
    return [*lines, "        },"]


def _strictness(judged: Judged) -> int:
    order = ("does not hold", "undecided", "holds only when", "holds")
    return order.index(judged.verdict["verdict"])


def _field(name: str, text: str) -> list[str]:
    """As the formatter would write it."""
    start = f'            "{name}": '
    text = text.replace("\\", "\\\\").replace('"', "'")
    if len(whole := f'{start}"{text}",') <= 100:
        return [whole]
    if len(text) + 18 <= 100:
        return [f"{start}(", f'                "{text}"', "            ),"]
    parts = textwrap.wrap(text, 80, break_long_words=False, break_on_hyphens=False)
    quoted = [f'                "{part} "' for part in parts[:-1]] + [
        f'                "{parts[-1]}"'
    ]
    return [f"{start}(", *quoted, "            ),"]
