"""What jaxnn.recommend and the main job's report say of the evidence: written into the library.

The library reads no file, so what it says is a module, jaxnn/findings.py, made from the results.
"""

import textwrap
from collections.abc import Iterable
from pathlib import Path

import jaxnn
from experiments.lab.evidence.entries import Judged, entries
from experiments.lab.evidence.experiment import Experiment
from jaxnn.advice import JUDGED

FILE = Path(jaxnn.__file__).with_name("findings.py")
HEAD = '''"""What experiments found on the claims that the advice rests on, one sentence each.

Written by `python -m experiments all` from the files in experiments/results/; never by hand.
"""

from collections.abc import Mapping
from types import MappingProxyType

FINDINGS: Mapping[tuple[str, str], Mapping[str, str]] = MappingProxyType(
    {
'''
FIELDS = ("verdict", "when", "found", "do")


def sentences(experiments: Iterable[Experiment]) -> str:
    """The module's text."""
    lines = [
        line
        for entry in entries(experiments)
        for judged in entry.judged
        if (entry.claim, judged.experiment) in JUDGED.values()
        for line in _judged(entry.claim, judged)
    ]
    return HEAD + "".join(f"{line}\n" for line in [*lines, "    }", ")"])


def _judged(claim: str, judged: Judged) -> list[str]:
    """A verdict's lines."""
    lines = [f'        ("{claim}", "{judged.experiment}"): {{']
    for field in FIELDS:
        lines += _field(field, judged.verdict.get(field, ""))
    return [*lines, "        },"]


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
