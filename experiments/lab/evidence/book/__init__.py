"""The book: one static site of what is published, of plain files that need no network."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from experiments.lab.evidence import measurement, published
from experiments.lab.evidence.book import lecture
from experiments.lab.evidence.book.claim_page import claim_page
from experiments.lab.evidence.book.index import index
from experiments.lab.evidence.claims import CHAPTERS, chapter, slug
from experiments.lab.evidence.entries import entries
from experiments.lab.evidence.experiment import Experiment
from experiments.lab.io.files import write_text

__all__ = ["write"]


def write(experiments: Iterable[Experiment], folder: Path) -> Path:
    """Write the book.

    Args:
        experiments: whose published results it is made from.
        folder: where; files of the same names are replaced.

    Returns:
        Its first page.
    """
    every = entries(experiments)
    chapters = list(CHAPTERS)
    in_order = sorted(every, key=lambda entry: chapters.index(chapter(entry.claim)))
    claims = ["", *(entry.claim for entry in in_order), ""]
    has_lecture = lecture.SOURCE.is_file()
    pages = {"index.html": index(in_order, has_lecture)}
    if has_lecture:
        pages["lecture.html"] = lecture.lecture_page()
    for number, entry in enumerate(in_order):
        pages[f"{slug(entry.claim)}.html"] = claim_page(entry, claims[number], claims[number + 2])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        write_text(folder / name, text)
    for name in {judged.experiment for entry in every for judged in entry.judged}:
        _copy(name, folder / "data" / name)
    return folder / "index.html"


def _copy(name: str, target: Path) -> None:
    """What is published of an experiment."""
    source = published.RESULTS / name
    target.mkdir(parents=True, exist_ok=True)
    for file in (*published.files(name), measurement.FILE):
        if (source / file).is_file():
            shutil.copyfile(source / file, target / file)
    for panel in source.glob(f"{name}-*.svg"):
        shutil.copyfile(panel, target / panel.name)
