"""What is published of an experiment: the small files of its last run, which are committed."""

import json
import shutil
from pathlib import Path
from typing import Any

from experiments.lab.evidence import measurement
from experiments.lab.evidence.claims import slug
from experiments.lab.evidence.measurement import Measurement

RESULTS = Path(__file__).parents[2] / "results"  # one folder per experiment
LARGEST = 10_000_000  # bytes of a measurement that is committed


def files(name: str) -> tuple[str, ...]:
    """The files that say what was concluded.

    Example:
        >>> files("bias")
        ('config.json', 'summary.json', 'results.csv', 'bias.png', 'bias.svg')
    """
    return "config.json", "summary.json", "results.csv", f"{name}.png", f"{name}.svg"


def panel(name: str, claim: str) -> str:
    """The file of the one panel of an experiment's figure that shows a claim.

    Example:
        >>> panel("depth", "EVIDENCE 2")
        'depth-evidence-2.svg'
    """
    return f"{name}-{slug(claim)}.svg"


def page(name: str) -> str:
    """The file of an experiment's page of its own, which some have.

    Example:
        >>> page("atlas")
        'atlas.html'
    """
    return f"{name}.html"


def read(name: str) -> dict[str, Any] | None:
    """config.json and summary.json of what is published, as one; None where nothing is.

    A smoke run is not a result, wherever it was written.
    """
    found: dict[str, Any] = {}
    for file in ("config.json", "summary.json"):
        try:
            found |= json.loads((RESULTS / name / file).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
    return None if found.get("smoke") else found


def measured(name: str) -> Measurement | None:
    """The measurement behind what is published.

    The committed one, or where it is too large to be committed the one in runs/; None where neither
    is here.
    """
    if found := measurement.read(RESULTS / name / measurement.FILE):
        return found
    last, kept = read(name), measurement.read(Path("runs") / name / measurement.FILE)
    return kept if last and kept and kept.fingerprint == last["fingerprint"] else None


def publish(name: str, folder: Path) -> None:
    """Copy a run's files to where they are committed; its measurement only where that is small.

    A folder without a measurement leaves the published one as it is.

    Raises:
        ValueError: the run was a smoke run, which proves nothing.
    """
    if json.loads((folder / "config.json").read_text(encoding="utf-8")).get("smoke"):
        raise ValueError(f"{folder}: a smoke run proves nothing and is not published; run {name}")
    target = RESULTS / name
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob(f"{name}-*.svg"):
        old.unlink()
    some = [*folder.glob(f"{name}-*.svg"), *folder.glob(page(name))]
    for file in (*files(name), *(found.name for found in some)):
        shutil.copyfile(folder / file, target / file)
    if (folder / measurement.DERIVED_FILE).is_file():
        shutil.copyfile(folder / measurement.DERIVED_FILE, target / measurement.DERIVED_FILE)
    new = folder / measurement.FILE
    if new.is_file() and new.stat().st_size <= LARGEST:
        shutil.copyfile(new, target / measurement.FILE)
    elif new.is_file():
        (target / measurement.FILE).unlink(missing_ok=True)
