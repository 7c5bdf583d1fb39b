"""When a rule was set, from git."""

import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path


def set_in(words: Sequence[str], place: Path) -> list[str]:
    """The commit that set each rule: the first in which all of its sentences stood.

    A sentence counts wherever it stood, in a docstring or a string, however it was broken into
    lines.

    Args:
        words: of each rule.
        place: the file or folder in which the rules stand, now and formerly.

    Returns:
        The beginning of each commit's hash; empty where a sentence is in no commit, and everywhere
        without git or its history.
    """
    places = place.with_suffix(""), place.with_suffix(".py")  # one may have become the other
    try:
        listed = _git(
            place.parent,
            ["log", "--reverse", "--relative", "--format=%x00%h", "--name-only", "--", *places],
        )
        touched = [part.split() for part in listed.split("\0")[1:]]
        found: dict[str, int] = {}  # sentence -> the number of its first commit
        due = {sentence for rule in words for sentence in _sentences(rule)}
        for number, (commit, *files) in enumerate(touched):
            if not due:
                break
            text = _compact(_contents(place.parent, commit, files))
            found |= {sentence: number for sentence in due if sentence in text}
            due -= set(found)
    except (OSError, subprocess.SubprocessError, ValueError):
        return [""] * len(words)
    return [
        touched[max(found[each] for each in sentences)][0]
        if (sentences := _sentences(rule)) and all(each in found for each in sentences)
        else ""
        for rule in words
    ]


def _contents(folder: Path, commit: str, files: Iterable[str]) -> str:
    """Of the Python files among those that a commit touched, whichever it left."""
    asked = "".join(f"{commit}:./{file}\n" for file in files if file.endswith(".py"))
    return _git(folder, ["cat-file", "--batch"], asked) if asked else ""


def _git(folder: Path, arguments: Iterable[object], given: str = "") -> str:
    command = ["git", "-C", str(folder), *map(str, arguments)]
    done = subprocess.run(command, input=given.encode(), capture_output=True, check=True)
    return done.stdout.decode(errors="replace")


def _sentences(words: str) -> list[str]:
    return [_compact(sentence) for sentence in re.split(r"(?<=[.!?])\s+", words)]


def _compact(text: str) -> str:
    """Without what depends on how a text is broken into lines and strings."""
    return re.sub(r"[\s\"'\\]", "", text)
