"""Whose a folder of results is: one run's at a time; what others have left there is moved aside."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from experiments.lab.io.errors import UserError

UNFINISHED = "unfinished"
LOCK = ".lock"
PATIENCE = 60.0  # seconds that the first look into a folder may take another process
# What a run may have written before it was killed; config.json is the last of its files.
WRITTEN = (
    "config.json",
    "curves.csv",
    "curves.parquet",
    "figures",
    "measured.safetensors",
    "model.json",
    "model.safetensors",
    "report.html",
    "results.csv",
    "results.parquet",
    "summary.json",
    "tensorboard",
    UNFINISHED,
)


def claim(path: Path, fingerprint: str, part: str) -> tuple[FileLock, str]:
    """Take a folder, or a slice of a grid in it, for this process until the lock is released.

    Args:
        path: the folder, which exists.
        fingerprint: of what this process runs.
        part: the slice that it runs, by which several processes may share the folder; "all" is
            shared with none.

    Returns:
        The lock, and a sentence on what has been moved aside; empty for nothing.

    Raises:
        UserError: another process uses the folder.
    """
    with _looking(path):
        others = [file for file in path.glob(f"{LOCK}-*") if _held(file)]
        named = {file.name.removeprefix(f"{LOCK}-") for file in others}
        if part in named or "all" in named or (part == "all" and named):
            raise UserError(_taken(path))
        left, why = _of_others(path, fingerprint)
        if left and named:
            raise UserError(_taken(path))
        lock = FileLock(path / f"{LOCK}-{part}")
        lock.acquire(timeout=0)
        said = f"{why} moved to {_moved(path, left)}" if left else ""
        return lock, said


@contextlib.contextmanager
def _looking(path: Path) -> Iterator[None]:
    """Nobody else looks at who uses the folder meanwhile."""
    try:
        with FileLock(path / LOCK, timeout=PATIENCE):
            yield
    except Timeout:
        raise UserError(_taken(path)) from None


def _taken(path: Path) -> str:
    return (
        f"--out {path}: another process is writing to this folder; wait until it ends, or give "
        "another --out"
    )


def _held(file: Path) -> bool:
    try:
        with FileLock(file, timeout=0):
            return False
    except Timeout:
        return True


def _of_others(path: Path, fingerprint: str) -> tuple[Sequence[Path], str]:
    """What runs with another fingerprint have left in a folder, and what that is."""
    config = path / "config.json"
    if theirs := _fingerprint_of(config):
        if theirs == fingerprint:
            return (), ""
        every = [entry for entry in path.iterdir() if not entry.name.startswith(LOCK)]
        return every, "earlier results of other flags, data or code"
    own = path / UNFINISHED / fingerprint
    found = [path / name for name in WRITTEN if os.path.lexists(path / name)]
    if own.is_dir() or not any(map(_holds_anything, found)):
        return (), ""
    return found, "an unfinished run with other flags, data or code"


def _holds_anything(entry: Path) -> bool:
    return not entry.is_dir() or any(not below.is_dir() for below in entry.rglob("*"))


def _fingerprint_of(config: Path) -> str | None:
    try:
        found = json.loads(config.read_text(encoding="utf-8"))["fingerprint"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def _moved(path: Path, entries: Sequence[Path]) -> Path:
    """Move entries of a folder to a new one beside it.

    One by one, since the folder itself may be a mount point, a link or the one that we are in.
    """
    beside = Path(os.path.abspath(path))
    number = 1
    while True:
        aside = beside.with_name(f"{beside.name}.{number}")
        try:
            aside.mkdir()
            break
        except FileExistsError:
            number += 1
    for entry in entries:
        shutil.move(entry, aside / entry.name)
    return path.with_name(aside.name) if path.name else aside
