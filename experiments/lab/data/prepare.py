"""From rows as found to arrays to train on: split first, then fit every transformation on the training rows only."""

import hashlib
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from experiments.lab.cli import UserError
from experiments.lab.data.preprocessing import Preprocessing, fit
from experiments.lab.data.source import Source

FRACTION = 0.2  # of the rows for testing, and as many for validation


class Dataset(NamedTuple):
    """Arrays to train on.

    x, y: part ("train", "validation", "test") -> float32 (rows, features) and the head's targets.
    preprocessing: what made x and y of the rows as found, fitted to the training rows.
    sha256: of the rows as found.
    """

    name: str
    x: dict[str, np.ndarray]
    y: dict[str, np.ndarray]
    preprocessing: Preprocessing
    sha256: str
    notes: tuple[str, ...]

    @property
    def head(self) -> str:
        """ "regression", "binary" or "multiclass": the key of jaxnn.HEADS."""
        return self.preprocessing.head

    @property
    def target(self) -> str:
        """The name of what is predicted."""
        return self.preprocessing.target

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names; empty for regression."""
        return self.preprocessing.classes

    @property
    def features(self) -> int:
        """Numbers that go into the network."""
        return self.preprocessing.features


def prepare(source: Source, *, split_seed: int = 0) -> Dataset:
    """Split, then fit the preprocessing to the training rows and apply it to all.

    Numbers of a table are imputed (median) and standardised column by column, categories imputed (most frequent) and
    one-hot; numbers that share a unit (pixels) are standardised together; a regression's target is standardised.

    Raises:
        UserError: there are too few rows for the split, or for the classes.
    """
    classes: tuple[str, ...] = ()
    notes = list(source.notes)
    labels = source.y
    if source.task == "classification":
        names, labels = np.unique(source.y, return_inverse=True)
        if len(names) < 2:
            raise UserError(f"{source.name}: {source.target} holds one class only, {names[0]}; there is nothing to learn, "
                            "give data with at least two")
        if len(labels) < 3 * len(names):
            raise UserError(f"{source.name}: {len(labels)} rows are too few for the {len(names)} classes of {source.target}, of which "
                            "each needs at least 3 on average; give more rows, or another --target")
        classes = tuple(str(name) for name in names)
    if len(labels) < 5:
        raise UserError(f"{source.name}: {len(labels)} rows are too few to train, validate and test on; give at least 5")
    rows = _split(labels, stratify=bool(classes), seed=split_seed, with_test=source.test is None, notes=notes,
                  held_out=len(source.test[1]) if source.test else None)
    x = {part: source.x.iloc[index] if isinstance(source.x, pd.DataFrame) else source.x[index] for part, index in rows.items()}
    y = {part: source.y[index] for part, index in rows.items()}
    if source.test:
        x["test"], y["test"] = source.test
    try:
        preprocessing = fit(x["train"], y["train"], target=source.target, classes=classes)
        return Dataset(source.name, {part: preprocessing.apply(values) for part, values in x.items()},
                       {part: preprocessing.encode(values) for part, values in y.items()}, preprocessing, _hash(source), tuple(notes))
    except UserError as error:
        raise UserError(f"{source.name}: {error}") from None


def _split(y, *, stratify, seed, with_test, notes, held_out) -> dict[str, np.ndarray]:
    """Row numbers of each part; the validation part is as large as the test part, so that one program evaluates both."""
    counts = np.bincount(y) if stratify else np.array([len(y)])
    if stratify and counts[counts > 0].min() < 3:
        notes.append("a class has fewer than 3 rows, so the split is not stratified")
        stratify = False
    rest = np.arange(len(y))
    size = max(1, round(FRACTION * len(y)), int(stratify) * len(counts))
    if held_out is not None and int(stratify) * len(counts) <= held_out <= len(y) / 3:
        size = held_out
    rows = {}
    for part in ("test", "validation") if with_test else ("validation",):
        rest, rows[part] = train_test_split(rest, test_size=size, random_state=seed, stratify=y[rest] if stratify else None)
    return {part: np.sort(index) for part, index in {"train": rest, **rows}.items()}


def _hash(source: Source) -> str:
    digest = hashlib.sha256()
    for x, y in [(source.x, source.y), *([source.test] if source.test else [])]:
        if isinstance(x, pd.DataFrame):
            digest.update(x.to_csv(index=False).encode())
        else:
            digest.update(np.ascontiguousarray(x).tobytes())
        digest.update("\n".join(map(str, y)).encode())
    return digest.hexdigest()
